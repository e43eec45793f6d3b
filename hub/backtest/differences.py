"""What two versions make of one event, compared field by field.

Each version makes one of three things: a request, a refusal, or nothing. The same comparison serves
a new version of a connector (backtest) and a replay of what was sent once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal, TypeAlias

from hub.contract.types import Document, Value

Kind: TypeAlias = Literal[
    "changed",
    "new field",
    "field gone",
    "other operation",
    "now sent",
    "no longer sent",
    "now rejected",
    "no longer rejected",
    "other reason",
]
MOST = 200  # differences of one event that are told; a request in another shape has thousands


@dataclass(frozen=True, slots=True)
class Request:
    """What would be sent: the operation, and its request as it goes onto the wire.

    `wire`: the bytes, where they say more than the document (XML); else empty.
    """

    operation: str
    document: Document = field(repr=False)
    wire: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """The mapping or the contract refuses the event. Neither text holds a personal value."""

    what: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is sent, and why."""

    why: str


Outcome: TypeAlias = Request | Rejected | Nothing


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same.

    `path`: dotted path in the request, `[]` for any element of a list; "" for the request as a
    whole (`changed` then means: the same fields, other bytes). `old`, `new`: the values there;
    operation, reason or "" for whole requests.
    """

    kind: Kind
    path: str = ""
    old: Value = field(default=None, repr=False)
    new: Value = field(default=None, repr=False)


def differences(old: Outcome, new: Outcome) -> list[Difference]:
    """What is not the same; at most 200, in the order of the new request, then of the old one."""
    match old, new:
        case Request(), Request():
            return _requests(old, new)
        case Rejected(), Rejected():
            same = old.what == new.what
            return [] if same else [Difference("other reason", "", old.what, new.what)]
        case Nothing(), Nothing():
            return []
        case _, Rejected():
            return [Difference("now rejected", "", _said(old), new.what)]
        case Rejected(), _:
            return [Difference("no longer rejected", "", old.what, _said(new))]
        case Nothing(), Request():
            return [Difference("now sent", "", "", new.operation)]
        case _:
            return [Difference("no longer sent", "", _said(old), _said(new))]


def _said(outcome: Outcome) -> str:
    match outcome:
        case Request(operation=operation):
            return operation
        case Rejected(what=what):
            return what
        case Nothing(why=why):
            return why


def _requests(old: Request, new: Request) -> list[Difference]:
    if old.operation != new.operation:
        return [Difference("other operation", "", old.operation, new.operation)]
    if old.wire and old.wire == new.wire:
        return []  # absent and null may be the same there
    found = list(islice(_values(old.document, new.document, ""), MOST))
    if not found and old.wire != new.wire:
        found.append(Difference("changed"))
    return found


def _values(old: Value, new: Value, path: str) -> Iterator[Difference]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _records(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, path)
    elif old != new or type(old) is not type(new):
        yield Difference("changed", path, old, new)


def _records(old: Document, new: Document, path: str) -> Iterator[Difference]:
    for name, value in new.items():
        below = f"{path}.{name}" if path else name
        if name in old:
            yield from _values(old[name], value, below)
        else:
            yield Difference("new field", below, None, value)
    for name, value in old.items():
        if name not in new:
            yield Difference("field gone", f"{path}.{name}" if path else name, value, None)


def _lists(old: list[Value], new: list[Value], path: str) -> Iterator[Difference]:
    """By position: a list has no other identity that holds for every contract."""
    below = f"{path}[]"
    for one, other in zip(old, new, strict=False):
        yield from _values(one, other, below)
    for value in new[len(old) :]:
        yield Difference("new field", below, None, value)
    for value in old[len(new) :]:
        yield Difference("field gone", below, value, None)
