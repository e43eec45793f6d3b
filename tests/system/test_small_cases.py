"""What a province meets on an ordinary day: each small case ends as it should."""

import json
import re
import time
from collections.abc import Callable

import pytest

from hub.dev.waiting import until
from ops.demo.cast import OFFICER
from tests.system.messages import code, filed, header, national_code, order, report, settled
from tests.system.world import FAR, World

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

# The one-stop's small cases


def test_an_inner_step_concerns_nobody(world: World) -> None:
    number = code()
    with world.nothing_kept():
        said = world.onestop("BaoTienDo", report(number, TrangThai="posting"))
    assert said.code == "00"


def test_an_unknown_word_is_shown_but_changes_nothing(world: World) -> None:
    number = code()
    filed(world, number)
    world.onestop("BaoTiepNhan", report(number, HoSo=header(), CanBo=OFFICER))
    told = report(number, TrangThai="xyz") | {"MaGiaoDich": f"GD-{number}-2"}
    assert world.onestop("BaoTienDo", told).code == "00"
    settled(world, number, 2, ("portal", "ngsp"))
    assert world.receipts(number)["StatusChanged", "ngsp"] == "NOTHING_TO_SEND"
    kept = world.dossier("portal", number)
    assert (kept["trangThai"], len(kept["tienDo"])) == ("DA_TIEP_NHAN", 1)
    assert world.told("ngsp", number) == ["DongBoHoSoMC"]


@pytest.mark.parametrize(
    "change",
    [{"DoMat": "C"}, {"DoMat": "1"}, {"NoiDung": "Gửi\n[TỐI MẬT]\nhồ sơ"}],
    ids=["mark C", "mark 1", "line"],
)
def test_a_state_secret_is_refused_and_not_kept(world: World, change: dict[str, str]) -> None:
    number = code()
    before = world.metric("gateway", "hub_secrecy_refusals_total", registration="onestop")
    with world.nothing_kept():
        said = world.onestop("DatBuuChinh", order(number, **change))
    assert (said.code, "bí mật nhà nước" in said.text) == ("02", True)
    assert world.metric("gateway", "hub_secrecy_refusals_total", registration="onestop") > before
    last = world.log("gateway")[-1]
    assert last["event"] == "secrecy_mark_refused"
    assert number not in json.dumps(last)


def test_a_typed_item_number_is_checked(world: World) -> None:
    number = code()
    with world.nothing_kept():
        wrong = world.onestop("DatBuuChinh", order(number, SoHieuBuuGui="EB990001016VN"))
    assert wrong.code == "02", wrong
    right = world.onestop("DatBuuChinh", order(number, SoHieuBuuGui="EB990001015VN"))
    assert right.code == "00", right
    assert world.facts(number) == ["ConsignmentOrdered"]


def test_a_fee_at_the_counter_is_told_to_the_portal_only(world: World) -> None:
    number = code()
    filed(world, number)
    paid = report(number, TongTien="150000", HinhThucThu="2", SoBienLai="BL-1", MaYeuCau="1")
    assert world.onestop("BaoThuPhi", paid).code == "00"
    assert until(lambda: "POST /ho-so/{maHoSo}/thanh-toan" in world.told("portal", number), FAR)
    assert world.facts(number) == ["Received", "FeePaid"]
    assert "NhanThanhToan" not in world.told("onestop", number)


def test_a_refusal_of_the_province_is_told(world: World) -> None:
    number = code()
    filed(world, number)
    no = report(number, HoSo=header(), LyDo="Không đủ điều kiện", CanBo=OFFICER)
    assert world.onestop("BaoTuChoi", no).code == "00"
    assert until(lambda: world.told("ngsp", number) == ["DongBoHoSoMC"], FAR)
    (call,) = world.calls("ngsp", number)
    body = json.loads(call["body"])
    assert (body["isUpdating"], body["data"][0]["TrangThaiHoSo"]) == ("False", "3")
    assert body["data"][0]["NgayTuChoi"]
    found: Callable[[], bool] = lambda: (  # noqa: E731 - a condition
        world.dossier("portal", number).get("trangThai") == "KHONG_TIEP_NHAN"
    )
    assert until(found, FAR)


