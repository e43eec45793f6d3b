"""What may be deleted: from the topics once it is archived, from the archive after a year.

Topics of evidence expire nothing by themselves (design, *Evidence*). A record goes when all of it
holds: it is old enough, archived, signed for, behind the place from which any live or paused
registration would recover, and belongs to no open dead letter. Days of the archive go by age alone,
but not while somebody has still to decide about a failure of that time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hub.audit.archive.lists import day_of
from hub.records import Spot

TOPIC_DAYS = 30  # that topics keep, at least
ARCHIVE_DAYS = 366  # that the archive keeps, at least: twelve months, a leap day among them
DAY_MS = 86_400_000


class Hold(NamedTuple):
    """What stands at this offset and behind it must stay."""

    spot: Spot
    offset: int
    why: str


@dataclass(frozen=True, slots=True)
class Stock:
    """A partition as it is. `old`: the first offset that is not old enough yet."""

    spot: Spot
    begin: int
    old: int
    archived: int
    signed: int


@dataclass(frozen=True, slots=True)
class Cut:
    """What may be deleted of a partition: `begin` up to, not with, `before`.

    `kept_by`: what holds the next record.
    """

    spot: Spot
    begin: int
    before: int
    kept_by: str

    @property
    def count(self) -> int:
        """How many offsets that is."""
        return self.before - self.begin


def cuts(stocks: Iterable[Stock], holds: Iterable[Hold]) -> list[Cut]:
    """What may be deleted of each partition; nothing where `before` is its beginning."""
    by_spot: dict[Spot, list[Hold]] = {}
    for hold in holds:
        by_spot.setdefault(hold.spot, []).append(hold)
    return [_cut(stock, by_spot.get(stock.spot, ())) for stock in stocks]


def _cut(stock: Stock, holds: Sequence[Hold]) -> Cut:
    bounds = [
        (stock.old, "its age"),
        (stock.archived, "it is not archived"),
        (stock.signed, "it is not signed for"),
        *((hold.offset, hold.why) for hold in holds),
    ]
    before, why = min(bounds)
    return Cut(stock.spot, stock.begin, max(stock.begin, before), why)


def expired(days: Iterable[str], now: int, held_since: int | None, keep: int) -> list[str]:
    """The days of the archive that may be dropped, oldest first.

    `now`: epoch ms. `held_since`: the time of the oldest failure that is open, epoch ms. `keep`:
    days, not less than `ARCHIVE_DAYS`. Raises ValueError for less.
    """
    if keep < ARCHIVE_DAYS:
        raise ValueError(f"the archive keeps {ARCHIVE_DAYS} days at least")
    bounds = [day_of(now - keep * DAY_MS)]
    if held_since is not None:
        bounds.append(day_of(held_since))
    return sorted(day for day in days if day < min(bounds))


def recovery_holds(
    commits: Mapping[str, Mapping[Spot, tuple[int, int, int]]],
    spots: Iterable[Spot],
    receipts: str,
    acts: str,
) -> list[Hold]:
    """What each registration would read when its partitions are taken over.

    `commits`: by registration, per partition of events what it has committed: the offset, and in
    its metadata the positions on `receipts` and `acts`. `spots`: the partitions of events; one that
    a registration has committed nothing for is read from its beginning.
    """
    found = []
    for name, committed in commits.items():
        why = f"{name} would recover from there"
        for spot in spots:
            offset, journal, act = committed.get(spot, (0, 0, 0))
            found.append(Hold(spot, offset, why))
            found.append(Hold(Spot(receipts, spot.partition), journal, why))
            found.append(Hold(Spot(acts, spot.partition), act, why))
    return found
