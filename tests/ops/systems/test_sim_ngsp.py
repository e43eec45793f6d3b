"""DVCQG behind its adapter: sessions, EXISTS and MISSING, one row per step, both routes."""

from typing import Any

import pytest

from ops.systems.wire import Reply
from tests.ops.systems import sim_golden as golden
from tests.ops.systems.sim_kit import Hub, Sim, Start

pytestmark = pytest.mark.process

NATIONAL = "G22.99.99-251015-000003"


def login(sim: Sim, **headers: str) -> str:
    given = {"dstcode": sim.config["dstcode"]} | headers
    body = {"username": sim.config["username"], "password": sim.config["password"]}
    answer = sim.client.post("/mapi/login", json=body, headers=given).json()
    assert 0 == answer["error_code"]
    return str(answer["session"])


def call(sim: Sim, body: dict[str, Any], path: str = "/mapi/g", session: str | None = None) -> Any:
    filled = body | {"session": session or login(sim), "madonvi": sim.config["madonvi"]}
    return sim.client.post(path, json=filled, headers={"dstcode": sim.config["dstcode"]}).json()


def write(status: str, updating: str = "True", **change: object) -> dict[str, Any]:
    row = golden.ACCEPTED["data"][0] | {"TrangThaiHoSo": status} | change
    return golden.ACCEPTED | {"isUpdating": updating, "data": [row]}


def test_the_golden_payloads_are_stored(start: Start) -> None:
    sim = start("ngsp")
    assert "00" == call(sim, golden.ACCEPTED)["error_code"]
    assert "00" == call(sim, golden.STEP)["error_code"]
    assert "00" == call(sim, write("9"))["error_code"]
    kept = sim.get(f"dossiers/{golden.CODE}")
    assert [("2", "False"), ("9", "True")] == [
        (w["TrangThaiHoSo"], w["isUpdating"]) for w in kept["writes"]
    ]
    assert [("4", "20251013103000")] == [
        (r["TrangThai"], r["ThoiDiemXuLy"]) for r in kept["TienDo"]
    ]
    assert "9" == kept["TrangThaiHoSo"]
    assert [] == sim.get("violations")


def test_a_record_that_is_there_exists_and_one_that_is_not_is_missing(start: Start) -> None:
    sim = start("ngsp")
    missing = call(sim, write("9"))
    assert ("-2", "Hồ sơ không tồn tại") == (missing["error_code"], missing["message"])
    sim.act("seed", {"MaHoSo": golden.CODE})
    exists = call(sim, golden.ACCEPTED)
    assert ("-3", "Hồ sơ đã tồn tại") == (exists["error_code"], exists["message"])
    sim.switch(exists=3)
    assert 3 == call(sim, golden.ACCEPTED)["error_code"]
    assert "00" == call(sim, write("2"))["error_code"]
    assert 1 == len(sim.get(f"dossiers/{golden.CODE}")["writes"])


@pytest.mark.parametrize("form", [0, "0", "00"], ids=repr)
def test_success_has_three_forms(start: Start, form: object) -> None:
    sim = start("ngsp")
    sim.switch(success=form)
    assert form == call(sim, golden.ACCEPTED)["error_code"]


def test_a_step_before_its_dossier_is_missing_and_a_repeat_keeps_one_row(start: Start) -> None:
    sim = start("ngsp")
    assert "-2" == call(sim, golden.STEP)["error_code"]
    call(sim, golden.ACCEPTED)
    for _ in range(2):
        assert "00" == call(sim, golden.STEP)["error_code"]
    assert 1 == len(sim.get(f"dossiers/{golden.CODE}")["TienDo"])
    assert [] == sim.get("violations")
    steps = [c for c in sim.get("calls?operation=CapNhatTienDoHoSoMC") if c["verdict"] != "missing"]
    assert ["stored", "repeated"] == [c["verdict"] for c in steps]
    assert steps[0]["content_digest"] == steps[1]["content_digest"]  # the session differs
    assert steps[0]["digest"] != steps[1]["digest"]
    changed = golden.STEP | {"data": [golden.STEP["data"][0] | {"NoiDungXuLy": "Khác"}]}
    assert "00" == call(sim, changed)["error_code"]
    assert ["progress row came again with other content"] == [
        v["what"] for v in sim.get("violations")
    ]


