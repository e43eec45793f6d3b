"""What was measured, in one file: it grows with every run, so that what is broken off goes on."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

import msgspec

from ops.bench.figures import Machine


class Host(msgspec.Struct, frozen=True):
    """The machine that everything in a file was measured on."""

    cpu: str
    cores: int
    python: str


class Run(msgspec.Struct, frozen=True):
    """One run. `load`: the load average of the minute before it; `failed`: why it does not count.

    `calls`: how many were asked for; a run of other calls is another measurement.
    """

    case: str
    calls: int
    day: str
    load: float
    values: dict[str, float]
    failed: str = ""


class Results(msgspec.Struct, frozen=True):
    """All runs, in their order."""

    host: Host
    runs: tuple[Run, ...] = ()

    def counted(self, case: str, calls: int | None = None) -> list[Run]:
        """The runs of a case that count; `calls`: only those of so many."""
        found = [one for one in self.runs if one.case == case and not one.failed]
        return [one for one in found if calls is None or one.calls == calls]

    def value(self, case: str, what: str) -> float | None:
        """The median of a value; None where no run that counts has it."""
        found = [one.values[what] for one in self.counted(case) if what in one.values]
        return median(found) if found else None

    def failure(self, case: str) -> str:
        """Why the last run of a case does not count, if none does."""
        if self.counted(case):
            return ""
        return next((one.failed for one in reversed(self.runs) if one.case == case), "")

    def with_run(self, run: Run) -> "Results":
        """And one more."""
        return msgspec.structs.replace(self, runs=(*self.runs, run))


def missing(found: Results, cases: Sequence[str], calls: int, repeats: int) -> list[str]:
    """The runs that are still to be made: all cases once, then all once more."""
    have = {case: len(found.counted(case, calls)) for case in cases}
    return [case for turn in range(repeats) for case in cases if have[case] <= turn]


def read(file: Path) -> Results:
    """Raises OSError, msgspec.DecodeError."""
    return msgspec.json.decode(file.read_bytes(), type=Results)


def begin(file: Path, where: Machine) -> Results:
    """What the file has already; nothing where there is none.

    Raises ValueError for one of another machine.
    """
    host = Host(where.cpu, where.cores, where.python)
    if not file.exists():
        return Results(host)
    found = read(file)
    if found.host != host:
        raise ValueError(f"{file} was measured on another machine ({found.host.cpu}); move it away")
    return found


def write(file: Path, found: Results) -> None:
    """All at once, so that a run that is broken off leaves a whole file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")
    new.replace(file)
