"""Which offset a rival in Python may commit: calls end out of order, so a settled prefix counts."""

from collections import deque


class Settled:
    """One partition."""

    def __init__(self) -> None:
        self._order: deque[int] = deque()
        self._done: set[int] = set()
        self.next: int | None = None  # the offset to commit; None: nothing is settled yet

    def arrived(self, offset: int) -> None:
        """A record was read; offsets come in their order."""
        self._order.append(offset)

    def done(self, offset: int) -> None:
        """The board has answered."""
        self._done.add(offset)
        while self._order and self._order[0] in self._done:
            first = self._order.popleft()
            self._done.remove(first)
            self.next = first + 1
