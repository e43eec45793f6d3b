"""What a person sees while something long goes on: on stderr, and rewritten in place on a terminal.

In a file or a pipe (CI) there is one line per step and nothing that moves.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TextIO

MEGABYTE = 1_000_000
CLEAR = "\r\x1b[K"


@dataclass(slots=True)
class Progress:
    """Writes to `out`; `live` says whether lines may be rewritten."""

    out: TextIO
    live: bool
    _head: str = field(default="", init=False)

    def step(self, text: str) -> None:
        """One thing that is done or begins; stays readable."""
        self.out.write(f"{CLEAR if self.live else ''}{text}\n")
        self.out.flush()

    def now(self, text: str) -> None:
        """What is going on this moment; shown on a terminal only, until the next line."""
        if self.live:
            self.out.write(f"{CLEAR}{text}")
            self.out.flush()

    @contextmanager
    def task(self, head: str) -> Iterator[None]:
        """Within the block, downloads are shown behind `head`; their line goes at the end."""
        self._head = head
        try:
            yield
        finally:
            self.now("")
            self._head = ""

    @contextmanager
    def download(self, name: str, size: int) -> Iterator[Callable[[int], None]]:
        """Counts the bytes of one file; called by jgo with the file's name and size in bytes."""
        received = 0

        def more(count: int) -> None:
            nonlocal received
            before, received = received, received + count
            if before // MEGABYTE != received // MEGABYTE or received >= size:
                self.now(f"{self._head} {name} {received / MEGABYTE:.1f}/{size / MEGABYTE:.1f} MB")

        self.now(f"{self._head} {name}")
        yield more


def to_stderr() -> Progress:
    """Progress for the person who started us."""
    return Progress(sys.stderr, sys.stderr.isatty())
