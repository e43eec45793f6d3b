"""Writing the archive: what the auditor has read is buffered, and sealed now and then.

    archive.next(spot)      where reading has to begin, so that nothing is missing
    archive.append(records) in the order of each partition; what is in it already changes nothing
    archive.due(now)        whether it is time
    archive.seal(now)       one step: all that is buffered is in the archive, or nothing of it

One process writes (the auditor holds a lock). A seal that was broken off leaves files that no head
names: they stand in the intent, and the next opening removes them. What was buffered is on the
topics still, for these keep what is not archived.
"""

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import TypeAlias

from hub.audit.archive.joining import join, joined_names
from hub.audit.archive.lists import (
    HEAD,
    INTENT,
    Day,
    Head,
    Intent,
    Segment,
    day_of,
    decode_intent,
    encode,
    joined_head,
    merged_head,
    sealed_head,
    without_days,
)
from hub.audit.archive.lookup import MOST, merge_lookups, write_lookup
from hub.audit.archive.parquet import PIECE, merge_rows, write_rows
from hub.audit.archive.reading import read_head, read_list
from hub.audit.archive.rows import Row
from hub.audit.archive.sealing import Scopes, seal
from hub.audit.archive.segment import Sealed, write_segment
from hub.audit.archive.store import Store
from hub.records import Record, Spot

AGE = 600_000  # ms that the oldest buffered record waits at most
BYTES = 8 * 1_048_576  # of sealed content, buffered at most
RECORDS = 12_000  # buffered at most; a row takes about 1 KB
ERASED = "ERASED"  # kind of the act by which a dossier is erased
ERASING = 60_000  # ms after such an act in which what is buffered waits only so long as
PACE = 1_000  # this, ms: who gave the order waits until all that stood there then is archived
MERGE = 24  # files that seals have added to what is searched of a day, until they are merged

RowOf: TypeAlias = Callable[[Record], Row]
Place: TypeAlias = tuple[Spot, str]  # a partition and a day


