"""What the translation of one event costs, in processor time, without wire and broker.

In: the door reads the request (credential, parse, validate), the mapping runs, identity and digest
are made, Avro is written. Out: Avro is read, the mapping runs, the client renders the request, with
its credential, up to the bytes that the transport is given.
"""

import asyncio
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson

from adapters.http.connection import Origin, RawAnswer
from adapters.http.messages import Client, HttpRequest
from adapters.http.transport import Transport
from hub.contract.types import Document
from hub.events.catalogue import Catalogue, load
from hub.events.codec import Codec
from hub.events.schemas_memory import MemorySchemas
from hub.intake.inflow import items_of, read_item
from hub.registry.case_times import from_people
from hub.registry.event_types import Events, read_events
from hub.registry.live import Landscape, Live, inflows, outflows, read_landscape
from hub.surroundings import client_of, server_of
from ops.bench.figures import Figure
from ops.bench.messages import Sender, envelope
from ops.bench.scene import CONNECTORS, ROOT, Entry, Scene, make_scene
from ops.systems.config import read_config
from ops.systems.webhook import read_keys, signed_text

TARGET = 60.0  # microseconds
BATCHES = 9
EVENTS = 300  # of a batch
KEY = "00000000-0000-5000-8000-000000000000"
NOW = 1_760_326_200_000
OUT = (
    ("onestop", "scan", "delivered"),
    ("onestop", "filed", "online"),
    ("portal", "progress", "processing"),
    ("portal", "accepted", "with_due_date"),
    ("ngsp", "accepted", "province"),
)
SCHEMAS = ROOT / "schemas" / "avro"
Once = Callable[[], None]


class Held(Transport):
    """Gives tokens; holds back every other call at the point where its bytes are ready."""

    async def exchange(
        self,
        origin: Origin,
        head: bytes,
        body: bytes,
        timeout: float,  # noqa: ASYNC109 -- the transport's own form
        answer_bytes: int = 0,
        connect_timeout: float = 0,
    ) -> RawAnswer:
        """See Transport.exchange."""
        del origin, timeout, answer_bytes, connect_timeout
        told = ((b"content-type", b"application/json"),)
        if b"/oauth2/token " in head:
            grant = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
            return RawAnswer(200, told, orjson.dumps(grant))
        if b"/mapi/login" in head:
            return RawAnswer(200, told, b'{"session":"s","error_code":0,"message":""}')
        if not body:
            raise ValueError("a request without body")
        await _Ready()
        return RawAnswer(204, (), b"")


class _Ready:
    def __await__(self) -> Generator[None, None, None]:
        yield


@dataclass(frozen=True, slots=True)
class Case:
    """A flow ready to be run: `once` translates `events` events."""

    name: str
    once: Once
    events: int = 1


def translate() -> list[Figure]:
    """A figure per flow."""
    return [_measured(case) for case in cases()]


def cases() -> list[Case]:
    """Every flow that is measured."""
    with TemporaryDirectory(prefix="hub-bench-") as folder:
        scene = make_scene(Path(folder))
        scene.register(*(Entry(n) for n in ("onestop", "portal", "ngsp", "postal_my")))
        return asyncio.run(_cases(scene))


async def _cases(scene: Scene) -> list[Case]:
    events = read_events(SCHEMAS)
    catalogue = load(SCHEMAS)
    codec = Codec(catalogue, MemorySchemas())
    codec.warm()
    lives = _live(read_landscape(CONNECTORS, scene.registrations, events))
    found = []
    for connector, flow, case in OUT:
        once = await _outward(lives[connector], codec, events, f"{connector}/cases/{flow}/{case}")
        found.append(Case(f"out {connector} {flow}", once))
    for name, live, request, per in _requests(scene, lives):
        found.append(Case(name, _inward(live, catalogue, codec, request, per), per))
    return found


def _live(landscape: Landscape) -> dict[str, Live]:
    if landscape.problems:
        raise ValueError(f"connectors with problems: {sorted(landscape.problems)}")
    return {live.name: live for live in landscape.live}


