"""Which of the events that wait for a call go out together.

An event whose flow joins takes others of its kind along: as many as the flow's size of the moment,
and as it may have about it itself. Who is in doubt goes alone: it is asked about, or repeated, by
itself. Who was refused with others goes in half of that company, so that after a few calls the one
at fault stands alone, and the others have been told.

A call waits to be full only where its flow says so (`linger`), and only while another one is under
way: what ends first, that call or the time, sends it.
"""

from collections import Counter, deque
from collections.abc import Iterable
from math import inf

from hub.delivery.batch_size import BatchSize
from hub.delivery.batching import Joining, Part, company
from hub.delivery.held import Held, Key
from hub.delivery.outflow import Outflow

Item = tuple[Key, Held]
LOOK = 4  # times the size: so many of those that wait are looked at for company


class Companies:
    """One lane's, by flow."""

    def __init__(self, flows: Iterable[Outflow]) -> None:
        self._sizes: dict[str, BatchSize] = {}
        self._linger: dict[str, float] = {}
        self._lingers = False
        self.most = 1
        self.take_up(flows)

    def take_up(self, flows: Iterable[Outflow]) -> None:
        """These are the flows now; events of those that they replace may still be on their way."""
        for one in (flow.joining for flow in flows if flow.joining):
            known = self._sizes.get(one.flow)
            if known is None or known.most != one.batch.most:
                self._sizes[one.flow] = BatchSize(one.batch.most)
            self._linger[one.flow] = one.batch.linger
        self._lingers = any(self._linger.values())
        self.most = max((size.most for size in self._sizes.values()), default=1)

    @property
    def largest(self) -> int:
        """How many events one call may hold now."""
        return max(size.limit for size in self._sizes.values()) if self._sizes else 1

    def size(self, joining: Joining) -> BatchSize:
        """How many items of this flow go in one call; it learns from each."""
        return self._sizes[joining.flow]

    def join(self, held: Held, waiting: deque[Item]) -> list[Item]:
        """Those who go with it, taken out of those that wait."""
        part = _part(held)
        if part is None:
            return []
        size = self._sizes[part.flow].limit
        most = min(size, _bound(held) or size)
        if most == 1:
            return []
        seen = [waiting.popleft() for _ in range(min(len(waiting), LOOK * most))]
        parts = [_part(one) if _alike(one, held) else None for _, one in seen]
        places = {place - 1 for place in company([part, *parts], most)}
        others = [item for place, item in enumerate(seen) if place not in places]
        waiting.extendleft(reversed(others))
        return [item for place, item in enumerate(seen) if place in places]

    def first(self, waiting: deque[Item], now: float) -> tuple[int, float]:
        """The place of the first that need not wait for company, and 0; or seconds until one is.

        `now`: seconds of a clock that never goes back.
        """
        if not self._lingers:
            return 0, 0.0
        flows = Counter(part.flow for _, held in waiting if (part := _part(held)))
        soonest = inf
        for place, (_, held) in enumerate(waiting):
            seconds = self._seconds(held, flows, now)
            if seconds <= 0:
                return place, 0.0
            soonest = min(soonest, seconds)
        return 0, soonest

    def _seconds(self, held: Held, flows: Counter[str], now: float) -> float:
        part = _part(held)
        if part is None or _bound(held) or flows[part.flow] >= self._sizes[part.flow].limit:
            return 0.0
        held.waits_since = held.waits_since or now
        return held.waits_since + self._linger[part.flow] - now


def _part(held: Held) -> Part | None:
    return held.job.part if held.job else None


def _alike(one: Held, other: Held) -> bool:
    """Whether they may go in the same calls: neither knows another version than the other."""
    return _bound(one) == _bound(other) and one.version is other.version


def _bound(held: Held) -> int:
    """How many may be in one call with it, itself included; 0: as many as the flow says."""
    return 1 if held.job and held.job.in_doubt else held.company
