"""What the checker knows about a value: the contract's types, and a few of its own.

A literal None has no contract type, an empty list no element yet, a new event carries its name,
and `a if test else b` may be one of two things; these need words that a contract does not have.
Absence is kept beside the type, not in it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from hub.contract.fits import YES, Fit, fits, worst
from hub.contract.types import (
    Anything,
    Integer,
    ListOf,
    Number,
    OneOf,
    Record,
    Ref,
    Text,
    Type,
)
from hub.contract.words import describe as describe_type

_OPTIONS = 50  # kinds that one value may be of
_VALUES = 5_000  # of a joined enumeration; beyond, it counts as free text


@dataclass(frozen=True, slots=True)
class Never:
    """No value at all: of None, of an empty list's elements, of reject()."""


@dataclass(frozen=True, slots=True)
class Poison:
    """Not known, because something wrong was reported already; silences what follows from it."""


@dataclass(frozen=True, slots=True)
class Many:
    """A list whose elements the checker has seen."""

    item: "Static"
    min_items: int = 0
    max_items: int | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A new event or request, with the name under which it is returned."""

    record: Record
    name: str


@dataclass(frozen=True, slots=True)
class Several:
    """One of several kinds."""

    options: tuple["Static", ...]


Static: TypeAlias = Type | Never | Poison | Many | Made | Several
Types: TypeAlias = Mapping[str, Record]

NEVER = Never()
POISON = Poison()


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an expression: its kind, and whether it may be absent."""

    type: Static
    absent: bool = False


def view(type_: Type, types: Types) -> Static:
    """A contract's type as the checker sees it: references looked up, lists opened."""
    match type_:
        case Ref(name=name):
            return types[name]
        case ListOf(item=item, min_items=low, max_items=high):
            return Many(view(item, types), low, high)
        case OneOf(options=options):
            return union(view(option, types) for option in options)
        case _:
            return type_


def describe(static: Static) -> str:
    """The kind in words, for a message."""
    match static:
        case Never():
            return "nothing"
        case Poison():
            return "something unknown"
        case Many(item=item):
            return f"a list of {describe(item)}" if item != NEVER else "an empty list"
        case Made(record=record):
            return f"a {record.name}"
        case Several(options=options):
            return " or ".join(describe(option) for option in options[:6])
        case _:
            return describe_type(static)


def join(left: Static, right: Static) -> Static:
    """What a value is that may be either."""
    if left == right or isinstance(right, Never):
        return left
    if isinstance(left, Never):
        return right
    match left, right:
        case (Poison(), _) | (_, Poison()):
            return POISON
        case Text(), Text():
            return _join_text(left, right)
        case Integer(), Integer():
            return _join_integer(left, right)
        case ((Number() | Integer()), (Number() | Integer())):
            return Number(_low(left.minimum, right.minimum), _high(left.maximum, right.maximum))
        case Many(), Many():
            return Many(
                join(left.item, right.item),
                min(left.min_items, right.min_items),
                _high(left.max_items, right.max_items),
            )
        case _:
            return union((left, right))


def union(options: Iterable[Static]) -> Static:
    """One of several kinds, without repetition; kinds that join are joined."""
    flat: list[Static] = []
    for option in options:
        parts = option.options if isinstance(option, Several) else (option,)
        for part in parts:
            _add(flat, part)
    if len(flat) > _OPTIONS:
        return POISON
    return flat[0] if len(flat) == 1 else Several(tuple(flat))


def _add(flat: list[Static], part: Static) -> None:
    for place, known in enumerate(flat):
        if _alike(known, part):
            flat[place] = join(known, part)
            return
    flat.append(part)


def _alike(left: Static, right: Static) -> bool:
    if type(left) is not type(right):
        return False
    return left == right if isinstance(left, Record | Made) else True


_Bound = TypeVar("_Bound", int, float)


def _low(left: _Bound | None, right: _Bound | None) -> _Bound | None:
    return None if left is None or right is None else min(left, right)


def _high(left: _Bound | None, right: _Bound | None) -> _Bound | None:
    return None if left is None or right is None else max(left, right)


def _join_text(left: Text, right: Text) -> Text:
    if left.values is not None and right.values is not None:
        values = tuple(dict.fromkeys(left.values + right.values))
        if len(values) <= _VALUES:
            return Text(values=values)
    (low, high), (other_low, other_high) = lengths(left), lengths(right)
    return Text(
        min_length=min(low, other_low),
        max_length=_high(high, other_high),
        pattern=left.pattern if left.pattern == right.pattern else None,
        format=left.format if left.format == right.format else None,
    )


def _join_integer(left: Integer, right: Integer) -> Integer:
    if left.values is not None and right.values is not None:
        values = tuple(dict.fromkeys(left.values + right.values))
        return Integer(min(values), max(values), values if len(values) <= _VALUES else None)
    return Integer(_low(left.minimum, right.minimum), _high(left.maximum, right.maximum))


def lengths(text: Text) -> tuple[int, int | None]:
    """The shortest and the longest that a text may be, in characters."""
    if text.values is not None:
        sizes = [len(value) for value in text.values] or [0]
        return min(sizes), max(sizes)
    return text.min_length, text.max_length


def whole(value: int) -> Integer:
    """The kind of one whole number."""
    return Integer(value, value, (value,))


def fit(source: Static, target: Type, types: Types) -> Fit:
    """Whether a value of `source` may be written into `target`."""
    if source is target or isinstance(source, Never | Poison):
        return YES
    match source:
        case Made(record=record):
            return YES if record is target else fits(record, target, types)
        case Several(options=options):
            return worst(fit(option, target, types) for option in options)
        case Many():
            return _fit_list(source, target, types)
        case Text(values=()):
            return YES  # narrowed to nothing: this place is never reached
        case _:
            return fits(source, target, types)


def _fit_list(source: Many, target: Type, types: Types) -> Fit:
    match target:
        case Anything():
            return YES
        case OneOf(options=options):
            found = [fit(source, option, types) for option in options]
            return next((f for f in found if f.ok), found[0])
        case ListOf(item=item):
            bounds = ListOf(Anything(), source.min_items, source.max_items)
            wanted = ListOf(Anything(), target.min_items, target.max_items)
            return worst((fits(bounds, wanted, types), fit(source.item, item, types)))
        case _:
            return Fit("no", f"{describe(source)} is not {describe_type(target)}")
