"""Whatever comes in gets its own clear answer, and what is refused leaves no half effect."""

import json
import re
import socket
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from hub.dev.waiting import until
from ops.demo.cast import OFFICER, P1, hoso, party, portal_dossier
from tests.system.world import FAR, STRANGER, Said, World

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
NUMBERS = count(1)
URL = "https://tep.example.test/t/EEEE-0001"


def code() -> str:
    """A dossier code that no other test uses."""
    return f"H44.99.99-251103-{next(NUMBERS):04d}"


def filing(number: str, **changes: object) -> dict[str, Any]:
    """A filing of the portal that would be taken as it is, with changes."""
    at, procedure = "2025-10-13 08:15:00", "9.999901"
    found = portal_dossier(
        number, at, P1, procedure, by_post=True, url=URL, summary="Đề nghị cấp giấy"
    )
    return found | changes


def report(number: str, **more: object) -> dict[str, Any]:
    """The head of a report of the one-stop."""
    head = {"MaGiaoDich": f"GD-{number}", "ThoiDiem": "2025-11-03T09:00:00+07:00"}
    return head | {"MaHoSo": number, "NguonHoSo": "TINH"} | more


def order(number: str, **changes: object) -> dict[str, Any]:
    """An order of an envelope back to the citizen."""
    day = "2025-11-03"
    body = {
        "MaDon": number,
        "Chieu": "RETURN",
        "NguoiGui": party("Sở Thử nghiệm", "0300000099", "Số 99 đường Một Cửa", day),
        "NguoiNhan": party(P1.name, P1.phone, "Số 1 đường Thử Nghiệm", day),
        "NoiDung": "Giấy xác nhận",
        "KhoiLuong": "50",
        "MaDonVi": "H44.99.99",
    }
    return report(number, **(body | changes))


def header(**changes: object) -> dict[str, Any]:
    """A dossier's header of the one-stop."""
    return (
        hoso(
            P1,
            "9.999901",
            filed="2025-11-03 08:15:00",
            accepted="2025-11-03 09:05:00",
            due="2025-11-06 17:00:00",
            by_post=True,
            receipt="BN-0009",
            url=URL,
            summary="Đề nghị cấp giấy",
        )
        | changes
    )


def filed(world: World, number: str) -> None:
    """The portal tells of a dossier of its own, so that it takes what it is told of it."""
    key = f"nop-{number}"
    report_ = world.act("portal", "POST /ho-so", filing(number), key=key, dossier=number)
    assert report_["accepted"], report_["answer"]


def settled(world: World, number: str, events: int, of: tuple[str, ...]) -> None:
    """Wait until each of these registrations has a receipt of so many of the dossier's events."""

    def there() -> bool:
        found = world.receipts(number)
        return all(sum(r == name for _, r in found) >= events for name in of)

    assert until(there, FAR, 0.2), world.receipts(number)


