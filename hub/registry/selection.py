"""Which agencies a registration serves, and since when.

That an agency moves from one registration to another takes effect at one moment, the same for both
however far each has come: an event is judged by what was registered when the broker took it. So
none falls between them; where the new one was registered before the old one gave the agency up,
what came meanwhile is told to both.
"""

from collections.abc import Sequence
from typing import NamedTuple


class Selection(NamedTuple):
    """What was served until then. `until`: epoch ms, of the change."""

    until: int
    agencies: frozenset[str]


def agencies_at(before: Sequence[Selection], now: frozenset[str], at: int | None) -> frozenset[str]:
    """What was served at that time (epoch ms); `now` where it is None.

    `before`: oldest first. What came before the first of them is judged by the first: a
    registration may start at the beginning of the topics.
    """
    if at is not None:
        for one in before:
            if at < one.until:
                return one.agencies
    return now
