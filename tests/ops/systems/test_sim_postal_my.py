"""MyVNPost: orders, lists, and webhooks whose signature covers the first row alone."""

import base64
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from ops.systems.formats import s10
from ops.systems.webhook import signed_text
from tests.ops.systems import sim_golden as golden
from tests.ops.systems.sim_kit import Hub, Sim, Start

pytestmark = pytest.mark.process

LIST = {"type": "GUI", "size": 500, "page": 1, "isInternational": "false"}


def is_s10(number: str) -> bool:
    """S10 shape and check digit."""
    shape = re.match(r"^[A-Z]{2}\d{9}[A-Z]{2}\Z", number)
    return shape is not None and number == s10(number[:2], int(number[2:10]), number[11:])


def token(sim: Sim) -> dict[str, str]:
    body = {k: sim.config[k] for k in ("username", "password")} | {"customerCode": "T-TEST"}
    answer = sim.client.post("/GetAccessToken", json=body).json()
    assert answer["success"]
    return {"token": answer["token"]}


def create(sim: Sim, **change: Any) -> Any:
    info = golden.ORDER["informationOrder"] | change
    order = golden.ORDER | {"informationOrder": info}
    return sim.client.post("/CreateOrder", json=order, headers=token(sim))


def on_create(action: dict[str, Any]) -> dict[str, Any]:
    """A rule for the first order."""
    match = {"operation": "CreateOrder"}
    return {"name": "r", "match": match, "action": action, "times": 1}


def listed(sim: Sim, first: str, last: str, **change: Any) -> Any:
    query: Any = LIST | {"lastUpdateFrom": first, "lastUpdateTo": last} | change
    return sim.client.get("/GetListOrder", params=query, headers=token(sim))


def public_key(configs: Path) -> Any:
    pem = (configs / "secrets" / "postal_my" / "webhook_key").read_bytes()
    return serialization.load_pem_public_key(pem)


def verify(configs: Path, document: dict[str, Any]) -> None:
    text = signed_text(document["sendDate"], document["data"][0])
    signature = base64.b64decode(document["signature"])
    public_key(configs).verify(signature, text, padding.PKCS1v15(), hashes.SHA256())


def test_the_golden_order_gets_its_item_number(start: Start) -> None:
    sim = start("postal_my")
    answer = create(sim).json()
    assert "EB990001015VN" == answer["itemCode"]
    kept = sim.get("state")["orders"][golden.CODE]
    assert ("EB990001015VN", None, []) == (kept["item_code"], kept["status"], kept["history"])
    other = create(sim, saleOrderCode="H44.99.99-251013-0009").json()["itemCode"]
    assert is_s10(other)
    sim.switch(item_form="opaque", answer_form="data")
    last = create(sim, saleOrderCode="H44.99.99-251013-0010").json()
    assert not is_s10(last["data"]["itemCode"])


def test_the_same_order_twice_is_two_orders_and_a_violation(start: Start) -> None:
    sim = start("postal_my")
    items = [create(sim).json()["itemCode"] for _ in range(2)]
    assert 2 == len(set(items))
    kept = sim.get("state")["orders"][golden.CODE]
    assert (2, "EB990001015VN") == (kept["placed"], kept["item_code"])
    assert 1 == len(sim.get("violations"))


@pytest.mark.parametrize(
    "change",
    [
        {"receiverDistrictCode": "001"},
        {"receiverCommuneCode": "8707"},
        {"weight": 50},
        {"receiverPhone": ""},
        {"surprise": 1},
        {"contentNote": None},
    ],
    ids=str,
)
def test_an_unfit_order_is_refused(start: Start, change: dict[str, Any]) -> None:
    sim = start("postal_my")
    answer = create(sim, **change)
    assert 400 == answer.status_code
    assert next(iter(change)) in answer.json()["message"]
    assert {} == sim.get("state")["orders"]


def test_tokens_are_checked_and_end(start: Start) -> None:
    sim = start("postal_my")
    assert 401 == sim.client.post("/CreateOrder", json=golden.ORDER).status_code
    wrong = {"username": "a", "password": "b", "customerCode": "T-TEST"}
    assert not sim.client.post("/GetAccessToken", json=wrong).json()["success"]
    given = token(sim)
    sim.later(1801)
    late = sim.client.post("/CreateOrder", json=golden.ORDER, headers=given)
    assert 401 == late.status_code


