"""Whether a system is sent anything now, or only a probe now and then.

A system that is down fails every call, so to go on sending tells nothing new and keeps it down. The
breaker (Nygard, "Release It!", 2007) opens when the failures say that the system is meant:

    several failures of kind `system` in a row       no connection, 5xx, 429, no answer
    one failure, for several dossiers in a row       a broken back end that speaks as if each
                                                     message were at fault: a code, a Fault

While it is open one probe at a time goes out, after pauses that grow. Whatever else the system says
closes it; where the failure of several dossiers opened it, only what it says to a probe, for a back
end that has just broken goes on to answer what it had taken before. Only answers shorten the pauses
again, one step each: a system that answers one call in four does not start from the shortest pause
each time, one that was back for good soon does.

Nothing is sent here and no clock is read: `now` is seconds on any clock that never goes back.
"""

from collections.abc import Hashable
from math import inf
from typing import Literal

from hub.delivery.policy import LONGEST_ASKED, pause
from hub.registry.manifest_delivery import RetryPolicy

SYSTEM_FAILURES = 3  # in a row: one may be a restarted node, two its neighbour
ALIKE_DOSSIERS = 5  # different ones: a few with the same mistake may well come together
# A system that is back is noticed within a minute, and a dead one is asked about 80 times an hour.
PROBES = RetryPolicy(first=1.0, factor=2.0, longest=60.0)
STEPS = 7  # pauses until they are the longest: 1, 2, 4, 8, 16, 32, 60


class Breaker:
    """One registration's, in one worker.

    Every call that is `started` ends in exactly one of `failed`, `answered` and `dropped`. Send
    another dossier with each probe if there is one: where one failure of several dossiers opened
    it, those very dossiers may be at fault, and then only another one can tell.
    """

    def __init__(self, failures: int = SYSTEM_FAILURES, dossiers: int = ALIKE_DOSSIERS) -> None:
        """`failures` of the system in a row open it, or one failure of `dossiers` in a row."""
        self.reason: str | None = None  # why it is open
        self._failures = failures
        self._dossiers = dossiers
        self._in_a_row = 0  # system failures
        self._alike = ""  # the last failure of a message
        self._keys: set[Hashable] = set()  # the dossiers that it hit in a row
        self._cause: str | None = None  # the failure of messages that opened it
        self._steps = 0  # that the pause has grown
        self._due = -inf  # when the pause is over; inf while a probe is out
        self._asked = -inf  # the peer wants nothing before this
        self._probe: Hashable = None  # the dossier of the probe that is out, if it was told

    @property
    def state(self) -> Literal["closed", "open"]:
        """Closed: send. Open: only probes."""
        return "closed" if self.reason is None else "open"

    def wait(self, now: float) -> float:
        """Seconds until the next probe may go; 0 if closed, inf until the one that is out ends."""
        return 0.0 if self.reason is None else max(0.0, self._due - now, self._asked - now)

    def may_start(self, now: float) -> bool:
        """Whether a call may start. Asking changes nothing; tell `started` if it does."""
        return self.wait(now) == 0.0

    def started(self, now: float, key: Hashable = None) -> None:
        """A call starts; while open it is the probe, if one was due.

        `key`: its dossier. A dossier has one call at a time, so that with it the probe's end is
        told from the ends of calls that were under way when the breaker opened. Without it, the
        first end that is told counts as the probe's.
        """
        if self.reason is not None and self.may_start(now):
            self._due = inf
            self._probe = key

    def dropped(self, now: float, key: Hashable = None) -> None:
        """The probe ended and told nothing (cancelled, let go); another may go at once.

        `key`: the dossier of the call; what was not the probe changes nothing.
        """
        if self._is_probe(key):
            self._due = now

    def look_again(self, now: float) -> None:
        """Something may have been mended: the next probe may go at once, if the peer lets it."""
        self._due = self._due if self._due == inf else min(self._due, now)

    def answered(self, now: float, key: Hashable = None) -> None:
        """The system took a message, or refused it for good.

        `key`: its dossier, as `started` was told. Without it, it counts as the probe's.
        """
        if self._cause is not None and not (key is None or self._is_probe(key)):
            return
        self._steps = max(0, self._steps - 1)
        self._close(now)

    def failed(
        self,
        key: Hashable,
        what: str,
        *,
        system: bool,
        after: float | None,
        now: float,
        chance: float,
    ) -> None:
        """A call of the dossier `key` failed and is to be repeated.

        `what`: the failure, in equal words whichever dossier it hits. `system`: the whole system is
        meant. `after`: seconds that the peer asked for; believed up to `LONGEST_ASKED`. `chance`: a
        random number in [0, 1), for the jitter.
        """
        if self.reason is not None:
            if system or what == self._cause:
                self._still_down(key, after, now, chance)
                return
            self._close(now)  # for it answers, though not to this message
        self._count(key, what, system=system)
        if system:
            self._ask(after, now)
        if self._in_a_row >= self._failures:
            self._open(f"{self._in_a_row} failures in a row: {what}", now, chance)
        elif len(self._keys) >= self._dossiers:
            self._ask(after, now)
            self._cause = what
            self._open(f"{len(self._keys)} dossiers in a row: {what}", now, chance)

    def _count(self, key: Hashable, what: str, *, system: bool) -> None:
        """A failure of the system between two of messages does not speak for it: they are alike."""
        if system:
            self._in_a_row += 1
            return
        self._in_a_row = 0
        if what != self._alike:
            self._alike = what
            self._keys.clear()
        self._keys.add(key)

    def _open(self, reason: str, now: float, chance: float) -> None:
        self.reason = reason
        self._pause(now, chance)

    def _close(self, now: float) -> None:
        self.reason = self._cause = None
        self._in_a_row = 0
        self._keys.clear()
        self._due = self._asked = now

    def _still_down(self, key: Hashable, after: float | None, now: float, chance: float) -> None:
        """Calls that were under way when it opened fail one by one; they tell nothing new."""
        news = self._is_probe(key) or self.may_start(now)
        self._ask(after, now)
        if news:
            self._pause(now, chance)

    def _is_probe(self, key: Hashable) -> bool:
        return self._due == inf and (key is None or self._probe is None or key == self._probe)

    def _ask(self, after: float | None, now: float) -> None:
        if after is not None:
            self._asked = max(self._asked, now + min(after, LONGEST_ASKED))

    def _pause(self, now: float, chance: float) -> None:
        self._steps = min(self._steps + 1, STEPS)
        self._due = now + pause(PROBES, self._steps, None, chance)
