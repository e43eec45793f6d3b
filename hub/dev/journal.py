"""The end of a log file, and what is added to it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from hub.dev.waiting import until

BLOCK = 64 * 1024
LARGEST = 64 * 1024 * 1024  # bytes that `tail` looks at; Kafka's log is rolled at 8 MB


def tail(path: Path, count: int) -> list[str]:
    """The last `count` lines of a file; none if there is no such file."""
    try:
        with path.open("rb") as file:
            at = size = file.seek(0, 2)
            got = b""
            while at > 0 and got.count(b"\n") <= count and size - at < LARGEST:
                step = min(BLOCK, at)
                at -= step
                file.seek(at)
                got = file.read(step) + got
    except FileNotFoundError:
        return []
    lines = got.decode("utf-8", errors="replace").splitlines()
    return lines[-count:] if count > 0 else []


def follow(path: Path, alive: Callable[[], bool]) -> Iterator[str]:
    """Lines as they are added from now on, across a roll of the log, until `alive` says no."""
    reader = _Reader(path)
    try:
        reader.file.seek(0, os.SEEK_END)
        going = True
        while going:
            going = alive()  # asked before reading: what was written before the end still comes
            yield from reader.lines()
            if going:
                until(reader.has_more, 1.0, every=0.2)
    finally:
        reader.file.close()


class _Reader:
    """Reads whole lines; what has no end yet waits for it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("rb")
        self._open_end = b""

    def lines(self) -> Iterator[str]:
        yield from self._rest()
        if self._rolled():
            self.file.close()
            self.file = self.path.open("rb")
            self._open_end = b""
            yield from self._rest()

    def _rest(self) -> Iterator[str]:
        while block := self.file.read(BLOCK):
            *whole, self._open_end = (self._open_end + block).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", errors="replace")

    def has_more(self) -> bool:
        return self._rolled() or os.fstat(self.file.fileno()).st_size > self.file.tell()

    def _rolled(self) -> bool:
        try:
            return self.path.stat().st_ino != os.fstat(self.file.fileno()).st_ino
        except FileNotFoundError:
            return False  # between the two renames of a roll
