"""Writes the page and its chart from what `--out` wrote.

python -m ops.bench.scaling.page RUNS.json      ops/bench/scaling.md and scaling.svg
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from ops.bench.rivals.chart import chart
from ops.bench.rivals.compare import CPU, RATE
from ops.bench.rivals.measured import Measured
from ops.bench.scaling import sizing
from ops.bench.scaling.answers import ANSWERS, Answer
from ops.bench.scaling.cases import CASES, MATRIX
from ops.bench.scaling.results import Results, read

BENCH = Path(__file__).parents[1]
REASON = 120  # characters
SHARED = 2.0  # load average per core, above which others were at work
PROVINCES = (1_000, 10_000, 100_000)  # dossiers a day
ONE, FORTY = "w1-p12-c1", "w1-p12-c40"
MATRIX_WORDS = (
    "Every event goes to every connector, and a call is one event at one system. Latency is from",
    "the producer's hand to the system, at half of the cell's own rate. A worker has a core for",
    "itself where there are more cores than workers; else all share all.",
)
COLUMNS = (
    ("rate", "calls/s"),
    ("cpu", "processor s per 1,000"),
    ("p50", "p50, ms"),
    ("p95", "p95"),
    ("p99", "p99"),
    ("peak", "peak MB"),
    ("threads", "threads"),
    ("idle", "idle, share of a core"),
    ("startup", "start-up, s"),
)


def page(found: Results) -> str:
    """The whole page."""
    parts = (
        ("# Scaling", _terms(found)),
        ("## Questions", _questions(found)),
        ("## Matrix", (*MATRIX_WORDS, "", *_matrix(found), "", "![rate and cost](scaling.svg)")),
        ("## How large", _sizes(found)),
    )
    return "\n".join("\n".join((title, "", *lines, "")) for title, lines in parts)


def write(found: Results, folder: Path = BENCH) -> None:
    """Write both files."""
    (folder / "scaling.md").write_text(page(found), encoding="utf-8")
    (folder / "scaling.svg").write_text(chart(list(_bars(found))), encoding="utf-8")


def _terms(found: Results) -> Iterator[str]:
    loads, days = [one.load for one in found.runs], sorted({one.day for one in found.runs})
    calls = ", ".join(f"{number:,}" for number in sorted({one.calls for one in found.runs}))
    yield f"{found.host.cpu}, {found.host.cores} cores, Python {found.host.python}."
    yield f"{days[0]} to {days[-1]}, {len(loads)} runs of about {calls} calls; medians."
    yield f"Load average {min(loads):.1f} to {max(loads):.1f} before them."
    if max(loads) > SHARED * found.host.cores:
        yield "**Machine shared while measured**: rates and latencies tell of the others, too."
    yield "A run counts only if each system got each of its events once and in order, nobody saw"
    yield "an error, and everything was committed."


def _questions(found: Results) -> Iterator[str]:
    yield _row(("", "question", "found", "wanted", "", "runs"))
    yield _row(["---"] * 6)
    for one in ANSWERS:
        runs = str(min(len(found.counted(case)) for case in one.cases))
        yield _row((one.letter, one.question, *_verdict(one, found), runs))


def _verdict(one: Answer, found: Results) -> tuple[str, str, str]:
    value = one.value(found)
    if value is not None:
        verdict = "reached" if one.good(value) else "MISSED"
        return f"{_number(value)} {one.unit}", one.wanted, verdict
    whys = [found.failure(case) for case in one.cases]
    if not any(whys):
        return "not run", one.wanted, ""
    return f"does not count: {_short(next(filter(None, whys)))}", one.wanted, "MISSED"


def _matrix(found: Results) -> Iterator[str]:
    yield _row(("", *(title for _, title in COLUMNS), "runs"))
    yield _row(["---"] * (len(COLUMNS) + 2))
    for case in CASES:
        runs, why = found.counted(case.name), found.failure(case.name)
        cells = [_cell(found, case.name, what) for what, _ in COLUMNS]
        if runs:
            yield _row((case.title, *cells, str(len(runs))))
        elif why:
            yield _row((case.title, f"does not count: {_short(why)}", *cells[1:], "0"))


def _cell(found: Results, case: str, what: str) -> str:
    value = found.value(case, what)
    return "" if value is None else _number(value)


def _bars(found: Results) -> Iterator[Measured]:
    for case in MATRIX:
        runs = found.counted(case.name)
        setup = case.setup
        who = f"{setup.workers} processes, {setup.connectors} connectors"
        for what, value in ((RATE, "rate"), (CPU, "cpu")):
            if runs:
                values = tuple(one.values[value] for one in runs)
                yield Measured(f"{setup.partitions} partitions", who, what, values)


def _sizes(found: Results) -> Iterator[str]:
    cpu = found.value(ONE, "cpu")
    if cpu is None:
        yield f"Not known before `{ONE}` was run."
        return
    per_core = 1_000 / cpu
    planned = f"{sizing.PLANNED:.0%}"
    yield f"* **A core** does {per_core:,.0f} calls a second; plan with {planned} of that."
    one, forty = found.value(ONE, "peak"), found.value(FORTY, "peak")
    if one is not None and forty is not None:
        each = sizing.memory_per_connector(one, forty, 40)
        yield f"* **Memory** of it: {one:,.0f} MB with one connector, {each:.1f} per further one."
    yield (
        f"* **Partitions**: {sizing.PER_PROCESS} for each process that there may ever be, at least "
        f"{sizing.LEAST_PARTITIONS}; with fewer of them than processes, some are idle."
    )
    yield (
        f"* **A province**, if a dossier has {sizing.EVENTS} events, {sizing.SYSTEMS} systems are "
        f"told of each, and {sizing.BUSIEST:.0%} of a day come in its busiest hour "
        "(assumptions: `ops/bench/scaling/sizing.py`):"
    )
    yield ""
    yield _row(("dossiers a day", "calls a second, busiest hour", "processes", "partitions"))
    yield _row(["---"] * 4)
    for dossiers in PROVINCES:
        need = sizing.need(dossiers, per_core)
        calls = f"{need.calls:,.0f}"
        yield _row((f"{dossiers:,}", calls, str(need.processes), str(need.partitions)))


def _short(why: str) -> str:
    """The beginning of a reason, fit for a cell."""
    return " ".join(why.replace("|", "/").split())[:REASON]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 20 else f"{value:.3g}"


if __name__ == "__main__":
    write(read(Path(sys.argv[1])))
