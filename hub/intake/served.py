"""Whether anybody will be told: an event that should be delivered but is not may not vanish.

`Served` knows every flow of every connector that is here, live or not, and every live registration.
A type that some connector wants, and no live registration takes, is unserved; so is one for an
agency that no registration of such a flow names (design, *Wanted by nobody*).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from hub.contract.types import Document


@dataclass(frozen=True, slots=True)
class Want:
    """A flow's interest. `registration` is None where the connector is here but not live."""

    type: str
    connector: str
    registration: str | None
    serves: str | None = None
    agencies: frozenset[str] = frozenset()

    def takes(self, record: Document) -> bool:
        """Whether this registration is meant by the event's agency."""
        return self.serves is None or record.get(self.serves) in self.agencies


class Served:
    """All wants, by event type."""

    def __init__(self, wants: Iterable[Want]) -> None:
        by_type: dict[str, list[Want]] = {}
        for want in wants:
            by_type.setdefault(want.type, []).append(want)
        self._wants: Mapping[str, list[Want]] = by_type

    def missing(self, kind: str, record: Document, source: str) -> tuple[str, ...]:
        """Connectors that should have been told but have no live registration for it.

        Flows that name agencies are a group of their own: one of them has to match.
        """
        found: list[str] = []
        wants = [want for want in self._wants.get(kind, ()) if want.registration != source]
        for group in (
            [want for want in wants if want.serves],
            [want for want in wants if not want.serves],
        ):
            if group and not any(w.registration and w.takes(record) for w in group):
                found += [want.connector for want in group]
        return tuple(dict.fromkeys(found))

    def takers(self, kind: str, record: Document, source: str) -> tuple[str, ...]:
        """The live registrations that are told of this event."""
        found = (
            want.registration
            for want in self._wants.get(kind, ())
            if want.registration and want.registration != source and want.takes(record)
        )
        return tuple(dict.fromkeys(found))

    def agency(self, kind: str, record: Document) -> str:
        """The agency by which it is decided who is told; empty where that does not matter."""
        fields = (want.serves for want in self._wants.get(kind, ()) if want.serves)
        return next((str(record.get(name) or "") for name in fields), "")
