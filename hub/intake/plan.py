"""What is to be done with a message's items, once it is clear what of them is known."""

from dataclasses import dataclass

from hub.intake.acts import Act, Kind
from hub.intake.inflow import Fact, Inflow, Item


@dataclass(slots=True)
class Plan:
    """Facts of a message, sorted by what is known; and what is to be put on record."""

    new: list[Fact]
    known: list[Fact]
    acts: list[Act]

    @property
    def conflicts(self) -> int:
        """How many items say something else than before."""
        return sum(act.kind == "CONFLICT" for act in self.acts)


def act_of(kind: Kind, inflow: Inflow, item: Item, reason: str) -> Act:
    """The act that says what became of an item; `reason` holds no personal value."""
    ids = tuple(fact.id for fact in item.facts)
    subject = " ".join(item.identity)
    return Act(kind, inflow.registration, inflow.flow, subject, reason, item.digest, ids)
