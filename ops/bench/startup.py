"""How long `make demo` takes until everything serves, part by part.

The second start counts: the first one downloads the broker and prepares its fast starts.
"""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from ops.bench.figures import Figure
from ops.bench.processes import BenchError
from ops.bench.rig import JARS
from ops.demo.stage import StageError, health, stage

TARGET = 20.0  # seconds


def startup(repeats: int = 2) -> list[Figure]:
    """Seconds until the gateway accepts, and until each step before it."""
    runs = [_start() for _ in range(repeats + (0 if warm() else 1))][-repeats:]
    steps = list(dict.fromkeys(step for run in runs for step in run))
    return [
        Figure(
            "startup",
            step,
            "s",
            tuple(run[step] for run in runs if step in run),
            TARGET if step == "everything serves" else None,
        )
        for step in steps
    ]


def warm() -> bool:
    """Whether the broker's files and its start-up cache are there."""
    return any(JARS.glob("*.aot"))


def _start() -> dict[str, float]:
    began = time.monotonic()
    found: dict[str, float] = {}

    def tell(text: str) -> None:
        found[text] = time.monotonic() - began

    with TemporaryDirectory(prefix="hub-bench-") as folder:
        try:
            with stage(Path(folder), JARS, tell=tell) as running:
                health(running)
                tell("everything serves")
        except StageError as error:
            raise BenchError(str(error)) from error
    return found
