"""`python -m ops.bench.scaling --out FILE`: how the worker grows.

Every run is written when it ends; what is broken off, or runs out of minutes, goes on with the same
command. Exit 0 when all runs are there, 1 when some do not count or are left for the next time.
"""

import argparse
import logging
import sys
import time
from pathlib import Path

from hub.errors import HubError
from hub.log import configure
from ops.bench.figures import machine
from ops.bench.processes import BenchError
from ops.bench.scaling.cases import CASES
from ops.bench.scaling.results import Run, begin, missing, write
from ops.bench.scaling.run import run


def main(arguments: list[str] | None = None) -> int:
    """Make the runs that are missing."""
    given = _parser().parse_args(arguments)
    configure("bench", level=logging.WARNING)
    found = begin(given.out, machine())
    cases = {case.name: case for case in CASES if case.name in given.only}
    todo = missing(found, list(cases), given.events, given.repeats)
    ends, left = time.monotonic() + given.minutes * 60, len(todo)
    for name in todo:
        if time.monotonic() > ends:
            break
        one = _run(name, given.events)
        found = found.with_run(one)
        write(given.out, found)
        left -= not one.failed
    _say(f"{len(todo) - left} of {len(todo)} runs count now")
    return 1 if left else 0


def _run(name: str, calls: int) -> Run:
    case = next(case for case in CASES if case.name == name)
    load, day = machine().load, time.strftime("%Y-%m-%d", time.gmtime())
    began = time.monotonic()
    try:
        values = run(case, calls)
    except (BenchError, HubError, TimeoutError, OSError) as error:
        _say(f"{name} does not count: {error}")
        return Run(name, calls, day, load, {}, str(error) or type(error).__name__)
    shown = ", ".join(f"{what} {value:,.4g}" for what, value in values.items())
    _say(f"{name} ({time.monotonic() - began:.0f} s): {shown}")
    return Run(name, calls, day, load, values)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.bench.scaling", description=__doc__)
    names = [case.name for case in CASES]
    parser.add_argument("--out", type=Path, required=True, help="file of all runs; it is added to")
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="CASE")
    parser.add_argument(
        "--events", type=int, default=10_000, help="calls of a run that are timed, about (10000)"
    )
    parser.add_argument("--repeats", type=int, default=3, help="runs of each case (3)")
    parser.add_argument(
        "--minutes", type=float, default=120.0, help="after so many no further run begins (120)"
    )
    return parser


def _say(text: str) -> None:
    sys.stderr.write(f"scaling: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
