"""`python -m ops.bench.rivals`: the hub beside what people would pick instead.

`--size`, `--delay` and `--in-flight` take several values: each combination is compared by itself.
Exit 0 when every run counted, 1 when one did not: its reason is told, the others are still shown.
"""

import argparse
import json
import logging
import sys
from collections.abc import Iterator
from dataclasses import fields
from itertools import product
from pathlib import Path

from hub.log import configure
from ops.bench.figures import Figure, Machine, machine, table
from ops.bench.rivals.compare import compare
from ops.bench.rivals.contenders import CONTENDERS
from ops.bench.rivals.contest import Terms
from ops.bench.rivals.jobs import WORKLOADS

WHAT = {
    "events": "events that are timed, per run",
    "warm": "events before them: a JVM needs some thousand until its compiler has settled",
    "dossiers": "dossiers that they belong to",
    "size": "bytes of an event on the topic, 150 to 100,000",
    "delay": "seconds until the board answers",
    "in_flight": "most calls at once, 1 to 256",
    "paced": "events of the part that measures latency",
    "pace": "of them, a second",
    "repeats": "runs of each contender",
}
SEVERAL = ("size", "delay", "in_flight")


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for."""
    given = _parser().parse_args(arguments)
    configure("bench", level=logging.WARNING)
    where = machine()
    contenders = [one for one in CONTENDERS if one.name in given.only]
    figures: list[Figure] = []
    failed: dict[str, str] = {}
    for terms in _terms(given):
        for workload in (one for one in WORKLOADS if one.name in given.workload):
            found = compare(contenders, workload, terms)
            figures += found.figures
            failed |= found.failed
            if given.out is not None:  # after each, so that a run that is broken off is not lost
                _write(given, where, figures, failed)
    sys.stdout.write(f"{where.line()}\n{table(figures)}\n")
    return 1 if failed else 0


def _write(
    given: argparse.Namespace, where: Machine, figures: list[Figure], failed: dict[str, str]
) -> None:
    found = {
        "machine": where.as_dict(),
        "terms": {name: getattr(given, name) for name in WHAT if name not in SEVERAL},
        "figures": [figure.as_dict() for figure in figures],
        "failed": failed,
    }
    given.out.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _terms(given: argparse.Namespace) -> Iterator[Terms]:
    fixed = {
        field.name: getattr(given, field.name)
        for field in fields(Terms)
        if field.name not in SEVERAL
    }
    for values in product(*(getattr(given, name) for name in SEVERAL)):
        yield Terms(**fixed, **dict(zip(SEVERAL, values, strict=True)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.bench.rivals", description=__doc__)
    names = [one.name for one in WORKLOADS]
    parser.add_argument("workload", nargs="*", default=names, help=", ".join(names))
    who = [one.name for one in CONTENDERS]
    parser.add_argument("--only", nargs="+", choices=who, default=who, help="these contenders")
    for field in fields(Terms):
        several = field.name in SEVERAL
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            nargs="+" if several else None,
            default=[field.default] if several else field.default,
            help=f"{WHAT[field.name]} ({field.default})",
        )
    parser.add_argument("--out", type=Path, help="write the figures as JSON into this file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
