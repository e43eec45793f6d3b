"""What stands on a topic, in the words that the rest of the hub uses (no client's types)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol, TypeAlias

import msgspec

from hub.errors import HubError

Headers: TypeAlias = tuple[tuple[str, bytes], ...]
NOT_OURS = "it is not for us to write at the moment"  # what a writer says of what it left out


class Spot(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Position(NamedTuple):
    """Where a record stands; for people `hub.dossier/3/17`."""

    topic: str
    partition: int
    offset: int

    @property
    def text(self) -> str:
        """Topic, partition and offset, joined by slashes."""
        return f"{self.topic}/{self.partition}/{self.offset}"

    @classmethod
    def read(cls, text: str) -> "Position | None":
        """The position that `text` writes; None if it writes none."""
        topic, *numbers = text.split("/")
        if len(numbers) != 2 or not topic or not all(map(_is_number, numbers)):  # noqa: PLR2004 - partition, offset
            return None
        return cls(topic, int(numbers[0]), int(numbers[1]))


def _is_number(text: str) -> bool:
    """Whether these are the digits of a Kafka offset: 63 bits have 19."""
    return text.isascii() and text.isdigit() and len(text) <= 19  # noqa: PLR2004 - as above


class Record(NamedTuple):
    """A record as it was read. `timestamp` is the broker's, epoch ms (LogAppendTime)."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers

    @property
    def place(self) -> Position:
        """Where it stands."""
        return Position(self.topic, self.partition, self.offset)


class Outgoing(msgspec.Struct, frozen=True):
    """A record to append. Without `partition`, the key decides (murmur2, as every Kafka client)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    partition: int | None = None

    def __repr__(self) -> str:
        return f"Outgoing({self.topic}, key={self.key!r}, partition={self.partition})"

    @property
    def size(self) -> int:
        """Bytes of key and value and headers, roughly."""
        size = len(self.key or b"") + len(self.value or b"")
        for name, value in self.headers:
            size += len(name) + len(value)
        return size


Done: TypeAlias = Callable[["Position | HubError"], None]
Ours: TypeAlias = Callable[[], bool]
Report: TypeAlias = Callable[[list[tuple[Done, "Position | HubError"]]], None]


class Rebalance(Protocol):
    """What a member of a group does when partitions come and go; called while it polls."""

    def assigned(self, spots: Sequence[Spot]) -> None:
        """These are ours now, beside those that we had."""
        ...

    def revoked(self, spots: Sequence[Spot]) -> Mapping[Spot, tuple[int, str]]:
        """These go to somebody else; what is returned is committed for them before they do.

        May be called on another thread than the one that polls, which waits meanwhile.
        """
        ...

    def lost(self, spots: Sequence[Spot]) -> None:
        """These have gone already; nothing may be committed for them."""
        ...


class Writer(Protocol):
    """Appends records, acknowledged by all replicas, many callers to a flush. Thread-safe."""

    def append(self, outgoing: Outgoing, done: Done, ours: Ours | None = None) -> None:
        """Queue one record; `done` gets its Position or a HubError, exactly once.

        `ours` is asked when the record is about to leave, perhaps on another thread: whether it
        still is for us to write. If not, `done` gets Retry NOT_OURS. Never blocks; raises Retry
        when too much waits already.
        """
        ...

    def send(self, outgoing: Outgoing, ours: Ours | None = None) -> "Future[Position]":
        """The same as a future."""
        ...

    @property
    def waiting(self) -> int:
        """Records queued and not yet taken for sending."""
        ...

    def close(self) -> None:
        """Send what waits, then stop."""
        ...


class Reader(Protocol):
    """Reads given partitions, without a group. Belongs to one thread."""

    def begin(self) -> dict[Spot, int]:
        """The first offset that is still there, per partition."""
        ...

    def end(self) -> dict[Spot, int]:
        """The offset that the next record will get, per partition."""
        ...

    def at(self, moment: int) -> dict[Spot, int]:
        """The first offset whose record came at that time (epoch ms) or later, per partition.

        The end where none did.
        """
        ...

    def assign(self, spots: Sequence[Spot]) -> None:
        """Read these from now on; those that it read already go on, the others want a seek."""
        ...

    def seek(self, spot: Spot, offset: int) -> None:
        """The next poll starts there."""
        ...

    def position(self, spot: Spot) -> int:
        """The offset of the next record that poll will give."""
        ...

    def poll(self, seconds: float) -> list[Record]:
        """What has arrived, in order per partition, waiting at most `seconds` for the first."""
        ...

    def heard(self) -> dict[Spot, int]:
        """The offset that the next record will get, where the last answers told it; asks nobody."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class Member(Protocol):
    """A member of a consumer group. Belongs to the thread that polls."""

    def poll(self, seconds: float) -> list[Record]:
        """What has arrived; rebalances are handled (and reported) inside."""
        ...

    def seek(self, spot: Spot, offset: int) -> None:
        """What is polled next of this partition, which is ours, begins there."""
        ...

    def pause(self, spots: Iterable[Spot]) -> None:
        """Fetch nothing more of these until resumed; polling goes on."""
        ...

    def resume(self, spots: Iterable[Spot]) -> None:
        """Fetch these again."""
        ...

    def commit(self, offsets: Mapping[Spot, tuple[int, str]]) -> None:
        """Commit (next offset, metadata). Raises Retry when the group refuses."""
        ...

    def end(self) -> dict[Spot, int]:
        """The offset that the next record will get, per assigned partition (may be stale)."""
        ...

    @property
    def joining(self) -> bool:
        """Whether it has to join (again): that goes on while it polls."""
        ...

    @property
    def lease_until(self) -> float:
        """Until when its partitions are surely nobody else's: seconds of the monotonic clock."""
        ...

    def close(self) -> None:
        """Leave the group."""
        ...


