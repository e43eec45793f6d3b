"""The command line on the broker's twin: what stands on the topics, and what people do about it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner, Result

from hub.broker_memory import MemoryBroker
from hub.cli import audit, dead, erasing, exporting, parked, searching, topics, trimming, why
from hub.cli.browse import Browser
from hub.contract.types import Document
from hub.delivery.acts import Command, command_of
from hub.delivery.receipts import Outcome, Settled, as_document, dead_letter, receipt
from hub.events import Codec, Masks
from hub.events.headers import Envelope, write_headers
from hub.events.schemas_memory import MemorySchemas
from hub.records import Outgoing, Position, Record, Spot
from hub.settings import load
from hub.topics import ACT, DOSSIER, ensure_all
from tests.events.records import CATALOGUE, STATUS_CHANGED

MASKS = Masks(CATALOGUE)
CODE = "H44.99.99-251013-0001"
OTHER = "H44.99.99-251013-0002"
REGISTERED = ("portal", "postal", "ngsp")
AT = 1_760_321_100_000  # epoch ms
BY = ("--by", "Trần Thị Thử", "--because", "bảng mã đã sửa")
COMMANDS = {
    "act": topics.act,
    "audit": audit.app,
    "dead-letter": dead.app,
    "event": topics.event,
    "parked": parked.app,
    "receipt": topics.receipt,
}
STATUS = "dossier.v1.StatusChanged"


@dataclass
class Desk:
    """Three partitions; every command reads and writes them."""

    home: Path
    broker: MemoryBroker = field(default_factory=MemoryBroker)
    codec: Codec = field(default_factory=lambda: Codec(CATALOGUE, MemorySchemas()))
    unmask: str = "no"
    events: int = 0
    more: dict[str, str] = field(default_factory=dict)  # of the environment

    def __post_init__(self) -> None:
        ensure_all(self.broker, 3)

    def hub(self, *words: str, env: Mapping[str, str] = MappingProxyType({})) -> Result:
        """What a command says, and its exit code. All of them together take a tenth second."""
        group, *rest = words
        return CliRunner().invoke(COMMANDS[group], rest, env={**self.environment, **env})

    @property
    def environment(self) -> dict[str, str]:
        return {
            "HUB_HOME": str(self.home),
            "HUB_MAY_UNMASK": self.unmask,
            "HUB_CONNECTORS": str(self.home / "connectors"),
            "HUB_REGISTRATIONS": str(self.home / "registrations.yaml"),
            **self.more,
        }

    def rows(self, *words: str) -> list[Document]:
        """The rows of a command that ends well."""
        done = self.hub(*words, "--json")
        assert done.exit_code == 0, done.output
        return [json.loads(line) for line in done.stdout.splitlines()]

    def keep(self, outgoing: Outgoing) -> Position:
        place = self.broker.keep(outgoing)
        assert isinstance(place, Position)
        return place

    def record(self, place: Position) -> Record:
        return self.broker.since(Spot(place.topic, place.partition), place.offset)[0]

    def event(
        self,
        code: str = CODE,
        value: bytes | None = None,
        kind: str = STATUS,
        source: str = "onestop",
        **change: str | None,
    ) -> Record:
        """An event as it stands on its topic."""
        self.events += 1
        document: Document = {**STATUS_CHANGED, "dossier_code": code, **change}
        raw = self.codec.encode(STATUS, document) if value is None else value
        envelope = Envelope(f"e{self.events}-{code}", source, kind, AT, "progress")
        headers = tuple(write_headers(envelope))
        return self.record(self.keep(Outgoing(DOSSIER, code.encode(), raw, headers)))

    def settled(self, event: Record, outcome: Outcome, **more: object) -> Settled:
        headers = {name: raw.decode() for name, raw in event.headers}
        one = Settled(
            outcome, headers["ce_id"], STATUS, "portal", event, "b1", "s1", AT, "not in STATE"
        )
        return replace(one, **more)

    def letter(self, event: Record, **more: object) -> str:
        """The event as a dead letter; where that stands."""
        return self.keep(dead_letter(self.settled(event, "DEAD_LETTERED", **more))).text

    def receipt(self, event: Record, outcome: Outcome, **more: object) -> None:
        """The end of an event, as the lane writes it."""
        settled = self.settled(event, outcome, **more)
        self.keep(receipt(settled, self.codec.encode("hub.v1.Receipt", as_document(settled))))

    def acts(self) -> list[Command]:
        """What was decided, by all partitions."""
        records = [r for p in range(3) for r in self.broker.since(Spot(ACT, p), 0)]
        found = [command_of(record, self.codec) for record in records]
        return [command for command in found if command is not None]


def open_desk(home: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Commands find the twin instead of a cluster."""
    desk = Desk(home)
    names = "".join(f"- {{connector: {n}, endpoint: 'http://peer.test:9'}}\n" for n in REGISTERED)
    (home / "registrations.yaml").write_text(f"registrations:\n{names}", encoding="utf-8")
    browser = Browser(
        load(desk.environment),
        desk.broker,
        CATALOGUE,
        desk.codec,
        Masks(CATALOGUE, desk.codec.foreign),
    )
    for module in (dead, erasing, exporting, parked, searching, topics, trimming, why):
        monkeypatch.setattr(module, "open_browser", lambda _: browser)
    return desk