def test_lists_pages_and_single_orders(start: Start) -> None:
    sim = start("postal_my")
    sim.switch(today="15-10-2025")
    for number in range(1, 4):
        create(sim, saleOrderCode=f"H44.99.99-251015-000{number}")
    rows = listed(sim, "15-10-2025", "16-10-2025").json()["results"]
    assert 3 == len(rows)
    second = listed(sim, "15-10-2025", "16-10-2025", size=2, page=2).json()["results"]
    assert rows[2:] == second
    assert [] == listed(sim, "16-10-2025", "17-10-2025").json()["results"]
    assert 400 == listed(sim, "2025-10-15", "16-10-2025").status_code
    assert 400 == listed(sim, "15-10-2025", "16-10-2025", size=501).status_code
    query = {"type": "1", "code": rows[0]["itemCode"]}
    one = sim.client.get("/getOrder", params=query, headers=token(sim)).json()
    assert [{"results": rows[:1]}] == one


@pytest.mark.parametrize(
    ("kind", "keys", "name"), [("00", "pascal", "Type"), ("02", "lower", "type")]
)
def test_a_cancellation_is_a_case(start: Start, kind: str, keys: str, name: str) -> None:
    sim = start("postal_my")
    sim.switch(cancel_type=kind, case_keys=keys)
    original = create(sim).json()["orderHdrID"]

    def cancel(number: str) -> Any:
        body = {"OriginalId": number}
        return sim.client.post("/orderCancel", json=body, headers=token(sim)).json()[name]

    assert [kind, kind, "99"] == [cancel(original), cancel(original), cancel("1")]
    assert [kind] == sim.get("state")["orders"][golden.CODE]["cancelled"]


def test_the_golden_scan_is_signed_as_published(start: Start, hub: Hub, configs: Path) -> None:
    sim = start("postal_my")
    create(sim)
    sent = "16/10/2025 10:15:30"
    made = sim.act("webhook", {"rows": [golden.SCAN], "sendDate": sent})
    document = json.loads(hub.requests[-1].body)
    assert [golden.SCAN] == document["data"]
    assert sent == document["sendDate"]
    assert "MYVNP16/10/2025 10:15:30EB990001015VN14" == signed_text(sent, golden.SCAN).decode()
    verify(configs, document)
    assert "/postal_my/webhook" == hub.requests[-1].path
    assert document == made["sent"]["body"]
    kept = sim.get("state")["orders"][golden.CODE]
    assert (14, [[14, "16/10/2025 10:15:00"]]) == (kept["status"], kept["history"])
    sim.act("again", None)
    assert hub.requests[-1].body == hub.requests[-2].body
    assert 1 == len(sim.get("state")["orders"][golden.CODE]["history"])


def test_a_forged_scan_does_not_verify_and_moves_nothing(
    start: Start, hub: Hub, configs: Path
) -> None:
    sim = start("postal_my")
    create(sim)
    sim.act("webhook", {"rows": [golden.SCAN]}, credential="bad")
    with pytest.raises(InvalidSignature):
        verify(configs, json.loads(hub.requests[-1].body))
    assert sim.get("state")["orders"][golden.CODE]["status"] is None


def test_the_encrypted_reading_of_the_signature(start: Start, hub: Hub, configs: Path) -> None:
    sim = start("postal_my")
    sim.switch(signature_mode="rsa-encrypted")
    sim.act("webhook", {"rows": [golden.SCAN], "sendDate": "16/10/2025 10:15:30"})
    pem = (configs / "secrets" / "postal_my" / "webhook_private_key").read_bytes()
    private: Any = serialization.load_pem_private_key(pem, None)
    given = base64.b64decode(json.loads(hub.requests[-1].body)["signature"])
    text = private.decrypt(given, padding.PKCS1v15())
    assert b"MYVNP16/10/2025 10:15:30EB990001015VN14" == text


