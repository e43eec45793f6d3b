"""Classes of personal data: n none, p personal, s sensitive; of a field, and along a path."""

from collections.abc import Iterable, Iterator, Sequence

from hub.contract.types import Field, Record, Type, opened
from hub.mapping.statics import Types

_RANK = {None: 0, "n": 1, "p": 2, "s": 3}
_DEEPEST = 12  # records inside records that are looked into


def highest(classes: Iterable[str | None]) -> str | None:
    """The class that protects most."""
    return max(classes, key=_RANK.__getitem__, default=None)


def class_of(field: Field | None, types: Types) -> str | None:
    """A field's class; where it is not marked, the highest of what it holds."""
    if field is None or field.pii is not None:
        return None if field is None else field.pii
    inside = _fields_in(field.type, types, _DEEPEST)
    return highest(inner.pii for inner in inside)


def class_at(kind: Type, path: Sequence[str], types: Types) -> str | None:
    """The class of what a path leads to; the field's own mark, or that of the one it stands in."""
    found: str | None = None
    fields = _steps(kind, path, types)
    if len(path) and not fields:
        return None
    for field in fields:
        found = class_of(field, types)
    return found


def leaves(kind: Type, path: Sequence[str], types: Types) -> list[tuple[str, ...]]:
    """The paths of every plain value under a path; none where nothing is there."""
    here: Type = kind
    if path:
        fields = _steps(kind, path, types)
        if not fields:
            return []
        here = fields[-1].type
    return list(_leaves(here, tuple(path), types, _DEEPEST))


def _steps(kind: Type, path: Sequence[str], types: Types) -> list[Field]:
    """The fields along a path; none where it leads nowhere."""
    found: list[Field] = []
    records = _records(kind, types)
    for step in path:
        field = next((f for record in records if (f := record.field(step)) is not None), None)
        if field is None:
            return []
        found.append(field)
        records = _records(field.type, types)
    return found


def _records(kind: Type, types: Types) -> list[Record]:
    return [inner for inner in opened(kind, types) if isinstance(inner, Record)]


def _leaves(
    kind: Type, path: tuple[str, ...], types: Types, depth: int
) -> Iterator[tuple[str, ...]]:
    records = _records(kind, types)
    if not records or not depth:
        yield path
    for record in records if depth else ():
        for field in record.fields:
            yield from _leaves(field.type, (*path, field.name), types, depth - 1)


def _fields_in(kind: Type, types: Types, depth: int) -> Iterator[Field]:
    for record in _records(kind, types) if depth else ():
        for field in record.fields:
            yield field
            yield from _fields_in(field.type, types, depth - 1)