def _measured(case: Case) -> Figure:
    batch(case)
    runs = tuple(batch(case) for _ in range(BATCHES))
    return Figure("translate", case.name, "µs", runs, TARGET)


def batch(case: Case) -> float:
    """Microseconds of processor time that one event of a batch took."""
    started = time.process_time_ns()
    for _ in range(EVENTS):
        case.once()
    return (time.process_time_ns() - started) / 1_000 / EVENTS / case.events


async def _outward(live: Live, codec: Codec, events: Events, case: str) -> Once:
    given = orjson.loads((CONNECTORS / f"{case}.in.json").read_bytes())
    kind: str = given["type"]
    raw = codec.encode(kind, from_people(kind, given["event"], events))
    flow = outflows(live, events)[kind]
    client = client_of(live, Held())

    def request() -> tuple[str, Document]:
        _, event = codec.decode(raw)
        made = flow.make(event, None, flow.settings, [])
        if made is None:
            raise ValueError(f"{case} sends nothing")
        return made

    def once() -> None:
        _ready(client, *request())

    await client.call(*request(), KEY)  # fetches the token
    return once


def _ready(client: Client, operation: str, document: Document) -> None:
    call = client.call(operation, document, KEY)
    try:
        call.send(None)
    finally:
        call.close()


def _inward(
    live: Live, catalogue: Catalogue, codec: Codec, request: HttpRequest, events: int
) -> Once:
    server, flows, key = server_of(live), inflows(live), bytes(32)

    def once() -> None:
        message = server.read(request)
        inflow = flows[message.operation]
        made = 0
        for item in items_of(inflow, message.document):
            read = read_item(inflow, item, request.headers, catalogue.key_field, key, NOW)
            for fact in read.facts:
                codec.encode(fact.type, fact.record)
                made += 1
        if made != events:
            raise ValueError(f"{made} events instead of {events}")

    return once


def _requests(scene: Scene, lives: dict[str, Live]) -> Iterator[tuple[str, Live, HttpRequest, int]]:
    sender = scene.sender()
    for name, case in (("BaoTienDo", "progress/processing"), ("BaoTiepNhan", "accepted/online")):
        payload = (CONNECTORS / f"onestop/cases/{case}.in.xml").read_text(encoding="utf-8")
        yield f"in onestop {name}", lives["onestop"], _soap(payload, sender), 1
    for name, raw in (("danh-gia", sender.rating(1)), ("ho-so", sender.filing(1))):
        yield f"in portal {name}", lives["portal"], parsed(raw), 1
    webhook = _webhook(scene)
    rows = len(orjson.loads(webhook.body)["data"])
    yield f"in postal_my webhook, a row of {rows}", lives["postal_my"], webhook, rows


def parsed(raw: bytes) -> HttpRequest:
    """A request as the gateway's application hands it to a door."""
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {}
    for line in lines:
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    path = "/" + target[1:].partition("/")[2]
    return HttpRequest(method, path, "", headers, body, "127.0.0.1")


def _soap(payload: str, sender: Sender) -> HttpRequest:
    headers = {"content-type": "text/xml; charset=utf-8"}
    body = envelope(payload, sender).encode()
    return HttpRequest("POST", "/MotCuaBaoCao", "", headers, body, "127.0.0.1")


def _webhook(scene: Scene) -> HttpRequest:
    """Ten scans in one signed message."""
    case = orjson.loads(
        (CONNECTORS / "postal_my/cases/scans/undocumented_status.in.json").read_bytes()
    )
    row = case["data"][0]
    rows = [{**row, "updatedDate": f"20/10/2025 10:30:{n:02}"} for n in range(10)]
    config = read_config("postal_my", scene.home / "systems" / "postal_my.yaml")
    text = signed_text(case["sendDate"], rows[0])
    signature = read_keys(config).sign("rsa-sha256", text)
    body = orjson.dumps({**case, "data": rows, "signature": signature})
    headers = {"content-type": "application/json"}
    return HttpRequest("POST", "/webhook", "", headers, body, "127.0.0.1")
