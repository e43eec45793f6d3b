"""`python -m ops.bench.rivals`: the hub beside what people would pick instead.

Contenders take turns, run by run, so that a machine that drifts drifts for all. Exit 0 when every
run counted, 1 when one did not: its reason is told, and the others are still shown.
"""

import argparse
import json
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from hub.errors import HubError
from hub.log import configure
from ops.bench.figures import Figure, machine, table
from ops.bench.processes import BenchError
from ops.bench.rivals.contenders import CONTENDERS, Contender
from ops.bench.rivals.contest import Run, Terms, run
from ops.bench.rivals.jobs import WORKLOADS, Workload

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


def compare(
    contenders: Sequence[Contender], workload: Workload, terms: Terms
) -> tuple[dict[str, list[Run]], dict[str, str]]:
    """The runs of each contender, and why one of its runs did not count."""
    runs: dict[str, list[Run]] = {one.name: [] for one in contenders}
    failed: dict[str, str] = {}
    for turn in range(1, terms.repeats + 1):
        for one in contenders:
            try:
                found = run(one, workload, terms)
            except (BenchError, HubError, TimeoutError) as error:
                failed[f"{workload.name} {one.name} {turn}"] = str(error)
                _say(f"{workload.name} {one.name} {turn}: does not count: {error}")
                continue
            runs[one.name].append(found)
            _say(f"{workload.name} {one.name} {turn}: {found.rate:,.0f} events/s")
    return runs, failed


def figures(workload: Workload, contender: Contender, runs: Sequence[Run]) -> list[Figure]:
    """What the runs of one contender gave."""

    def figure(what: str, unit: str, *values: float) -> Figure:
        return Figure(workload.name, f"{contender.title}: {what}", unit, values)

    latencies = [
        figure(f"p{share}", "ms", *(one.percentile(share / 100) for one in runs))
        for share in (50, 95, 99)
    ]
    return [
        figure("rate", "events/s", *(one.rate for one in runs)),
        *latencies,
        figure("processor", "s/1000", *(one.cpu for one in runs)),
        figure("peak memory", "MB", *(one.peak for one in runs)),
        figure("start-up", "s", *(one.startup for one in runs)),
    ]


def main(arguments: list[str] | None = None) -> int:
    """Measure what was asked for."""
    given = _parser().parse_args(arguments)
    configure("bench", level=logging.WARNING)
    terms = Terms(**{field.name: getattr(given, field.name) for field in fields(Terms)})
    where = machine()
    shown: list[Figure] = []
    failed: dict[str, str] = {}
    for workload in WORKLOADS:
        if workload.name not in given.workload:
            continue
        contenders = [one for one in CONTENDERS if one.name in given.only]
        runs, wrong = compare(contenders, workload, terms)
        failed |= wrong
        for one in contenders:
            if runs[one.name]:
                shown += figures(workload, one, runs[one.name])
    found = {
        "machine": where.as_dict(),
        "terms": asdict(terms),
        "figures": [figure.as_dict() for figure in shown],
        "failed": failed,
    }
    if given.out is not None:
        given.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(f"{where.line()}\n{table(shown)}\n")
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.bench.rivals", description=__doc__)
    names = [one.name for one in WORKLOADS]
    parser.add_argument("workload", nargs="*", default=names, help=", ".join(names))
    who = [one.name for one in CONTENDERS]
    parser.add_argument("--only", nargs="*", choices=who, default=who, help="these contenders")
    for field in fields(Terms):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=type(field.default),
            default=field.default,
            help=f"{WHAT[field.name]} ({field.default})",
        )
    parser.add_argument("--out", type=Path, help="write the figures as JSON into this file")
    return parser


def _say(text: str) -> None:
    sys.stderr.write(f"rivals: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