def test_a_refusal_of_a_national_dossier_is_a_status(world: World) -> None:
    number = national_code()
    world.act("ngsp", "seed", {"MaHoSo": number})
    no = report(number, HoSo=header(), LyDo="Không đủ điều kiện", CanBo=OFFICER)
    local = {"NguonHoSo": "DVCQG", "MaHoSoNoiBo": code()}
    assert world.onestop("BaoTuChoi", no | local).code == "00"
    assert until(lambda: world.told("ngsp", number) == ["DongBoTrangThaiHoSo"], FAR)
    (call,) = world.calls("ngsp", number)
    assert json.loads(call["body"])["data"]["TrangThai"] == "11"


# The national side


def test_a_file_by_value_reaches_no_event(world: World) -> None:
    number, content = national_code(), "UERGTUFSS0VEQ09OVEVOVA=="
    body = {
        "MaHoSo": number,
        "MaTTHC": "9.999904",
        "MaSoThue": "0100000003",
        "TenThuongNhan": "Công ty Thử Nghiệm",
        "TenTepDonDangKy": "don.pdf",
        "TepDonDangKy": content,
        "TaiLieuNop": [{"TenTepDinhKem": "phu-luc.pdf", "Base64": content}],
    }
    answer = world.ngsp("/ho-so", body)
    assert (answer.status_code, answer.json()["error_code"]) == (200, 0), answer.text
    (row,) = world.rows("hub.dossier", number)
    assert content.encode() not in row.value
    assert b"phu-luc.pdf" in row.value


@pytest.mark.parametrize("zero", [0, "0", "00"], ids=repr)
def test_three_spellings_of_done_are_delivered(world: World, zero: object) -> None:
    number = code()
    world.faults("ngsp", switches={"success": zero})
    try:
        filed(world, number)
        world.onestop("BaoTiepNhan", report(number, HoSo=header(), CanBo=OFFICER))
        settled(world, number, 1, ("ngsp",))
        assert world.receipts(number)["Accepted", "ngsp"] == "DELIVERED"
    finally:
        world.faults("ngsp", switches={"success": "00"})


def test_a_changed_procedure_is_one_fact_and_unchanged_ones_are_none(world: World) -> None:
    row = {"MATTHC": "9.999903", "TENTTHC": f"Đăng ký thử nghiệm {time.time_ns()}"}
    before = len(world.rows("hub.catalogue", "9.999903"))
    polls = world.metric(
        "worker", "hub_polls_total", flow="procedures", outcome="done", registration="ngsp"
    )
    assert until(lambda: len(world.rows("hub.catalogue", "9.999901")) > 0, FAR)
    others = len(world.rows("hub.catalogue", "9.999901"))
    world.act("ngsp", "catalogue", row)
    assert until(lambda: len(world.rows("hub.catalogue", "9.999903")) == before + 1, FAR)

    def polled_again() -> bool:
        labels = {"flow": "procedures", "outcome": "done", "registration": "ngsp"}
        return world.metric("worker", "hub_polls_total", **labels) >= polls + 3

    assert until(polled_again, FAR)
    assert len(world.rows("hub.catalogue", "9.999903")) == before + 1
    assert len(world.rows("hub.catalogue", "9.999901")) == others


# What is not live, and what nobody serves


def test_a_connector_with_errors_is_named_and_the_others_serve(world: World) -> None:
    for name in ("gateway", "worker"):
        lines = [line for line in world.log(name) if line["event"] == "not_live"]
        assert {line["connector"] for line in lines} == {"broken"}
        assert any("maTTHCX" in line["what"] for line in lines), lines
        assert all(re.fullmatch(r"mapping\.py:\d+:\d+", x["at"]) and x["fix"] for x in lines), lines
        assert world.metric(name, "hub_bundle_problems", connector="broken") >= 1
    answer = world.send("POST", "/broken/x", b"{}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")


def test_an_event_that_nobody_serves_is_counted_and_listed(world: World) -> None:
    number, kind = code(), "consignment.v1.ConsignmentOrdered"
    before = world.metric("gateway", "hub_unserved_events_total", type=kind)
    assert world.onestop("DatBuuChinh", order(number, MaDonVi="H28.01.01")).code == "00"
    assert world.metric("gateway", "hub_unserved_events_total", type=kind) - before == 1
    (row,) = world.rows("hub.dossier", number)
    assert "postal_my" in row.headers["hub_unserved"].split(",")
    listed = world.hub("event", "list", "--unserved", "--json", "-n", "1000")
    assert number in {event["key"] for event in listed}
