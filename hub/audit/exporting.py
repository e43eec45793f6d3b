"""An export: everything that was recorded in an interval, as a package that verifies offline.

It begins and ends at signed rounds that enclose the interval, and holds every leaf between them, so
that whoever verifies it sees that nothing was left out (hub/audit/FORMAT.md). Content goes in only
where it may be seen; without it, what stands there is committed to and not told.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from hub.audit.checkpoint import Round, log_name
from hub.audit.keys import Keys
from hub.audit.log import LeafLog
from hub.audit.package import Entries, PackageWriter
from hub.audit.proving import disclosed, log_folder, spot_of, unchanged
from hub.audit.verify import GAP_HASH
from hub.errors import Halt, Reject, Retry
from hub.records import Record, Spot

CHUNK = 4_096  # leaves that are read at once

# (partition, first, after) -> what stands at these offsets, in order, as far as it is known
Contents: TypeAlias = Callable[[Spot, int, int], Iterator[tuple[int, Record | None]]]


@dataclass(frozen=True, slots=True)
class Interval:
    """From the round `begin` (None: from the first leaf on) to the round `end`."""

    begin: Round | None
    end: Round

    def of(self, spot: Spot) -> tuple[int, int]:
        """The leaves of a log in it: from the first up to, not with, the second."""
        first = self.begin.checkpoint(spot) if self.begin else None
        last = self.end.checkpoint(spot)
        return (first.size if first else 0), (last.size if last else 0)

    @property
    def spots(self) -> list[Spot]:
        """Its logs: all that the round at its end names."""
        return [spot_of(log) for log in self.end.logs]


@dataclass(slots=True)
class Exported:
    """How much of it there is. `withheld`: records without their content."""

    logs: int = 0
    records: int = 0
    withheld: int = 0
    gaps: int = 0


def interval(
    rounds: Sequence[Round], since: int | None, until: int | None, needed: Mapping[Spot, int]
) -> Interval:
    """The rounds that enclose a time (epoch ms); None: from the beginning, up to the last round.

    `rounds` in order. `needed`: per partition, how many leaves the end must cover, that nothing of
    the time is behind it. Raises Retry where nothing that covers it was signed yet.
    """
    before = [one for one in rounds if since is not None and one.seconds * 1000 <= since]
    ends = [one for one in rounds if until is None or one.seconds * 1000 >= until]
    whole = (ends[-1:] if until is None else [one for one in ends if _covers(one, needed)])[:1]
    if not whole:
        raise Retry(
            "nothing was signed yet that covers this time to its end",
            where="--to",
            fix="see that the auditor runs, or name an earlier time",
        )
    return Interval(before[-1] if before else None, whole[0])


def _covers(one: Round, needed: Mapping[Spot, int]) -> bool:
    sizes = {spot: one.checkpoint(spot) for spot in needed}
    return all((at.size if at else 0) >= needed[spot] for spot, at in sizes.items())


def export(
    folder: Path,
    chosen: Interval,
    target: Path,
    public_keys: str,
    contents: Contents | None,
    keys: Keys | None,
) -> Exported:
    """Write the package of an interval to `target`, which must not be there yet.

    `folder`: the evidence's own. `contents` and `keys`: to disclose; None withholds. The package
    appears whole or not at all. Raises Reject where it is there, Halt where log or record are not
    what was signed, OSError where the disk does not take it.
    """
    if target.exists():
        raise Reject("is there already", where=str(target), fix="name another folder")
    done = Exported()
    with _whole(target) as half:
        writer = PackageWriter(half, chosen.end.heads, public_keys)
        for spot in chosen.spots:
            _export_log(folder, chosen, spot, writer, contents, keys, done)
        writer.finish()
    return done


@contextmanager
def _whole(target: Path) -> Iterator[Path]:
    half = target.with_name(f"{target.name}.partial")
    shutil.rmtree(half, ignore_errors=True)
    try:
        yield half
        half.rename(target)
    finally:
        shutil.rmtree(half, ignore_errors=True)


def _export_log(
    folder: Path,
    chosen: Interval,
    spot: Spot,
    writer: PackageWriter,
    contents: Contents | None,
    keys: Keys | None,
    done: Exported,
) -> None:
    first, after = chosen.of(spot)
    name = log_name(spot)
    notes = [one.logs[name] for one in (chosen.begin, chosen.end) if one and name in one.logs]
    log = LeafLog(log_folder(folder, spot))
    try:
        for one in (chosen.begin, chosen.end):
            checkpoint = one.checkpoint(spot) if one else None
            if checkpoint is not None:
                unchanged(log, checkpoint)
        with writer.log(spot, first, log.subtree, notes if first else notes[-1:]) as entries:
            told = contents(spot, first, after) if contents is not None else iter(())
            _entries(log, range(first, after), told, keys, entries, done)
    finally:
        log.close()
    done.logs += 1


def _entries(
    log: LeafLog,
    offsets: range,
    told: Iterator[tuple[int, Record | None]],
    keys: Keys | None,
    entries: Entries,
    done: Exported,
) -> None:
    """One entry for each leaf; with what is told of it, where that is what was recorded."""
    known = next(told, None)
    for begin in range(offsets.start, offsets.stop, CHUNK):
        leaves = log.leaves(begin, min(begin + CHUNK, offsets.stop))
        for offset, leaf in enumerate(leaves, begin):
            record = None
            if known is not None and known[0] == offset:
                record, known = known[1], next(told, None)
            shown = disclosed(record, leaf, keys) if record and keys else None
            if leaf == GAP_HASH:
                entries.gap()
                done.gaps += 1
            elif shown is None:
                entries.withheld(leaf)
                done.withheld += 1
            else:
                entries.record(leaf, shown)
                done.records += 1
    if known is not None:
        raise Halt(
            f"the archive holds a record at {known[0]} that the log does not",
            where=log.folder.name,
            fix="see what was changed: hub audit verify --records",
        )
