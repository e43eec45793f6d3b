"""Everything that can be known about a bundle before it is live: what `check` and registration ask.

Beyond what `hub.registry.bundle` proves, the bundle's cases are run, and, where a registration is
given, its entry is held against the manifest.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from hub.registry.bundle import Bundle, Examined, examine
from hub.registry.bundle_files import MANIFEST
from hub.registry.case_check import case_file_problems
from hub.registry.cases import run_cases
from hub.registry.event_types import Events
from hub.registry.manifest import Manifest
from hub.registry.problem import Problem
from hub.registry.registration import RegistrationEntry, entry_misfits
from hub.registry.unused import unused_problems
from hub.registry.yaml_file import Path, read_yaml

Place = Callable[[Path], str]  # where a part of the entry stands, "registrations.yaml:12"


@dataclass(frozen=True, slots=True)
class Checked:
    """`bundle` is None where it may not go live; `problems` says why, and is empty otherwise."""

    name: str
    bundle: Bundle | None
    problems: tuple[Problem, ...]
    cases: int = 0  # that hold


def check(
    name: str,
    files: Mapping[str, bytes],
    events: Events,
    entry: RegistrationEntry | None = None,
    place: Place | None = None,
) -> Checked:
    """Check the connector `name` of these files, and the entry by which it would go live.

    Never raises for what the files say. Nothing is written, and nothing outside is asked.
    """
    found = examine(name, files, events)
    problems = list(found.problems)
    held = 0
    manifest = found.manifest
    if manifest is not None:
        cases, held = _cases(found, manifest, files)
        problems += cases
        problems += _unused(found, manifest, files)
        problems += _entry_problems(manifest, entry, place or _dotted)
    return Checked(name, None if problems else found.bundle, tuple(problems), held)


def _unused(found: Examined, manifest: Manifest, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """What is declared for nothing; where something was left out, that may be what uses it."""
    if found.bundle is not None:
        yaml = read_yaml(files[MANIFEST], MANIFEST)
        yield from unused_problems(manifest, yaml, files[manifest.mapping].decode())


def _cases(
    found: Examined, manifest: Manifest, files: Mapping[str, bytes]
) -> tuple[list[Problem], int]:
    """What is wrong with the cases, and how many hold; they run where all else is right."""
    problems = list(case_file_problems(files, manifest.flows.keys() | found.lost))
    if found.bundle is None or any(problem.code != "no-case" for problem in problems):
        return problems, 0
    results = [result for result in run_cases(found.bundle) if result.case]
    failed = [result for result in results if result.difference]
    problems += [
        Problem(
            f"cases/{result.flow}/{result.case}",
            f"does not hold: {result.difference}",
            "mend the mapping, or the case if it expects the wrong thing",
            code="case",
        )
        for result in failed
    ]
    return problems, len(results) - len(failed)


def _entry_problems(
    manifest: Manifest, entry: RegistrationEntry | None, place: Place
) -> Iterator[Problem]:
    for misfit in entry_misfits(entry, manifest) if entry is not None else ():
        yield Problem(place(misfit.path), misfit.what, misfit.fix, code=misfit.code)


def _dotted(path: Path) -> str:
    return ".".join(["registration", *map(str, path)])
