"""A registration that waits for a person, and how it finds out that somebody acted.

While it is halted nothing is started but one event now and then, the probe. Only an answer of the
system proves that it may go on; a probe that proved nothing is followed by another.
"""

import asyncio
from collections.abc import Callable

from hub import metrics
from hub.errors import Halt
from hub.log import get_logger

log = get_logger("hub.delivery")
HALT_PROBE = 60.0  # seconds until a halted lane tries one event again


class Halting:
    """Whether one lane is halted. Belongs to the event loop."""

    def __init__(self, registration: str, every: float, start_one: Callable[[], bool]) -> None:
        """`every`: seconds between probes. `start_one`: whether it could start an event."""
        self.reason: str | None = None
        self._registration = registration
        self._every = every
        self._start_one = start_one
        self._probe: asyncio.TimerHandle | None = None
        self._closing = False

    def begin(self, error: Halt) -> None:
        """Nothing will pass until a person acts."""
        if self.reason is None:
            log.error("registration_halted", registration=self._registration, reason=str(error))
        self.reason = str(error)
        metrics.halted.labels(self._registration).set(1)
        self._try_in(self._every)

    def end(self) -> None:
        """The system has answered: whatever was wrong is mended."""
        if self.reason is not None:
            log.info("registration_resumed", registration=self._registration)
            self.reason = None
            metrics.halted.labels(self._registration).set(0)

    def look_again(self) -> None:
        """Something may have been mended: one event finds out at once."""
        if self._probe is not None:
            self._probe.cancel()
            self._probe = None
        if self.reason is not None:
            self._try_in(0.0)

    def tried(self, *, settled: bool) -> None:
        """An event was worked on. If it told nothing of the system, another one may at once."""
        if self.reason is not None:
            self._try_in(0.0 if settled else self._every)

    def close(self) -> None:
        """Probe no more."""
        self._closing = True
        if self._probe is not None:
            self._probe.cancel()

    def _try_in(self, seconds: float) -> None:
        if self._probe is None and not self._closing:
            self._probe = asyncio.get_running_loop().call_later(seconds, self._try_one)

    def _try_one(self) -> None:
        """One event finds out whether a person has mended it; the others wait for its answer."""
        self._probe = None
        if self.reason is not None and not self._start_one():
            self._try_in(self._every)
