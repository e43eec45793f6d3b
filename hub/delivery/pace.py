"""How many calls may be in flight to one system.

Nobody publishes how much a system bears, and it changes with the hour. So the limit feels its way
as TCP does (RFC 5681): one more after each round of good answers, half of them after an overload.
An overload is a round of which a quarter could not be taken; fewer cost one place. A system that
cannot take one message in fifty is well, and one at its edge is left with a call less each round.
It stops rising as soon as answers come slower than they did, because then calls queue at the peer,
and more of them give it a longer queue and us nothing. Slow answers alone never lower it: a dossier
of forty attachments takes longer than a scan.

Nothing is sent here and no clock is read: `now` is seconds on any clock that never goes back.
"""

from math import inf

FIRST = 8  # calls in flight, until more is known
# Twice the best still holds: calls that jitter by half of their latency give a moving latency of
# 0.7 to 1.3 times the mean (four standard deviations: 4 * 0.29 * sqrt(1/15)), and 1.3 / 0.7 < 2.
HOLDS = 2.0
OURS = 0.01  # seconds that may come from our own event loop, whatever the peer does
FEW = 4  # an overload is one answer in so many; two at least, for one says little of a round of 8
AVERAGED = 8  # calls: each new one moves the latency by an eighth
# Seconds until the best is looked for anew; it counts for twice as long at most. A system may have
# become slower for good. If it was our calls that made it slow, the limit creeps on, up to `most`.
AGES = 300.0
LONGEST_ROUND = 60.0  # seconds; few calls may take longer, so those sent before have ended


class Pace:
    """One registration's, in one worker.

    Tell it how each call ended that says something of the peer's strength: `good` if its work was
    done (to refuse is quick, and would make the others look slow), `overloaded` for a time-out, 429
    or 503.
    """

    def __init__(self, most: int, first: int = FIRST) -> None:
        """Begins with `first` calls, and stays between 1 and `most`; both are 1 at least."""
        self.limit = min(first, most)
        self._most = most
        self._latency = Latency()
        self._left = self.limit  # answers until the round is over
        self._refused = 0  # of this round's answers
        self._since = 0.0  # the first of them
        self._size = self.limit  # calls that were under way then

    def allow(self, most: int) -> None:
        """Stay between 1 and `most` from now on."""
        self._most = most
        self.limit = min(self.limit, most)

    def good(self, latency: float, now: float) -> None:
        """A call was answered, `latency` seconds after it was sent."""
        self._latency.note(latency)
        self._count(now)

    def overloaded(self, now: float) -> None:
        """The peer could not take a call. What was under way then is in one round with it."""
        if not self._refused or now - self._since >= LONGEST_ROUND:
            self._refused = 0
            self._since = now
            self._left = self._size = self.limit
        self._refused += 1
        if self._refused == 1:
            self.limit = max(1, self._size - 1)
        elif self._refused == max(2, self._size // FEW):
            self.limit = max(1, min(self.limit, self._size // 2))
        self._count(now)

    def _count(self, now: float) -> None:
        self._left -= 1
        if self._left > 0:
            return
        if not self._refused and self._latency.holds(now):
            self.limit = min(self.limit + 1, self._most)
        self._left = self.limit
        self._refused = 0


class Latency:
    """A moving latency, and the best that it was in the last minutes."""

    def __init__(self) -> None:
        self._moving = 0.0
        self._averaged = 0  # calls in it, up to AVERAGED
        self._best = self._best_before = inf  # of this period of AGES seconds and the one before
        self._since = -inf

    def note(self, latency: float) -> None:
        """One call's, in seconds."""
        self._averaged = min(self._averaged + 1, AVERAGED)
        self._moving += (latency - self._moving) / self._averaged

    def holds(self, now: float) -> bool:
        """Whether it is near its best. Asked after rounds of good answers, and noted then."""
        age = now - self._since
        if age >= AGES:
            self._best_before = self._best if age < 2 * AGES else inf
            self._best = inf
            self._since = now
        self._best = min(self._best, self._moving)
        return self._moving <= HOLDS * min(self._best, self._best_before) + OURS
