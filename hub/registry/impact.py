"""What a change of the events' schemas breaks: which mappings, at which lines, and whose they are.

Compatible with what was recorded is one question, which the registry answers; whether every
connector still reads and fills what it must is the other, answered here by compiling them all.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.registry.bundle import Examined, examine
from hub.registry.event_types import Events
from hub.registry.problem import Problem

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Broken:
    """One place of a connector that the change breaks. `problem.at` is relative to its folder."""

    connector: str
    owner: str
    problem: Problem

    def __str__(self) -> str:
        found = self.problem
        excerpt = found.shown.partition("\n")[2] or f"    fix: {found.fix}"
        return f"{self.connector}/{found.at}: {found.what} (owner: {self.owner})\n{excerpt}"

    def as_dict(self) -> dict[str, str]:
        """For programs."""
        return {"connector": self.connector, "owner": self.owner, **self.problem.as_dict()}


def broken_by(connectors: Iterable[tuple[str, Files]], old: Events, new: Events) -> list[Broken]:
    """Everything that is wrong with connectors (name, files) under `new` and was not under `old`.

    Where both are the same, the change was made in place: everything that is wrong.
    """
    found: list[Broken] = []
    same = old == new
    for name, files in connectors:
        after = examine(name, files, new)
        compare = bool(after.problems) and not same
        before = examine(name, files, old).problems if compare else ()
        owner = _owner(after)
        found += [Broken(name, owner, p) for p in after.problems if p not in before]
    return found


def _owner(examined: Examined) -> str:
    return examined.manifest.owner if examined.manifest else "not known"
