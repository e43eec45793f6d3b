"""In which order parked dossiers go on, where several may.

First the one that is due first, as far as the views tell that in time; of the others the one that
failed first. The views only choose the order: without them the same dossiers go on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import TypeAlias

from hub.delivery.acts import dossier_of
from hub.delivery.held import Key
from hub.log import get_logger, place_of
from hub.threads import apart

log = get_logger("hub.delivery")
# dossier codes -> when each is due, in texts that sort by time, as far as it is known; blocking
DueDates: TypeAlias = Callable[[Sequence[str]], Mapping[str, str]]
UNKNOWN = "~"  # stands behind every date


@dataclass(frozen=True, slots=True)
class Return:
    """A dossier that is to go on. `since`: its first failure, epoch ms; `act`: -1 for none."""

    key: Key
    since: int
    act: int
    done: Callable[[], None] | None


class Returning:
    """The dossiers of one lane that are to go on. Belongs to its event loop."""

    def __init__(self, due: DueDates | None) -> None:
        self._due = due
        self._fresh: list[Return] = []  # whose due date was not asked yet
        self._ordered: list[tuple[str, int, int, Return]] = []
        self._count = 0  # so that of equals the first comes first

    def add(self, one: Return) -> None:
        """One more."""
        self._fresh.append(one)

    async def next(self) -> Return | None:
        """The one that goes first, which then is here no more; None if there is none."""
        while self._fresh:
            fresh, self._fresh = self._fresh, []
            self._order(fresh, await self._asked(fresh))
        return heappop(self._ordered)[-1] if self._ordered else None

    async def _asked(self, fresh: Sequence[Return]) -> Mapping[str, str]:
        if self._due is None or len(fresh) + len(self._ordered) < 2:  # noqa: PLR2004 - no order
            return {}
        by_age = sorted(fresh, key=lambda one: one.since)
        codes = [dossier_of(one.key[2]) for one in by_age]
        try:
            return await apart(self._due, codes)
        except Exception as error:  # noqa: BLE001 - a bug there costs the order, not the turn
            log.error("due_dates_bug", error=type(error).__name__, at=place_of(error))
            return {}

    def _order(self, fresh: Sequence[Return], due: Mapping[str, str]) -> None:
        for one in fresh:
            self._count += 1
            when = due.get(dossier_of(one.key[2]), UNKNOWN)
            heappush(self._ordered, (when, one.since, self._count, one))
