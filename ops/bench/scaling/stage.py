"""A rig with so many systems, each with a registration of its own, and the workers under test.

All registrations are of one connector: the board of the side-by-side runs, over REST. Either every
event is for every system, or each is for one of them, by its agency: then every lane of the worker
reads and decodes it, and all but one let it pass.
"""

import os
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from urllib.parse import urlsplit

import msgspec
import yaml

from hub.contract.types import Document
from hub.delivery.starting import group_of
from hub.events.codec import Codec
from hub.topics import DOSSIER, ensure_all
from ops.bench import board
from ops.bench.delivery import peer, peer_url
from ops.bench.feed import Fact, codec_of, fill, trickle
from ops.bench.peer import Counts
from ops.bench.processes import BenchError, Child, Cores, until
from ops.bench.rig import Rig, open_rig
from ops.bench.rivals.checks import check_board
from ops.bench.rivals.contenders import CONNECTORS
from ops.bench.rivals.facts import note, status

KIND = "dossier.v1.StatusChanged"
CONNECTOR, FLOW = "rest_out", "told: {on: StatusChanged"
SIZE = 320  # bytes of an event on the topic
START, LONGEST, COMMITTED = 90.0, 300.0, 30.0  # seconds
LOOK = 0.1  # seconds between two looks at all systems


@dataclass(frozen=True, slots=True)
class Setup:
    """What runs. `delay`: seconds until a system answers; `chosen`: an event is for one of them."""

    workers: int = 1
    partitions: int = 12
    connectors: int = 1
    in_flight: int = 32
    delay: float = 0.0
    chosen: bool = False


def placed(workers: int, have: Sequence[int]) -> Cores:
    """A core for each worker, the others for the rest; where there are too few, all share all."""
    if len(have) <= workers:
        return Cores(frozenset(have), frozenset(have))
    return Cores(frozenset(have[:workers]), frozenset(have[workers:]))


@contextmanager
def open_stage(setup: Setup) -> Iterator["Stage"]:
    """Kafka, registry and systems; no worker yet."""
    cores = placed(setup.workers, sorted(os.sched_getaffinity(0)))
    with ExitStack() as stack:
        rig = stack.enter_context(open_rig(cores))
        stack.enter_context(peer(rig, setup.delay, setup.connectors))
        rig.scene.register()  # the registry wants the file, and nobody in it
        rig.variables["HUB_PARTITIONS"] = str(setup.partitions)  # it makes the topics
        registry = stack.enter_context(rig.process("registry", measured=False))
        ensure_all(rig.broker, setup.partitions)
        _register(rig, setup)
        yield stack.enter_context(closing(Stage(rig, setup, codec_of(rig.url(registry)))))


def name_of(number: int) -> str:
    """The registration of the `number`-th system (from 0), which is its agency as well."""
    return f"board{number:02}"


def _register(rig: Rig, setup: Setup) -> None:
    folder, secret = rig.home / "connectors", rig.home / "board-token"
    shutil.copytree(CONNECTORS / CONNECTOR, folder / CONNECTOR)
    if setup.chosen:
        manifest = folder / CONNECTOR / "connector.yaml"
        text = manifest.read_text(encoding="utf-8")
        manifest.write_text(text.replace(FLOW, f"{FLOW}, serves: department"), encoding="utf-8")
    secret.write_bytes(board.TOKEN)
    rows = [
        {
            "connector": CONNECTOR,
            "name": name_of(number),
            "endpoint": peer_url(rig, number),
            "allow_addresses": ["127.0.0.0/8"],
            "agencies": [name_of(number)],
            "secrets": {"token": f"file:{secret}"},
            "delivery": {"in_flight": setup.in_flight, "timeout": 30},
        }
        for number in range(setup.connectors)
    ]
    rig.scene.registrations.write_text(yaml.safe_dump({"registrations": rows}), encoding="utf-8")
    rig.variables["HUB_CONNECTORS"] = str(folder)
    rig.variables["HUB_WORKERS"] = str(setup.workers)


@dataclass(frozen=True, slots=True)
class Workers:
    """The worker processes. `startup`: seconds until all lanes of all of them had partitions."""

    children: tuple[Child, ...]
    startup: float

    def cpu(self) -> float:
        """Processor seconds of all."""
        return sum(one.cpu() for one in self.children)

    def peak(self) -> float:
        """The most memory that one of them ever had, in MB."""
        return max(one.peak() for one in self.children)

    def threads(self) -> int:
        """The most threads that one of them has."""
        return max(one.threads() for one in self.children)


