"""The wire itself: hostile and odd bytes, pipelining, what a bug looks like; and rarer acts."""

import socket
from typing import Any

import httpx
import pytest

from ops.systems import soap
from ops.systems.wire import Reply
from tests.loopback import PLAIN
from tests.ops.systems import sim_golden as golden
from tests.ops.systems.sim_kit import Hub, Sim, Start
from tests.ops.systems.test_sim_faults import until
from tests.ops.systems.test_sim_ngsp import call as national
from tests.ops.systems.test_sim_ngsp import login
from tests.ops.systems.test_sim_onestop import HEAD, RUT, raw
from tests.ops.systems.test_sim_portal import call as local

pytestmark = pytest.mark.process

HEALTH = b"GET /_sim/health HTTP/1.1\r\nHost: x\r\n\r\n"


def exchange(sim: Sim, sent: bytes, answers: int) -> bytes:
    """Send raw bytes; read until so many answers came or the connection ended."""
    url = sim.client.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=5) as wire:
        wire.sendall(sent)
        got = b""
        while got.count(b"HTTP/1.1 ") < answers or not got.endswith(b"}"):
            more = wire.recv(65536)
            if not more:
                break
            got += more
        return got


def test_pipelined_requests_are_answered_in_order(start: Start) -> None:
    sim = start("portal")
    wrong = b"GET /_sim/nothing HTTP/1.1\r\nHost: x\r\n\r\n"
    got = exchange(sim, (HEALTH + wrong) * 20, 40)
    statuses = [part[:3] for part in got.split(b"HTTP/1.1 ")[1:]]
    assert [b"200", b"404"] * 20 == statuses


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"\x16\x03\x01 not http\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"PUT /ho-so/x HTTP/1.1\r\nContent-Length: 20000000\r\n\r\n" + b"x" * 17_000_000, b"413"),
    ],
    ids=["tls", "length", "large"],
)
def test_what_is_no_request_is_refused(start: Start, sent: bytes, status: bytes) -> None:
    sim = start("portal")
    try:
        got = exchange(sim, sent, 1)
    except (ConnectionResetError, BrokenPipeError):  # refused before all of it was sent
        got = b"HTTP/1.1 " + status
    assert got.startswith(b"HTTP/1.1 " + status)
    assert 200 == sim.client.get("/_sim/health").status_code


def test_a_connection_is_closed_when_the_caller_asks(start: Start) -> None:
    sim = start("portal")
    answer = sim.client.get("/_sim/health", headers={"Connection": "close"})
    assert "close" == answer.headers["connection"]


def test_a_request_in_pieces_is_one_request(start: Start) -> None:
    sim = start("portal")
    url = sim.client.base_url
    with socket.create_connection((url.host, url.port or 80), timeout=5) as wire:
        for number in range(len(HEALTH)):
            wire.sendall(HEALTH[number : number + 1])
        assert wire.recv(100).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    ("system", "order"),
    [
        ("portal", {"operation": "POST /ho-so", "body": 1}),
        ("portal", {"operation": "fly", "body": {}}),
        ("portal", {"operation": "rut", "body": {"nguon": "TINH", "thoiDiem": "1"}}),
        ("onestop", {"operation": "NhanHoSo", "body": {}}),
        ("ngsp", {"operation": "fly", "body": {}}),
        ("ngsp", {"operation": "seed", "body": {}}),
        ("ngsp", {"operation": "ho-so", "body": {"MaTTHC": "x"}}),
        ("ngsp", {"operation": "catalogue", "body": {}}),
        ("ngsp", {"operation": "catalogue", "body": {"MATTHC": "9.999999"}}),
        ("postal", {"operation": "rows", "body": {"rows": [{"OrderNumber": "x"}]}}),
        ("postal", {"operation": "fly", "body": {}}),
        ("postal_my", {"operation": "again", "body": {}}),
        ("postal_my", {"operation": "webhook", "body": {"rows": []}}),
        ("postal_my", {"operation": "advance", "body": {"saleOrderCode": "x", "status": 1}}),
        ("postal_my", {"operation": "fly", "body": {}}),
    ],
    ids=lambda v: v if isinstance(v, str) else f"{v['operation']}-{v['body']}",
)
def test_an_act_that_makes_no_sense_is_refused_and_sends_nothing(
    start: Start, hub: Hub, system: str, order: dict[str, Any]
) -> None:
    sim = start(system)
    before = sim.get("state")
    answer = sim.inspect.post("/_sim/act", json=order)
    assert 400 == answer.status_code
    assert answer.json()["error"]
    assert [] == hub.requests
    assert before == sim.get("state")


def test_a_hub_that_is_not_there_is_an_answer_too(start: Start) -> None:
    sim = start("portal")
    sim.peer.outbox.hub = "http://127.0.0.1:9"
    made = sim.act("POST /ho-so", golden.FILED)
    assert (None, "ConnectError", False) == (
        made["answer"]["status"],
        made["answer"]["error"],
        made["accepted"],
    )


def test_the_doors_refuse_what_they_do_not_know(start: Start) -> None:
    sim = start("portal")
    assert 404 == sim.inspect.get("/_sim/nothing").status_code
    assert 405 == sim.inspect.post("/_sim/state").status_code
    assert 400 == sim.inspect.put("/_sim/faults", content=b"{").status_code
    assert 400 == sim.inspect.put("/_sim/faults", content=b"[]").status_code
    assert 400 == sim.inspect.get("/_sim/calls?limit=x").status_code
    assert 200 == sim.inspect.post("/_sim/reset").status_code
    assert {} == sim.get("counters")


