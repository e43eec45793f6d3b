"""A door on the twin: every outcome of a message has an answer in the system's own words."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
import yaml

from adapters.http.messages import HttpRequest, HttpResponse, Message, Refusal, Server
from hub.broker_memory import MemoryBroker
from hub.contract.types import Document
from hub.errors import Halt, Reject
from hub.events.catalogue import load as load_catalogue
from hub.events.codec import Codec
from hub.events.schemas_memory import MemorySchemas
from hub.gateway.door import Door, unavailable
from hub.intake.index import FactIndex
from hub.intake.intake import Intake
from hub.intake.served import Served
from hub.records import Spot
from hub.registry.event_types import read_events
from hub.registry.live import Landscape, Live, read_landscape
from hub.surroundings import server_of
from ops.demo.cast import P1, portal_dossier
from ops.systems.make_config import make_config

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas" / "avro"
CODE = "H44.99.99-251013-0001"
FILING = portal_dossier(
    CODE,
    "2025-10-13 08:15:00",
    P1,
    "9.999901",
    by_post=True,
    url="https://tep.example.test/t/1",
    summary="Đề nghị",
)


@pytest.fixture(scope="module")
def landscape(tmp_path_factory: pytest.TempPathFactory) -> Landscape:
    folder = tmp_path_factory.mktemp("registrations")
    made = make_config(folder / "systems")
    entries = [
        {
            "connector": name,
            "endpoint": "http://127.0.0.1:9",
            "allow_addresses": ["127.0.0.0/8"],
            "settings": made[name]["settings"],
            "secrets": {k: v for k, v in made[name]["secrets"].items() if "inbound" in k}
            | {k: v for k, v in made[name]["secrets"].items() if "client" in k or "outbound" in k},
        }
        for name in ("portal", "onestop")
    ]
    file = folder / "registrations.yaml"
    file.write_text(yaml.safe_dump({"registrations": entries}), encoding="utf-8")
    found = read_landscape(ROOT / "connectors", file, read_events(SCHEMAS))
    assert found.problems == {}
    return found


@dataclass
class World:
    """Two doors, portal (REST) and onestop (SOAP), before one intake."""

    broker: MemoryBroker
    intake: Intake
    live: dict[str, Live]

    def door(self, name: str = "portal", server: Server | None = None) -> Door:
        live = self.live[name]
        return Door(live, server or server_of(live), self.intake)

    def token(self) -> str:
        secret = self.live["portal"].registration.secrets["inbound_token"]
        return Path(secret.removeprefix("file:")).read_text(encoding="utf-8")

    def file(self, door: Door, body: object = FILING, **changes: Any) -> HttpResponse:
        """A filing at the portal's door."""
        headers = {
            "authorization": f"Bearer {self.token()}",
            "content-type": "application/json",
            "idempotency-key": "k",
        }
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        request = HttpRequest("POST", "/ho-so", "", headers, raw, "127.0.0.1", root="/portal")
        return asyncio.run(door.handle(msgspec.structs.replace(request, **changes)))

    @property
    def kept(self) -> int:
        return len(self.broker.since(Spot("hub.dossier", 0), 0))


@pytest.fixture
def world(tmp_path: Path, landscape: Landscape) -> Iterator[World]:
    broker = MemoryBroker()
    for topic in ("hub.dossier", "hub.catalogue", "hub.act"):
        broker.ensure_topic(topic, 1, {})
    catalogue = load_catalogue(SCHEMAS)
    index = FactIndex(tmp_path / "index.db", "twin")
    intake = Intake(
        catalogue=catalogue,
        codec=Codec(catalogue, MemorySchemas()),
        index=index,
        writer=broker.writer(),
        served=Served([]),
        digest_key=b"k" * 32,
        clock=lambda: 1_760_321_100_000,
    )
    yield World(broker, intake, {live.name: live for live in landscape.live})
    index.close()


def said(response: HttpResponse) -> tuple[int, str]:
    """Status and the portal's word."""
    return response.status, orjson.loads(response.body).get("ma", "")


