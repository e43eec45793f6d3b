"""Where log lines go: out at once, and without ever failing the work that they speak of.

The disk that takes the log may be full, its pipe may be closed. That costs lines, not events; how
many is told with the first line that can be written again.
"""

import threading
from collections.abc import Callable
from io import RawIOBase

import orjson

NEWLINE = b"\n"


class LogLines:
    """What structlog writes to: a factory that is its own logger. Thread-safe."""

    def __init__(self, out: RawIOBase) -> None:
        """`out`: unbuffered, so that nothing half written is kept for later."""
        self._out = out
        self._lock = threading.Lock()
        self._lost = 0
        self._torn = False  # the last line was cut off

    def __call__(self, *_: object) -> "LogLines":
        """The logger, whoever asks."""
        return self

    def msg(self, line: bytes) -> None:
        """Write a line, or count it as lost."""
        with self._lock:
            lost = self._lost
            told = orjson.dumps({"event": "log_lines_lost", "level": "warning", "lines": lost})
            if self._wrote(told + NEWLINE + line if lost else line):
                self._lost -= lost
            else:
                self._lost += 1

    def __getattr__(self, level: str) -> Callable[[bytes], None]:
        """All levels are written alike; what is not to be written does not come."""
        return self.msg

    def _wrote(self, line: bytes) -> bool:
        rest = memoryview((NEWLINE if self._torn else b"") + line + NEWLINE)
        whole = len(rest)
        try:
            while rest:
                rest = rest[self._out.write(rest) or 0 :]
        except (OSError, ValueError):  # full, broken, closed
            self._torn = self._torn if len(rest) == whole else True
            return False
        self._torn = False
        return True
