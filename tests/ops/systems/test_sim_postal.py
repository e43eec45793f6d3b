"""VNPost behind the NGSP gateway: an order once, and rows behind a cursor."""

from typing import Any

import pytest

from tests.ops.systems.sim_kit import Sim, Start

pytestmark = pytest.mark.process

PATH = "/apiVNPostNGSP/p1.0/order/post"
NUMBER = "H44.99.99-251110-0006.C1"
ORDER = {
    "CustomerCode": "T-TEST",
    "OrderNumber": NUMBER,
    "CODAmount": 0.0,
    "SenderProvince": 25,
    "SenderDistrict": 0,
    "SenderAddress": "Số 6 đường Thử Nghiệm",
    "SenderName": "Vũ Minh Họa",
    "SenderTel": "0300000066",
    "ReceiverName": "Sở Thử nghiệm tỉnh Phú Thọ",
    "ReceiverAddress": "Số 99 đường Một Cửa",
    "ReceiverTel": "0300000099",
    "ReceiverProvince": 25,
}
START = "0" * 24


def bearer(sim: Sim) -> dict[str, str]:
    basic = (sim.config["client_id"], sim.config["client_secret"])
    answer = sim.client.post("/token", data={"grant_type": "client_credentials"}, auth=basic)
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def order(sim: Sim, **change: Any) -> Any:
    return sim.client.post(PATH, json=ORDER | change, headers=bearer(sim)).json()["Status"]


def page(sim: Sim, last: str = START, size: int = 1000) -> Any:
    query: Any = {"pagesize": size, "lastId": last}
    return sim.client.get(PATH, params=query, headers=bearer(sim)).json()


def docs(answer: Any) -> list[Any]:
    found: list[Any] = answer.get("_embedded", {}).get("rh:doc", [])
    return found


def test_an_order_is_taken_once(start: Start) -> None:
    sim = start("postal")
    assert [100, 101] == [order(sim), order(sim)]
    assert [] == sim.get("violations")
    assert 101 == order(sim, CODAmount=5.0)
    assert ["OrderNumber came again with another body"] == [
        v["what"] for v in sim.get("violations")
    ]
    kept = sim.get("dossiers/H44.99.99-251110-0006")["orders"][NUMBER]
    assert ORDER == kept["order"]


@pytest.mark.parametrize(
    "change",
    [
        {"SenderProvince": "25"},
        {"SenderProvince": 0},
        {"ReceiverTel": ""},
        {"CustomerCode": "X"},
        {"Surprise": 1},
        {"SenderDistrict": None},
    ],
    ids=str,
)
def test_an_unfit_order_is_refused(start: Start, change: dict[str, Any]) -> None:
    sim = start("postal")
    assert 102 == order(sim, **change)
    assert {} == sim.get("state")["orders"]


def test_a_cancellation_names_customer_and_order(start: Start) -> None:
    sim = start("postal")
    query = {"CustomerCode": "T-TEST", "OrderNumber": NUMBER}

    def cancel(**change: str) -> Any:
        answer = sim.client.delete(PATH, params=query | change, headers=bearer(sim))
        return answer.json()["Status"]

    assert 104 == cancel()
    order(sim)
    assert 102 == cancel(CustomerCode="X")
    assert [100, 101] == [cancel(), cancel()]
    kept = sim.get("state")["orders"][NUMBER]["cancelled"]
    assert [f"CustomerCode=T-TEST&OrderNumber={NUMBER}"] == kept


def test_answers_may_be_booleans(start: Start) -> None:
    sim = start("postal")
    sim.switch(status_form="boolean")
    assert [True, True, False] == [order(sim), order(sim), order(sim, ReceiverTel="")]


def test_rows_come_behind_the_cursor(start: Start) -> None:
    sim = start("postal")
    order(sim)
    empty = page(sim)
    assert (0, False) == (empty["_returned"], "_embedded" in empty)
    at = 1762743600000
    for status in (1, 9):
        sim.act("rows", {"rows": [{"OrderNumber": NUMBER, "StatusCode": status, "EventTime": at}]})
    first = page(sim, size=1)
    assert (1, 2, 2) == (first["_returned"], first["_size"], first["_total_pages"])
    row = docs(first)[0]
    assert (1, at, NUMBER) == (row["StatusCode"], row["EventTime"], row["OrderNumber"])
    second = docs(page(sim, row["_id"]["$oid"]))
    assert [9] == [r["StatusCode"] for r in second]
    assert [] == docs(page(sim, second[0]["_id"]["$oid"]))
    assert [[1, at], [9, at]] == sim.get("state")["orders"][NUMBER]["history"]


def test_switches_change_how_rows_look(start: Start) -> None:
    sim = start("postal")
    rows = [{"OrderNumber": NUMBER, "StatusCode": s, "EventTime": 1762743600000} for s in (1, 4, 9)]
    sim.act("rows", {"rows": rows})
    sim.switch(epoch_unit="s", page_cap=2)
    first = docs(page(sim))
    assert [1762743600] * 2 == [r["EventTime"] for r in first]
    sim.switch(duplicate_rows=True)
    again = docs(page(sim, first[-1]["_id"]["$oid"]))
    assert [4, 9] == [r["StatusCode"] for r in again]
    sim.switch(gap=600)
    assert [] == docs(page(sim))


def test_random_rows_are_those_of_the_seed(start: Start) -> None:
    sim = start("postal")
    body = {"OrderNumber": NUMBER, "count": 6, "seed": 3}
    first, second = (sim.act("random", body)["answer"]["rows"] for _ in range(2))
    codes = [row["StatusCode"] for row in first]
    assert codes == [row["StatusCode"] for row in second]
    assert (1, True, 6) == (codes[0], codes[-1] in (4, 9), len(codes))
    oids = [row["_id"]["$oid"] for row in first + second]
    assert oids == sorted(set(oids))


def test_credentials_and_cursor_are_checked(start: Start) -> None:
    sim = start("postal")
    assert 401 == sim.client.post(PATH, json=ORDER).status_code
    wrong = {"Authorization": "Bearer x"}
    assert 401 == sim.client.post(PATH, json=ORDER, headers=wrong).status_code
    queries: Any = ({"pagesize": 1001, "lastId": START}, {"pagesize": 10, "lastId": "xyz"}, {})
    for query in queries:
        answer = sim.client.get(PATH, params=query, headers=bearer(sim))
        assert 400 == answer.status_code