class Broker(Protocol):
    """A cluster: `hub.broker.KafkaBroker`, or its twin `hub.broker_memory.MemoryBroker`."""

    def writer(self, report: Report | None = None, *, patient: bool = False) -> Writer:
        """A writer; `report` gets the results of each flush together (default: call each).

        `patient`: nobody waits for one record alone, so under load they wait for each other.
        """
        ...

    def reader(self, spots: Sequence[Spot]) -> Reader:
        """A reader of these partitions; seek before the first poll."""
        ...

    def member(self, group: str, topics: Sequence[str], rebalance: Rebalance) -> Member:
        """Join a group, from the thread that will poll. Every partition has a committed offset."""
        ...

    def together(self) -> AbstractContextManager[None]:
        """What this thread asks inside the block goes over the same connections, not one each."""
        ...

    def cluster(self) -> str:
        """The cluster's own id: what was learnt from one says nothing about another."""
        ...

    def partitions(self, topic: str) -> int:
        """How many partitions the topic has; 0 when there is no such topic."""
        ...

    def partition_of(self, key: bytes, partitions: int) -> int:
        """The partition that a record with this key gets, if it names none itself."""
        ...

    def ensure_topic(
        self, name: str, partitions: int, config: Mapping[str, str], *, grows: bool = False
    ) -> None:
        """Create it unless it is there; one that `grows` may have more, and is given more.

        Raises Reject if it has another partition count.
        """
        ...

    def topic_config(self, name: str) -> Mapping[str, str] | None:
        """A topic's configuration; None where the cluster does not let us see it."""
        ...

    def committed(self, group: str) -> dict[Spot, tuple[int, str]]:
        """What a group has committed: next offset and metadata."""
        ...

    def delete_before(self, offsets: Mapping[Spot, int]) -> None:
        """Delete the records before these offsets, for good. Raises Retry if some are not."""
        ...

    def commit_for(self, group: str, offsets: Mapping[Spot, tuple[int, str]]) -> None:
        """Commit (offset, metadata) for a group without members. Raises Retry if it has some."""
        ...


def every_spot(broker: Broker, topics: Iterable[str]) -> list[Spot]:
    """All partitions of these topics; none of a topic that is not there yet."""
    return [Spot(topic, part) for topic in topics for part in range(broker.partitions(topic))]
