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
    logging.basicConfig(level=logging.WARNING, stream=out or sys.stderr, force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.WARNING)


def place_of(error: BaseException) -> str:
    """Where an error came from, as "file:line", without its text: that may be personal."""
    frames = traceback.extract_tb(error.__traceback__)
    return " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(frames[-4:]))
