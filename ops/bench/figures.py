"""What was measured, on what, and how it is shown."""

import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

Better: TypeAlias = Literal["lower", "higher"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: its runs, and what it should be. `better` says which side of the target."""

    bench: str
    name: str
    unit: str
    runs: tuple[float, ...]
    target: float | None = None
    better: Better = "lower"
    note: str = ""

    @property
    def value(self) -> float:
        """The median of the runs."""
        return statistics.median(self.runs)

    @property
    def reached(self) -> bool | None:
        """Whether the median is on the right side of the target; None without a target."""
        if self.target is None:
            return None
        return self.value <= self.target if self.better == "lower" else self.value >= self.target

    def as_dict(self) -> dict[str, object]:
        """For programs."""
        return {
            "bench": self.bench,
            "name": self.name,
            "unit": self.unit,
            "median": round(self.value, 3),
            "runs": [round(run, 3) for run in self.runs],
            "target": self.target,
            "better": self.better,
            "reached": self.reached,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured. `load`: the load average over a minute before the first run."""

    cpu: str
    cores: int
    python: str
    kernel: str
    load: float

    def as_dict(self) -> dict[str, object]:
        """For programs."""
        return {
            "cpu": self.cpu,
            "cores": self.cores,
            "python": self.python,
            "kernel": self.kernel,
            "load": round(self.load, 2),
        }

    def line(self) -> str:
        """For people."""
        return (
            f"{self.cpu}, {self.cores} cores, Python {self.python}, Linux {self.kernel}, "
            f"load before {self.load:.2f}"
        )


def machine() -> Machine:
    """What measures here, and how busy it is."""
    return Machine(
        cpu=cpu_model(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")),
        cores=os.cpu_count() or 1,
        python=platform.python_version(),
        kernel=platform.release(),
        load=os.getloadavg()[0],
    )


def cpu_model(cpuinfo: str) -> str:
    """The processor's name as /proc/cpuinfo tells it."""
    for line in cpuinfo.splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return "unknown processor"


def table(figures: Sequence[Figure]) -> str:
    """One line a figure: median, lowest and highest run, target, whether it is reached."""
    head = ("bench", "figure", "median", "lowest", "highest", "unit", "target", "")
    rows = [head, *(_row(figure) for figure in figures)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    lines = []
    for row in rows:
        cells = [
            cell.rjust(width) if i in (2, 3, 4) else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def _row(figure: Figure) -> tuple[str, ...]:
    sign = "<=" if figure.better == "lower" else ">="
    target = "" if figure.target is None else f"{sign} {_number(figure.target)}"
    verdict = {None: "", True: "reached", False: "MISSED"}[figure.reached]
    shown = "; ".join(part for part in (verdict, figure.note) if part)
    return (
        figure.bench,
        figure.name,
        _number(figure.value),
        _number(min(figure.runs)),
        _number(max(figure.runs)),
        figure.unit,
        target,
        shown,
    )


def _number(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