# JSON


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (b'{"maHoSo": ', 400, "SAI_DINH_DANG"),
        (b"\xff\xfe{}", 400, "SAI_DINH_DANG"),
        (b'{"maHoSo": "A", "maHoSo": "B"}', 400, "SAI_DINH_DANG"),
        (b'{"a":' * 20_000 + b"1" + b"}" * 20_000, 413, "SAI_DINH_DANG"),
        (b'{"x": NaN}', 400, "SAI_DINH_DANG"),
        (b'{"x": ' + b"9" * 100_000 + b"}", 400, "SAI_DINH_DANG"),
        (b"[]", 400, "SAI_DINH_DANG"),
        (b"", 400, "SAI_DINH_DANG"),
        (b'{"x": "' + b"y" * 2_000_000 + b'"}', 413, "too large"),
    ],
    ids=["cut", "not-utf8", "twice", "deep", "nan", "long-number", "list", "empty", "2MB"],
)
def test_hostile_json_is_refused(world: World, body: bytes, status: int, says: str) -> None:
    with world.nothing_kept():
        answer = world.portal("/ho-so", body)
    assert answer.status_code == status, answer.text
    assert says in answer.text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ngayNop": "31/02/2025 08:15:00"}, "calendar"),
        ({"ngaySinh": "31/02/1901"}, "calendar"),
        ({"kenhThucHien": "BO_CAU"}, "kenhThucHien"),
        ({"loaiDoiTuong": "KHONG_RO"}, "loaiDoiTuong"),
        ({"soGiayTo": "12345678901"}, ""),
        ({"taiLieu": "none"}, "taiLieu"),
        ({"maHoSo": None}, "maHoSo"),
        ({"doMat": "C"}, "bí mật nhà nước"),
        ({"trichYeu": "Về việc\nMẬT\nxây dựng"}, "bí mật nhà nước"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_filing_that_cannot_pass_is_refused_with_the_reason(
    world: World, change: dict[str, Any], says: str
) -> None:
    with world.nothing_kept():
        answer = world.portal("/ho-so", filing(code(), **change))
    assert answer.status_code == 400, answer.text
    assert says in answer.text
    assert answer.json()["ma"] in ("SAI_DINH_DANG", "TU_CHOI")


def test_honey_is_no_secret(world: World) -> None:
    answer = world.portal("/ho-so", filing(code(), trichYeu="MẬT ONG RỪNG"))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/portal/ho-so", {"Authorization": "Bearer wrong"}, 401),
        ("POST", "/portal/ho-so", {}, 401),
        ("POST", "/ngsp/ho-so", {"Authorization": "Basic eDp5"}, 401),
        ("POST", "/portal/khong-co", {}, 404),
        ("POST", "/portal/../onestop", {}, 404),
        ("POST", "/nobody/ho-so", {}, 404),
        ("GET", "/", {}, 404),
    ],
)
def test_who_or_where_is_wrong_is_told(
    world: World, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    with world.nothing_kept():
        raw = json.dumps(filing(code())).encode()
        answer = world.send(method, path, raw, Content_Type="application/json", **headers)
    # who does not say who he is learns nothing of the paths either
    assert answer.status_code in ({401, 404} if status == 404 else {status}), answer.text


def test_another_method_or_media_type_is_told(world: World) -> None:
    bearer = f"Bearer {world.secret('portal', 'inbound_token')}"
    with world.nothing_kept():
        unknown = world.send("POST", "/portal/khong-co", b"{}", Authorization=bearer)
        method = world.send("DELETE", "/portal/ho-so", Authorization=bearer)
        media = world.send(
            "POST", "/portal/ho-so", b"<a/>", Authorization=bearer, Content_Type="text/xml"
        )
    assert (unknown.status_code, method.status_code, media.status_code) == (404, 405, 415)
    assert method.headers["allow"]


# SOAP

ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body>'
    "</s:Envelope>"
)
LAUGHS = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "ha"}">' for n in range(10))
XXE = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + ENVELOPE.format("<x>&e;</x>")


@pytest.mark.parametrize(
    "body",
    [
        b"<a><b></a>",
        b"\x00\x01",
        b"",
        ENVELOPE.format("").encode(),
        f"<!DOCTYPE x [{LAUGHS}]>{ENVELOPE.format('<x>&a9;</x>')}".encode(),
        XXE.encode(),
        ENVELOPE.format("<x>" + "<a/>" * 200_000 + "</x>").encode(),
        ENVELOPE.format("<a>" * 5_000 + "</a>" * 5_000).encode(),
        ENVELOPE.format('<x a="&#0;"/>').encode(),
    ],
    ids=["cut", "binary", "empty", "no-body", "laughs", "xxe", "elements", "deep", "nul"],
)
def test_hostile_xml_is_a_fault_of_the_client(world: World, body: bytes) -> None:
    began = time.monotonic()
    with world.nothing_kept():
        said = world.raw_soap(body)
    assert said.status in (400, 413, 500)
    assert said.code == "Client", said
    assert "root:" not in said.text
    assert time.monotonic() - began < 10


def test_a_million_elements_do_not_come_in(world: World) -> None:
    body = ENVELOPE.format("<x>" + "<a/>" * 1_000_000 + "</x>").encode()
    answer = world.send("POST", "/onestop/MotCuaBaoCao", body, Content_Type="text/xml")
    assert answer.status_code == 413


