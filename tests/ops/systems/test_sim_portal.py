"""The portal is as strict as a portal, and remembers what it was told."""

from typing import Any

import pytest

from ops.systems.wire import Reply
from tests.ops.systems import sim_golden as golden
from tests.ops.systems.sim_kit import Hub, Sim, Start

pytestmark = pytest.mark.process

STEP = {"thoiDiem": "13/10/2025 10:30:00", "trangThai": "DANG_XU_LY", "nguoiXuLy": "Cán bộ Thử"}


def token(sim: Sim) -> str:
    answer = sim.client.post(
        "/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=(sim.config["client_id"], sim.config["client_secret"]),
    )
    assert answer.json()["token_type"] == "Bearer"
    return str(answer.json()["access_token"])


def call(sim: Sim, method: str, path: str, body: Any, key: str = "k1", **headers: str) -> Any:
    given = {"Authorization": f"Bearer {token(sim)}", "Idempotency-Key": key} | headers
    return sim.client.request(method, path, json=body, headers=given)


def test_a_dossier_moves_as_the_hub_tells(start: Start) -> None:
    sim = start("portal")
    base = f"/ho-so/{golden.CODE}"
    steps = [
        ("PUT", "", golden.UPDATE),
        ("POST", "/tien-do", STEP),
        ("POST", "/tien-do", STEP | {"trangThai": "KHONG_RO"}),
        (
            "POST",
            "/yeu-cau-bo-sung",
            {"thoiDiem": "14/10/2025 08:00:00", "maYeuCau": 1, "noiDung": "x", "giayTo": ["GT-02"]},
        ),
        (
            "PUT",
            "/han-tra",
            {
                "thoiDiem": "14/10/2025 09:00:00",
                "hanTraTruoc": "16/10/2025 17:00:00",
                "hanTraMoi": "20/10/2025 17:00:00",
                "lyDo": "BO_SUNG",
            },
        ),
        (
            "POST",
            "/hanh-trinh",
            {
                "thoiDiem": "16/10/2025 10:15:00",
                "maDon": golden.CODE,
                "soHieu": "EB990001015VN",
                "trangThai": "DELIVERED",
                "maGoc": "14",
            },
        ),
        (
            "PUT",
            "/ket-qua",
            {
                "thoiDiem": "16/10/2025 10:20:00",
                "trangThai": "DA_TRA_KET_QUA",
                "ngayTra": "16/10/2025 10:20:00",
                "ketQua": [{"ma": "KQ-01", "ten": "Giấy xác nhận"}],
            },
        ),
    ]
    for number, (method, rest, body) in enumerate(steps):
        answer = call(sim, method, base + rest, body, key=f"k{number}")
        assert 200 == answer.status_code, answer.text
    kept = sim.get(f"dossiers/{golden.CODE}")
    assert "DA_TRA_KET_QUA" == kept["trangThai"]
    assert "20/10/2025 17:00:00" == kept["hanTra"]
    assert ["DANG_XU_LY", "KHONG_RO"] == [step["trangThai"] for step in kept["tienDo"]]
    assert ["DELIVERED"] == [row["trangThai"] for row in kept["hanhTrinh"]]
    assert "16/10/2025 10:20:00" == kept["ketQua"]["ngayTra"]
    assert [] == sim.get("violations")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"chuHoSo": None}, "chuHoSo"),
        ({"trangThai": "DA_XONG"}, "trangThai"),
        ({"hanTra": "2025-10-16T17:00:00"}, "hanTra"),
        ({"hanTra": "31/02/2025 17:00:00"}, "hanTra"),
        ({"la": 1}, "la"),
        ({"xacThucVNeID": "true"}, "xacThucVNeID"),
        ({"trichYeu": "x" * 1001}, "trichYeu"),
        ({"diaChi": {"chiTiet": "x", "maTinh": "25"}}, "ngayHieuLuc"),
        (
            {"diaChi": {"chiTiet": "x", "maTinh": "25", "maXa": 8707, "ngayHieuLuc": "13/10/2025"}},
            "maXa",
        ),
    ],
)
def test_an_unfit_body_is_refused_by_name(start: Start, change: dict[str, Any], named: str) -> None:
    sim = start("portal")
    answer = call(sim, "PUT", f"/ho-so/{golden.CODE}", golden.UPDATE | change)
    assert 400 == answer.status_code
    assert named in answer.json()["thongBao"]
    assert 404 == sim.inspect.get(f"/_sim/dossiers/{golden.CODE}").status_code


