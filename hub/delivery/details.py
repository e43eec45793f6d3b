"""Listed items whose detail the system does not give: how long to wait for each.

What is listed and cannot be read may come a moment later, or never. It is asked for again with each
poll; once it has been missing for long, while the details of others came, it is its own trouble and
not the system's. Then it goes to a person, for the list would never get past it.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

WAITS = 3_600.0  # seconds: a list that runs ahead of its details does so for minutes
OTHERS = 3  # details that came since


@dataclass(frozen=True, slots=True)
class _Missed:
    since: float
    answered: int


class Details:
    """Those of one poll. Decides, does not act."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that never go back."""
        self._clock = clock
        self._answered = 0
        self._missed: dict[str, _Missed] = {}  # by item

    def came(self, item: str) -> None:
        """The detail of this item is there."""
        self._answered += 1
        self._missed.pop(item, None)

    def never_comes(self, item: str) -> bool:
        """The detail of this item is not there; whether it is waited for no longer."""
        now = self._clock()
        first = self._missed.setdefault(item, _Missed(now, self._answered))
        return now - first.since >= WAITS and self._answered - first.answered >= OTHERS

    def only(self, items: Collection[str]) -> None:
        """No others are listed now: forget them."""
        for item in self._missed.keys() - set(items):
            del self._missed[item]