class Archive:
    """One process's. Belongs to one thread."""

    def __init__(self, store: Store, keys: Scopes, row_of: RowOf, beside: Path) -> None:
        """`beside`: a folder for what is written on the way.

        Raises Halt where the archive is damaged, Retry where its storage does not answer.
        """
        self._store = store
        self._keys = keys
        self._row_of = row_of
        self._beside = beside
        beside.mkdir(parents=True, exist_ok=True)
        self.head = read_head(store)
        self._buffered: dict[Place, list[tuple[Sealed, Row]]] = {}
        self._next: dict[Spot, int] = {}
        self._bytes = self._records = 0
        self._erasing: int | None = None  # when an order to erase was last read, ms
        self._sealed = 0  # when it was last sealed, ms
        self._oldest: int | None = None  # when the first buffered record came, ms
        self._sweep()

    def next(self, spot: Spot) -> int | None:
        """The first offset that is neither archived nor buffered; None before the first record."""
        known = self._next.get(spot)
        return known if known is not None else self.head.next_of(spot)

    def append(self, records: Sequence[Record], now: int) -> None:
        """Buffer them. `now`: epoch ms.

        Raises Retry where a key cannot be kept or the schema registry cannot be asked; then none of
        them was taken.
        """
        new = self._new(records)
        if not new:
            return
        rows = [self._row_of(record) for record in new]
        for record, sealed, row in zip(new, seal(new, self._keys), rows, strict=True):
            spot = Spot(record.topic, record.partition)
            place = spot, day_of(record.timestamp)
            self._buffered.setdefault(place, []).append((sealed, row))
            self._next[spot] = record.offset + 1
            self._bytes += len(sealed.content)
            self._erasing = now if row.type == ERASED else self._erasing
        self._records += len(new)
        self._oldest = now if self._oldest is None else self._oldest

    def _new(self, records: Sequence[Record]) -> list[Record]:
        following = {spot: self.next(spot) or 0 for spot in {Spot(r[0], r[1]) for r in records}}
        new = []
        for record in records:
            spot = Spot(record.topic, record.partition)
            if record.offset >= following[spot]:
                following[spot] = record.offset + 1
                new.append(record)
        return new

    def due(self, now: int) -> bool:
        """Whether what is buffered should be sealed by now (epoch ms)."""
        if self._oldest is None:
            return False
        if self._bytes >= BYTES or self._records >= RECORDS:
            return True
        urgent = self._erasing is not None and abs(now - self._sealed) >= PACE
        return urgent or now - self._oldest >= AGE

    def seal(self, now: int) -> int:
        """Put what is buffered into the archive; how many records that were.

        Raises Retry or Halt where the storage does not take it: all of it stays buffered.
        """
        if not self._buffered:
            return 0
        sequence = self.head.sequence + 1
        days = {day for _, day in self._buffered}
        segments, rows, files = self._segments()
        search = {day: f"search/{day}-{sequence:09}.parquet" for day in days}
        lookup = {
            day: (f"search/{day}-{sequence:09}.rows",) for day in days if self._is_looked_up(day)
        }
        lists = {day: f"days/{day}-{sequence:09}.json" for day in days}
        replaced = [self.head.days[day].list for day in days if day in self.head.days]
        self._intend(
            (*files, *search.values(), *chain(*lookup.values()), *lists.values()), replaced
        )
        for name, raw in files.items():
            self._store.put(name, raw)
        for day in days:
            self._store.put(search[day], write_rows(rows[day], self._beside))
            self._put(lookup.get(day, ()), [write_lookup(rows[day])])
            old = self._listed(day)
            new = [one for one in segments if day_of(one.first_ms) == day]
            self._store.put(lists[day], encode([*old, *new]))
        self._commit(sealed_head(self.head, segments, lists, search, lookup), replaced)
        count = self._forget(now)
        self._merge(min(day_of(now), *days))
        return count

    def _is_looked_up(self, day: str) -> bool:
        """Not one that began before there were files for it: they would hold a part."""
        known = self.head.days.get(day)
        return known is None or bool(known.lookup)

    def drop(self, days: Iterable[str]) -> int:
        """Remove days whole, with their segments; how many records they had."""
        gone = [day for day in days if day in self.head.days]
        names = []
        for day in gone:
            names += [segment.name for segment in self._listed(day)]
            names += self.head.days[day].files
        count = sum(self.head.days[day].records for day in gone)
        self._intend((), names)
        self._commit(without_days(self.head, gone), names)
        return count

    def _segments(
        self,
    ) -> tuple[list[Segment], dict[str, list[Row]], dict[str, bytes]]:
        """What is buffered, as segments, rows by day, and files by name."""
        segments: list[Segment] = []
        rows: dict[str, list[Row]] = {}
        files: dict[str, bytes] = {}
        for (spot, day), buffered in sorted(self._buffered.items()):
            sealed = [one for one, _ in buffered]
            name = f"avro/{spot.topic}/{spot.partition}/{day}/{sealed[0].offset:018}.avro"
            raw, extents = write_segment(spot, sealed)
            files[name] = raw
            segments.append(_segment(spot, sealed, name, raw))
            rows.setdefault(day, []).extend(
                row._replace(segment=name, start=start, length=length)
                for (_, row), (start, length) in zip(buffered, extents, strict=True)
            )
        return segments, rows, files

    def _listed(self, day: str) -> list[Segment]:
        known = self.head.days.get(day)
        return read_list(self._store, known.list) if known else []

    def _merge(self, today: str) -> None:
        """Many files of a day become few: all of one that is over, of a long one what is fresh.

        So a row is moved twice at most, however long its day is.
        """
        for day, one in self.head.days.items():
            if day < today and not one.joined:
                self._join_day(day, one)
            elif one.fresh > MERGE:
                self._merge_day(day, one)
            else:
                continue
            return  # one at a time: sealing must not wait for long

    def _join_day(self, day: str, one: Day) -> None:
        """Nothing comes any more: few segments, and rows that say where in them content lies."""
        begin = f"{day}-{self.head.sequence + 1:09}"
        listed = self._listed(day)
        groups = joined_names(listed, begin)
        search = [f"search/{begin}-{n:03}.parquet" for n in range(one.records // PIECE + 1)]
        lookup = [f"search/{begin}-{n:03}.rows" for n in range(2 * one.records // MOST + 1)]
        name = f"days/{begin}.json"
        old = (*one.files, *(each.name for group in groups.values() for each in group))
        self._intend((*groups, *search, *lookup, name), old)
        joined, moved = join(self._store, groups)
        made = self._put(search, merge_rows(self._paths(one.search), self._beside, moved))
        looked = self._put(lookup, merge_lookups(self._paths(one.lookup), moved))
        kept = [each for each in listed if each.name not in moved]
        self._store.put(name, encode([*kept, *joined]))
        whole = Day(name, tuple(made), one.records, 0, tuple(looked), joined=True)
        self._commit(joined_head(self.head, day, whole), (*one.files, *moved))

    def _merge_day(self, day: str, one: Day) -> None:
        begin = f"search/{day}-{self.head.sequence + 1:09}"
        search = [f"{begin}-{n:03}.parquet" for n in range(one.records // PIECE + 1)]
        lookup = [f"{begin}-{n:03}.rows" for n in range(2 * one.records // MOST + 1)]
        rows, looked = one.search[-one.fresh :], one.lookup[-one.fresh :]
        self._intend((*search, *lookup), (*rows, *looked))
        search = self._put(search, merge_rows(self._paths(rows), self._beside))
        lookup = self._put(lookup, merge_lookups(self._paths(looked)))
        head = merged_head(self.head, day, search, lookup)
        self._commit(head, (*rows, *looked))

    def _paths(self, names: Iterable[str]) -> list[Path]:
        return [self._store.path(name) for name in names]

    def _put(self, names: Iterable[str], files: Iterable[bytes]) -> list[str]:
        """Write these files under the first of these names; under which."""
        made = []
        for name, raw in zip(names, files, strict=False):
            self._store.put(name, raw)
            made.append(name)
        return made

    def _intend(self, new: Iterable[str], old: Iterable[str]) -> None:
        intent = Intent(self.head.sequence + 1, tuple(new), tuple(old))
        self._store.put(INTENT, encode(intent))

    def _commit(self, head: Head, replaced: Iterable[str]) -> None:
        """From here on it counts."""
        self._store.put(HEAD, encode(head))
        self.head = head
        for name in replaced:
            self._store.delete(name)

    def _sweep(self) -> None:
        """Remove what a step left behind that was broken off."""
        raw = self._store.get(INTENT)
        if raw is not None:
            for name in decode_intent(raw).useless(self.head):
                self._store.delete(name)

    def _forget(self, now: int) -> int:
        count = self._records
        self._buffered.clear()
        self._next.clear()
        self._bytes = self._records = 0
        self._oldest = None
        self._sealed = now
        if self._erasing is not None and abs(now - self._erasing) >= ERASING:
            self._erasing = None
        return count


def _segment(spot: Spot, sealed: Sequence[Sealed], name: str, raw: bytes) -> Segment:
    return Segment(
        topic=spot.topic,
        partition=spot.partition,
        first=sealed[0].offset,
        next=sealed[-1].offset + 1,
        records=len(sealed),
        first_ms=sealed[0].timestamp,
        name=name,
        bytes=len(raw),
        sha256=sha256(raw).hexdigest(),
    )
