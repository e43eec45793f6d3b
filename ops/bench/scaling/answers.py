"""The questions: which runs answer each, how, and what is wanted."""

from collections.abc import Callable
from dataclasses import dataclass

from ops.bench.scaling.cases import CASES
from ops.bench.scaling.results import Results

SETUPS = {case.name: case.setup for case in CASES}


@dataclass(frozen=True, slots=True)
class Answer:
    """`value`: from the runs that count, None without them; `good`: whether it is as wanted."""

    letter: str
    question: str
    cases: tuple[str, ...]
    value: Callable[[Results], float | None]
    unit: str
    wanted: str
    good: Callable[[float], bool]


def _ratio(delay: int) -> Answer:
    one, two = f"1x-{delay}ms", f"2x-{delay}ms"

    def value(found: Results) -> float | None:
        alone, both = found.value(one, "rate"), found.value(two, "rate")
        return both / alone if alone and both else None

    question = f"two processes against one, a system of {delay} ms, 64 calls in flight each"
    return Answer("a", question, (one, two), value, "times", ">= 1.9", lambda v: v >= 1.9)


def _plain(letter: str, question: str, case: str, what: str, unit: str, most: float) -> Answer:
    return Answer(
        letter,
        question,
        (case,),
        lambda found: found.value(case, what),
        unit,
        f"<= {most:,g}",
        lambda value: value <= most,
    )


def _served(found: Results) -> float | None:
    rate, setup = found.value("slow", "rate"), SETUPS["slow"]
    return rate * setup.delay / setup.in_flight if rate else None


def _more(found: Results) -> float | None:
    more = found.value("neighbours", "more")
    return None if more is None else more * 100


FORTY = "40 connectors, 500 events a second, one core, 60 s"
ANSWERS = (
    _ratio(30),
    _ratio(100),
    _plain("b", f"{FORTY}: events by which the lag grew", "forty", "behind", "events", 50),
    _plain("b", f"{FORTY}: p99", "forty", "p99", "ms", 1_000),
    _plain("b", f"{FORTY}: highest memory of the worker", "forty", "peak", "MB", 250),
    Answer(
        "c",
        "a system of 500 ms: rate, as a part of calls in flight / delay",
        ("slow",),
        _served,
        "of it",
        ">= 0.9",
        lambda value: value >= 0.9,
    ),
    _plain("d", "p99 at 70 % of the maximum rate", "seventy", "p99", "ms", 250),
    Answer(
        "e",
        "one of 4 systems goes to 2 s: by how much the others' p99 rises",
        ("neighbours",),
        _more,
        "%",
        "< 10",
        lambda value: value < 10,
    ),
)
