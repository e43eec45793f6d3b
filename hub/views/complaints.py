"""What Faust and aiokafka complain of, as facts in our log, each at most every ten seconds.

While a broker is away, aiokafka repeats itself thirty times a second, and Faust adds tracebacks,
with texts that nobody has checked. Only the constant part of a message is told, and its place.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hub.log import get_logger, place_of

LOUD = ("aiokafka", "faust", "mode")
EVERY = 10.0  # seconds between two of the same
MOST = 200  # different messages remembered; the libraries have fewer

log = get_logger("hub.views")


class Complaints(logging.Handler):
    """Passes the first of equal messages on. `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__(logging.WARNING)
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it, unless it was told a moment ago."""
        key, now = (record.name, str(record.msg)), self._clock()
        if now - self._told.get(key, -EVERY) < EVERY:
            return
        if len(self._told) >= MOST:
            self._told.clear()
        self._told[key] = now
        error = record.exc_info[1] if record.exc_info else None
        at = f"{record.filename}:{record.lineno}" if error is None else place_of(error)
        log.warning("client_complained", client=record.name, what=key[1], at=at)


@contextmanager
def listening(clock: Callable[[], float]) -> Iterator[None]:
    """Until the block ends, the libraries speak through us."""
    handler = Complaints(clock)
    loggers = [logging.getLogger(name) for name in LOUD]
    before = [logger.propagate for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, propagated in zip(loggers, before, strict=True):
            logger.removeHandler(handler)
            logger.propagate = propagated