def test_accepted_duplicate_and_conflict(world: World) -> None:
    door = world.door()
    assert said(world.file(door)) == (200, "OK")
    assert said(world.file(door)) == (200, "DA_NHAN")
    assert said(world.file(door, FILING | {"trichYeu": "Khác"})) == (409, "XUNG_DOT")
    assert world.kept == 1


def test_a_message_that_the_mapping_refuses_is_on_record(world: World) -> None:
    assert world.file(world.door(), FILING | {"soGiayTo": "97500100001"}).status == 400
    (record,) = world.broker.since(Spot("hub.act", 0), 0)
    _, told = world.intake._codec.decode(record.value or b"")
    assert (told["kind"], told["subject"]) == ("REFUSED", CODE)
    assert "97500100001" not in str(told)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"body": orjson.dumps(FILING)[:-1]}, "The message cannot be read"),
        ({"headers": {"authorization": "Bearer no"}}, "unread, unproved: "),
    ],
    ids=["malformed", "denied"],
)
def test_what_nobody_has_read_is_on_record_with_whom_it_may_be_about(
    world: World, change: dict[str, Any], reason: str
) -> None:
    assert world.file(world.door(), **change).status in (400, 401)
    (record,) = world.broker.since(Spot("hub.act", 0), 0)
    _, told = world.intake._codec.decode(record.value or b"")
    assert (told["kind"], told["registration"]) == ("REFUSED", "portal")
    assert told["subject"] == f"perhaps {CODE}"
    assert reason in str(told["reason"])
    assert P1.name not in str(told)
    world.file(world.door(), path="/khong-co")
    assert len(world.broker.since(Spot("hub.act", 0), 0)) == 1, "no message was meant"


def test_a_refusal_is_told_though_it_cannot_be_recorded(world: World) -> None:
    world.broker.refuse = lambda outgoing: outgoing.topic == "hub.act"
    assert world.file(world.door(), FILING | {"soGiayTo": "97500100001"}).status == 400


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"body": b"{"}, 400, "SAI_DINH_DANG"),
        ({"headers": {"authorization": "Bearer no"}}, 401, "CHUA_XAC_THUC"),
        ({"path": "/khong-co"}, 404, ""),
        ({"method": "PUT"}, 405, ""),
    ],
    ids=["malformed", "denied", "unknown", "method"],
)
def test_what_is_refused_at_the_door(
    world: World, change: dict[str, Any], status: int, word: str
) -> None:
    assert said(world.file(world.door(), **change)) == (status, word)
    assert world.kept == 0


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"body": b"{"}, "The message cannot be read: not well-formed JSON"),
        ({"body": {}}, "The message is not what the contract says: /maHoSo is missing; expected"),
    ],
)
def test_a_refusal_tells_what_is_wrong_where_and_what_to_do(
    world: World, change: dict[str, Any], told: str
) -> None:
    found = orjson.loads(world.file(world.door(), **change).body)["thongBao"]
    assert found.startswith(told)


def test_a_secret_is_told_without_its_rule(world: World) -> None:
    response = world.file(world.door(), FILING | {"doMat": "C"})
    assert said(response) == (400, "TU_CHOI")
    assert "bí mật nhà nước" in response.body.decode()
    assert "doMat" not in response.body.decode()
    assert world.kept == 0


def test_what_a_mapping_refuses_is_told_with_the_remedy(world: World) -> None:
    response = world.file(world.door(), FILING | {"ngayNop": "31/02/2025 08:15:00"})
    assert said(response) == (400, "TU_CHOI")
    told = response.body.decode()
    assert "ngayNop: a day that is not in the calendar; send an existing date" in told
    assert "31/02" not in response.body.decode()


def test_without_an_acknowledgement_the_sender_is_asked_to_come_again(world: World) -> None:
    door = world.door()
    world.broker.down = True
    response = world.file(door)
    assert said(response) == (503, "THU_LAI")
    assert dict(response.headers)["retry-after"] == "5"
    world.broker.down = False
    assert said(world.file(door)) == (200, "OK")


