"""What a lane holds: events, and the partitions that they came from.

A partition may be taken away and come back while one of its events is in hand. So an event knows
the very assignment that it arrived with; what belongs to an earlier one settles nothing of a later.
"""

import re
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

import msgspec

from hub.delivery.acts import Acts, Command
from hub.delivery.exchange import Job
from hub.delivery.journal import Journal, Stand
from hub.delivery.sighting import Sighting
from hub.delivery.tracker import OffsetTracker
from hub.records import Record, Spot

if TYPE_CHECKING:
    from hub.delivery.versions import Version

PLACE = re.compile(r"r([0-9]{1,18}) e(-1|[0-9]{1,18}) a([0-9]{1,18})", re.ASCII)
Key: TypeAlias = tuple[str, int, bytes]  # a dossier in its partition
Twin: TypeAlias = Literal["", "same", "conflict"]
NOWHERE = Spot("", -1)
RECENT_IDS = (
    2_000  # per partition: two gateways race within seconds, not within thousands of events
)


@dataclass(slots=True, eq=False)
class Part:
    """One partition for as long as it is assigned.

    `journal`: what was read of its past when it was taken over. `taken`: when that was, seconds of
    the loop's clock.
    """

    tracker: OffsetTracker
    journal: Journal = field(default_factory=Journal)
    taken: float = 0.0
    recent: OrderedDict[str, tuple[int, bytes]] = field(default_factory=OrderedDict)
    running: int = 0  # events in hand
    unacknowledged: int = 0  # receipts on their way to the broker
    going: bool = False  # being taken away: what is in hand may end, nothing starts
    lost: bool = False  # it was another's before we knew: what became of its events is his to say
    acts: Acts | None = None  # what people decided about its events
    revived: set[int] = field(default_factory=set)  # dead letters that a person sent out again
    discards: dict[int, Command] = field(default_factory=dict)  # of parked events, not yet closed
    erasures: dict[bytes, Command] = field(default_factory=dict)  # of dossiers, by key
    bounds: dict[int, int] = field(
        default_factory=dict
    )  # by act: it is over when commits are there
    pinned: dict[int, Stand] = field(default_factory=dict)  # of those parked or revived: as `first`
    _order: deque[int] = field(default_factory=deque)  # offsets polled, behind the committable one
    _read_from: int = 0  # where the journal goes on

    def __post_init__(self) -> None:
        self._read_from = self.journal.epoch + 1

    @property
    def epoch(self) -> int:
        """The position of our own owner's record."""
        return self.journal.epoch

    def polled(self, offset: int) -> None:
        """An event has come. Raises ValueError for an offset that does not rise."""
        self.tracker.polled(offset)
        self._order.append(offset)

    def passed(self, offset: int) -> None:
        """An event has come that needs nothing. Raises ValueError as `polled` does."""
        if self.journal.tells_of(offset):  # what is remembered of it goes when the commit passes it
            self.polled(offset)
            self.settled(offset)
            return
        self.tracker.passed(offset)
        if self.bounds:
            self._end_acts()

    def holds_up(self, offset: int) -> int:
        """How far the polls have come behind this one; 0 where the commit has passed it."""
        ahead = offset >= self.tracker.committable
        return max(0, self.tracker.last - offset) if ahead else 0

    def noted(self, offsets: tuple[int, ...], position: int) -> None:
        """A record about these events stands at this position of the journal."""
        committable, first = self.tracker.committable, self.journal.first
        stand = Stand(position, self.epoch)
        for offset in offsets:
            if offset >= committable:
                first.setdefault(offset, stand)
            elif offset in self.journal.parked or offset in self.revived:
                self.pinned.setdefault(offset, stand)
        self._read_from = max(self._read_from, position + 1)

    def settled(self, offset: int) -> None:
        """The event needs nothing more."""
        self.tracker.settled(offset)
        while self._order and self._order[0] < self.tracker.committable:
            gone = self._order.popleft()
            self.journal.first.pop(gone, None)
            self.journal.ended.pop(gone, None)
        if self.bounds:
            self._end_acts()

    def _end_acts(self) -> None:
        for act, bound in list(self.bounds.items()):
            if self.acts is not None and self.tracker.committable >= bound:
                del self.bounds[act]
                self.acts.carried_out(act)

    def parked(self, offset: int, series: int, position: int) -> None:
        """It waits on hub.parked; its receipt at this position is all that is to be read of it."""
        self.journal.parked[offset] = series
        if offset < self.tracker.committable:
            self.journal.first.pop(offset, None)
            self.pinned[offset] = Stand(position, self.epoch)

    def unparked(self, offset: int) -> None:
        """It has come to its end, and is taken off hub.parked."""
        self.journal.parked.pop(offset, None)
        self._unpin(offset)
        discard = self.discards.pop(offset, None)
        if discard is not None and self.acts is not None:
            self.acts.carried_out(discard.act)

    def unrevived(self, offset: int) -> None:
        """What a person sent out again has its end, or waits on hub.parked."""
        self.revived.discard(offset)
        if offset not in self.journal.parked:
            self._unpin(offset)

    def _unpin(self, offset: int) -> None:
        self.pinned.pop(offset, None)
        if offset < self.tracker.committable:  # else `settled` comes to it
            self.journal.first.pop(offset, None)

    @property
    def commit(self) -> tuple[int, str]:
        """What may be committed: the offset, and in the metadata where to read the journal from.

        Another thread may ask, so each part is read before what can only make it lower: the end of
        the journal before the records that stand there, the position before the offset.
        """
        end = Stand(self._read_from, self.epoch)
        firsts = (*list(self.journal.first.values()), *list(self.pinned.values()))
        position, epoch = min((*firsts, end))
        acts = self.acts.position if self.acts else 0
        return self.tracker.committable, Place(position, epoch, acts).text

    def twin(self, event_id: str, digest: bytes, record: Record) -> Twin:
        """Whether an earlier offset holds the same id (two gateways raced), and the same body.

        `digest`: what a gateway wrote of the body without its volatile fields; where that is
        missing the bytes speak. Asked once per record, in the order of the offsets.
        """
        said = digest or blake2b(record.value or b"", digest_size=16).digest()
        first, body = self.recent.setdefault(event_id, (record.offset, said))
        while len(self.recent) > RECENT_IDS:
            self.recent.popitem(last=False)
        if first == record.offset:
            return ""
        return "same" if body == said else "conflict"


