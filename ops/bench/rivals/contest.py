"""One run of one contender: what counts, what is measured.

A run has a Kafka, a topic and a board of its own. It counts only if the board (or the topic,
where messages only come in) holds each fact once, those of a dossier in their order, nobody saw an
error, and the offsets behind the last answer were committed.

*Out* (W1, W2): the topic is full before the contender starts; what follows the first `warm` events
is timed. *In* (W3, W4, W5): as many messages are sent as connections allow, `warm` of them untimed.
Then `paced` more events come at `pace` a second: their way from event to board (W3, W4: to the
answer) is the latency.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http.client import HTTPConnection
from math import ceil
from urllib.parse import urlsplit

import msgspec
import uvloop

from adapters.http.simple import fetch
from hub.access.tokens import own
from hub.contract.types import Document
from hub.dev.node import free_port
from hub.errors import Retry
from hub.events.catalogue import load
from hub.registry.schemas.client import RegistryClient
from hub.settings import PARTITIONS
from hub.topics import DOSSIER, ensure_all
from ops.bench import board
from ops.bench.delivery import peer, peer_url
from ops.bench.feed import Fact, codec_of, fill, trickle
from ops.bench.load import Volley, discharge
from ops.bench.messages import code
from ops.bench.peer import Counts
from ops.bench.processes import BenchError, until
from ops.bench.rig import Rig, open_rig
from ops.bench.rivals.checks import check_board, check_topic
from ops.bench.rivals.contenders import CONNECTORS, Contender
from ops.bench.rivals.facts import note, schedule, status, told
from ops.bench.rivals.jobs import Job, Running, Workload
from ops.bench.rivals.translation import Schema
from ops.bench.scene import ROOT

KIND = "dossier.v1.StatusChanged"
START, LONGEST, COMMITTED = 60.0, 600.0, 30.0  # seconds


@dataclass(frozen=True, slots=True)
class Terms:
    """The same for all contenders of a table. `delay`: of the board's answer, seconds."""

    events: int = 10_000  # timed, per run
    warm: int = 10_000  # before them
    dossiers: int = 5_000
    size: int = 320  # bytes of an event on the topic
    delay: float = 0.0
    in_flight: int = 32
    paced: int = 1_000
    pace: float = 100.0  # events a second
    repeats: int = 5

    @property
    def total(self) -> int:
        """All events of a run."""
        return self.warm + self.events + self.paced


@dataclass(frozen=True, slots=True)
class Run:
    """What one run gave. `latencies`: seconds, sorted."""

    rate: float  # events a second
    cpu: float  # processor seconds per 1,000 events
    peak: float  # MB
    startup: float  # seconds until the first event was there, or the first message accepted
    latencies: tuple[float, ...]

    def percentile(self, share: float) -> float:
        """The latency that this share of the events (above 0, to 1) did not exceed, in ms."""
        return self.latencies[ceil(len(self.latencies) * share) - 1] * 1e3


def run(contender: Contender, workload: Workload, terms: Terms) -> Run:
    """One run. Raises BenchError when it does not count."""
    facts = schedule(terms.total, terms.dossiers)
    with open_rig() as rig, peer(rig, terms.delay), ExitStack() as stack:
        rig.scene.register()  # the registry wants the file, and nobody in it
        registry = stack.enter_context(rig.process("registry", measured=False))
        stage = stack.enter_context(
            closing(Stage(rig, rig.url(registry), contender, workload, terms))
        )
        found = stage.deliver(facts) if workload.into is None else stage.accept(facts)
        stage.check(facts)
        return found


