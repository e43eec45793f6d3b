"""What a new connector is to do: which operation for which event, in which direction."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hub.contract.offers import Offer, Offers
from hub.contract.types import Record
from hub.errors import Reject
from hub.mapping.likeness import folded, words
from hub.nearest import nearest

Kind: TypeAlias = Literal["on", "receive", "poll"]
_SHOWN = 12  # operations that a refusal lists


@dataclass(frozen=True, slots=True)
class Wish:
    """One flow: `on` an event call an operation, or `receive` or `poll` one and emit the event."""

    kind: Kind
    operation: str
    event: str


@dataclass(frozen=True, slots=True)
class Plan:
    """One flow with a name of its own; `offer` is its operation as the interface tells it."""

    name: str
    kind: Kind
    offer: Offer
    event: str


def wish(kind: Kind, text: str) -> Wish:
    """`EVENT=OPERATION` for `on`, `OPERATION=EVENT` for the others. Raises Reject.

    An operation may hold "=" no more than an event may, but a space: "StatusChanged=POST /status".
    """
    left, equals, right = (part.strip() for part in text.rpartition("="))
    if kind == "on":
        left, equals, right = (part.strip() for part in text.partition("="))
    if not equals or not left or not right:
        form = "EVENT=OPERATION" if kind == "on" else "OPERATION=EVENT"
        raise Reject(f"{text!r} is not {form}", where=f"--{kind}", fix=f"write {form}")
    return Wish(kind, right, left) if kind == "on" else Wish(kind, left, right)


def plans(wishes: Sequence[Wish], offers: Offers, events: Mapping[str, Record]) -> tuple[Plan, ...]:
    """Each wish with its operation and a name. Raises Reject for what is not there.

    `events`: by short name, events alone.
    """
    if not wishes:
        raise Reject(
            "no flow is chosen",
            fix=f"say --on EVENT=OPERATION or --receive OPERATION=EVENT; the interface has: "
            f"{_listed(offers.operations)}",
        )
    taken: set[str] = {folded(offer.title) for offer in offers.operations}
    found: list[Plan] = []
    for each in wishes:
        if each.event not in events:
            near = nearest(each.event, events)
            fix = f"did you mean {near}?" if near else f"one of {', '.join(sorted(events))}"
            raise Reject(f"'{each.event}' is no event", where=f"--{each.kind}", fix=fix)
        offer = operation_named(each.operation, offers)
        found.append(Plan(_name(each, offer, taken, found), each.kind, offer, each.event))
    return tuple(found)


def operation_named(text: str, offers: Offers) -> Offer:
    """The operation of that name, id or local name. Raises Reject with the nearest ones."""
    exact = [offer for offer in offers.operations if text in (offer.name, offer.title)]
    if len(exact) == 1:
        return exact[0]
    names = [name for offer in offers.operations for name in (offer.name, offer.title)]
    near = nearest(text, names)
    said = "stands for several operations" if exact else "is no operation of the interface"
    candidates = exact or _like(text, offers.operations)
    fix = f"did you mean {near}?" if near and not exact else f"it has: {_listed(candidates)}"
    raise Reject(f"'{text}' {said}", fix=fix)


def _like(text: str, operations: Sequence[Offer]) -> Sequence[Offer]:
    """The operations that share a word with the text; all, where none does."""
    asked = set(words(text))
    return [o for o in operations if asked & set(words(o.name) + words(o.title))] or operations


def _listed(operations: Iterable[Offer]) -> str:
    names = [offer.name for offer in operations]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more


def _name(wish: Wish, offer: Offer, taken: set[str], before: Sequence[Plan]) -> str:
    """A flow's name: its event's in small letters; with the operation's, where that is taken."""
    event = "_".join(words(wish.event))
    longer = f"{event}_{'_'.join(words(offer.title))}"[:60]
    known = {plan.name for plan in before}
    for name in (event, longer, *(f"{longer}_{n}" for n in range(2, 100))):
        if name not in known and not (
            folded(name) in taken and name.islower() and name == offer.title
        ):
            return name
    raise Reject("one event goes to one operation too many times", where=wish.event)
