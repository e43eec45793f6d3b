"""A gateway of one registration with a simulated MyVNPost behind it: real sockets, no broker.

Both run on the test's event loop; the broker is the twin in memory.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from adapters.http.messages import Client
from adapters.http.transport import Transport
from hub.broker_memory import MemoryBroker
from hub.contract.types import Document, Value
from hub.events.catalogue import load as load_catalogue
from hub.events.codec import Codec
from hub.events.schemas_memory import MemorySchemas
from hub.gateway.app import GatewayApp
from hub.gateway.doors import Doors
from hub.intake.index import FactIndex
from hub.intake.intake import Intake
from hub.intake.served import Served
from hub.records import Spot
from hub.registry.case_times import from_people
from hub.registry.event_types import Events, read_events
from hub.registry.live import Landscape, Live, read_landscape
from hub.serving import serving
from hub.settings import load
from hub.surroundings import client_of, now_ms
from ops.systems.make_config import make_config
from ops.systems.peer import Peer
from ops.systems.serve import Options, running

ROOT = Path(__file__).parents[2]
CASES = ROOT / "connectors" / "postal_my" / "cases"
SCHEMAS = ROOT / "schemas" / "avro"
Json = dict[str, Any]


class Ready:
    """A gateway whose index is up to date."""

    def problems(self) -> list[str]:
        return []


@dataclass
class Scene:
    """What runs."""

    peer: Peer
    broker: MemoryBroker
    codec: Codec
    client: Client
    live: Live
    events: Events

    async def order(self, number: str) -> None:
        """Place an order at the simulated system, as the hub does."""
        case = msgspec.json.decode((CASES / "order" / "return.in.json").read_bytes())
        event = case["event"] | {"order_number": number, "dossier_code": number}
        record = from_people(case["type"], event, self.events)
        made = self.live.bundle.program.flow("order").call(
            record, None, self.live.registration.settings, []
        )
        assert made is not None
        answer = await self.client.call(*made, number)
        assert (answer.status, answer.valid) == (200, True)

    async def webhook(self, *rows: Json) -> Json:
        """The simulated system sends a webhook; what it was answered."""
        report = await self.peer.act({"operation": "webhook", "body": {"rows": list(rows)}})
        answer: Json = report["answer"]
        return answer

    def asked(self) -> list[str]:
        """The item numbers that getOrder was asked for."""
        records = self.peer.journal.calls
        return [r.key for r in records if r.operation == "getOrder"]

    @property
    def kept(self) -> list[tuple[str, Document]]:
        return self._records("hub.dossier")

    @property
    def acts(self) -> list[tuple[str, Value]]:
        return [(str(act["kind"]), act["subject"]) for _, act in self._records("hub.act")]

    def _records(self, topic: str) -> list[tuple[str, Document]]:
        found = self.broker.since(Spot(topic, 0), 0)
        return [self.codec.decode(record.value or b"") for record in found]


@asynccontextmanager
async def scene(folder: Path, **settings: Value) -> AsyncIterator[Scene]:
    """A simulated MyVNPost and a gateway for it; `settings` of the registration."""
    hub = make_config(folder / "systems")["postal_my"]
    events = read_events(SCHEMAS)
    async with AsyncExitStack() as stack:
        options = Options("postal_my", folder / "systems" / "postal_my.yaml", "http://unset.test")
        system = await stack.enter_async_context(running(options))
        landscape = _landscape(folder, events, system.url, hub, settings)
        (live,) = landscape.live
        broker, codec = MemoryBroker(), Codec(load_catalogue(SCHEMAS), MemorySchemas())
        for topic in ("hub.dossier", "hub.act"):
            broker.ensure_topic(topic, 1, {})
        index = FactIndex(folder / "index.db", "twin")
        stack.callback(index.close)
        intake = Intake(
            catalogue=load_catalogue(SCHEMAS),
            codec=codec,
            index=index,
            writer=broker.writer(),
            served=Served([]),
            digest_key=b"k" * 32,
            clock=now_ms,
        )
        transport = await stack.enter_async_context(Transport(connections=8))
        client = client_of(live, transport)
        stack.push_async_callback(client.close)
        app = GatewayApp(Ready())
        doors = Doors(app, intake, transport)
        stack.push_async_callback(doors.close)
        doors.take_up(landscape)
        await doors.settled()
        own = load({"HUB_HOME": str(folder), "HUB_LISTEN": "127.0.0.1:0"})
        system.peer.outbox.hub = await stack.enter_async_context(serving(app, "gateway", own))
        yield Scene(system.peer, broker, codec, client, live, events)


def _landscape(folder: Path, events: Events, url: str, hub: Json, settings: Json) -> Landscape:
    entry = {
        "connector": "postal_my",
        "endpoint": url,
        "allow_addresses": ["127.0.0.0/8"],
        "agencies": ["H44.99.99"],
        "settings": {**hub["settings"], **settings},
        "secrets": hub["secrets"],
    }
    file = folder / "registrations.yaml"
    file.write_text(yaml.safe_dump({"registrations": [entry]}), encoding="utf-8")
    landscape = read_landscape(ROOT / "connectors", file, events)
    assert landscape.problems == {}
    return landscape
