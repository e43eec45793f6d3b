"""How many items go in one call of one flow.

What a contract allows (`most`) is not yet what its system bears. So the size is felt out as TCP
feels out a window (RFC 5681): twice as many after each full call that was answered as fast as ever,
half as many after one that was too much, one more at a time from there on.

Answers that take longer than twice the best stop the growth: in a call of a + b·n seconds half of
the time is the call's own share (a) by then, and more items would hardly save any of it. Slow
answers alone never lower the size.

Nothing is sent here and no clock is read: `now` is seconds on any clock that never goes back.
"""

from math import inf

from hub.delivery.pace import AGES, HOLDS, OURS


class BatchSize:
    """One flow's, in one lane."""

    def __init__(self, most: int) -> None:
        """Begins with 1, and stays between 1 and `most`."""
        self.limit = 1
        self._most = most
        self._steep = True  # nothing has been too much yet
        self._best = inf  # seconds, of a call of any size
        self._since = -inf  # when the best was begun to be looked for

    def answered(self, items: int, seconds: float, now: float) -> None:
        """A call of so many items was answered for each of them."""
        if now - self._since >= AGES:
            self._best, self._since = inf, now
        self._best = min(self._best, seconds)
        if items < self.limit:  # it proves no more than what is known
            return
        if seconds > HOLDS * self._best + OURS:
            self._steep = False
        else:
            self.limit = min(2 * self.limit if self._steep else self.limit + 1, self._most)

    def too_much(self, items: int) -> None:
        """A call of so many items got no answer in time, or was refused as a whole.

        Calls of the same size that were under way beside it tell nothing new.
        """
        self._steep = False
        self.limit = max(1, min(self.limit, items // 2))
