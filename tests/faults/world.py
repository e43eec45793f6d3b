"""One run's world: a Kafka, the hub's processes, the peer, and both roads between them.

Everything is fresh: a folder, a cluster, ports. What is known of a run comes from the topics
(through the quiet door), the peer's own record and /proc; nothing here looks inside the hub.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec
import yaml

from adapters.http.simple import fetch
from hub.broker import KafkaBroker
from hub.dev.kafka import DevBroker
from hub.dev.waiting import until as waited
from hub.events.codec import Codec
from hub.registry.schemas.client import RegistryClient
from ops.bench.processes import Child, until
from ops.bench.scene import Scene
from tests.faults.evidence import Answer, Evidence, Fact, Part, Stretch
from tests.faults.filling import facts, fill, interleaved
from tests.faults.manners import Manner
from tests.faults.processes import HUB, Processes, disk_of
from tests.faults.proxy import HOST, Proxy
from tests.faults.reading import PeerLog, Topics
from tests.faults.second import Second
from tests.faults.versions import Registrar

PARTITIONS = 6
IN_FLIGHT = 32  # calls at once to the peer
KINDS = {"portal": "dossier.v1.StatusChanged", "onestop": "consignment.v1.ConsignmentTracked"}
NOTED = 0.3  # seconds in which the peer has noted what a killed process had sent
DELIVERY: Mapping[str, object] = {
    "in_flight": IN_FLIGHT,
    "timeout": 3,
    "retry": {"first": 0.2, "factor": 2, "longest": 2, "give_up": 3600},
}


@dataclass
class World:
    """What runs. `kafka`, `road`: the proxies before the broker and before the peer."""

    home: Path
    broker: DevBroker
    kafka: Proxy
    road: Proxy
    scene: Scene
    processes: Processes
    registry: Child
    registration: str
    schemas: RegistryClient
    codec: Codec
    topics: Topics
    log: PeerLog
    second: Second | None = None
    sent: set[Fact] = field(default_factory=set)
    appended: dict[Fact, float] = field(default_factory=dict)  # when, on the monotonic clock
    recoveries: list[float] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)  # of a backlog
    answers: list[Answer] = field(default_factory=list)  # at a gateway's door, in an outage
    versions: dict[str, str] = field(default_factory=dict)  # marker -> bundle, where they change
    loading: bool = False  # facts are coming beside what happens
    strikes: int = 0  # of faults that neither proxy nor peer can count
    woke: float | None = None  # when a worker that had slept past its lease did
    started: float | None = None  # when the first worker was, on the monotonic clock

    # load

    def fill(self, count: int, first: int = 0) -> None:
        """Put so many facts on the topic, of dossiers from number `first` on."""
        broker = KafkaBroker(self.broker.bootstrap)
        kind = KINDS[self.registration]
        try:
            fill(broker, self.codec, kind, facts(first, count), self.appended)
        finally:
            self.sent |= self.appended.keys()

    @contextmanager
    def load(self, count: int, pace: float) -> Iterator[None]:
        """So many facts, `pace` a second, beside the block; after it they are all acknowledged."""
        with ThreadPoolExecutor(1, "load") as pool:
            self.loading = True
            filling = pool.submit(self._load, interleaved(count), pace)
            yield
            filling.result()

    def _load(self, wanted: Sequence[tuple[int, int]], pace: float) -> None:
        broker, kind = KafkaBroker(self.broker.bootstrap), KINDS[self.registration]
        try:
            fill(broker, self.codec, kind, wanted, self.appended, pace)
        finally:
            self.sent |= self.appended.keys()
            self.loading = False

    def registrar(self, connector: str) -> Registrar:
        """Who changes what stands in the file for this connector, on hub.registry."""
        rows = yaml.safe_load(self.scene.registrations.read_text(encoding="utf-8"))["registrations"]
        (row,) = [row for row in rows if row["connector"] == connector]
        entry = {key: value for key, value in row.items() if key not in ("connector", "name")}
        return Registrar(KafkaBroker(self.broker.bootstrap).writer(), connector, entry)

    @contextmanager
    def stretch(self, kind: str) -> Iterator[None]:
        """The block is a stretch of this kind (tests.faults.evidence)."""
        begin = time.monotonic()
        try:
            yield
        finally:
            self.stretches.append(Stretch(kind, begin, time.monotonic()))

    # the hub

    def worker(
        self,
        *,
        wait: bool = False,
        quiet: bool = False,
        skewed: bool = False,
        tree: Path | None = None,
    ) -> Child:
        """One more worker; `quiet`: it uses the broker's quiet door; `skewed`: see `set_clock`.

        `tree`: of another version's code.
        """
        self.started = self.started or time.monotonic()
        if quiet:
            return self.processes.hub("worker", wait=wait)
        program = ("tests.faults.skewed", str(self._clock)) if skewed else HUB
        return self._proxied("worker", wait=wait, program=program, tree=tree)

    def set_clock(self, seconds: int) -> None:
        """The skewed workers' clock stands so far beside the machine's from now on."""
        new = self._clock.with_suffix(".new")
        new.write_text(str(seconds), encoding="ascii")
        new.replace(self._clock)

    @property
    def _clock(self) -> Path:
        return self.home / "clock"

    def gateway(self, port: int) -> Child:
        """A gateway at a port; it may take a moment until it accepts."""
        return self._proxied("gateway", listen=f"{HOST}:{port}", wait=False)

    def kill(self, child: Child) -> float:
        """kill -9; the moment."""
        self.struck()
        self.processes.end(child, signal.SIGKILL)
        return time.monotonic()

    def struck(self) -> None:
        """A fault strikes now; it counts while there is something left to deliver."""
        self.strikes += self.loading or self.taken() < len(self.sent)

    def _proxied(
        self,
        name: str,
        *,
        listen: str = f"{HOST}:0",
        wait: bool,
        program: Sequence[str] = HUB,
        tree: Path | None = None,
    ) -> Child:
        return self.processes.hub(
            name,
            listen=listen,
            wait=wait,
            program=program,
            tree=tree,
            HUB_BOOTSTRAP=f"{HOST}:{self.kafka.port}",
        )

    # the peer

    def behave(self, manner: Manner) -> None:
        """What the peer does from now on."""
        url = f"http://{HOST}:{self.road.target}/_manner"
        fetch("PUT", url, content=msgspec.json.encode(manner))

    # looking

    def outage(self, seconds: float) -> None:
        """A fault lasts so long."""
        threading.Event().wait(seconds)

    def quiet(self, seconds: float, within: float = 40.0) -> None:
        """Wait until the peer has not been called for so long. Raises BenchError."""
        self.until(lambda: self._silent() > seconds, within, "silence at the peer")

    def _silent(self) -> float:
        self.log.follow()
        return time.monotonic() - max((call.at for call in self.log.calls[-1:]), default=0.0)

    def taken(self) -> int:
        """How many facts have had their effect at the peer."""
        self.log.follow()
        return len(self.log.taken)

    def reach(self, count: int, seconds: float = 90.0) -> None:
        """Wait until so many facts have had their effect.

        Raises BenchError when no other one has had its for so many seconds.
        """
        while (taken := self.taken()) < count:
            more = partial(self._more_than, taken)
            self.until(more, seconds, f"a fact behind number {taken}, and {count} are wanted,")

    def _more_than(self, taken: int) -> bool:
        return self.taken() > taken

    def until(self, holds: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait until it holds. Raises BenchError when the time is over or a process has ended."""
        until(holds, seconds, what, self.processes.running)

    def back(self, since: float, within: float = 60.0) -> None:
        """Wait for the next delivery after a fault that ended at `since`; note how long it took.

        A new fact counts, and so does a repeat: delivery goes on. When everything has been
        delivered before, there is nothing to come back for.
        """
        begun = since + NOTED

        def came() -> bool:
            self.log.follow()
            return self._next(begun) is not None or self.done()

        self.until(came, within, "the next delivery")
        after = self._next(begun)
        if after is not None:
            self.recoveries.append(after - since)

    def _next(self, begun: float) -> float | None:
        late = (call.at for call in reversed(self.log.calls) if call.taken)
        after: float | None = None
        for at in late:
            if at < begun:
                break
            after = at
        return after

    def done(self) -> bool:
        """Whether every fact that was sent has come to an end, as far as that has been read.

        One look reads one poll: under load there is always one more, and a look must end.
        """
        self.topics.follow()
        ended = len(self.topics.ended) >= len(self.sent) + len(self.topics.foreign)
        beside = self.second is None or self.second.done(len(self.sent))
        return ended and beside and not self.loading

    def drain(self) -> None:
        """Wait until all has come to an end; how that failed is the oracle's to say."""
        waited(self.done, 60.0 + len(self.sent) / 100)
        for child in self.processes.running[::-1]:
            if child is not self.registry and child.name != "peer":
                self.processes.end(child)
        while self.topics.follow():
            pass
        self.log.follow()
        if self.second is not None:
            self.second.follow()

    def evidence(self) -> Evidence:
        """Everything that is known at the end."""
        dev = disk_of(self.home / "dev")
        return Evidence(
            sent=frozenset(self.sent),
            kept=tuple(self.topics.kept),
            calls=tuple(self.log.calls),
            told=tuple(self.topics.told),
            dead=frozenset(self.topics.dead),
            foreign=frozenset(self.topics.foreign),
            recoveries=tuple(self.recoveries),
            used=dict(self.processes.used),
            disk=disk_of(self.home) - dev,
            struck=self.strikes + self.kafka.struck + self.road.struck + self.log.struck,
            start=self.log.calls[0].at - self.started if self.log.calls and self.started else 0.0,
            versions=dict(self.versions),
            causeless=frozenset(self.topics.causeless),
            stretches=tuple(self.stretches),
            logins=tuple(self.log.logins),
            answers=tuple(self.answers),
            parts=tuple(self.parts),
            appended=dict(self.appended),
            woke=self.woke,
            beside=self.second.evidence(self.sent) if self.second else None,
        )
