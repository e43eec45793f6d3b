"""What `--out` wrote, read again; files of several rounds are put together."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec


class _Figure(msgspec.Struct, frozen=True):
    bench: str
    name: str
    unit: str
    runs: list[float]


class _Machine(msgspec.Struct, frozen=True):
    cpu: str
    cores: int
    python: str
    load: float


class _File(msgspec.Struct, frozen=True):
    machine: _Machine
    terms: dict[str, float]
    figures: list[_Figure]


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure of one contender (`who`) at one workload (`bench`): its runs in all files."""

    bench: str
    who: str
    what: str
    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        """The median of the runs."""
        return statistics.median(self.runs)


@dataclass(frozen=True, slots=True)
class Measurements:
    """All figures, in the order of their first file; the machine and each file's terms in words."""

    machine: str
    terms: tuple[str, ...]
    figures: tuple[Measured, ...]


def read(files: Sequence[Path]) -> Measurements:
    """Put files together. Raises OSError, msgspec.DecodeError, IndexError without a file."""
    found = [msgspec.json.decode(file.read_bytes(), type=_File) for file in files]
    runs: dict[tuple[str, str, str], list[float]] = {}
    for figure in (figure for one in found for figure in one.figures):
        who, _, what = figure.name.rpartition(": ")
        runs.setdefault((figure.bench, who, what), []).extend(figure.runs)
    loads = sorted(one.machine.load for one in found)
    where = found[0].machine
    return Measurements(
        f"{where.cpu}, {where.cores} cores, Python {where.python}, "
        f"load average {loads[0]:.1f} to {loads[-1]:.1f} before the runs",
        tuple(dict.fromkeys(_words(one) for one in found)),
        tuple(Measured(*key, tuple(values)) for key, values in runs.items()),
    )


def _words(file: _File) -> str:
    benches = ", ".join(dict.fromkeys(figure.bench for figure in file.figures))
    said = ", ".join(f"{name} {value:,.0f}" for name, value in file.terms.items())
    return f"{benches}: {said}"
