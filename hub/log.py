"""Logs: one JSON object a line, facts with fields; the one home of structlog.

Events are constant past-tense names; fields are ids and codes, never what a system said.
`configure` is called once, by the process that starts.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

from hub.log_lines import LogLines

_NOISY = ("kafka", "aiokafka", "faust", "mode", "uvicorn", "zeep", "httpx", "asyncio")
# Libraries whose lines hold addresses, topics, groups and kinds of errors, never a record's value.
_DISCREET = ("kafka",)
_LONGEST = 300  # characters of a library's line
EVERY = 10.0  # seconds between two of the same
MOST = 200  # different messages remembered; the libraries have fewer


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger whose lines say which part of the hub speaks."""
    logger: FilteringBoundLogger = structlog.get_logger(part=name)
    return logger


def configure(process: str, *, level: int = logging.INFO) -> None:
    """Write JSON lines to stderr; other libraries' logs only from WARNING on."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.ExceptionRenderer(
                structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
            ),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=LogLines(FileIO(sys.stderr.fileno(), "wb", closefd=False)),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=logging.WARNING, handlers=[Complaints(time.monotonic)], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


class Complaints(logging.Handler):
    """Other libraries' warnings as events of ours, each at most once in EVERY seconds.

    While a broker is away, its clients repeat themselves thirty times a second, with texts that
    nobody has checked. So only the constant part of a message is told, and its place; of a
    discreet library the whole.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds that never go back."""
        super().__init__(logging.WARNING)
        self._clock = clock
        self._told: dict[tuple[str, str], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it, unless it was told a moment ago."""
        said = type(record.msg).__name__ if isinstance(record.msg, Exception) else str(record.msg)
        key, now = (record.name, said), self._clock()
        if now - self._told.get(key, -EVERY) < EVERY:
            return
        if len(self._told) >= MOST:
            self._told.clear()
        self._told[key] = now
        error = record.exc_info[1] if record.exc_info else None
        get_logger("library").warning(
            "library_complained",
            library=record.name,
            severity=record.levelname.lower(),
            what=_filled(record, said).strip().partition("\n")[0][:_LONGEST],
            at=f"{record.filename}:{record.lineno}" if error is None else place_of(error),
        )


def _filled(record: logging.LogRecord, said: str) -> str:
    """What a discreet library says, with its arguments; of an error only the kind."""
    arguments = record.args
    if record.name.partition(".")[0] not in _DISCREET or not isinstance(arguments, tuple):
        return said
    kinds = (type(part).__name__ if isinstance(part, Exception) else part for part in arguments)
    try:
        return said % tuple(kinds)
    except (TypeError, ValueError):  # a library's slip is no reason to end its thread
        return said


def place_of(error: BaseException) -> str:
    """Where an error came from, as "file:line", without its text: that may be personal."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-4:]))
