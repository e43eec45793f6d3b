"""Where a process of the hub spends its time: a profile per thread.

    python -m ops.bench.profiled FOLDER gateway

runs `hub gateway` and writes FOLDER/<thread>.prof when it ends; `python -m pstats` reads them. The
profiler slows Python calls more than C code: take shares from it, not times.
"""

import cProfile
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from hub.cli.main import app


def profiled(folder: Path, work: Callable[[], object]) -> None:
    """Run `work` with a profile of it and of each thread that it starts."""
    folder.mkdir(parents=True, exist_ok=True)
    run = threading.Thread.run

    def thread(self: threading.Thread) -> None:
        _profile(folder / f"{self.name}.prof", lambda: run(self))

    threading.Thread.run = thread  # type: ignore[method-assign]  # every thread, whoever starts it
    try:
        _profile(folder / "main.prof", work)
    finally:
        threading.Thread.run = run  # type: ignore[method-assign]  # as it was


def _profile(file: Path, work: Callable[[], object]) -> None:
    profile = cProfile.Profile()
    profile.enable()
    try:
        work()
    finally:
        profile.disable()
        profile.dump_stats(file)


if __name__ == "__main__":
    profiled(Path(sys.argv[1]), lambda: app(sys.argv[2:], standalone_mode=False))
