"""One receive or poll flow of one registration, ready to turn items into facts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from hub.contract.types import Document, Value
from hub.errors import Reject
from hub.events.identity import event_id
from hub.intake.confirming import Confirmation, Mark
from hub.intake.item import digest, identity, split
from hub.intake.secrecy import violation
from hub.topics import EVENT_BYTES, topic_of

Emit: TypeAlias = Callable[
    [Document, int, Mapping[str, Value], list[str]], list[tuple[str, Document]]
]


@dataclass(frozen=True, slots=True)
class Inflow:
    """What the registration's bundle says about this flow, compiled."""

    registration: str
    flow: str
    emit: Emit
    settings: Mapping[str, Value] = field(repr=False)
    split: str | None = None
    identity: tuple[str, ...] = ()
    identify: Callable[[Document], tuple[str, ...]] | None = None  # where paths cannot say it
    ignore: tuple[str, ...] = ()
    aside: str = ""  # why an item may give no event; such items are recorded
    marks: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    confirm: Confirmation | None = None  # what is asked about an item before it counts


class Fact(msgspec.Struct, frozen=True):
    """An event that an item gave, before it is kept."""

    id: str
    type: str
    topic: str
    key: str
    record: Document
    digest: str
    flags: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Fact({self.id} {self.type})"


class Item(msgspec.Struct, frozen=True):
    """What one item says: who it is, and the events that it gave (often one, sometimes none)."""

    identity: tuple[str, ...]
    digest: str
    facts: tuple[Fact, ...]

    @property
    def mark(self) -> Mark:
        """Names what it says, among all items; only of one that gave events."""
        return self.facts[0].id, self.digest


def items_of(inflow: Inflow, document: Document) -> list[Document]:
    """The items of a message. Raises Reject (code secrecy) before anything else looks at them."""
    rule = violation(document, inflow.marks, inflow.texts)
    if rule is not None:
        raise Reject("bears a secrecy mark", where=rule, code="secrecy")
    return split(document, inflow.split)


def read_item(
    inflow: Inflow,
    item: Document,
    headers: Mapping[str, str],
    key_field: Callable[[str], str],
    digest_key: bytes,
    now: int,
    named: tuple[str, ...] | None = None,
) -> Item:
    """What one item says; its events in their order.

    `now`: epoch ms, for facts whose sender names no time. `named`: the item's identity where the
    caller knows it.

    Raises Reject from the mapping, or where the item cannot be told from others.
    """
    identity_ = named or who(inflow, item, headers)
    flags: list[str] = []
    events = inflow.emit(item, now, inflow.settings, flags)
    mark = digest(item, inflow.ignore, digest_key).hex()
    said = tuple(dict.fromkeys(flags))
    facts = []
    for index, (kind, record) in enumerate(events):
        key = record[key_field(kind)]
        if not isinstance(key, str) or not key:
            raise Reject("is empty", where=f"{kind} {key_field(kind)}", code="key")
        number = event_id(inflow.registration, inflow.flow, identity_, index)
        facts.append(Fact(number, kind, topic_of(kind), key, record, mark, said))
    return Item(identity_, mark, tuple(facts))


def who(inflow: Inflow, item: Document, headers: Mapping[str, str]) -> tuple[str, ...]:
    """An item's identity. Raises Reject where it has none."""
    if inflow.identify is not None:
        return inflow.identify(item)
    return identity(item, inflow.identity, headers)


def check_size(fact: Fact, value: bytes) -> None:
    """An event has to leave room for the reason beside it on `hub.dead`."""
    if len(value) > EVENT_BYTES - 16_384:
        raise Reject(f"gives an event of {len(value)} bytes", where=fact.type, code="too-large")
