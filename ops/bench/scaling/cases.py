"""What is run: a matrix of processes, partitions and connectors, and five questions."""

from dataclasses import dataclass
from itertools import product
from typing import Literal, TypeAlias

from ops.bench.scaling.stage import Setup

Kind: TypeAlias = Literal["maximum", "steady", "neighbours"]
FEWEST = 200  # events of a run, however many systems each of them goes to


@dataclass(frozen=True, slots=True)
class Case:
    """One kind of run.

    *maximum*: how fast a full topic is emptied, then the latency at `load` of that. *steady*:
    `pace` events a second for `seconds`. *neighbours*: the same twice, the second time with one
    system slow. `part`: of the calls that were asked for, where a slow system would take too long.
    """

    name: str
    title: str
    kind: Kind
    setup: Setup
    load: float = 0.5
    part: float = 1.0
    pace: float = 0.0  # events a second
    seconds: float = 0.0

    def events(self, calls: int) -> int:
        """Events that are timed, when about so many calls are asked for."""
        each = 1 if self.setup.chosen else self.setup.connectors
        return max(FEWEST, int(calls * self.part) // each)

    def warm(self, calls: int) -> int:
        """Events before them: a slow system gets one call more per round until it has them all."""
        rounds = self.setup.in_flight**2 // 2 * self.setup.workers if self.setup.delay else 0
        return max(self.events(calls) // 4, rounds)


def _cell(workers: int, partitions: int, connectors: int) -> Case:
    title = f"{workers} processes, {partitions} partitions, {connectors} connectors"
    name = f"w{workers}-p{partitions}-c{connectors}"
    return Case(name, title, "maximum", Setup(workers, partitions, connectors))


def _processes(workers: int, milliseconds: int) -> Case:
    return Case(
        f"{workers}x-{milliseconds}ms",
        f"{workers} processes, a system of {milliseconds} ms, 64 calls in flight each",
        "maximum",
        Setup(workers, in_flight=64, delay=milliseconds / 1_000),
        part=1.0 if milliseconds < 100 else 0.5,
    )


MATRIX = tuple(_cell(*values) for values in product((1, 2), (3, 12, 48), (1, 4, 40)))
QUESTIONS = (
    *(_processes(workers, delay) for delay in (30, 100) for workers in (1, 2)),
    Case(
        "forty",
        "40 connectors, 500 events a second, each for one of them by its agency",
        "steady",
        Setup(connectors=40, chosen=True),
        pace=500.0,
        seconds=60.0,
    ),
    Case("slow", "a system of 500 ms", "maximum", Setup(delay=0.5), part=0.15),
    Case("seventy", "latency at 70 % of the maximum", "maximum", Setup(), load=0.7),
    Case(
        "neighbours",
        "one of 4 systems becomes slow (2 s), at 50 events a second",
        "neighbours",
        Setup(connectors=4),
        pace=50.0,
        seconds=30.0,
    ),
)
CASES = (*QUESTIONS, *MATRIX)
