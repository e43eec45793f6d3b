"""Who of the lanes in one worker process may start a call: equal shares, and idle ones are lent.

The process bears `total` calls at once. A lane below its equal share may always start: a system
that is slow and has borrowed every place must not hold up another. Calls under way are never taken
back, so what the others start then comes on top: at most one share of each. A borrower gives way by
starting nothing while a lane with fewer calls wants a place.
"""


class FairShare:
    """Places for calls in flight, across the lanes of one process. Decides, does not act.

    A lane that was refused wants a place until it starts a call or one of its own ends; it asks
    again then, and whenever another's call ends and it stands in `refused`.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._running: dict[str, int] = {}  # by lane
        self._refused: dict[str, None] = {}  # a set that keeps the order

    def join(self, name: str) -> None:
        """A lane of this process; from now on it has a share. Before its first question."""
        self._running.setdefault(name, 0)

    def leave(self, name: str) -> None:
        """A lane that has ended: its share is the others'."""
        self._running.pop(name, None)
        self._refused.pop(name, None)

    @property
    def share(self) -> int:
        """Calls that each lane may have in flight whatever the others do; at least one."""
        return max(1, self._total // max(1, len(self._running)))

    @property
    def refused(self) -> list[str]:
        """The lanes that want a place, in their turn: the fewest calls, then the longest wait."""
        if not self._refused:  # most of the time, and asked after each call
            return []
        return sorted(self._refused, key=self._running.__getitem__)

    def may_start(self, name: str) -> bool:
        """Whether this lane, which has something to send, may start a call now.

        After a yes, `started` follows before anybody else asks. Raises KeyError for a lane that
        has not joined.
        """
        if self._running[name] < self.share:
            return True
        self._refused.setdefault(name)
        return sum(self._running.values()) < self._total and self.refused[0] == name

    def started(self, name: str) -> None:
        """A call of this lane starts."""
        self._running[name] += 1
        self._refused.pop(name, None)

    def ended(self, name: str) -> None:
        """A call of this lane has ended, whatever came of it."""
        self._running[name] -= 1
        self._refused.pop(name, None)
