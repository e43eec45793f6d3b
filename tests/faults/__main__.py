"""`python -m tests.faults`: play the fault table, keep the results, show them.

A run that was played before with the same code is not played again: a campaign that was broken off
goes on where it was. Exit status 1 when a row fails.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from hub.log import configure
from ops.bench.scene import ROOT
from tests.faults.campaign import Result, Results, build, play
from tests.faults.rows import BY_NAME, ROWS
from tests.faults.shown import line, shown
from tests.faults.table import Plan

FILE = ROOT / ".hub" / "faults" / "results.jsonl"


def main(arguments: Sequence[str] | None = None) -> int:
    """Play what was asked for."""
    given = _parsed(arguments)
    results, code = Results(given.out), build()
    old = {} if given.again else {r.run: r for r in results.read()}
    runs = [(row, seed) for seed in given.seeds for row in given.row or BY_NAME]
    found: list[Result] = []
    for number, (row, seed) in enumerate(runs, 1):
        known = old.get((row, seed, given.events, code))
        if known is None:
            _say(f"{number}/{len(runs)} {row}, seed {seed}, {given.events:,} events …")
            known = play(BY_NAME[row], Plan.of(row, given.events, seed))
            results.keep(known)
        _say(line(known))
        found.append(known)
    sys.stdout.write(shown(ROWS, found) + "\n")
    return 0 if all(result.passed for result in found) else 1


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--events", type=int, default=20_000, help="of each run")
    parser.add_argument("--seeds", type=_seeds, default=range(1, 4), help="7, or 1-3 (the default)")
    parser.add_argument("--row", action="append", choices=BY_NAME, help="only this; repeatable")
    parser.add_argument("--again", action="store_true", help="play also what was played before")
    parser.add_argument("--out", type=Path, default=FILE, help="the results' file")
    return parser.parse_args(arguments)


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _say(text: str) -> None:
    sys.stderr.write(f"faults: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    configure("faults", level=logging.WARNING)
    sys.exit(main())
