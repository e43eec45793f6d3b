"""Everything that can be known about a bundle before it is live: what `check` and registration ask.

Beyond what `hub.registry.bundle` proves, the bundle's cases are run, and, where a registration is
given, its entry is held against the manifest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hub.errors import Reject
from hub.registry.bundle import Bundle, prove
from hub.registry.cases import Result, run_cases
from hub.registry.event_types import Events
from hub.registry.problem import BundleErrors, Problem
from hub.registry.registration import RegistrationEntry, complete


@dataclass(frozen=True, slots=True)
class Checked:
    """`bundle` is None where it may not go live; `problems` says why, and is empty otherwise."""

    name: str
    bundle: Bundle | None
    problems: tuple[Problem, ...]
    cases: int = 0  # that hold


def check(
    name: str, files: Mapping[str, bytes], events: Events, entry: RegistrationEntry | None = None
) -> Checked:
    """Check the connector `name` of these files, and the entry by which it would go live.

    Never raises for what the files say. Nothing is written, and nothing outside is asked.
    """
    try:
        bundle = prove(name, files, events)
    except BundleErrors as error:
        return Checked(name, None, error.problems)
    results = _results(bundle, events)
    problems = [*_case_problems(results), *_entry_problems(bundle, entry)]
    held = sum(1 for result in results if isinstance(result, Result) and not result.difference)
    return Checked(name, None if problems else bundle, tuple(problems), held)


def _results(bundle: Bundle, events: Events) -> list[Result | Problem]:
    try:
        return [*run_cases(bundle, events)]
    except Reject as error:
        return [Problem(error.where, error.what, error.fix, code="case")]


def _case_problems(results: list[Result | Problem]) -> Iterator[Problem]:
    for result in results:
        if isinstance(result, Problem):
            yield result
        elif result.difference:
            place = f"cases/{result.flow}/{result.case}" if result.case else "cases"
            what = f"flow '{result.flow}': {result.difference}"
            yield Problem(place, what, code="case")


def _entry_problems(bundle: Bundle, entry: RegistrationEntry | None) -> Iterator[Problem]:
    if entry is None:
        return
    try:
        complete(entry, bundle.manifest)
    except Reject as error:
        yield Problem(error.where, error.what, error.fix, code="registration")
