"""The same message twice, and another one of the same name; the webhook and its strangers."""

import json
from typing import Any

import pytest

from hub.dev.waiting import until
from ops.demo.cast import OFFICER
from tests.system.messages import code, filed, filing, header, report
from tests.system.world import FAR, STRANGER, World

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

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


def status_of(world: World, number: str) -> object:
    """What the portal shows of a dossier's status."""
    return world.dossier("portal", number).get("trangThai")


def test_an_envelope_that_came_back_is_two_facts(world: World) -> None:
    number = code()
    filed(world, number)
    assert world.onestop("BaoTiepNhan", report(number, HoSo=header(), CanBo=OFFICER)).code == "00"
    assert until(lambda: status_of(world, number) == "DA_TIEP_NHAN", FAR)
    assert world.webhook(scan(number, 19))["body"]["updated"] == 2
    assert world.facts(number)[-2:] == ["ConsignmentTracked", "ConsignmentReturned"]
    assert until(lambda: bool(world.dossier("portal", number)["thongBao"]), FAR)
    (notice,) = world.dossier("portal", number)["thongBao"]
    assert notice["loai"] == "CHUYEN_HOAN"
    assert status_of(world, number) == "DA_TIEP_NHAN"


def test_a_foreign_row_gives_no_event_and_is_counted(world: World) -> None:
    labels = {"flow": "scans", "registration": "postal_my"}
    before = world.metric("gateway", "hub_items_without_event_total", **labels)
    with world.nothing_kept():
        answer = world.webhook(scan("SHOP-00012", 12, itemCode="EB990001094VN"))
    assert (answer["status"], answer["body"]["updated"]) == (200, 0)
    assert world.metric("gateway", "hub_items_without_event_total", **labels) - before == 1
