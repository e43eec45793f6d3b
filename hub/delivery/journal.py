"""What the records on `hub.receipt` say of one (registration, topic, partition): a pure fold.

A new owner reads it to learn what is done, what is in doubt, what is untouched (decision 0012). An
owner's record begins an epoch; what an older epoch writes behind it is void, but for the answers
to its own earlier marks. Of several ends of one (offset, series) the first counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from hub.contract.types import Document, Value

Kind: TypeAlias = Literal["OWNER", "MARK", "ATTEMPT", "OUTCOME"]
KINDS: Mapping[str, Kind] = {
    "OWNER": "OWNER",
    "MARK": "MARK",
    "ATTEMPT": "ATTEMPT",
    "OUTCOME": "OUTCOME",
}
ENDS = ("DELIVERED", "NOTHING_TO_SEND", "DUPLICATE", "DEAD_LETTERED")
NOT_SENT = "not sent"  # note of an ATTEMPT that closes marks of which no call came
APART = "apart"  # note of an ATTEMPT refused with others: it is no failure of the event's own
IN_DOUBT = "in doubt"  # note of an ATTEMPT whose call may have had its effect


@dataclass(frozen=True, slots=True)
class Entry:
    """One record. `position`: its offset on hub.receipt; `offsets`: of the events concerned.

    `bundle`, `settings`: digests of the version that it was written under.
    """

    position: int
    kind: Kind
    epoch: int
    offsets: tuple[int, ...]
    at: int  # epoch ms
    series: int = 0
    outcome: str = ""
    note: str = ""
    act: int = -1
    bundle: str = ""
    settings: str = ""


class Stand(NamedTuple):
    """A place in the journal. `epoch`: whose it is there, so that reading can begin at it."""

    position: int
    epoch: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Sent, or about to be: `at` is epoch ms of the mark."""

    epoch: int
    at: int
    series: int


class Pin(NamedTuple):
    """Under which version the first call of a series was made, in whose epoch."""

    series: int
    epoch: int
    bundle: str
    settings: str


@dataclass(slots=True)
class Failing:
    """Failed and due again: how often, since when (epoch ms)."""

    failures: int
    since: int


