"""How many items go in one call of one flow.

What a contract allows (`most`) is not yet what its system bears. So the size is felt out as TCP
feels out a window (RFC 5681): twice as many after each round of full calls that were answered as
fast as ever, half as many after one that was too much, one more at a time from there on.

A round whose calls took longer than twice the best one, in the mean, stops the growth: in a call of
a + b·n seconds half of the time is the call's own share (a) by then, and more items would hardly
save any of it. Slow answers alone never lower the size.

Nothing is sent here and no clock is read: `now` is seconds on any clock that never goes back.
"""

from math import inf

from hub.delivery.pace import AGES, HOLDS, OURS

# Full calls of one size: one alone may have met an idle connection, or a collector of garbage. The
# mean of 4 calls that jitter by half of their latency is 0.5 to 1.5 times the true one at worst.
ROUND = 4


class BatchSize:
    """One flow's, in one lane."""

    def __init__(self, most: int) -> None:
        """Begins with 1, and stays between 1 and `most`."""
        self.limit = 1
        self.most = most
        self._steep = True  # nothing has been too much yet
        self._calls = 0  # full ones of this round
        self._seconds = 0.0  # that they took together
        self._best = inf  # seconds, the mean of a round at any size
        self._since = -inf  # when the best was begun to be looked for

    def answered(self, items: int, seconds: float, now: float) -> None:
        """A call of so many items was answered for each of them."""
        if items < self.limit:  # it proves no more than what is known
            return
        self._calls += 1
        self._seconds += seconds
        if self._calls == ROUND:
            self._judge(self._seconds / ROUND, now)

    def too_much(self, items: int) -> None:
        """A call of so many items got no answer in time, or was refused for their number.

        Calls of the same size that were under way beside it tell nothing new.
        """
        self._steep = False
        self._begin(max(1, min(self.limit, items // 2)))

    def _judge(self, mean: float, now: float) -> None:
        if now - self._since >= AGES:
            self._best, self._since = inf, now
        self._best = min(self._best, mean)
        if mean > HOLDS * self._best + OURS:
            self._steep = False
            self._begin(self.limit)
        else:
            self._begin(min(2 * self.limit if self._steep else self.limit + 1, self.most))

    def _begin(self, limit: int) -> None:
        self.limit = limit
        self._calls = 0
        self._seconds = 0.0
