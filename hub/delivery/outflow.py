"""One flow `on: event` of one registration, ready to be carried out."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from hub.contract.types import Document, Value
from hub.delivery.batching import Joining
from hub.delivery.outcomes import Row, Test
from hub.registry.manifest_flow import Pages
from hub.registry.selection import Selection, agencies_at

Flags: TypeAlias = list[str]
Request: TypeAlias = tuple[str, Document]  # operation, what is sent
Make: TypeAlias = Callable[[Document, Document | None, Mapping[str, Value], Flags], Request | None]


@dataclass(frozen=True, slots=True)
class Question:
    """An operation that only asks: before a call, or after one whose outcome is unknown.

    `make` gives its request; None where the adapter fills in all that it needs.
    """

    operation: str
    make: Make | None
    pages: Pages | None = None
    found: tuple[Test, ...] = ()


@dataclass(frozen=True, slots=True)
class Outflow:
    """What the registration's bundle says about this flow for one type of event, compiled."""

    registration: str
    flow: str
    event_type: str  # full name
    make: Make
    rows: tuple[Row, ...]
    settings: Mapping[str, Value] = field(repr=False)
    serves: str | None = None
    agencies: frozenset[str] = frozenset()
    selected: tuple[Selection, ...] = ()  # the agencies that it served before
    ask: Question | None = None
    in_doubt: Question | None = None
    holds: bool = False  # a refused event parks, and its dossier waits for a person
    joining: Joining | None = None  # how several of it go out in one call

    def takes(self, record: Document, at: int | None = None) -> bool:
        """Whether the event's agency is one that this registration serves.

        `at`: when the broker took the event, epoch ms; without it, whether it would be told now.
        """
        if self.serves is None:
            return True
        return record.get(self.serves) in agencies_at(self.selected, self.agencies, at)
