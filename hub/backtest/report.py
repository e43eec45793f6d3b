"""The differences of many events, grouped by what caused them. Memory does not grow with events."""

from dataclasses import dataclass, field

from hub.backtest.causes import Cause
from hub.backtest.differences import Difference, Kind
from hub.contract.types import Document, Value

MOST_GROUPS = 500
MOST_DOSSIERS = 100_000  # that one group tells apart
EXAMPLES = 3
GRAVE: frozenset[Kind] = frozenset({"now rejected", "no longer sent"})
OTHERS = Cause(f"more than {MOST_GROUPS} groups of differences", explained=False)


@dataclass(frozen=True, slots=True)
class Example:
    """One event of a group: where it stands, and the values as people may see them."""

    place: str
    old: Value
    new: Value


@dataclass(slots=True)
class Group:
    """Differences of one kind at one field of one flow, by one cause."""

    flow: str
    kind: Kind
    path: str
    cause: Cause
    values: str = ""  # "IN_TRANSIT → DELIVERED", where a code table is the cause
    events: int = 0
    examples: list[Example] = field(default_factory=list)
    _dossiers: set[int] = field(default_factory=set)

    @property
    def dossiers(self) -> int:
        """How many keys it concerns; counts to 100,000."""
        return len(self._dossiers)

    @property
    def grave(self) -> bool:
        """Whether a person confirms it before the version goes live."""
        return not self.cause.explained or self.kind in GRAVE

    def add(self, key: bytes, example: Example) -> None:
        """One more event."""
        self.events += 1
        if len(self._dossiers) < MOST_DOSSIERS:
            self._dossiers.add(hash(key))
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)

    def __str__(self) -> str:
        where = f" {self.path}" if self.path else ""
        count = f"{self.dossiers} dossier{'' if self.dossiers == 1 else 's'}"
        return f"{self.cause.label}: {count}, {self.flow}{where} {self.values or self.kind}"

    def as_dict(self) -> Document:
        """For programs."""
        return {
            "cause": self.cause.label,
            "explained": self.cause.explained,
            "confirm": self.grave,
            "flow": self.flow,
            "kind": self.kind,
            "path": self.path,
            "values": self.values,
            "events": self.events,
            "dossiers": self.dossiers,
            "examples": [{"event": e.place, "old": e.old, "new": e.new} for e in self.examples],
        }


@dataclass(slots=True)
class Report:
    """What became of all events that were read."""

    read: int = 0  # events of the topics
    compared: int = 0  # that a flow of either version takes
    differing: int = 0
    notes: list[str] = field(default_factory=list)
    _groups: dict[tuple[str, str, str, Cause, str], Group] = field(default_factory=dict)

    @property
    def groups(self) -> list[Group]:
        """What a person has to confirm first, then by how many events they hold."""
        return sorted(self._groups.values(), key=lambda g: (not g.grave, -g.events))

    @property
    def to_confirm(self) -> list[Group]:
        """Unexplained differences, and events that would no longer arrive."""
        return [group for group in self.groups if group.grave]

    def add(
        self, flow: str, key: bytes, difference: Difference, cause: Cause, example: Example
    ) -> None:
        """One difference of one event."""
        values = f"{example.old} → {example.new}" if cause.codes else ""
        if difference.kind in ("now rejected", "other reason"):
            values = f"{difference.kind}: {difference.new}"
        known = (flow, difference.kind, difference.path, cause, values)
        if known not in self._groups and len(self._groups) >= MOST_GROUPS:
            known = ("", "changed", "", OTHERS, "")
        group = self._groups.setdefault(known, Group(flow, *known[1:]))
        group.add(key, example)

    def as_dict(self) -> Document:
        """For programs."""
        return {
            "read": self.read,
            "compared": self.compared,
            "differing": self.differing,
            "to_confirm": len(self.to_confirm),
            "notes": list(self.notes),
            "groups": [group.as_dict() for group in self.groups],
        }
