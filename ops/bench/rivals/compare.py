"""Contenders take turns, run by run, so that a machine that drifts drifts for all of them."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, fields

from hub.errors import HubError
from ops.bench.figures import Figure
from ops.bench.processes import BenchError
from ops.bench.rivals.contenders import CONTENDERS, Contender
from ops.bench.rivals.contest import Run, Terms, run
from ops.bench.rivals.jobs import WORKLOADS, Workload

RATE, CPU = "rate", "processor"  # figures that the chart shows
USUAL = Terms()


@dataclass(frozen=True, slots=True)
class Compared:
    """What a comparison gave, and why a run did not count, by workload, contender and turn."""

    figures: tuple[Figure, ...]
    failed: dict[str, str]


def rivals() -> list[Figure]:
    """Everything, on the usual terms. Raises BenchError when a run does not count."""
    found = [compare(CONTENDERS, workload, USUAL) for workload in WORKLOADS]
    wrong = [f"{which}: {why}" for one in found for which, why in one.failed.items()]
    if wrong:
        raise BenchError("; ".join(wrong))
    return [figure for one in found for figure in one.figures]


def compare(contenders: Sequence[Contender], workload: Workload, terms: Terms) -> Compared:
    """All contenders at one workload on the same terms."""
    name = label(workload, terms)
    runs: dict[str, list[Run]] = {one.name: [] for one in contenders}
    failed: dict[str, str] = {}
    for turn in range(1, terms.repeats + 1):
        for one in contenders:
            try:
                found = run(one, workload, terms)
            except (BenchError, HubError, TimeoutError) as error:
                failed[f"{name} {one.name} {turn}"] = str(error)
                _say(f"{name} {one.name} {turn} does not count: {error}")
                continue
            runs[one.name].append(found)
            _say(f"{name} {one.name} {turn}: {found.rate:,.0f} events/s")
    figures = [
        figure
        for one in contenders
        if runs[one.name]
        for figure in figures_of(name, one, runs[one.name])
    ]
    return Compared(tuple(figures), failed)


def label(workload: Workload, terms: Terms) -> str:
    """The workload's name, and the terms that make another workload of it."""
    said = ("warm", "size", "delay", "in_flight")
    other = [
        f"{field.name} {getattr(terms, field.name):g}"
        for field in fields(Terms)
        if field.name in said and getattr(terms, field.name) != getattr(USUAL, field.name)
    ]
    return ", ".join([workload.name, *other])


def figures_of(bench: str, contender: Contender, runs: Sequence[Run]) -> list[Figure]:
    """What the runs of one contender gave."""

    def figure(what: str, unit: str, *values: float) -> Figure:
        return Figure(bench, f"{contender.title}: {what}", unit, values)

    latencies = [
        figure(f"p{share}", "ms", *(one.percentile(share / 100) for one in runs))
        for share in (50, 95, 99)
    ]
    return [
        figure(RATE, "events/s", *(one.rate for one in runs)),
        *latencies,
        figure(CPU, "s/1000", *(one.cpu for one in runs)),
        figure("peak memory", "MB", *(one.peak for one in runs)),
        figure("start-up", "s", *(one.startup for one in runs)),
    ]


def _say(text: str) -> None:
    sys.stderr.write(f"rivals: {text}\n")
    sys.stderr.flush()
