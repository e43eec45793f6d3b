"""Logs: one JSON object a line, facts with fields; the one home of structlog.

Events are constant past-tense names; fields are ids and codes, never what a system said.
`configure` is called once, by the process that starts.
"""

import logging
import sys
import traceback
from pathlib import Path
from typing import TextIO

import orjson
import structlog
from structlog.typing import FilteringBoundLogger

_NOISY = ("kafka", "aiokafka", "faust", "mode", "uvicorn", "zeep", "httpx", "asyncio")
# Libraries whose lines hold addresses, topics, groups and kinds of errors, never a record's value.
_DISCREET = ("kafka",)
_LONGEST = 300  # characters of a library's line


def get_logger(name: str) -> FilteringBoundLogger:
    """A logger whose lines say which part of the hub speaks."""
    logger: FilteringBoundLogger = structlog.get_logger(part=name)
    return logger


def configure(process: str, *, level: int = logging.INFO, out: TextIO | None = None) -> None:
    """Write JSON lines to `out` (default stderr); other libraries' logs only from WARNING on."""
    stream = (out or sys.stderr).buffer
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
        logger_factory=structlog.BytesLoggerFactory(file=stream),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(process=process)
    logging.basicConfig(level=logging.WARNING, handlers=[_Libraries()], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Libraries(logging.Handler):
    """Other libraries' lines as events of ours: what they complain of, not about whom."""

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        fields = {"error": type(error).__name__, "from": place_of(error)} if error else {}
        structlog.get_logger(part=record.name).warning(
            "library_warned",
            severity=record.levelname.lower(),
            at=f"{record.module}:{record.lineno}",
            says=_said(record),
            **fields,
        )


def _said(record: logging.LogRecord) -> str:
    """The first line of what a library says; texts that may hold anything are left as `%s`."""
    if isinstance(record.msg, BaseException):
        return type(record.msg).__name__
    said = str(record.msg)
    if record.name.partition(".")[0] in _DISCREET and isinstance(record.args, tuple):
        said %= tuple(
            type(part).__name__ if isinstance(part, BaseException) else part for part in record.args
        )
    return said.strip().partition("\n")[0][:_LONGEST]


def place_of(error: BaseException) -> str:
    """Where an error came from, as "file:line", without its text: that may be personal."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-4:]))
