"""What could be written into a field: the values in reach whose kind fits, the likest first.

The checker shows them beside a hole (`todo`), and a new mapping is written from them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from keyword import iskeyword
from typing import Final

from hub.contract.types import (
    Anything,
    Date,
    Integer,
    Number,
    Record,
    Text,
    Timestamp,
    Type,
)
from hub.mapping.likeness import Path, Synonyms, likeness
from hub.mapping.statics import Known, Static, Types, fit, view

_DEPTH: Final = 4  # records inside records that are looked into
_MOST: Final = 2_000  # values that are looked at for one field
_LEAST: Final = 0.25  # below, a name says nothing


@dataclass(frozen=True, slots=True)
class Given:
    """A value that an expression can read: `path` as the names that lead to it, root first."""

    path: Path
    known: Known

    @property
    def text(self) -> str:
        """As a mapping writes it; a word of Python gets an underscore behind it."""
        return ".".join(f"{n}_" if iskeyword(n) else n for n in self.path)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value, the expression that turns it into the wanted kind, and how like it is (0 to 1)."""

    given: Given
    expression: str
    likeness: float


def readable(names: Mapping[str, Known], types: Types) -> tuple[Given, ...]:
    """Every value behind `names`, records opened four deep, lists left whole."""
    found: list[Given] = []
    for name, known in names.items():
        for given in _inside(Given((name,), known), types, _DEPTH):
            found.append(given)
            if len(found) >= _MOST:
                return tuple(found)
    return tuple(found)


def _inside(given: Given, types: Types, depth: int) -> Iterator[Given]:
    yield given
    record = given.known.type
    if not isinstance(record, Record) or depth == 0:
        return
    for member in record.fields:
        if member.name.isidentifier() and not member.name.startswith("_"):
            absent = given.known.absent or not member.required or member.nullable
            known = Known(view(member.type, types), absent)
            yield from _inside(Given((*given.path, member.name), known), types, depth - 1)


def candidates(
    wanted: Path, target: Type, given: tuple[Given, ...], types: Types, synonyms: Synonyms
) -> list[Candidate]:
    """What may be meant by a field, by kind and name, the likest first; of equals the shorter.

    A moment or a day is proposed whatever its name: there are few of them.
    """
    found = []
    least = 0.0 if _is_time(target) else _LEAST
    for each in given:
        like = likeness(wanted, each.path[1:] or each.path, synonyms)
        expression = written(each, target, types) if like >= least else None
        if expression is not None:
            found.append(Candidate(each, expression, like))
    return sorted(found, key=lambda c: (-c.likeness, len(c.given.path), c.given.path))


def _is_time(target: Type) -> bool:
    timed = isinstance(target, Text) and target.format in ("date", "date-time")
    return timed or isinstance(target, Timestamp | Date)


_TURNED: Final[Mapping[tuple[type, type], str]] = {
    (Date, Text): "xsd_date_text({})",
    (Integer, Text): "text_of({})",
    (Number, Text): "number_text({})",
    (Number, Integer): "whole_number({})",
    (Text, Integer): "integer({})",
    (Text, Number): "number({})",
    (Timestamp, Date): "date_of({})",
}


def written(given: Given, target: Type, types: Types) -> str | None:
    """The expression that writes a value into a field of that type; None where kinds do not meet.

    Where a choice is a person's (a code table, the form of a local time) there is none.
    """
    static = given.known.type
    if isinstance(target, Anything) or isinstance(static, Anything):
        return None  # anything fits there, so that fitting says nothing
    if _meets(static, target, types):
        return given.text
    if isinstance(target, Text | Integer) and target.values is not None:
        return None
    timed = isinstance(target, Text) and _is_time(target)
    template = _dated(static, target) or (
        None if timed else _TURNED.get((type(static), type(target)))
    )
    return None if template is None else template.format(given.text)


def _meets(static: Static, target: Type, types: Types) -> bool:
    if isinstance(target, Text) and target.format in ("date", "date-time"):
        return isinstance(static, Text) and static.format == target.format
    return fit(static, target, types).kind != "no"


def _dated(static: Static, target: Type) -> str | None:
    match static, target:
        case Timestamp(), Text(format="date-time"):
            return "instant_text({})"
        case Timestamp(), Text(format="date"):
            return "xsd_date_text(date_of({}))"
        case Text(format="date-time"), Timestamp():
            return "instant({})"
        case Text(format="date"), Date():
            return "xsd_date({})"
        case _:
            return None


def named(found: list[Candidate], most: int = 3) -> str:
    """The first few, for a message: `event.local_code, event.status_raw`."""
    return ", ".join(candidate.expression for candidate in found[:most])
