"""The broker's twin in memory: the same promises, for tests of everything above it.

`tests/broker_contract.py` runs against it and against the real Kafka, so it tells the truth. One
process, one member per group. With `down` nothing is acknowledged, with `refuse` not what it says
yes to.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from zlib import crc32

from hub.errors import HubError, Reject, Retry
from hub.records import (
    NOT_OURS,
    Done,
    Ours,
    Outgoing,
    Position,
    Rebalance,
    Record,
    Report,
    Spot,
)


class MemoryBroker:
    """`hub.records.Broker` without a socket."""

    def __init__(self) -> None:
        """`clock` gives epoch milliseconds; no two records have the same time."""
        self.clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000
        self.down = False
        self.refuse: Callable[[Outgoing], bool] = lambda _: False
        self.arrived = threading.Condition()
        self.offsets: dict[str, dict[Spot, tuple[int, str]]] = defaultdict(dict)
        self.members: dict[str, MemoryMember] = {}
        self._logs: dict[Spot, list[Record]] = {}
        self._partitions: dict[str, int] = {}
        self._configs: dict[str, dict[str, str]] = {}
        self._begins: dict[Spot, int] = {}  # what stood before it was deleted
        self._tick = 0

    def writer(self, report: Report | None = None, *, patient: bool = False) -> "MemoryWriter":
        del patient  # the twin has what it is given at once
        return MemoryWriter(self, report)

    def reader(self, spots: Sequence[Spot]) -> "MemoryReader":
        return MemoryReader(self, spots)

    def member(self, group: str, topics: Sequence[str], rebalance: Rebalance) -> "MemoryMember":
        if group in self.members:
            raise Retry(f"group {group} has a member already; the twin knows one")
        spots = [Spot(t, p) for t in topics for p in range(self.partitions(t))]
        missing = [spot for spot in spots if spot not in self.offsets[group]]
        if missing:
            raise Retry(f"group {group} has no offset for {missing[0]}")
        self.members[group] = MemoryMember(self, group, spots, rebalance)
        return self.members[group]

    def together(self) -> AbstractContextManager[None]:
        return nullcontext()

    def cluster(self) -> str:
        return "twin"

    def partitions(self, topic: str) -> int:
        return self._partitions.get(topic, 0)

    def partition_of(self, key: bytes, partitions: int) -> int:
        return crc32(key) % partitions

    def ensure_topic(
        self, name: str, partitions: int, config: Mapping[str, str], *, grows: bool = False
    ) -> None:
        self._configs.setdefault(name, dict(config))
        found = self._partitions.setdefault(name, partitions)
        if grows:
            partitions = self._partitions[name] = max(found, partitions)
        elif found != partitions:
            raise Reject(
                f"has {self._partitions[name]} partitions, {partitions} were asked for", where=name
            )
        for partition in range(partitions):
            self._logs.setdefault(Spot(name, partition), [])

    def topic_config(self, name: str) -> Mapping[str, str] | None:
        return self._configs.get(name)

    def committed(self, group: str) -> dict[Spot, tuple[int, str]]:
        return dict(self.offsets[group])

    def delete_before(self, offsets: Mapping[Spot, int]) -> None:
        if self.down:
            raise Retry("its records were not deleted (twin is down)", system=True)
        for spot, offset in offsets.items():
            self._begins[spot] = max(offset, self.begin(spot))

    def commit_for(self, group: str, offsets: Mapping[Spot, tuple[int, str]]) -> None:
        if group in self.members:
            raise Retry(f"group {group} has members")
        self.offsets[group].update(offsets)

    def keep(self, outgoing: Outgoing) -> Position | HubError:
        """Append one record, or say why not."""
        with self.arrived:
            if self.down or self.refuse(outgoing):
                return Retry("the broker did not answer as it should (twin is down)", system=True)
            count = self.partitions(outgoing.topic)
            if not count:
                return Retry(f"no topic {outgoing.topic}", system=True)
            chosen = outgoing.partition
            partition = self.partition_of(outgoing.key or b"", count) if chosen is None else chosen
            log = self._logs[Spot(outgoing.topic, partition)]
            self._tick = max(self._tick + 1, self.clock())
            log.append(
                Record(
                    outgoing.topic,
                    partition,
                    len(log),
                    self._tick,
                    outgoing.key,
                    outgoing.value,
                    outgoing.headers,
                )
            )
            self.arrived.notify_all()
            return Position(outgoing.topic, partition, len(log) - 1)

    def since(self, spot: Spot, offset: int) -> list[Record]:
        """The records from `offset` on."""
        return self._logs[spot][max(offset, self.begin(spot)) :]

    def begin(self, spot: Spot) -> int:
        """The first offset that is still there."""
        return self._begins.get(spot, 0)

    def end(self, spot: Spot) -> int:
        """The offset that the next record will get."""
        return len(self._logs[spot])


class MemoryWriter:
    """Appends at once, on the caller's thread."""

    def __init__(self, broker: MemoryBroker, report: Report | None) -> None:
        self._broker = broker
        self._report = report
        self._closed = False

    def append(self, outgoing: Outgoing, done: Done, ours: Ours | None = None) -> None:
        if self._closed:
            raise Retry("the writer's queue is full or closed", after=1.0, system=True)
        result = self._kept(outgoing, ours)
        if self._report is None:
            done(result)
        else:
            self._report([(done, result)])

    def send(self, outgoing: Outgoing, ours: Ours | None = None) -> "Future[Position]":
        future: Future[Position] = Future()
        result = self._kept(outgoing, ours)
        if isinstance(result, Position):
            future.set_result(result)
        else:
            future.set_exception(result)
        return future

    def _kept(self, outgoing: Outgoing, ours: Ours | None) -> Position | HubError:
        if ours is None or ours():
            return self._broker.keep(outgoing)
        return Retry(NOT_OURS, system=True)

    @property
    def waiting(self) -> int:
        return 0

    def close(self) -> None:
        self._closed = True