@dataclass(slots=True)
class Journal:
    """The fold.

    Remembered are events at `floor` or behind it, for the commit has passed the others; those of
    `also`, which are parked; and those that its own records call parked, until they have their end.
    """

    floor: int = 0
    also: frozenset[int] = frozenset()
    epoch: int = -1  # position of the last owner's record; -1: none was read
    owners: int = 0  # how many owners' records were read
    ended: dict[int, int] = field(default_factory=dict)  # offset -> series of its last end
    parked: dict[int, int] = field(default_factory=dict)  # offset -> series
    failing: dict[int, Failing] = field(default_factory=dict)
    pins: dict[int, Pin] = field(default_factory=dict)
    first: dict[int, Stand] = field(default_factory=dict)  # offset -> where its first record stands
    acts: set[int] = field(default_factory=set)  # carried out, by their offset on hub.act
    _marks: dict[int, dict[int, Mark]] = field(
        default_factory=dict
    )  # offset -> epoch -> unanswered

    def read(self, entry: Entry) -> None:
        """Fold one record; records come in the order of their positions."""
        if entry.kind == "OWNER":
            self.epoch = entry.position
            self.owners += 1
            return
        if entry.act >= 0 and entry.kind == "OUTCOME" and entry.epoch == self.epoch:
            self.acts.add(entry.act)
        for offset in entry.offsets:
            if self._concerns(entry, offset) and self._counts(entry, offset):
                self.first.setdefault(offset, Stand(entry.position, self.epoch))
                self._fold(entry, offset)

    def _concerns(self, entry: Entry, offset: int) -> bool:
        waits = entry.outcome == "PARKED" or offset in self.parked
        return offset >= self.floor or offset in self.also or waits

    def knows_end(self, offset: int) -> bool:
        """Whether nothing is to be done for this event on its topic any more."""
        return offset in self.ended or offset in self.parked

    def tells_of(self, offset: int) -> bool:
        """Whether an earlier owner wrote of this event."""
        return offset in self.first or offset in self.pins or self.knows_end(offset)

    def is_over(self, offset: int) -> bool:
        """Whether it has its end, and did not park again later."""
        return offset in self.ended and offset not in self.parked

    def doubt(self, offset: int) -> Mark | None:
        """The mark of a call whose effect nobody knows, or None."""
        marks = self._marks.get(offset)
        return marks[max(marks)] if marks else None

    @property
    def doubtful(self) -> dict[int, Mark]:
        """Every event in doubt."""
        return {offset: marks[max(marks)] for offset, marks in self._marks.items() if marks}

    def _counts(self, entry: Entry, offset: int) -> bool:
        """Whether it was written by the owner of its time, or answers a mark that was."""
        if entry.epoch == self.epoch:
            return True
        return entry.kind != "MARK" and entry.epoch in self._marks.get(offset, {})

    def _fold(self, entry: Entry, offset: int) -> None:
        if self.ended.get(offset, -1) >= entry.series:
            return
        if entry.kind == "MARK":
            mark = Mark(entry.epoch, entry.at, entry.series)
            self._marks.setdefault(offset, {})[entry.epoch] = mark
            self._pin(entry, offset)
        elif entry.kind == "ATTEMPT":
            self._attempted(entry, offset)
        elif entry.outcome in ENDS:
            self._end(entry, offset)
        elif entry.outcome == "PARKED":
            self.parked[offset] = entry.series
            for open_ in (self._marks, self.failing, self.pins):
                open_.pop(offset, None)

    def _end(self, entry: Entry, offset: int) -> None:
        for open_ in (self._marks, self.parked, self.failing, self.pins):
            open_.pop(offset, None)
        if offset >= self.floor or offset in self.also:
            self.ended[offset] = entry.series
        else:  # nobody asks about it any more
            del self.first[offset]

    def _pin(self, entry: Entry, offset: int) -> None:
        known = self.pins.get(offset)
        if known is None or known.series < entry.series:
            self.pins[offset] = Pin(entry.series, entry.epoch, entry.bundle, entry.settings)

    def _attempted(self, entry: Entry, offset: int) -> None:
        marks = self._marks.get(offset, {})
        mark = marks.get(entry.epoch)
        # One that was appended anew may stand behind the mark of a later call: not its answer.
        if mark is not None and entry.note != IN_DOUBT and entry.at >= mark.at:
            del marks[entry.epoch]
        if entry.note == NOT_SENT:
            pin = self.pins.get(offset)
            if pin is not None and pin.epoch == entry.epoch and offset not in self.failing:
                del self.pins[offset]
        elif entry.note != APART:
            failing = self.failing.setdefault(offset, Failing(0, entry.at))
            failing.failures += 1


def entry_of(position: int, document: Document) -> Entry | None:
    """The entry that a record hub.v1.Receipt holds; None for a kind of a later version."""
    kind = KINDS.get(str(document.get("kind")))
    if kind is None:
        return None
    listed = document.get("offsets")
    offsets = [_whole(o) for o in listed] if isinstance(listed, list) else []
    if not offsets and kind != "OWNER":
        offsets = [_whole(document.get("source_offset"))]
    return Entry(
        position,
        kind,
        _whole(document.get("epoch"), -1),
        tuple(offsets),
        _whole(document.get("at")),
        _whole(document.get("series")),
        str(document.get("outcome") or ""),
        str(document.get("note") or ""),
        _whole(document.get("act"), -1),
        str(document.get("bundle") or ""),
        str(document.get("settings") or ""),
    )


def _whole(value: Value, default: int = 0) -> int:
    return value if isinstance(value, int) else default
