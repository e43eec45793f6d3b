"""What the archive holds: one small head, and a list of segments for each day.

A seal writes several files, and they must appear together or not at all. So nothing counts that the
head does not name, and the head is replaced in one step, last. One process writes; readers take the
head and see a whole archive, an older or a newer one.

    head.json                    where each partition goes on; the days; which list holds for each
    days/<day>-<sequence>.json   the day's segments
    avro/…                       segments (hub.audit.archive.segment)
    search/…                     what is searched (hub.audit.archive.parquet, .lookup)

Days are UTC, by the broker's time of the record.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from hub.errors import Halt
from hub.records import Spot

HEAD = "head.json"
INTENT = "intent.json"
VERSION = 1


class Segment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of sealed records: those of a partition from `first` up to, not with, `next`.

    Offsets in between that have no record had none on the topic either. `first_ms`: the time of
    its first record.
    """

    topic: str
    partition: int
    first: int
    next: int
    records: int
    first_ms: int
    name: str
    bytes: int
    sha256: str

    @property
    def spot(self) -> Spot:
        """Its partition."""
        return Spot(self.topic, self.partition)


class Day(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One day: the list of its segments, and what is searched.

    `search` answers any question, `lookup` those for dossiers; every row stands in both.
    """

    list: str
    search: tuple[str, ...]
    records: int
    fresh: int = 0  # of `search` and `lookup`, how many the last seals added: to be merged
    lookup: tuple[str, ...] = ()  # none: of a day from before there were such files
    joined: bool = False  # over, and in as few segments and files as it needs

    @property
    def files(self) -> tuple[str, ...]:
        """All but the segments."""
        return (self.list, *self.search, *self.lookup)


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The archive as a whole. `next`: by partition, the first offset that is not in it."""

    version: int = VERSION
    sequence: int = 0
    next: dict[str, int] = {}
    gone: str = ""  # the last day that was dropped by its age
    days: dict[str, Day] = {}

    def next_of(self, spot: Spot) -> int | None:
        """The first offset of a partition that is not archived; None before its first record."""
        return self.next.get(spot_text(spot))

    def between(self, since: int | None, until: int | None) -> list[str]:
        """The days that may hold records of that time (epoch ms, until is not part), in order."""
        first = day_of(since) if since is not None else ""
        last = day_of(until - 1) if until is not None else "9999"
        return sorted(day for day in self.days if first <= day <= last)


class Intent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step that is about to be made: no more than this is left behind where it is broken off.

    `sequence`: of the head that it ends with. `new`: the files that it writes, of no use without
    that head; `old`: those that it replaces, of no use with it.
    """

    sequence: int
    new: tuple[str, ...]
    old: tuple[str, ...]

    def useless(self, head: Head) -> tuple[str, ...]:
        """The files that this head does not need."""
        return self.old if head.sequence >= self.sequence else self.new


def sealed_head(
    head: Head,
    segments: Iterable[Segment],
    lists: Mapping[str, str],
    search: Mapping[str, str],
    lookup: Mapping[str, tuple[str, ...]],
) -> Head:
    """The head after a seal. `lists`, `search`, `lookup`: by day, the new names."""
    following = dict(head.next)
    counts: dict[str, int] = {}
    for segment in segments:
        spot = spot_text(segment.spot)
        following[spot] = max(following.get(spot, 0), segment.next)
        day = day_of(segment.first_ms)
        counts[day] = counts.get(day, 0) + segment.records
    days = dict(head.days)
    for day, name in lists.items():
        before = days.get(day, Day(name, (), 0))
        days[day] = Day(
            name,
            (*before.search, search[day]),
            before.records + counts[day],
            before.fresh + 1,
            (*before.lookup, *lookup.get(day, ())),
        )
    return replace(head, sequence=head.sequence + 1, next=following, days=days)


def merged_head(head: Head, day: str, search: Sequence[str], lookup: Sequence[str]) -> Head:
    """The head after what the last seals added to a day was put in order, in fewer files."""
    one = head.days[day]
    merged = replace(
        one,
        search=(*one.search[: -one.fresh], *search),
        lookup=(*one.lookup[: -one.fresh], *lookup),
        fresh=0,
    )
    days = {**head.days, day: merged}
    return replace(head, sequence=head.sequence + 1, days=days)


def joined_head(head: Head, day: str, one: Day) -> Head:
    """The head after a day that is over was put in as few files as it needs."""
    return replace(head, sequence=head.sequence + 1, days={**head.days, day: one})


def without_days(head: Head, gone: Sequence[str]) -> Head:
    """The head after days were dropped; nothing of them is taken in again."""
    days = {day: one for day, one in head.days.items() if day not in gone}
    last = max((head.gone, *(day for day in gone if day in head.days)))
    return replace(head, sequence=head.sequence + 1, gone=last, days=days)


def day_of(ms: int) -> str:
    """The day of a time: `2026-11-23`."""
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def spot_text(spot: Spot) -> str:
    """A partition as the head writes it: `hub.dossier/3`."""
    return f"{spot.topic}/{spot.partition}"


def encode(value: Head | Intent | list[Segment]) -> bytes:
    """As it is stored: JSON, so that people can read it."""
    return msgspec.json.encode(value)


def decode_head(raw: bytes) -> Head:
    """Raises Halt for a head of another version, or a damaged one."""
    head = _decode(raw, Head, HEAD)
    if head.version != VERSION:
        raise Halt(
            f"the archive is of version {head.version}, this hub knows {VERSION}", where=HEAD
        )
    return head


def decode_intent(raw: bytes) -> Intent:
    """Raises Halt where it is damaged."""
    return _decode(raw, Intent, INTENT)


def decode_list(raw: bytes, name: str) -> list[Segment]:
    """The segments of a day. Raises Halt where the list is damaged."""
    return _decode(raw, list[Segment], name)


T = TypeVar("T")


def _decode(raw: bytes, kind: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.DecodeError as error:
        raise Halt("is damaged", where=name, fix="restore the archive from its copy") from error
