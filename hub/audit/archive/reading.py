"""Reading the archive: rows that fit, and what the records said.

Beside the process that writes: what is read is the archive of one moment. A merge may remove a file
that a reader has just learnt of: `steadily` asks anew then.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hub.audit.archive.lists import HEAD, Head, Segment, decode_head, decode_list
from hub.audit.archive.lookup import answers, look_up
from hub.audit.archive.query import Query
from hub.audit.archive.rows import Row
from hub.audit.archive.sealing import Scopes, unseal
from hub.audit.archive.segment import read_record, read_segment
from hub.audit.archive.store import Store
from hub.errors import Halt
from hub.records import Record, Spot


def read_head(store: Store) -> Head:
    """The archive as it is now; an empty one where nothing was sealed yet."""
    raw = store.get(HEAD)
    return Head() if raw is None else decode_head(raw)


def read_list(store: Store, name: str) -> list[Segment]:
    """The segments of a day. Raises Halt where the list is missing or damaged."""
    raw = store.get(name)
    if raw is None:
        raise Halt("is missing in the archive", where=name, fix="restore the archive from its copy")
    return decode_list(raw, name)


T = TypeVar("T")
AGAIN = 2  # times that a question may meet a merge, and is asked once more


@dataclass(frozen=True, slots=True)
class Found:
    """The rows of a search, and the archive's head at that moment."""

    rows: list[Row]
    head: Head


def search(store: Store, query: Query) -> Found:
    """The last rows of the archive that fit, in the order of recording.

    Raises Halt where a file is missing or damaged.
    """
    head = read_head(store)
    return Found(_rows(store, head, query), head)


def steadily(store: Store, ask: Callable[[], T]) -> T:
    """What `ask` gives; asked again where it met a merge. Raises Halt for anything else."""
    for _ in range(AGAIN):
        head = read_head(store)
        try:
            return ask()
        except Halt:
            if read_head(store).sequence == head.sequence:
                raise
    return ask()


def _rows(store: Store, head: Head, query: Query) -> list[Row]:
    days = [head.days[day] for day in head.between(query.since, query.until)]
    known = [day for day in days if day.lookup] if answers(query) else []
    found = look_up([store.path(name) for day in known for name in day.lookup], query)
    rest = [store.path(name) for day in days if day not in known for name in day.search]
    if not rest:
        return found
    from hub.audit.archive.parquet import search_rows  # DuckDB takes longer than a look

    everywhere = searched(store, head) if query.procedure is not None else ()
    found += search_rows(rest, query, everywhere)
    return sorted(found, key=lambda row: row[:4])[-query.most :]


def searched(
    store: Store, head: Head, since: int | None = None, until: int | None = None
) -> list[Path]:
    """The files that hold the rows of that time (epoch ms)."""
    return [store.path(n) for day in head.between(since, until) for n in head.days[day].search]


def contents(store: Store, keys: Scopes, rows: Sequence[Row]) -> dict[Row, Record | None]:
    """The records of archived rows, whole; None where the key was destroyed.

    Raises Halt where the archive holds something else there.
    """
    by_segment: dict[str, list[Row]] = {}
    for row in rows:
        by_segment.setdefault(row.segment, []).append(row)
    found: dict[Row, Record | None] = {}
    for name, wanted in by_segment.items():
        parts = store.parts(name, [(row.start, row.length) for row in wanted])
        for row, raw in zip(wanted, parts, strict=True):
            sealed = read_record(raw)
            if sealed.offset != row.place:
                raise Halt("what is searched does not fit the archive", where=name)
            found[row] = unseal(sealed, Spot(row.topic, row.part), keys)
    return found


def segments_of(store: Store, head: Head, spot: Spot) -> list[Segment]:
    """A partition's segments, in order."""
    found = [
        one
        for day in sorted(head.days)
        for one in read_list(store, head.days[day].list)
        if one.spot == spot
    ]
    return sorted(found, key=lambda one: one.first)


def records(
    store: Store, keys: Scopes, segments: Sequence[Segment], first: int, after: int
) -> Iterator[tuple[int, Record | None]]:
    """The records of these segments from offset `first` up to, not with, `after`.

    Each with its offset; None where the key was destroyed. Raises Halt where a segment is missing
    or damaged.
    """
    for segment in segments:
        if segment.next <= first or segment.first >= after:
            continue
        raw = store.get(segment.name)
        if raw is None and (others := _moved_to(store, segment)):
            yield from records(store, keys, others, max(first, segment.first), after)
            return
        if raw is None or len(raw) != segment.bytes:
            raise Halt(
                "is missing or cut off", where=segment.name, fix="restore the archive from its copy"
            )
        for sealed, _ in read_segment(raw):
            if first <= sealed.offset < after:
                yield sealed.offset, unseal(sealed, segment.spot, keys)


def _moved_to(store: Store, segment: Segment) -> list[Segment]:
    """What a partition has from a segment on, which has become part of another since."""
    found = segments_of(store, read_head(store), segment.spot)
    if any(one.name == segment.name for one in found):
        return []
    return [one for one in found if one.next > segment.first]