def test_rows_come_in_batches_reversed_with_strangers_and_as_texts(start: Start, hub: Hub) -> None:
    sim = start("postal_my")
    create(sim)
    sim.switch(foreign_rows=1, reverse_rows=True, status_as="string")
    rows = [{"saleOrderCode": golden.CODE, "status": s} for s in (1, 6)]
    sim.act("webhook", {"rows": rows})
    data = json.loads(hub.requests[-1].body)["data"]
    assert ["12", "6", "1"] == [row["status"] for row in data]
    assert ["SHOP-00000", golden.CODE, golden.CODE] == [row["saleOrderCode"] for row in data]
    assert ["EB990001015VN"] * 2 == [row["itemCode"] for row in data[1:]]


def test_advance_moves_an_order_by_its_number(start: Start, hub: Hub) -> None:
    sim = start("postal_my")
    create(sim)
    sim.act("advance", {"saleOrderCode": golden.CODE, "status": 15, "reasonNote": "Vắng nhà"})
    row = json.loads(hub.requests[-1].body)["data"][0]
    assert ("EB990001015VN", 15, "Vắng nhà") == (row["itemCode"], row["status"], row["reasonNote"])
    assert 15 == sim.get("state")["orders"][golden.CODE]["status"]


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        *[(n, True) for n in ("EB000717618HK", "EE471108151FR", "RR123456785GB", "LH256986182AU")],
        *[(f"EB9900010{n}VN", True) for n in ("15", "29", "32", "46", "50", "63", "77", "85")],
        *[(n, False) for n in ("EB123456789VN", "EB990001016VN", "EB99000101VN", "eb990001015vn")],
    ],
)
def test_item_numbers_have_their_check_digit(number: str, valid: bool) -> None:
    assert valid is is_s10(number)


@pytest.mark.parametrize(("serial", "check"), [(8, "0"), (15, "5"), (0, "5"), (12345678, "5")])
def test_check_digits_of_the_edge_cases(serial: int, check: str) -> None:
    assert check == s10("EB", serial)[10]


def test_the_history_of_an_order_is_told(start: Start) -> None:
    sim = start("postal_my")
    item = create(sim).json()["itemCode"]
    sim.act("webhook", {"rows": [golden.SCAN | {"status": 12}, golden.SCAN]})
    query = {"type": "1", "code": item}
    answer = sim.client.get("/GetStatusHistoryOrder", params=query, headers=token(sim)).json()
    rows = answer["data"]["statusHistory"]
    assert [12, 14] == [row["statusCode"] for row in rows]
    assert ("16/10/2025", "10:15:00") == (rows[1]["createdDate"], rows[1]["createdHour"])


def test_a_delivered_order_cannot_be_cancelled(start: Start) -> None:
    sim = start("postal_my")
    original = create(sim).json()["orderHdrID"]
    sim.act("webhook", {"rows": [golden.SCAN]})
    body = {"OriginalId": original}
    answer = sim.client.post("/orderCancel", json=body, headers=token(sim)).json()
    assert "03" == answer["Type"]


def test_a_token_that_is_ended_needs_a_new_one(start: Start) -> None:
    sim = start("postal_my")
    given = token(sim)
    sim.faults(
        {
            "name": "e",
            "match": {"operation": "CreateOrder"},
            "action": {"kind": "expired"},
            "times": 1,
        }
    )
    statuses = [
        sim.client.post("/CreateOrder", json=golden.ORDER, headers=head).status_code
        for head in (given, given, token(sim))
    ]
    assert [401, 401, 200] == statuses


def test_an_order_that_is_stored_and_not_answered_is_found_in_the_list(start: Start) -> None:
    sim = start("postal_my")
    sim.switch(today="15-10-2025")
    sim.faults(
        {
            "name": "d",
            "match": {"operation": "CreateOrder"},
            "action": {"kind": "store-then-drop"},
            "times": 1,
        }
    )
    with pytest.raises(httpx.HTTPError):
        create(sim)
    rows = listed(sim, "15-10-2025", "15-10-2025").json()["results"]
    assert [golden.CODE] == [row["saleOrderCode"] for row in rows]