@pytest.mark.parametrize(
    ("change", "code", "named"),
    [
        ({"DonViXuLy": ""}, "-4", "DonViXuLy"),
        ({"KenhThucHien": 2}, "-5", "KenhThucHien"),
        ({"NgayTiepNhan": ""}, "-5", "NgayTiepNhan"),
        ({"NgayTiepNhan": "20251332000000"}, "-5", "NgayTiepNhan"),
        ({"TrangThaiHoSo": "11"}, "-5", "TrangThaiHoSo"),
        ({"TrichYeuHoSo": "x" * 1001}, "-5", "TrichYeuHoSo"),
        ({"Moi": "1"}, "-5", "Moi"),
    ],
)
def test_an_unfit_field_is_named(
    start: Start, change: dict[str, Any], code: str, named: str
) -> None:
    sim = start("ngsp")
    answer = call(sim, golden.ACCEPTED | {"data": [golden.ACCEPTED["data"][0] | change]})
    assert code == answer["error_code"]
    assert named in answer["message"]
    assert 404 == sim.inspect.get(f"/_sim/dossiers/{golden.CODE}").status_code


def test_an_absent_field_has_its_own_code(start: Start) -> None:
    sim = start("ngsp")
    row = {k: v for k, v in golden.ACCEPTED["data"][0].items() if k != "MaTTHC"}
    answer = call(sim, golden.ACCEPTED | {"data": [row]})
    assert ("-4", "Thiếu trường MaTTHC") == (answer["error_code"], answer["message"])


def test_a_session_ends_and_a_wrong_one_is_named(start: Start) -> None:
    sim = start("ngsp")
    session = login(sim)
    sim.later(1799)
    assert "00" == call(sim, golden.ACCEPTED, session=session)["error_code"]
    sim.later(1801)
    for wrong in ("x", session):
        answer = call(sim, golden.STEP, session=wrong)
        assert ("-1", "Phiên làm việc không hợp lệ") == (answer["error_code"], answer["message"])


def test_no_credential_is_shown(start: Start) -> None:
    sim = start("ngsp")
    session = login(sim)
    call(sim, golden.ACCEPTED, session=session)
    shown = str(sim.get("calls")) + str(sim.get("state"))
    assert session not in shown
    assert sim.config["password"] not in shown
    assert "***" in shown


def test_login_and_envelope_are_checked(start: Start) -> None:
    sim = start("ngsp")
    wrong = sim.client.post("/mapi/login", json={"username": "a", "password": "b"}).json()
    assert (-1, "") == (wrong["error_code"], wrong["session"])
    assert "phiên" not in wrong["message"].lower()
    filled = golden.ACCEPTED | {"session": login(sim), "madonvi": "X"}
    assert "-1" == sim.client.post("/mapi/g", json=filled).json()["error_code"]
    other = sim.client.post("/mapi/g", json=filled, headers={"dstcode": "other"}).json()
    assert "dstcode không đúng" == other["message"]
    assert "-6" == call(sim, golden.ACCEPTED, path="/mapi/s")["error_code"]
    assert "-6" == call(sim, {"service": "KhongCo"})["error_code"]


