"""`python -m tests.faults`: play the fault table, keep the results, show them.

A run that was played before with the same code is not played again: a campaign that was broken off
goes on where it was. Exit status 1 when a row fails, 130 when it is broken off (Ctrl-C).
"""

import argparse
import logging
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from hub.log import configure
from ops.bench.scene import ROOT
from tests.faults.apart import Apart, Run
from tests.faults.campaign import Result, Results, build
from tests.faults.rows import BY_NAME, ROWS
from tests.faults.shown import line, shown

FILE = ROOT / ".hub" / "faults" / "results.jsonl"
FEW = 3  # seeds of a long row, where nobody says which
BROKEN_OFF = 130  # as a shell has it


def main(arguments: Sequence[str] | None = None) -> int:
    """Play what was asked for, or show what was played."""
    given = _parsed(arguments)
    results = Results(given.out)
    if given.report is not None:
        return _tell(_of_builds(results.read(), given.report))
    code = build()
    old = {} if given.again else {r.run: r for r in results.read()}
    runs = list(_runs(given))
    known = [old[(*run, code)] for run in runs if (*run, code) in old]
    found = list(known)
    for result in known:
        _say(line(result))
    fresh = [run for run in runs if (*run, code) not in old]
    try:
        with closing(Apart().play(fresh, given.jobs, _begun)) as played:
            for result in played:
                results.keep(result)
                found.append(result)
                _say(f"{len(found)}/{len(runs)} {line(result)}")
    except KeyboardInterrupt:
        _say("broken off; what was played is kept")
        _tell(found)
        return BROKEN_OFF
    return _tell(found)


def _runs(given: argparse.Namespace) -> Iterator[Run]:
    """Seed by seed over all rows, so that each row has been played when the first seed is done."""
    long_seeds = given.long_seeds or given.seeds[:FEW]
    for seed in sorted({*given.seeds, *long_seeds}):
        for name in given.row or BY_NAME:
            row = BY_NAME[name]
            if seed in (long_seeds if row.long else given.seeds):
                yield Run(name, seed, row.events or given.events)


def _of_builds(results: Sequence[Result], builds: Sequence[str]) -> list[Result]:
    """The lines of these builds; where none is named, of the one that was played last."""
    wanted = builds or [result.build for result in results[-1:]]
    return [result for result in results if result.build in wanted]


def _tell(found: Sequence[Result]) -> int:
    sys.stdout.write(shown(ROWS, found) + "\n")
    return 0 if all(result.passed for result in found) else 1


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.faults", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--events", type=int, default=20_000, help="of a row without its own size")
    parser.add_argument("--seeds", type=_seeds, default=range(1, 11), help="7, or 1-10 (default)")
    parser.add_argument(
        "--long-seeds", type=_seeds, help=f"of rows that last minutes (the first {FEW} of --seeds)"
    )
    parser.add_argument("--row", action="append", choices=BY_NAME, help="only this; repeatable")
    parser.add_argument("--jobs", type=int, default=1, help="runs side by side")
    parser.add_argument("--again", action="store_true", help="play also what was played before")
    parser.add_argument("--out", type=Path, default=FILE, help="the results' file")
    parser.add_argument(
        "--report",
        nargs="*",
        metavar="BUILD",
        help="play nothing: the table of the file's lines of these builds (the last one's)",
    )
    return parser.parse_args(arguments)


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


def _begun(run: Run) -> None:
    _say(f"{run.row}, seed {run.seed}, {run.events:,} events …")


def _say(text: str) -> None:
    sys.stderr.write(f"faults: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    for sign in (signal.SIGINT, signal.SIGTERM):  # a shell's background jobs ignore the first
        signal.signal(sign, signal.default_int_handler)
    configure("faults", level=logging.WARNING)
    sys.exit(main())
