"""Small segments of a day that is over become few: the same records, in files of some megabytes.

A seal writes a segment for each partition, so a busy day leaves thousands of them. Their records
are copied as they are, block by block: what a leaf commits to and what a key encrypts stays, and
proofs with it. What is searched says then where in the new file a record lies.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import sha256

from msgspec.structs import replace

from hub.audit.archive.lists import Segment
from hub.audit.archive.segment import join_segments
from hub.audit.archive.store import Store
from hub.log import get_logger

log = get_logger("hub.audit")
MOST = 8 * 1_048_576  # bytes of a segment that is made of several; held twice on the way


def joined_names(segments: Iterable[Segment], begin: str) -> dict[str, list[Segment]]:
    """Which segments become one, by its name; `begin`: what no other step's names have."""
    return {
        f"avro/{g[0].topic}/{g[0].partition}/{begin}/{g[0].first:018}.avro": g
        for g in adjacent(segments, MOST)
    }


def adjacent(segments: Iterable[Segment], most: int) -> Iterator[list[Segment]]:
    """Those that can be one: of a partition, without an offset between them, some `most` bytes."""
    group: list[Segment] = []
    for one in sorted(segments, key=lambda one: (one.spot, one.first)):
        follows = bool(group) and (group[-1].spot, group[-1].next) == (one.spot, one.first)
        if not follows or sum(each.bytes for each in group) + one.bytes > most:
            yield from [group] if len(group) > 1 else []
            group = []
        group.append(one)
    yield from [group] if len(group) > 1 else []


def join(
    store: Store, groups: Mapping[str, Sequence[Segment]]
) -> tuple[list[Segment], dict[str, tuple[str, int]]]:
    """Write segments of several each; what they are, and what has moved there from where.

    One that is not as it was sealed is told of, and its group stays as it is.
    """
    made: list[Segment] = []
    moved: dict[str, tuple[str, int]] = {}
    for name, group in groups.items():
        raws = [store.get(one.name) or b"" for one in group]
        changed = [
            one
            for one, raw in zip(group, raws, strict=True)
            if sha256(raw).hexdigest() != one.sha256
        ]
        if changed:
            log.error("segment_changed", where=changed[0].name, fix="restore it from a copy")
            continue
        raw, shifts = join_segments(group[0].spot, group[0].first, raws)
        store.put(name, raw)
        moved |= {o.name: (name, shift) for o, shift in zip(group, shifts, strict=True)}
        made.append(
            replace(
                group[0],
                next=group[-1].next,
                records=sum(one.records for one in group),
                name=name,
                bytes=len(raw),
                sha256=sha256(raw).hexdigest(),
            )
        )
    return made, moved