def test_a_repeated_key_is_done_already_and_another_body_is_a_violation(start: Start) -> None:
    sim = start("portal")
    path = f"/ho-so/{golden.CODE}"
    assert 200 == call(sim, "PUT", path, golden.UPDATE, key="a").status_code
    again = call(sim, "PUT", path, golden.UPDATE, key="a")
    assert (409, "DA_NHAN") == (again.status_code, again.json()["ma"])
    assert [] == sim.get("violations")
    assert 409 == call(sim, "PUT", path, golden.UPDATE | {"lyDo": "x"}, key="a").status_code
    assert ["Idempotency-Key came again with another body"] == [
        v["what"] for v in sim.get("violations")
    ]


def test_a_step_before_its_dossier_is_not_found(start: Start) -> None:
    sim = start("portal")
    path = f"/ho-so/{golden.CODE}/tien-do"
    assert 404 == call(sim, "POST", path, STEP).status_code
    assert 404 == call(sim, "GET", "/giao-dich/k1", None).status_code
    call(sim, "PUT", f"/ho-so/{golden.CODE}", golden.UPDATE, key="k0")
    assert 200 == call(sim, "POST", path, STEP).status_code
    assert 200 == call(sim, "GET", "/giao-dich/k1", None).status_code


def test_credentials_key_and_media_type_are_checked(start: Start) -> None:
    sim = start("portal")
    path = f"/ho-so/{golden.CODE}"
    assert 401 == sim.client.put(path, json=golden.UPDATE).status_code
    assert 401 == call(sim, "PUT", path, golden.UPDATE, Authorization="Bearer no").status_code
    assert 400 == call(sim, "PUT", path, golden.UPDATE, key="").status_code
    assert 400 == call(sim, "PUT", path, golden.UPDATE, key="x" * 65).status_code
    wrong = call(sim, "PUT", path, golden.UPDATE, **{"Content-Type": "text/plain"})
    assert 415 == wrong.status_code
    bad = sim.client.post(
        "/oauth2/token", data={"grant_type": "client_credentials"}, auth=("a", "b")
    )
    assert (401, "invalid_client") == (bad.status_code, bad.json()["error"])


def test_a_token_ends(start: Start) -> None:
    sim = start("portal")
    given = {"Authorization": f"Bearer {token(sim)}"}
    sim.later(3599)
    assert 200 == call(sim, "PUT", f"/ho-so/{golden.CODE}", golden.UPDATE, **given).status_code
    sim.later(3601)
    answer = call(sim, "PUT", f"/ho-so/{golden.CODE}", golden.UPDATE, **given)
    assert 401 == answer.status_code
    assert "expired" in answer.json()["thongBao"]


def test_the_citizens_acts_reach_the_hub_with_bearer_and_key(start: Start, hub: Hub) -> None:
    sim = start("portal")
    made = sim.act("POST /ho-so", golden.FILED, key="nop-1")
    assert made["accepted"]
    sent = hub.requests[-1]
    assert ("POST", "/portal/ho-so") == (sent.method, sent.path)
    assert f"Bearer {sim.config['hub_token']}" == sent.headers["authorization"]
    assert "nop-1" == sent.headers["idempotency-key"]
    assert golden.FILED == made["sent"]["body"]
    assert sim.config["hub_token"] not in str(made)
    assert "MOI_DANG_KY" == sim.get(f"dossiers/{golden.CODE}")["trangThai"]
    rating = {"nguon": "TINH", "thoiDiem": "16/10/2025 20:00:00", "diem": 5}
    sim.act("danh-gia", rating, dossier=golden.CODE)
    assert f"/portal/ho-so/{golden.CODE}/danh-gia" == hub.requests[-1].path
    hub.reply = Reply(503)
    assert not sim.act("rut", {"nguon": "TINH", "thoiDiem": "16/10/2025 20:00:00"}, dossier="x")[
        "accepted"
    ]


def test_an_act_with_an_unfit_body_is_not_sent_unless_asked(start: Start, hub: Hub) -> None:
    sim = start("portal")
    order = {"operation": "POST /ho-so", "body": golden.FILED | {"ngayNop": "gestern"}}
    answer = sim.inspect.post("/_sim/act", json=order)
    assert 400 == answer.status_code
    assert "ngayNop" in answer.json()["error"]
    assert [] == hub.requests
    sim.inspect.post("/_sim/act", json=order | {"unchecked": True})
    assert 1 == len(hub.requests)