@pytest.mark.parametrize("error", [KeyError(P1.name), Halt("locked")], ids=["bug", "halt"])
def test_an_error_of_our_own_is_told_as_not_now(world: World, error: Exception) -> None:
    async def take(*_: object) -> object:
        raise error

    world.intake.take = take  # type: ignore[method-assign,assignment]  # a bug, as none is known
    response = world.file(world.door())
    assert said(response) == (503, "THU_LAI")
    assert P1.name not in response.body.decode()


class Unwritable:
    """The portal's server, which finds that an answer does not fit its contract.

    `error`: what it finds of an answer without a body.
    """

    def __init__(self, inner: Server, error: Exception | None = None) -> None:
        self._inner = inner
        self._error = error

    def read(self, request: HttpRequest) -> Message:
        return self._inner.read(request)

    def describe(self, request: HttpRequest) -> HttpResponse | None:
        return self._inner.describe(request)

    def refuse(self, refusal: Refusal, operation: str | None = None) -> HttpResponse:
        return self._inner.refuse(refusal, operation)

    def answer(self, operation: str | None, status: int, body: Document | None) -> HttpResponse:
        if body is not None:
            raise Reject("does not fit", where="answers")
        if self._error is not None:
            raise self._error
        return self._inner.answer(operation, status, body)


def test_a_reply_that_cannot_be_written_is_replaced_by_the_protocols_own(world: World) -> None:
    door = world.door(server=Unwritable(server_of(world.live["portal"])))
    assert world.file(door).status == 200, "it was kept, and that is what the sender must know"
    assert world.file(door).status == 200
    conflict = world.file(door, FILING | {"trichYeu": "Khác"})
    assert (conflict.status, orjson.loads(conflict.body)["type"]) == (409, "/problems/conflict")
    malformed = world.file(door, b"{")
    assert (malformed.status, orjson.loads(malformed.body)["type"]) == (400, "/problems/malformed")
    rejected = world.file(door, FILING | {"ngayNop": "31/02/2025 08:15:00"})
    assert rejected.status == 422
    world.broker.down = True
    other = FILING | {"maHoSo": "H44.99.99-251013-0002"}
    assert world.file(door, other).status == 503


@pytest.mark.parametrize("error", [Reject("no answer is empty"), KeyError(P1.name)])
def test_where_even_an_empty_yes_cannot_be_written_the_sender_repeats(
    world: World, error: Exception
) -> None:
    door = world.door(server=Unwritable(server_of(world.live["portal"]), error))
    for _ in "12":
        response = world.file(door)
        assert (response.status, dict(response.headers)["retry-after"]) == (503, "5")
        assert P1.name not in response.body.decode()
    assert world.kept == 1


def test_the_contract_is_shown(world: World) -> None:
    request = HttpRequest("GET", "/openapi.json", "", {}, b"", "127.0.0.1", root="/portal")
    assert asyncio.run(world.door().handle(request)).status == 200
    wsdl = HttpRequest(
        "GET", "/MotCuaBaoCao", "wsdl", {"host": "h"}, b"", "127.0.0.1", root="/onestop"
    )
    response = asyncio.run(world.door("onestop").handle(wsdl))
    assert (response.status, b"MotCuaBaoCao" in response.body) == (200, True)


def test_a_soap_door_answers_in_soap(world: World) -> None:
    request = HttpRequest(
        "POST", "/MotCuaBaoCao", "", {"content-type": "text/xml"}, b"<a/>", "127.0.0.1"
    )
    response = asyncio.run(world.door("onestop").handle(request))
    assert response.status == 500
    assert b"Fault" in response.body


def test_a_refusal_before_the_door_is_in_the_systems_own_words(world: World) -> None:
    refusal = unavailable("the index is 9 records behind")
    rest = world.door().refuse(refusal)
    assert (rest.status, orjson.loads(rest.body)["ma"]) == (503, "THU_LAI")
    soap = world.door("onestop").refuse(refusal)
    assert (soap.status, b"Server</faultcode>" in soap.body) == (500, True), soap.body
    for answer in (rest, soap):
        assert int(dict(answer.headers)["retry-after"]) > 0
