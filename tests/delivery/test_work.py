"""What runs in a worker, on the broker's twin, before a system that notes what it is told."""

import asyncio
import re
from base64 import b64decode
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self, cast

import pytest
from structlog.testing import capture_logs

from adapters.http.transport import Transport
from hub import metrics
from hub.broker import KafkaBroker
from hub.broker_memory import MemoryBroker
from hub.delivery import station
from hub.delivery.orders import Orders
from hub.delivery.process import Work, WorkerHealth
from hub.errors import HubError
from hub.events.catalogue import load as load_catalogue
from hub.events.codec import Codec
from hub.events.schemas_memory import MemorySchemas
from hub.landscapes import Landscapes
from hub.records import Done, Position, Spot
from hub.registry.event_types import read_events
from hub.registry.ledger import Entry
from hub.registry.live import read_landscape
from hub.settings import load
from hub.surroundings import Surroundings
from hub.topics import ensure_all
from ops.systems.make_config import make_config
from tests.faults.filling import fact
from tests.faults.manners import Manner, rest
from tests.faults.peer import Noted, Peer, Place, Request
from tests.faults.reading import LINE
from tests.faults.versions import Registrar, version

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas" / "avro"
STATUS = "dossier.v1.StatusChanged"
SOON = 5.0  # seconds: within them a change is taken up
KEY = b"k" * 32