def test_a_wrong_password_is_a_fault_of_its_own(world: World) -> None:
    with world.nothing_kept():
        said = world.onestop("BaoTienDo", report(code(), TrangThai="processing"), password="no")
    assert said.code in ("FailedAuthentication", "Client")
    assert world.send("POST", "/onestop/MotCuaBaoCao", b"<a/>").status_code == 415


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"ThoiDiem": "2025-02-31T09:00:00+07:00"}, "ThoiDiem"),
        ({"ThoiDiem": "2025-11-03T09:00:00"}, "offset"),
        ({"NguonHoSo": "HUE"}, "NguonHoSo"),
        ({"MaGiaoDich": ""}, ""),
        ({"KhongCo": "x"}, ""),
    ],
)
def test_a_report_that_is_not_of_the_contract_is_a_fault(
    world: World, change: dict[str, Any], says: str
) -> None:
    with world.nothing_kept():
        said = world.onestop("BaoTienDo", report(code(), TrangThai="processing") | change)
    assert said.code in ("Client", "02"), said
    assert says in said.text


def test_an_unknown_operation_is_a_fault(world: World) -> None:
    raw = world.envelope("BaoTienDo", report(code(), TrangThai="new"))
    with world.nothing_kept():
        said = world.raw_soap(raw.replace(b"BaoTienDo", b"BaoNhamRoi"))
    assert said.code == "Client", said


# Once, twice, otherwise


def test_the_same_message_is_accepted_once(world: World) -> None:
    number = code()
    filed(world, number)
    first = world.portal("/ho-so", filing(number))
    again = world.portal("/ho-so", filing(number), key="another")
    assert (first.json()["ma"], again.json()["ma"]) == ("DA_NHAN", "DA_NHAN")
    assert (first.status_code, again.status_code) == (200, 200)
    assert world.facts(number) == ["Received"]
    told = report(number, TrangThai="processing")
    assert [world.onestop("BaoTienDo", told).code for _ in "12"] == ["00", "01"]
    assert world.facts(number) == ["Received", "StatusChanged"]
    assert until(lambda: world.told("portal", number) != [], FAR)
    assert world.told("onestop", number) == ["NhanHoSo"]


def test_the_same_name_with_another_content_is_a_conflict(world: World) -> None:
    number = code()
    before = world.metric("gateway", "hub_conflicts_total", flow="filed", registration="portal")
    filed(world, number)
    answer = world.portal("/ho-so", filing(number, trichYeu="Khác"))
    assert (answer.status_code, answer.json()["ma"]) == (409, "XUNG_DOT")
    after = world.metric("gateway", "hub_conflicts_total", flow="filed", registration="portal")
    assert after - before == 1
    told = report(number, TrangThai="processing")
    assert world.onestop("BaoTienDo", told).code == "00"
    assert world.onestop("BaoTienDo", told | {"TrangThai": "waiting"}).code == "02"
    assert world.facts(number) == ["Received", "StatusChanged"]


def scan(number: str, status: object, **more: object) -> dict[str, Any]:
    """A row of MyVNPost's webhook."""
    row = {"itemCode": "EB990001015VN", "saleOrderCode": number, "status": status}
    return row | {"updatedDate": "16/10/2025 10:15:00"} | more


def test_a_scan_that_says_something_else_is_answered_with_yes_and_recorded(world: World) -> None:
    number, item = code(), "EB990001029VN"
    before = len(world.rows("hub.act", "postal_my"))
    first = world.webhook(scan(number, 12, itemCode=item))
    other = world.webhook(scan(number, 12, itemCode=item, reasonNote="Khác"))
    assert (first["status"], first["body"]["updated"]) == (200, 1)
    assert (other["status"], other["body"]["updated"]) == (200, 0)
    assert world.facts(number) == ["ConsignmentTracked"]
    (act,) = world.rows("hub.act", "postal_my")[before:]
    assert act.headers["hub_act"] == "CONFLICT"


# The webhook


def test_a_forged_webhook_is_refused(world: World) -> None:
    with world.nothing_kept():
        answer = world.webhook(scan(code(), 14), credential="bad")
    assert (answer["status"], answer["body"]["success"]) == (401, False)
    (line,) = [x for x in world.log("gateway") if x.get("registration") == "postal_my"][-1:]
    assert (line["event"], line["code"]) == ("request_refused", "denied")


def test_a_webhook_from_another_address_is_refused(world: World) -> None:
    sent = world.act("postal_my", "webhook", {"rows": [scan(code(), 12)]}, credential="bad")["sent"]
    raw = json.dumps(sent["body"]).encode()
    with world.nothing_kept():
        stranger = world.send("POST", "/postal_my/webhook", raw, source=STRANGER)
    assert stranger.status_code in (401, 403), stranger.text


