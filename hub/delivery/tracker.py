"""Which offset may be committed.

Kafka keeps one offset per partition, but calls finish out of order. To commit the highest finished
one would lose the events before it that are still in flight. So an offset counts only once
everything before it is settled; what was skipped counts as settled.
"""

from collections import deque


class OffsetTracker:
    """The offsets of one partition, from the first one polled. Not thread-safe."""

    def __init__(self, start: int) -> None:
        """`start` is the committed offset: the first one not settled."""
        self._next = start  # the offset that may be committed
        self._open: deque[int] = deque()  # polled and not settled, ascending
        self._settled: set[int] = set()  # settled, but something before them is open
        self._after = start  # one behind the last offset polled

    def polled(self, offset: int) -> None:
        """The consumer gave this offset; offsets rise but may leave gaps (compaction, markers).

        Raises ValueError for one that does not rise: the consumer went back without telling.
        """
        if offset < self._after:
            raise ValueError(f"offset {offset} after {self._after - 1}")
        self._after = offset + 1
        self._open.append(offset)

    def passed(self, offset: int) -> None:
        """The consumer gave this offset, and it needs nothing: `polled` and `settled` in one.

        Raises ValueError as `polled` does.
        """
        if offset < self._after:
            raise ValueError(f"offset {offset} after {self._after - 1}")
        self._after = offset + 1
        if not self._open:
            self._next = self._after

    def settled(self, offset: int) -> None:
        """The event at this offset needs nothing more. Settling twice is harmless."""
        if offset < self._next:
            return
        self._settled.add(offset)
        while self._open and self._open[0] in self._settled:
            self._settled.discard(self._open.popleft())
        self._next = self._open[0] if self._open else self._after

    @property
    def committable(self) -> int:
        """The next offset to read if this process ended now."""
        return self._next

    @property
    def last(self) -> int:
        """The last offset that the consumer gave; one before the first where it gave none."""
        return self._after - 1

    @property
    def open(self) -> int:
        """How many polled offsets are not settled."""
        return len(self._open) - len(self._settled)
