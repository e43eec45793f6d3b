"""A control plane on the broker's twin: its desk, and its door behind a gate of words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.testclient import TestClient

from hub.access.guard import guarded
from hub.access.rules import Principal
from hub.broker_memory import MemoryBroker
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.events.schemas_memory import MemorySchemas
from hub.records import every_spot
from hub.registry.bundle_files import read_files
from hub.registry.certificates import Certifier, draw_key, private_key, public_bytes
from hub.registry.control.acts import Book
from hub.registry.control.checking import Checker
from hub.registry.control.desk import Desk, Means
from hub.registry.control.keeping import Keeping, open_keeping
from hub.registry.control.routes import control_routes
from hub.registry.control.seeds import Seed
from hub.registry.ledger import Entry
from hub.registry.upload import packed
from hub.topics import ACT, ensure_all
from tests.access.kit import gate, principal

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT / "schemas" / "avro"
FILES = read_files(ROOT / "connectors" / "postal")
ARCHIVE = packed(FILES)
ENTRY: Entry = {
    "endpoint": "http://127.0.0.1:9",
    "allow_addresses": ["127.0.0.0/8"],
    "settings": {"customer_code": "C1"},
    "start": "beginning",
    "secrets": {"consumer_key": "env:POSTAL_KEY", "consumer_secret": "env:POSTAL_SECRET"},
}
KEY = private_key(draw_key().decode(), "test")
CERTIFIERS = (Certifier("test", public_bytes(KEY)),)
PEOPLE: dict[str, Principal] = {
    "admin": principal("local", "admin"),
    "an": principal("an", "operator"),
    "postal-team": principal("postal-team", "integrator", "postal"),
    "portal-team": principal("portal-team", "integrator", "portal"),
}


@dataclass
class Kept:
    """Takes every schema, and notes whose it took."""

    brought: list[Mapping[str, bytes]]

    def check(self, files: Mapping[str, bytes]) -> None:
        pass

    def keep(self, files: Mapping[str, bytes]) -> None:
        self.brought.append(files)


@dataclass
class Plane:
    """A control plane, and what it did. `seeds` may be filled before it is asked."""

    broker: MemoryBroker
    keeping: Keeping
    desk: Desk
    client: TestClient
    codec: Codec
    seeds: dict[str, Seed] = field(default_factory=dict)
    brought: list[Mapping[str, bytes]] = field(default_factory=list)  # whose schemas were kept

    def ask(
        self, method: str, path: str, who: str = "an", json: object = None, body: bytes = b""
    ) -> tuple[int, Any]:
        """Status and answer; an answer that is no JSON comes as bytes."""
        headers = {"authorization": f"Bearer {who}"}
        content: dict[str, Any] = {"json": json} if json is not None else {"content": body}
        answer = self.client.request(method, path, headers=headers, **content)
        kind = answer.headers.get("content-type", "")
        return answer.status_code, answer.json() if "json" in kind else answer.content

    def upload(self, body: bytes = ARCHIVE, who: str = "an") -> str:
        status, answer = self.ask("POST", "/bundles", who, body=body)
        assert status == 201, answer
        return str(answer["bundle"])

    def wish(self, on: int = 0, **more: object) -> dict[str, object]:
        usual = {"on": on, "entry": ENTRY, "reason": "as agreed", "override": "a test"}
        return usual | more

    def register(
        self, name: str = "north", who: str = "an", on: int = 0, **more: object
    ) -> dict[str, Any]:
        wish = self.wish(on, **{"bundle": self.upload(), **more})
        status, answer = self.ask("PUT", f"/registrations/{name}", who, wish)
        assert status == 201, answer
        return dict(answer)

    def acts(self) -> list[tuple[str, str, str, str]]:
        """Kind, registration, who and why of each act."""
        spots = every_spot(self.broker, (ACT,))
        records = sorted(
            (record for spot in spots for record in self.broker.since(spot, 0)),
            key=lambda record: record.timestamp,
        )
        found = [self.codec.decode(record.value or b"")[1] for record in records]
        return [
            (str(a["kind"]), str(a["registration"]), str(a["by"]), str(a["reason"])) for a in found
        ]


@contextmanager
def plane(checker: Checker) -> Iterator[Plane]:
    """One control plane."""
    broker = MemoryBroker()
    ensure_all(broker, 3)
    codec = Codec(load(SCHEMAS), MemorySchemas())
    seeds: dict[str, Seed] = {}
    brought: list[Mapping[str, bytes]] = []
    with open_keeping(broker) as keeping:
        desk = Desk(
            Means(
                broker=broker,
                keeping=keeping,
                checker=checker,
                book=Book(broker.writer(), codec.encode),
                home=Path("/srv/hub"),
                hub="here",
                certifiers=lambda: CERTIFIERS,
                seeds=seeds,
                schemas=Kept(brought),
                clock=broker.clock,
            )
        )
        app = Starlette(routes=[*guarded("registry", control_routes(desk), gate(PEOPLE))])
        with TestClient(app, raise_server_exceptions=True) as client:
            yield Plane(broker, keeping, desk, client, codec, seeds, brought)
