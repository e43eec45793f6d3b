"""Writes the results page and its chart from what `--out` wrote.

python -m ops.bench.rivals.page FIGURES.json …      results.md and chart.svg, beside this file
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from ops.bench.rivals.chart import chart
from ops.bench.rivals.compare import CPU, RATE
from ops.bench.rivals.measured import Measurements, read

HERE = Path(__file__).parent
COLUMNS = (
    (RATE, "events/s"),
    ("p50", "p50, ms"),
    ("p95", "p95"),
    ("p99", "p99"),
    (CPU, "processor s per 1,000"),
    ("peak memory", "peak MB"),
    ("start-up", "start-up, s"),
)


def page(found: Measurements) -> str:
    """A table row for each workload and contender: medians, of the rate also lowest and highest."""
    cells = {(one.bench, one.who, one.what): one for one in found.figures}
    rows = dict.fromkeys((one.bench, one.who) for one in found.figures)
    titles = ["", "", *(title for _, title in COLUMNS), "runs"]
    lines = [
        "# Last figures",
        "",
        f"{found.machine}. Medians; of the rate also the lowest and the highest run.",
        "",
        *(f"* {terms}" for terms in found.terms),
        "",
        "![rate and processor time](chart.svg)",
        "",
        _row(titles),
        _row(["---"] * len(titles)),
    ]
    for bench, who in rows:
        shown = [cells[bench, who, what] for what, _ in COLUMNS]
        words = [_number(one.median) for one in shown]
        words[0] += _spread(shown[0].runs)
        lines.append(_row([bench, who, *words, str(len(shown[0].runs))]))
    return "\n".join(lines) + "\n"


def write(found: Measurements, folder: Path) -> None:
    """Write both files."""
    (folder / "results.md").write_text(page(found), encoding="utf-8")
    (folder / "chart.svg").write_text(chart(found.figures), encoding="utf-8")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _spread(runs: Sequence[float]) -> str:
    return f" ({_number(min(runs))}–{_number(max(runs))})" if len(runs) > 1 else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.2g}"


if __name__ == "__main__":
    write(read([Path(name) for name in sys.argv[1:]]), HERE)
