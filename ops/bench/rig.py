"""A hub for a measurement: a fresh Kafka, its registry, and processes on cores of their own.

Everything lives in a temporary folder and is ended with the block; only the broker's files come
from the cache that `hub dev` and the demo share.
"""

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.http.simple import fetch
from hub.broker import KafkaBroker
from hub.dev import runfiles
from hub.dev.kafka import DevBroker
from hub.errors import HubError
from hub.records import Record, Spot, every_spot
from hub.settings import environment
from ops.bench.processes import BenchError, Child, Cores, child, cores, until
from ops.bench.scene import ROOT, Scene, make_scene

JARS = ROOT / ".hub" / "dev"
START = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class Rig:
    """A broker and where the hub's processes find everything."""

    home: Path
    scene: Scene
    broker: KafkaBroker
    cores: Cores
    variables: dict[str, str] = field(repr=False)

    @contextmanager
    def process(self, name: str, *, measured: bool) -> Iterator[Child]:
        """`hub <name>`, once it says that it is ready; `measured`: alone on its core."""
        with self.begun(name, measured=measured) as started:
            until(lambda: self.ready(started), START, f"hub {name}", [started])
            yield started

    def begun(self, name: str, *, measured: bool) -> AbstractContextManager[Child]:
        """`hub <name>`, which may not be ready yet. Several of one name share a log."""
        on = self.cores.measured if measured else self.cores.others
        log = self.home / "log" / f"{name}.log"
        return child(name, ["-m", "hub.cli", name], log, self.variables, on)

    def url(self, started: Child) -> str:
        """Where a process serves."""
        for entry in runfiles.read_all(self.home):
            if entry.pid == started.pid:
                return entry.url
        raise BenchError(f"{started.name} does not say where it serves")

    def ends(self, topic: str) -> dict[Spot, int]:
        """How far a topic goes now."""
        spots = every_spot(self.broker, (topic,))
        reader = self.broker.reader(spots)
        try:
            return reader.end()
        finally:
            reader.close()

    def read(self, since: dict[Spot, int]) -> list[Record]:
        """Every record that was appended since."""
        found: list[Record] = []
        reader = self.broker.reader(list(since))
        try:
            ends = reader.end()
            for spot, offset in since.items():
                reader.seek(spot, offset)
            wanted = sum(ends[spot] - offset for spot, offset in since.items())

            def whole() -> bool:
                found.extend(reader.poll(0.2))
                return len(found) >= wanted

            until(whole, START, "the topic's records")
        finally:
            reader.close()
        return found

    def ready(self, started: Child) -> bool:
        """Whether it says so; the registry has no such page, and serves when it answers."""
        try:
            url = self.url(started)
            return fetch("GET", f"{url}/health/ready", timeout=2.0)[0] in (200, 404)
        except (HubError, BenchError):
            return False


@contextmanager
def open_rig(placed: Cores | None = None) -> Iterator[Rig]:
    """Start Kafka on the other cores. This process moves there too, for as long as the rig runs.

    `placed`: which cores these are, where not the first is what is measured.
    """
    own = os.sched_getaffinity(0)
    apart = placed or cores()
    with TemporaryDirectory(prefix="hub-bench-") as folder:
        home = Path(folder)
        scene = make_scene(home)
        scene.register()  # nobody yet; but the file that is named has to be there
        os.sched_setaffinity(0, apart.others)
        try:
            with DevBroker(home, cache=JARS) as broker:
                variables = environment(
                    {
                        "HUB_HOME": str(home),
                        "HUB_BOOTSTRAP": broker.bootstrap,
                        "HUB_REGISTRATIONS": str(scene.registrations),
                        "HUB_CONNECTORS": str(ROOT / "connectors"),
                        "HUB_SCHEMAS": str(ROOT / "schemas" / "avro"),
                    }
                )
                yield Rig(home, scene, KafkaBroker(broker.bootstrap), apart, variables)
        finally:
            os.sched_setaffinity(0, own)


def check_facts(records: Sequence[Record], keys: Sequence[str]) -> None:
    """Exactly one record per key. Raises BenchError."""
    found = Counter((record.key or b"").decode() for record in records)
    ids = {dict(record.headers).get("ce_id") for record in records}
    wanted = Counter(keys)
    if found != wanted or len(ids) != len(records):
        missing, extra = wanted - found, found - wanted
        raise BenchError(
            f"the topic holds {len(records)} records of {len(ids)} facts, not {len(keys)}: "
            f"{missing.total()} missing, {extra.total()} too many"
        )