@pytest.mark.parametrize("status", [201, 204])
def test_the_portal_has_several_ways_to_say_yes(start: Start, status: int) -> None:
    sim = start("portal")
    sim.switch(success=status)
    answer = local(sim, "PUT", f"/ho-so/{golden.CODE}", golden.UPDATE)
    assert status == answer.status_code
    procedure = {"ten": "x", "maLinhVuc": "G99-TN01", "tenLinhVuc": "y", "congKhai": True}
    assert status == local(sim, "PUT", "/thu-tuc/9.999901", procedure, key="p").status_code
    assert {"9.999901": procedure} == sim.get("state")["procedures"]
    assert 404 == local(sim, "PUT", "/khac", procedure, key="q").status_code


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ({"kind": "fault", "code": "Server", "text": "a < b"}, "soap:Server"),
        ({"kind": "fault", "code": "Client"}, "soap:Client"),
        ({"kind": "error", "answer": {"Ma": "99", "MoTa": "thử lại"}}, "<Ma>99</Ma>"),
        ({"kind": "expired"}, "wsse:FailedAuthentication"),
    ],
)
def test_the_onestop_fails_in_its_own_words(
    start: Start, action: dict[str, Any], said: str
) -> None:
    sim = start("onestop")
    sim.faults({"name": "r", "match": {"operation": "NhanYeuCauRut"}, "action": action})
    inner = RUT.format(zone="+07:00", code=golden.CODE, origin="TINH", more="")
    answer = raw(sim, inner)
    assert said in answer.text
    soap.parse(answer.content)
    assert (200 if "Ma" in said else 500) == answer.status_code


def test_the_onestop_forgets_its_password_on_request(start: Start, hub: Hub) -> None:
    sim = start("onestop")
    hub.reply = Reply(500, soap.fault("FailedAuthentication", "x"), "text/xml")
    body = HEAD | {"TrangThai": "processing"}
    assert not sim.act("BaoTienDo", body, credential="bad")["accepted"]
    envelope, _ = soap.parse(hub.requests[-1].body)
    assert (sim.config["hub_username"], "not-the-password") == soap.username_token(envelope)
    assert 404 == sim.inspect.get(f"/_sim/dossiers/{golden.CODE}").status_code


def test_the_national_side_fetches_files_some_time_later(start: Start, hub: Hub) -> None:
    sim = start("ngsp")
    sim.switch(fetch_after=0.01)
    row = golden.ACCEPTED["data"][0]
    file = row["TaiLieuNop"][0]
    files = [file | {"DuongDanTaiTepTin": f"{hub.url}/t/1"}, file]
    national(sim, golden.ACCEPTED | {"data": [row | {"TaiLieuNop": files}]})
    until(lambda: {"out.fetch.200", "out.fetch.not-loopback"} <= set(sim.get("counters")))
    assert ["/t/1"] == [request.path for request in hub.requests]


def test_a_withdrawn_procedure_is_gone_and_a_new_one_is_listed(start: Start) -> None:
    sim = start("ngsp")
    sim.act("catalogue", {"MATTHC": "9.999901", "remove": True})
    sim.act("catalogue", {"MATTHC": "9.999905", "TENTTHC": "Mới"})
    session = login(sim)
    units = [("H44", 4), ("H44.99.99", 4), ("H99", 0)]
    for unit, count in units:
        ask = {"service": "LayDanhSachTTHC", "maDonVi": unit}
        rows = national(sim, ask, path="/mapi/s", session=session)["result"]
        assert count == len(rows)
    for service in ("LayDanhMucCoQuan", "LayDanhMucLinhVuc"):
        assert 1 == len(national(sim, {"service": service}, path="/mapi/s")["result"])
    assert [] == national(sim, {"service": "LayThuTuc", "maTTHC": "9.999901"})["result"]


def test_the_gateway_ends_a_bearer_on_request(start: Start) -> None:
    sim = start("ngsp", config={"route": "gateway"})
    basic = (sim.config["client_id"], sim.config["client_secret"])
    form = {"grant_type": "client_credentials"}
    given = sim.client.post("/token", data=form, auth=basic).json()["access_token"]
    head = {"Authorization": f"Bearer {given}"}
    assert login(sim, **head)
    sim.faults({"name": "e", "action": {"kind": "expired"}, "times": 1})
    for _ in range(2):
        answer = sim.client.post("/mapi/login", json={}, headers=head)
        assert (401, 900901) == (answer.status_code, answer.json()["fault"]["code"])
    assert 400 == sim.client.post("/token", data={"grant_type": "x"}, auth=basic).status_code


def test_one_dossier_is_answered_with_an_unknown_code_and_others_are_not(start: Start) -> None:
    sim = start("ngsp")
    answer = {"error_code": "-99", "message": "Lỗi xử lý hồ sơ"}
    match = {"dossier": golden.CODE, "service": "DongBoHoSoMC"}
    sim.faults({"name": "x", "match": match, "action": {"kind": "error", "answer": answer}})
    assert answer == national(sim, golden.ACCEPTED)
    other = golden.ACCEPTED["data"][0] | {"MaHoSo": "H44.99.99-251013-0099"}
    assert "00" == national(sim, golden.ACCEPTED | {"data": [other]})["error_code"]


def test_a_client_of_httpx_may_reuse_its_connection(start: Start) -> None:
    sim = start("portal")
    with httpx.Client(base_url=sim.client.base_url, trust_env=False, verify=PLAIN) as one:
        assert [200] * 50 == [one.get("/_sim/health").status_code for _ in range(50)]