class Scene:
    """A worker whose files name nobody, its system, and `hub.registry` before it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.broker = MemoryBroker()
        ensure_all(self.broker, 2)
        self.codec = Codec(load_catalogue(SCHEMAS), MemorySchemas())
        self.log = home / "peer.jsonl"
        self.place = Place(self.log)
        self.files = {marker: version(marker) for marker in ("v1", "v2")}
        self.connectors = home / "connectors"
        self.connectors.mkdir()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._stack = AsyncExitStack()
        server = await loop.create_server(lambda: Peer(self.place), "127.0.0.1", 0)
        self._stack.callback(server.close)
        self.port = server.sockets[0].getsockname()[1]
        made = make_config(self.home / "systems")["portal"]
        entry: Entry = {
            "endpoint": f"http://127.0.0.1:{self.port}",
            "settings": made["settings"],
            "secrets": {k: made["secrets"][k] for k in ("inbound_token", "client_secret")},
            "delivery": {"in_flight": 4, "timeout": 2},
            "allow_addresses": ["127.0.0.0/8"],
        }
        self.registrar = Registrar(self.broker.writer(), "portal", entry)
        events = read_events(SCHEMAS)
        files = read_landscape(self.connectors, self.home / "none.yaml", events)
        broker = cast("KafkaBroker", self.broker)
        settings = load({"HUB_HOME": str(self.home), "HUB_PARTITIONS": "2"})
        around = Surroundings(settings, broker, load_catalogue(SCHEMAS), self.codec, files, KEY)
        landscapes = Landscapes(self.broker, files)
        await landscapes.start()
        self._stack.push_async_callback(landscapes.stop)
        transport = await self._stack.enter_async_context(Transport(connections=8))

        def report(results: list[tuple[Done, Position | HubError]]) -> None:
            for done, result in results:
                loop.call_soon_threadsafe(done, result)

        writer = self.broker.writer(report)
        self.work = Work(around, landscapes, transport, writer, Orders(self.broker, loop))
        self._stack.push_async_callback(self.work.close)
        landscapes.tell(self.work.take_up)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._stack.aclose()

    def bundle(self, marker: str) -> str:
        """As receipts name it."""
        return self.registrar.bundles[marker]

    def event(self, dossier: int, step: int) -> None:
        self.broker.keep(fact(self.codec, STATUS, dossier, step))

    @property
    def calls(self) -> list[tuple[str, int, str]]:
        """Dossier, step and version of each call, in the order of their coming."""
        found = [LINE.decode(x) for x in self.log.read_bytes().splitlines()]
        return [(x.dossier, x.step, x.version) for x in found if isinstance(x, Noted)]

    @property
    def receipts(self) -> list[tuple[str, str]]:
        """Outcome and bundle of each end."""
        records = [
            self.codec.decode(record.value or b"")[1]
            for partition in (0, 1)
            for record in self.broker.since(Spot("hub.receipt", partition), 0)
        ]
        return [(str(r["outcome"]), str(r["bundle"])) for r in records if r["kind"] == "OUTCOME"]

    async def until(self, holds: Callable[[], bool], seconds: float = SOON) -> None:
        async with asyncio.timeout(seconds):
            while not holds():
                await asyncio.sleep(0.01)

    async def delivered(self, count: int) -> None:
        await self.until(lambda: len(self.receipts) >= count)


def told_versions() -> list[str]:
    """The bundles by which the process says that it delivers to the portal."""
    page = metrics.page()[0].decode()
    return re.findall(r'hub_version_info{bundle="(\w+)",registration="portal"} 1', page)


def play(home: Path, scene: Callable[[Scene], Awaitable[None]]) -> None:
    async def main() -> None:
        async with Scene(home) as one:
            await scene(one)

    asyncio.run(main())


def test_a_registration_comes_changes_and_goes_while_the_worker_runs(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        assert [] == scene.work.running
        scene.registrar.register(scene.files["v1"], "v1")
        await scene.until(lambda: bool(scene.work.running))
        (running,) = scene.work.running
        scene.event(0, 0)
        await scene.delivered(1)
        scene.registrar.register(scene.files["v2"], "v2")
        await scene.until(lambda: running.lane.versions.present.terms.bundle == scene.bundle("v2"))
        await scene.until(lambda: told_versions() == [scene.bundle("v2")])
        scene.event(0, 1)
        await scene.delivered(2)
        scene.registrar.register(scene.files["v1"], "v1")
        await scene.until(lambda: running.lane.versions.present.terms.bundle == scene.bundle("v1"))
        scene.event(0, 2)
        await scene.delivered(3)
        assert [running] == scene.work.running, "the lane is the same"
        scene.registrar.move("retired")
        await scene.until(lambda: not scene.work.running)
        await scene.until(lambda: told_versions() == [])
        scene.event(0, 3)
        assert ["v1", "v2", "v1"] == [marker for _, _, marker in scene.calls]
        bundles = [scene.bundle(marker) for marker in ("v1", "v2", "v1")]
        assert [("DELIVERED", bundle) for bundle in bundles] == scene.receipts

    play(tmp_path, story)


def test_a_paused_one_is_delivered_nothing_and_goes_on_where_it_was(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.registrar.register(scene.files["v1"], "v1")
        await scene.until(lambda: bool(scene.work.running))
        scene.event(0, 0)
        await scene.delivered(1)
        scene.registrar.move("paused")
        await scene.until(lambda: not scene.work.running)
        for step in (1, 2, 3):
            scene.event(0, step)
        scene.registrar.register(scene.files["v2"], "v2")
        await scene.delivered(4)
        assert [0, 1, 2, 3] == [step for _, step, _ in scene.calls]
        assert ["v1", "v2", "v2", "v2"] == [marker for _, _, marker in scene.calls]

    play(tmp_path, story)


def test_a_version_at_fault_is_refused_and_the_one_before_goes_on(tmp_path: Path) -> None:
    bad = {**version("bad"), "mapping.py": b"def progress(event):\n    return 7\n"}

    async def story(scene: Scene) -> None:
        scene.registrar.register(scene.files["v1"], "v1")
        await scene.until(lambda: bool(scene.work.running))
        with capture_logs() as said:
            scene.registrar.register(bad, "bad")
            await scene.until(lambda: any(line["event"] == "not_live" for line in said))
        scene.event(0, 0)
        await scene.delivered(1)
        assert ["v1"] == [marker for _, _, marker in scene.calls]
        scene.registrar.register(scene.files["v2"], "v2")
        (running,) = scene.work.running
        await scene.until(lambda: running.lane.versions.present.terms.bundle == scene.bundle("v2"))

    play(tmp_path, story)


def test_a_secret_that_is_not_there_leaves_the_version_before(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.registrar.register(scene.files["v1"], "v1")
        await scene.until(lambda: bool(scene.work.running))
        with capture_logs() as said:
            scene.registrar.move(
                "live", secrets={"inbound_token": "env:A", "client_secret": "env:B"}
            )
            await scene.until(lambda: any(line["event"] == "not_live" for line in said))
        scene.event(0, 0)
        await scene.delivered(1)

    play(tmp_path, story)


def test_a_secret_that_comes_later_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(station, "AGAIN", 0.05)
    late = tmp_path / "late"

    async def story(scene: Scene) -> None:
        known = scene.registrar.entry["secrets"]
        assert isinstance(known, dict)
        scene.registrar.entry["secrets"] = {**known, "client_secret": f"file:{late}"}
        with capture_logs() as said:
            scene.registrar.register(scene.files["v1"], "v1")
            await scene.until(lambda: any(line["event"] == "not_live" for line in said))
        assert [] == scene.work.running
        late.write_text("a secret of nobody", encoding="utf-8")
        scene.event(0, 0)
        await scene.delivered(1)

    play(tmp_path, story)


class Guarded(Place):
    """A system that gives a token for one secret only."""

    secret = "một".encode()

    def answer(self, request: Request) -> bytes | None:
        if request.path.startswith(b"/oauth2/"):
            said = b64decode(request.token.removeprefix(b"Basic "))
            if not said.endswith(b":" + self.secret):
                return rest("denied")
        return super().answer(request)


def test_a_secret_that_is_renewed_where_it_lies_is_taken_up_without_a_restart(
    tmp_path: Path,
) -> None:
    file = tmp_path / "secret"
    file.write_text("một", encoding="utf-8")

    async def story(scene: Scene) -> None:
        scene.place = system = Guarded(scene.log)
        known = scene.registrar.entry["secrets"]
        assert isinstance(known, dict)
        scene.registrar.entry["secrets"] = {**known, "client_secret": f"file:{file}"}
        scene.registrar.register(scene.files["v1"], "v1")
        scene.event(0, 0)
        await scene.delivered(1)
        (running,) = scene.work.running
        system.secret, system.manner = b"hai", Manner(token=1)
        scene.event(0, 1)
        await scene.until(lambda: running.lane.halted is not None)
        with capture_logs() as said:
            file.write_text("hai", encoding="utf-8")
            await scene.delivered(2)
        assert [running] == scene.work.running, "the lane is the same"
        assert running.lane.halted is None
        told = [line for line in said if line["event"] == "secret_renewed"]
        assert [(line["registration"], line["secret"]) for line in told] == [
            ("portal", "client_secret")
        ]
        assert not {"một", "hai"} & {str(value) for line in said for value in line.values()}

    play(tmp_path, story)


def test_limits_of_a_registration_change_in_place(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.registrar.register(scene.files["v1"], "v1")
        await scene.until(lambda: bool(scene.work.running))
        (running,) = scene.work.running
        client = running.lane.versions.present.client
        scene.registrar.move("live", delivery={"in_flight": 1, "timeout": 2})
        await scene.until(lambda: running.lane.gate.width == 1)
        assert running.lane.versions.present.client is client, "its session goes on"
        assert [running] == scene.work.running
        await scene.until(lambda: WorkerHealth(scene.work).problems() == [])

    play(tmp_path, story)


def test_a_lane_that_takes_long_to_end_holds_up_no_other(tmp_path: Path) -> None:
    """Its system never answers; meanwhile another registration comes, and delivers."""

    async def story(scene: Scene) -> None:
        scene.registrar.register(scene.files["v1"], "v1")
        await scene.until(lambda: bool(scene.work.running))
        scene.place.manner = Manner(says="never")
        scene.event(0, 0)
        await scene.until(lambda: len(scene.calls) == 1)
        scene.registrar.move("paused")
        other = Registrar(scene.broker.writer(), "portal", scene.registrar.entry, name="second")
        other.register(scene.files["v2"], "v2")
        await scene.until(lambda: {"portal", "second"} == {r.lane.name for r in scene.work.running})

    play(tmp_path, story)


def test_the_second_registration_shares_the_process_with_the_first(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.registrar.register(scene.files["v1"], "v1")
        other = Registrar(scene.broker.writer(), "portal", scene.registrar.entry, name="second")
        other.register(scene.files["v2"], "v2")
        await scene.until(lambda: len(scene.work.running) == 2)
        scene.event(0, 0)
        await scene.delivered(2)
        assert {"v1", "v2"} == {marker for _, _, marker in scene.calls}
        gathers = {running.lane.intake.share.gather for running in scene.work.running}
        assert {0.005} == gathers
        other.move("retired")
        await scene.until(lambda: len(scene.work.running) == 1)
        assert [0.0] == [running.lane.intake.share.gather for running in scene.work.running]

    play(tmp_path, story)