def test_an_undocumented_status_is_told_as_unknown(world: World) -> None:
    number = code()
    filed(world, number)
    assert world.webhook(scan(number, 26))["status"] == 200
    assert world.facts(number) == ["Received", "ConsignmentTracked"]
    assert until(lambda: "NhanHanhTrinh" in world.told("onestop", number), FAR)
    (row,) = world.dossier("onestop", number)["NhanHanhTrinh"]
    assert (row["TrangThaiBuuChinh"], row["MaGoc"]) == ("UNKNOWN", "26")


def test_an_envelope_that_came_back_is_two_facts(world: World) -> None:
    number = code()
    filed(world, number)
    assert world.onestop("BaoTiepNhan", report(number, HoSo=header(), CanBo=OFFICER)).code == "00"
    assert until(lambda: world.dossier("portal", number).get("trangThai") is not None, FAR)
    status = world.dossier("portal", number)["trangThai"]
    assert world.webhook(scan(number, 19))["body"]["updated"] == 2
    assert world.facts(number)[-2:] == ["ConsignmentTracked", "ConsignmentReturned"]
    assert until(lambda: bool(world.dossier("portal", number)["thongBao"]), FAR)
    (notice,) = world.dossier("portal", number)["thongBao"]
    assert notice["loai"] == "CHUYEN_HOAN"
    assert world.dossier("portal", number)["trangThai"] == status


def test_a_foreign_row_gives_no_event_and_is_counted(world: World) -> None:
    labels = {"flow": "scans", "registration": "postal_my"}
    before = world.metric("gateway", "hub_items_without_event_total", **labels)
    with world.nothing_kept():
        answer = world.webhook(scan("SHOP-00012", 12, itemCode="EB990001094VN"))
    assert (answer["status"], answer["body"]["updated"]) == (200, 0)
    assert world.metric("gateway", "hub_items_without_event_total", **labels) - before == 1


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
    number = f"G22.99.99-251103-{next(NUMBERS):06d}"
    world.act("ngsp", "seed", {"MaHoSo": number})
    no = report(number, HoSo=header(), LyDo="Không đủ điều kiện", CanBo=OFFICER)
    local = {"NguonHoSo": "DVCQG", "MaHoSoNoiBo": code()}
    assert world.onestop("BaoTuChoi", no | local).code == "00"
    assert until(lambda: world.told("ngsp", number) == ["DongBoTrangThaiHoSo"], FAR)
    (call,) = world.calls("ngsp", number)
    assert json.loads(call["body"])["data"]["TrangThai"] == "11"


# The national side


def test_a_file_by_value_reaches_no_event(world: World) -> None:
    number, content = f"G22.99.99-251103-{next(NUMBERS):06d}", "UERGTUFSS0VEQ09OVEVOVA=="
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


# Slowness


def test_a_sender_that_drips_is_cut_off(world: World) -> None:
    host, _, port = world.gateway.removeprefix("http://").partition(":")
    began = time.monotonic()
    with socket.create_connection((host, int(port)), timeout=1) as line:
        line.sendall(b"POST /portal/ho-so HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
        said = b""

        def answered() -> bool:
            nonlocal said
            try:
                line.sendall(b" ")
                line.settimeout(0.5)
                said += line.recv(4096)
            except TimeoutError:
                return False
            except OSError:
                return True
            return bool(said)

        assert until(answered, 25, 0.3)
    assert said.startswith(b"HTTP/1.1 408"), said
    assert time.monotonic() - began < 20


def test_a_head_that_drips_is_cut_off(world: World) -> None:
    host, _, port = world.gateway.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=1) as line:
        line.sendall(b"POST /portal/ho-so HTTP/1.1\r\n")

        def closed() -> bool:
            try:
                line.sendall(b"x-a: b\r\n")
                line.settimeout(0.5)
                return not line.recv(4096)
            except TimeoutError:
                return False
            except OSError:
                return True

        assert until(closed, 40, 0.3), "a head may take for ever"


def test_said_is_what_a_person_would_read(world: World) -> None:
    said = world.onestop("DatBuuChinh", order(code(), KhoiLuong="nặng"))
    assert isinstance(said, Said)
    assert said.code == "Client"
    assert "KhoiLuong" in said.text