class MemoryReader:
    """Reads assigned partitions."""

    def __init__(self, broker: MemoryBroker, spots: Sequence[Spot]) -> None:
        self._broker = broker
        self._positions = dict.fromkeys(spots, 0)
        self._paused: set[Spot] = set()

    def begin(self) -> dict[Spot, int]:
        return {spot: self._broker.begin(spot) for spot in self._positions}

    def end(self) -> dict[Spot, int]:
        return {spot: self._broker.end(spot) for spot in self._positions}

    def at(self, moment: int) -> dict[Spot, int]:
        logs = {spot: self._broker.since(spot, 0) for spot in self._positions}
        begins = self.begin()
        return {s: begins[s] + sum(r.timestamp < moment for r in log) for s, log in logs.items()}

    def assign(self, spots: Sequence[Spot]) -> None:
        self._positions = {spot: self._positions.get(spot, 0) for spot in spots}

    def seek(self, spot: Spot, offset: int) -> None:
        self._positions[spot] = offset

    def position(self, spot: Spot) -> int:
        return self._positions[spot]

    def pause(self, spots: Iterable[Spot]) -> None:
        self._paused.update(spots)

    def resume(self, spots: Iterable[Spot]) -> None:
        self._paused.difference_update(spots)

    def poll(self, seconds: float) -> list[Record]:
        with self._broker.arrived:
            found = self._take()
            if not found and seconds > 0:
                self._broker.arrived.wait(seconds)
                found = self._take()
        return found

    def heard(self) -> dict[Spot, int]:
        return self.end()

    def close(self) -> None:
        self._positions.clear()

    def _take(self) -> list[Record]:
        found: list[Record] = []
        for spot in self._positions:
            if spot not in self._paused:
                records = self._broker.since(spot, self._positions[spot])
                self._positions[spot] = max(self._positions[spot], self._broker.end(spot))
                found.extend(records)
        return found


class MemoryMember(MemoryReader):
    """The one member of a group."""

    def __init__(
        self, broker: MemoryBroker, group: str, spots: Sequence[Spot], rebalance: Rebalance
    ) -> None:
        super().__init__(broker, spots)
        self._group = group
        self._rebalance = rebalance
        self._joined = False
        self.lease_until = float("inf")

    def poll(self, seconds: float) -> list[Record]:
        if not self._joined:
            self._joined = True
            for spot, (offset, _) in self._broker.committed(self._group).items():
                if spot in self._positions:
                    self._positions[spot] = offset
            self._rebalance.assigned(list(self._positions))
        return super().poll(seconds)

    @property
    def joining(self) -> bool:
        return not self._joined

    def commit(self, offsets: Mapping[Spot, tuple[int, str]]) -> None:
        if self._broker.down:
            raise Retry("offsets were not committed (twin is down)")
        self._broker.offsets[self._group].update(offsets)

    def close(self) -> None:
        if self._joined:
            last = self._rebalance.revoked(list(self._positions))
            if last and not self._broker.down:
                self._broker.offsets[self._group].update(last)
        self._broker.members.pop(self._group, None)
        super().close()
