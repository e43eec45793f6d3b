"""`python -m tests.faults.skewed FILE <arguments>`: the hub by a clock that is wrong.

The wall clock of this one process stands beside the machine's by as many seconds as FILE says at
the moment, as if somebody had set it; the monotonic clock goes on. FILE is read at each question.
"""

import sys
import time
from pathlib import Path

NS = 1_000_000_000


def skew(file: Path) -> None:
    """Move `time.time` and `time.time_ns`: all that the hub and its libraries read."""
    true = time.time_ns

    def time_ns() -> int:
        return true() + int(file.read_text(encoding="ascii")) * NS

    time.time_ns = time_ns
    time.time = lambda: time_ns() / NS


if __name__ == "__main__":
    skew(Path(sys.argv.pop(1)))
    from hub.cli.main import main

    main()