class Held(msgspec.Struct, eq=False):
    """An event in the lane."""

    record: Record
    part: Part
    event_id: str
    event_type: str
    twin: Twin = ""
    seen: Sighting | None = None  # as it was polled
    job: Job | None = None
    version: "Version | None" = None  # that it was opened under
    lost: str = ""  # the bundle that it was sent under before, where nobody has that any more
    failures: int = 0
    failing_since: int = 0  # epoch ms of the first failure
    down_before: int = 0  # milliseconds for which the system was known to be down until then
    company: int = 0  # most events in one call with it, itself included; 0: what its flow says
    waits_since: float = 0.0  # for company, seconds of the loop's clock
    taken_first: int = 0  # messages that the system had taken when it failed for the first time
    taken_last: int = 0  # and when it failed last
    doubted: bool = False  # somebody before us may have sent it
    series: int = 0
    act: int = -1  # the act that opened the series
    late: bool = False  # a person sent it out again; its offset is behind the commit
    replay: bool = False  # it had been delivered, and is sent again by a plan
    parked: bool = False  # it came from hub.parked, and its offset is behind the commit
    position: int = -1  # where it stands on hub.parked
    spot: Spot = NOWHERE  # the partition that it came from, as the record says
    key: Key = (*NOWHERE, b"")  # its dossier, likewise

    def __post_init__(self) -> None:
        topic, partition, key = self.record.topic, self.record.partition, self.record.key or b""
        self.spot = Spot(topic, partition)
        self.key = topic, partition, key

    def __repr__(self) -> str:
        return f"Held({self.event_type} {self.event_id})"

    @property
    def discarded(self) -> Command | None:
        """The decision that nobody is to send it any more, made while it waits on hub.parked."""
        command = self.part.discards.get(self.record.offset) if self.parked else None
        place = command.letter if command is not None else None
        return command if place is not None and place.offset == self.position else None

    @property
    def erased(self) -> Command | None:
        """The order by which its dossier was erased, if that means this event too."""
        if not self.part.erasures:
            return None
        command = self.part.erasures.get(self.record.key or b"")
        return command if command is not None and self.record.offset < command.offset else None

    def last_seen(self, taken: int, *, system: bool) -> int | None:
        """It fails when the system has taken so many; how many they were when that told something.

        None the first time. A failure of the system (`system`) may be gone and come again between
        two attempts. One of the message does not: it counts from the first time.
        """
        before = None if not self.failures else self.taken_last if system else self.taken_first
        self.taken_first = taken if before is None else self.taken_first
        self.taken_last = taken
        return before

    @property
    def size(self) -> int:
        """Bytes of the event."""
        return len(self.record.value or b"")


class Place(NamedTuple):
    """Where a new owner reads on. `epoch`: whose it is at `journal`, -1 before the first owner."""

    journal: int = 0
    epoch: int = -1
    acts: int = 0

    @property
    def text(self) -> str:
        """As it stands in a commit's metadata."""
        return f"r{self.journal} e{self.epoch} a{self.acts}"


def is_place(metadata: str) -> bool:
    """Whether an owner's commit wrote it."""
    return PLACE.fullmatch(metadata) is not None


def place_of(metadata: str) -> Place:
    """The place that a commit's metadata names; the beginning where it names none."""
    found = PLACE.fullmatch(metadata)
    return Place(*map(int, found.groups())) if found else Place()