class Stage:
    """Feeds the topic, watches the systems."""

    def __init__(self, rig: Rig, setup: Setup, codec: Codec) -> None:
        self._rig, self._setup, self._codec = rig, setup, codec
        self._words = note(SIZE)
        urls = [peer_url(rig, number) for number in range(setup.connectors)]
        self._systems = [HTTPConnection(urlsplit(url).netloc, timeout=30) for url in urls]

    @contextmanager
    def workers(self) -> Iterator[Workers]:
        """Start them all, and wait until every lane has its partitions."""
        began = time.monotonic()
        with ExitStack() as stack:
            children = tuple(
                stack.enter_context(self._rig.begun("worker", measured=True))
                for _ in range(self._setup.workers)
            )
            for one in children:
                until(partial(self._rig.ready, one), START, "a ready worker", children)
            yield Workers(children, time.monotonic() - began)

    def fill(self, facts: Sequence[Fact]) -> None:
        """Append these, as fast as it goes."""
        fill(self._rig, self._codec, KIND, self._make, facts)

    def trickle(self, facts: Sequence[Fact], pace: float) -> dict[str, float]:
        """Append these at a pace; when each was handed to the producer, by "dossier/step"."""
        return trickle(self._rig, self._codec, KIND, self._make, facts, pace)

    def slow(self, number: int, seconds: float) -> None:
        """From now on this system takes so long to answer."""
        self._asked(number, f"/_bench/delay/{seconds}")

    def counts(self) -> list[Counts]:
        """What each system has seen. Raises BenchError where one refused a message."""
        found = msgspec.json.decode(self._asked(0, "/_bench/all"), type=list[Counts])
        if errors := sum(one.errors for one in found):
            raise BenchError(f"the boards refused {errors} messages")
        return found

    def calls(self) -> int:
        """What all have seen, together."""
        return sum(one.calls for one in self.counts())

    def last(self) -> float:
        """When the last call came, by the monotonic clock."""
        return max(one.last for one in self.counts())

    def arrivals(self, number: int) -> dict[str, float]:
        """When each fact came to this system first, by "dossier/step"."""
        raw = self._asked(number, "/_bench/arrivals")
        return msgspec.json.decode(raw, type=dict[str, float])

    def wanted(self, facts: Sequence[Fact]) -> list[int]:
        """How many of these are for each system."""
        if not self._setup.chosen:
            return [len(facts)] * self._setup.connectors
        found = [0] * self._setup.connectors
        for dossier, _ in facts:
            found[dossier % self._setup.connectors] += 1
        return found

    def arrived(self, calls: int, workers: Workers) -> None:
        """Wait until the systems have seen so many calls."""
        pause, deadline = threading.Event(), time.monotonic() + LONGEST
        while (seen := self.calls()) < calls:
            for one in workers.children:
                if one.process.poll() is not None:
                    raise BenchError(f"{one.name} ended: {one.tail()}")
            if time.monotonic() > deadline:
                raise BenchError(f"{seen:,} of {calls:,} calls within {LONGEST:.0f} s")
            pause.wait(LOOK)

    def check(self, facts: Sequence[Fact], workers: Workers) -> None:
        """Whether all of it counts. Raises BenchError."""
        for seen, wanted in zip(self.counts(), self.wanted(facts), strict=True):
            check_board(seen, wanted)
        ends = {spot: end for spot, end in self._rig.ends(DOSSIER).items() if end}
        for number in range(self._setup.connectors):
            group = group_of(name_of(number))

            def all_committed(group: str = group) -> bool:
                found = self._rig.broker.committed(group)
                return all(spot in found and found[spot][0] == end for spot, end in ends.items())

            until(all_committed, COMMITTED, f"the last commit of {group}", workers.children)

    def close(self) -> None:
        """Leave the systems."""
        for one in self._systems:
            one.close()

    def _make(self, dossier: int, step: int) -> Document:
        fact = status(dossier, step, self._words)
        return fact | {"department": name_of(dossier % self._setup.connectors)}

    def _asked(self, number: int, path: str) -> bytes:
        self._systems[number].request("GET", path)
        return self._systems[number].getresponse().read()