def test_a_national_dossier_is_reported_by_its_own_service(start: Start, hub: Hub) -> None:
    sim = start("ngsp")
    row = {
        "MaHoSo": NATIONAL,
        "TrangThai": "2",
        "MaHoSoDonVi": "H44.99.99-251015-0003",
        "MaDoiTuong": "",
        "NoiDung": "Được tiếp nhận",
        "NgayXuLy": "20251015084000",
        "TaiLieuXuLy": [],
    }
    report = {"service": "DongBoTrangThaiHoSo", "type": "2", "data": row}
    assert "-2" == call(sim, report)["error_code"]
    hub.reply = Reply(200, b'{"error_code": 0, "message": "ok"}')
    made = sim.act("ho-so", {"MaHoSo": NATIONAL, "MaTTHC": "9.999904"})
    assert made["accepted"]
    assert "/ngsp/ho-so" == hub.requests[-1].path
    assert f"Bearer {sim.config['hub_token']}" == hub.requests[-1].headers["authorization"]
    for status in ("2", "5", "4", "4", "11"):
        at = f"202510150{status[:1]}4000"
        assert (
            "00"
            == call(sim, report | {"data": row | {"TrangThai": status, "NgayXuLy": at}})[
                "error_code"
            ]
        )
    kept = sim.get(f"dossiers/{NATIONAL}")
    assert ["2", "5", "4", "11"] == [r["TrangThai"] for r in kept["DongBoTrangThai"]]
    assert "-5" == call(sim, report | {"data": row | {"TrangThai": "3"}})["error_code"]
    amendment = {
        "service": "x",
        "isUpdating": "True",
        "data": {"MaHoSoQG": NATIONAL, "YeuCauSo": 1},
    }
    sim.act("bo-sung", amendment)
    assert "/ngsp/ho-so/bo-sung" == hub.requests[-1].path


def test_queries_find_what_is_stored(start: Start) -> None:
    sim = start("ngsp")
    ask = {"service": "TraCuuHoSo", "mahoso": golden.CODE}
    assert [] == call(sim, ask)["result"]
    call(sim, golden.ACCEPTED)
    assert golden.CODE == call(sim, ask)["result"][0]["MaHoSo"]
    assert 1 == sim.get(f"dossiers/{golden.CODE}")["queries"]
    rows = call(sim, {"service": "LayDanhSachTTHC", "maDonVi": "H44"}, path="/mapi/s")["result"]
    assert ["9.999901", "9.999902", "9.999903", "9.999904"] == [r["MATTHC"] for r in rows]
    sim.act("catalogue", {"MATTHC": "9.999901", "TENTTHC": "Tên mới"})
    full = call(sim, {"service": "LayThuTuc", "maTTHC": "9.999901"})["result"][0]
    assert ("Tên mới", "G99-TN01") == (full["TENTTHC"], full["LINHVUCTHUCHIEN"][0]["MALINHVUC"])
    tech = {"service": "TraCuuTechID", "provider": "wso2is", "mstorcmnd": "026001000011"}
    assert call(sim, tech, path="/mapi/s")["result"][0]["TECHNICALID"]


def test_behind_the_gateway_a_bearer_is_needed_in_addition(start: Start) -> None:
    sim = start("ngsp", config={"route": "gateway"})
    body = {"username": sim.config["username"], "password": sim.config["password"]}
    barred = sim.client.post("/mapi/login", json=body)
    assert (401, 900902) == (barred.status_code, barred.json()["fault"]["code"])
    form = {"grant_type": "client_credentials"}
    assert 401 == sim.client.post("/token", data=form, auth=("a", "b")).status_code
    basic = (sim.config["client_id"], sim.config["client_secret"])
    answer = sim.client.post("/token", data=form, auth=basic).json()
    assert ("Bearer", 3600) == (answer["token_type"], answer["expires_in"])
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert login(sim, **bearer)
    wrong = sim.client.post("/mapi/login", json=body, headers={"Authorization": "Bearer x"})
    assert 900901 == wrong.json()["fault"]["code"]


def test_above_the_pace_it_is_503(start: Start) -> None:
    sim = start("ngsp")
    sim.switch(rate_cap=3)
    statuses = [sim.client.post("/mapi/login", json={}).status_code for _ in range(10)]
    assert 503 in statuses
    assert 200 in statuses