class Stage:
    """A rig with one contender on it."""

    def __init__(
        self, rig: Rig, registry: str, contender: Contender, workload: Workload, terms: Terms
    ) -> None:
        self._rig, self._contender, self._terms = rig, contender, terms
        self._codec = codec_of(registry)
        self._board = HTTPConnection(urlsplit(peer_url(rig)).netloc, timeout=10)
        self._words = note(terms.size)
        ensure_all(rig.broker, PARTITIONS)
        text = load(ROOT / "schemas" / "avro").texts[KIND]
        schema = rig.home / "StatusChanged.avsc"
        schema.write_text(text, encoding="utf-8")
        self._job = Job(
            bootstrap=rig.broker.bootstrap,
            topic=DOSSIER,
            group="rival",
            schema=str(schema),
            schema_id=RegistryClient(registry, token=lambda: own(rig.home, "hub")).register(
                KIND, text
            ),
            wsdl=str(CONNECTORS / "soap_out" / "contract" / "board.wsdl"),
            into=workload.into,
            out=workload.out,
            peer=peer_url(rig),
            token=board.TOKEN.decode(),
            port=free_port(),
            in_flight=terms.in_flight,
        )

    # ---- events go out

    def deliver(self, facts: Sequence[Fact]) -> Run:
        """W1, W2."""
        terms = self._terms
        full = terms.warm + terms.events
        fill(self._rig, self._codec, KIND, self._make, facts[:full])
        began = time.monotonic()
        with self._contender.start(self._rig, self._job) as running:
            self._arrived(running, 1, START)
            startup = self._seen().first - began
            self._arrived(running, terms.warm, LONGEST)
            before, cpu = self._seen(), running.cpu()
            self._arrived(running, full, LONGEST)
            after, used = self._seen(), running.cpu() - cpu
            if after.calls == before.calls:
                raise BenchError("too few events: all had come before the clock was read")
            peak = running.peak()
            sent = trickle(self._rig, self._codec, KIND, self._make, facts[full:], terms.pace)
            self._arrived(running, terms.total, LONGEST)
            self._committed(running)
        timed = after.calls - before.calls
        rate = timed / (after.last - before.last)
        return Run(rate, used * 1e3 / timed, peak, startup, self._ways(sent))

    # ---- messages come in

    def accept(self, facts: Sequence[Fact]) -> Run:
        """W3, W4, W5."""
        terms = self._terms
        full = terms.warm + terms.events
        began = time.monotonic()
        with self._contender.start(self._rig, self._job) as running:
            until(lambda: _listens(running.ingress), START, "an open port", running.children)
            startup = time.monotonic() - began
            self._send(running, facts[: terms.warm])
            self._through(running, terms.warm)
            cpu = running.cpu()
            volley = self._send(running, facts[terms.warm : full])
            self._through(running, full)
            used, peak = running.cpu() - cpu, running.peak()
            seconds = volley.took if self._job.out is None else self._seen().last - volley.started
            paced = self._send(running, facts[full:], terms.pace)
            self._through(running, terms.total)
            if self._job.out is not None:
                self._committed(running)
        if self._job.out is None:
            ways = tuple(sorted(paced.seconds))
        else:
            ways = self._ways(self._sent(paced, facts[full:]))
        return Run(terms.events / seconds, used * 1e3 / terms.events, peak, startup, ways)

    def _send(self, running: Running, facts: Sequence[Fact], pace: float = 0.0) -> Volley:
        volley = Volley(
            [
                [self._request(running.ingress, *fact) for fact in lane]
                for lane in self._lanes(facts)
            ],
            b"00",
            pace,
        )
        uvloop.run(discharge(volley, urlsplit(running.ingress).port or 0))
        if volley.answers["yes"] != len(facts):
            for one in running.children:
                if one.process.poll() is not None:
                    raise BenchError(f"{one.name} ended: {one.tail()}")
            raise BenchError(f"not each got its yes: {dict(volley.answers)}")
        return volley

    def _lanes(self, facts: Sequence[Fact]) -> list[list[Fact]]:
        """A dossier always goes over one connection, so that its messages keep their order."""
        width = self._terms.in_flight
        return [[fact for fact in facts if fact[0] % width == lane] for lane in range(width)]

    def _sent(self, volley: Volley, facts: Sequence[Fact]) -> dict[str, float]:
        lanes = zip(self._lanes(facts), volley.sent, strict=True)
        return {
            f"{code(dossier)}/{step}": at
            for lane, times in lanes
            for (dossier, step), at in zip(lane, times, strict=True)
        }

    def _request(self, ingress: str, dossier: int, step: int) -> bytes:
        words = told(dossier, step, self._words)
        if self._job.into == "rest":
            body = board.write_json(words)
            more = f"content-type: application/json\r\nauthorization: Bearer {self._job.token}"
        else:
            body = board.write_soap(words)
            action = "urn:bench:board:1/TellStatus"
            more = f'content-type: text/xml; charset=utf-8\r\nsoapaction: "{action}"'
        head = (
            f"POST {urlsplit(ingress).path} HTTP/1.1\r\nhost: hub.test\r\n{more}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    # ---- what holds for all

    def check(self, facts: Sequence[Fact]) -> None:
        """Whether the run counts. Raises BenchError."""
        if self._job.out is not None:
            check_board(self._seen(), len(facts))
        if self._job.into is not None:
            spots = dict.fromkeys(self._rig.ends(DOSSIER), 0)
            schema = Schema(self._job.schema, self._job.schema_id)
            check_topic(self._rig.read(spots), schema, len(facts))

    def close(self) -> None:
        """Leave the board."""
        self._board.close()

    def _make(self, dossier: int, step: int) -> Document:
        return status(dossier, step, self._words)

    def _through(self, running: Running, wanted: int) -> None:
        if self._job.out is not None:
            self._arrived(running, wanted, LONGEST)

    def _arrived(self, running: Running, wanted: int, seconds: float) -> None:
        def there() -> bool:
            seen = self._seen()
            if seen.errors:
                raise BenchError(f"the board refused {seen.errors} messages")
            return seen.calls >= wanted

        until(there, seconds, f"event {wanted:,}", running.children)

    def _seen(self) -> Counts:
        """What has come, over a connection that stays: looking must cost next to nothing."""
        return msgspec.json.decode(self._asked("/_bench"), type=Counts)

    def _asked(self, path: str) -> bytes:
        self._board.request("GET", path)
        return self._board.getresponse().read()

    def _ways(self, sent: dict[str, float]) -> tuple[float, ...]:
        arrivals = msgspec.json.decode(self._asked("/_bench/arrivals"), type=dict[str, float])
        return tuple(sorted(arrivals[name] - at for name, at in sent.items()))

    def _committed(self, running: Running) -> None:
        ends = {spot: end for spot, end in self._rig.ends(DOSSIER).items() if end}
        group = self._contender.group(self._job)

        def all_committed() -> bool:
            found = self._rig.broker.committed(group)
            return all(spot in found and found[spot][0] == end for spot, end in ends.items())

        until(all_committed, COMMITTED, "the last commit", running.children)


def _listens(url: str) -> bool:
    """Whether something answers there, whatever it says."""
    try:
        fetch("GET", url, timeout=2.0)
    except Retry:
        return False
    return True
