"""Whether a call to one system may start now: all that can stand in its way, in one place."""

import random
from collections.abc import Callable
from math import inf

from hub.delivery.breaker import Breaker
from hub.delivery.held import Key
from hub.delivery.limits import Limits
from hub.delivery.pace import Pace
from hub.delivery.places import Places
from hub.errors import Retry
from hub.log import get_logger

log = get_logger("hub.delivery")
OTHERS = 3  # messages taken since a message failed: then that failure is its own
LEASE_LOOK = 0.2  # seconds until a lane without a lease looks again
LIMIT_LOOK = 60.0  # seconds until a closed system is looked at again: the wall clock may jump


class Gate:
    """One lane's. Every call that is started ends in one of `answered`, `failed`, `said_nothing`.

    `now`: seconds of the loop's clock; `clock`: epoch milliseconds.
    """

    def __init__(
        self, name: str, pace: Pace, limits: Limits, places: Places, clock: Callable[[], int]
    ) -> None:
        self.calls = 0  # under way
        self.taken = 0  # messages that the system took, ever
        self.lease: Callable[[], bool] = lambda: True
        self._name = name
        self._breaker = Breaker()
        self._pace = pace
        self._limits = limits
        self._places = places
        self._clock = clock
        self._broke = 0  # epoch ms at which it did, while it is broken
        self._down = 0  # milliseconds for which it was before

    @property
    def down(self) -> int:
        """For how many milliseconds only probes were sent, all outages of this lane together."""
        return self._down + (self._clock() - self._broke if self.broken is not None else 0)

    @property
    def width(self) -> int:
        """How many calls may be in flight."""
        return self._pace.limit

    @property
    def broken(self) -> str | None:
        """Why only probes are sent, or None."""
        return self._breaker.reason

    def take_up(self, in_flight: int, limits: Limits, now: float) -> None:
        """Other bounds from now on. What stood in the way may have been mended."""
        limits.go_on_from(self._limits)
        self._limits = limits
        self._pace.allow(in_flight)
        self._breaker.look_again(now)

    def leased(self) -> bool:
        """Whether the partitions are surely ours. Any thread may ask."""
        return self.lease()

    def wait(self, now: float) -> float:
        """Seconds until a call may start, 0 for now; inf where the end of another call asks again.

        After a 0, `start` follows before anybody else asks.
        """
        if self.calls >= self._pace.limit:
            return inf
        if self.broken is not None and not self._breaker.may_start(now):
            return self._breaker.wait(now)
        if not self.leased():
            return LEASE_LOOK
        if self._limits.any and (seconds := self._limits.wait(now, self._clock())) > 0:
            return min(seconds, LIMIT_LOOK)
        return 0.0 if self._places.may_start(self._name) else inf

    def start(self, key: Key, now: float) -> None:
        """A call of this dossier starts."""
        self.calls += 1
        self._breaker.started(now, key)
        if self._limits.any:
            self._limits.started(now, self._clock())
        self._places.started(self._name)

    def end(self) -> None:
        """A call has ended, whatever came of it."""
        self.calls -= 1
        self._places.ended(self._name)

    def ask_others(self) -> None:
        """Lanes that were refused a place may have one now."""
        self._places.ask_others()

    def answered(
        self, key: Key, now: float, latency: float | None = None, messages: int = 1
    ) -> None:
        """The system has said its word; `latency`, in seconds, of a call of which it took some.

        `key`: the dossier with which the call was started.
        """
        was = self.broken
        self._breaker.answered(now, key)
        self._note(was)
        if latency is not None:
            self.taken += messages
            self._pace.good(latency, now)

    def said_nothing(self, key: Key, now: float) -> None:
        """The call ended without telling anything of the system."""
        self._breaker.dropped(now, key)

    def failed(
        self, key: Key, error: Retry, now: float, *, before: int | None, known: bool = False
    ) -> bool:
        """Whether the system is meant, not the message.

        `before`: how many messages it had taken when this one failed before, None for never. If it
        took others since, this failure alone tells nothing of it: whatever it is called, it is this
        message's, unless it came so soon after the last one that both may be one bad moment.
        A probe always tells: it was the best one there was. `known`: other messages of the same
        call have told what this one would tell.
        """
        others = 0 if before is None else self.taken - before
        if not known and (not others or self.broken is not None):
            self._told(key, error, now)
        return (error.system and others < OTHERS) or self.broken is not None

    def _told(self, key: Key, error: Retry, now: float) -> None:
        was = self.broken
        self._breaker.failed(
            key,
            error.what,
            system=error.system,
            after=error.after,
            now=now,
            chance=random.random(),  # noqa: S311 - jitter
        )
        if error.system:
            self._pace.overloaded(now)
        self._note(was)

    def _note(self, was: str | None) -> None:
        """A person who looks for the reason of a silence finds it in the log."""
        if was is None and self.broken is not None:
            self._broke = self._clock()
            log.warning("breaker_opened", registration=self._name, reason=self.broken)
        elif was is not None and self.broken is None:
            self._down += self._clock() - self._broke
            log.info("breaker_closed", registration=self._name)
