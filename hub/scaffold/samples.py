"""A message that a contract admits, made from its types: the input of a new flow's first case.

What a name hints at gets the value that tests use (domain, local: persons who cannot live any more,
numbers that no operator gives out), so that a case reads as a message and names nobody.
"""

from collections.abc import Mapping
from typing import Final

from hub.contract.types import (
    Anything,
    Boolean,
    Date,
    Document,
    Integer,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Record,
    Ref,
    Text,
    Timestamp,
    Type,
    Value,
)
from hub.contract.validate import compile_validator
from hub.errors import Reject
from hub.mapping.likeness import words
from hub.scaffold.pattern import matching

_DEPTH: Final = 12
_MOMENT, _DAY = "2025-10-13T10:30:00+07:00", "2025-10-13"
# Words of a field's name (behind "/"; before it, of the record it stands in), and a value for it.
_KNOWN: Final = tuple(
    (frozenset(above.split()), frozenset(own.split()), value)
    for above, own, value in (
        ("", "dossier code", "H44.99.99-251013-0001"),
        ("", "ma ho so", "H44.99.99-251013-0001"),
        ("", "order number", "H44.99.99-251013-0001-R"),
        ("", "agency name", "Sở Thử nghiệm"),
        ("", "agency", "H44.99.99"),
        ("", "ma don vi", "H44.99.99"),
        ("", "procedure code", "9.999901"),
        ("", "ma tthc", "9.999901"),
        ("", "birth", "1901-02-03"),
        ("", "ngay sinh", "1901-02-03"),
        ("", "email", "mau@example.test"),
        ("", "phone", "0300000011"),
        ("", "dien thoai", "0300000011"),
        ("", "tel", "0300000011"),
        ("", "province code", "25"),
        ("", "commune code", "00001"),
        ("", "id number", "026001000011"),
        ("", "so giay to", "026001000011"),
        ("", "officer name", "Trần Thị Thử"),
        ("", "can bo", "Trần Thị Thử"),
        ("", "ho ten", "Nguyễn Văn Mẫu"),
        ("", "full name", "Nguyễn Văn Mẫu"),
        ("sender", "name", "Nguyễn Văn Mẫu"),
        ("receiver", "name", "Trần Thị Thử"),
    )
)
_FORMATS: Final[Mapping[str, str]] = {
    "date-time": _MOMENT,
    "date": _DAY,
    "time": "10:30:00",
    "uri": "https://example.test/a",
    "email": "mau@example.test",
    "uuid": "00000000-0000-4000-8000-000000000001",
    "byte": "dGh1",
    "base64Binary": "dGh1",
}


def sample(record: Record, types: Mapping[str, Record], *, whole: bool = False) -> Document | None:
    """A document that `record` admits: required fields, and with `whole` the scalar others too.

    None where none could be made: a pattern that is too intricate, a record that must hold itself.
    """
    try:
        found = _record(record, types, (), whole=whole)
    except (LookupError, Reject):  # a pattern may be one that is not supported
        return None
    _, problems = compile_validator(record, types).check(found)
    return None if problems else found


def sample_event(record: Record, types: Mapping[str, Record]) -> Document:
    """An event as a case writes it: moments and days as people do; what may be absent is there."""
    return _record(record, types, (), whole=True)


def _record(
    record: Record, types: Mapping[str, Record], path: tuple[str, ...], *, whole: bool
) -> Document:
    if len(path) > _DEPTH:
        raise LookupError(record.name)
    chosen = {name for group in record.groups for name in group.alternatives[0]}
    others = {n for g in record.groups for names in g.alternatives for n in names} - chosen
    found: Document = {}
    for each in record.fields:
        if each.name in others:
            continue
        plain = not isinstance(each.type, Record | Ref | ListOf | MapOf | OneOf | Anything)
        if each.required or each.name in chosen or (whole and plain):
            found[each.name] = _value(each.type, types, (*path, each.name), whole=whole)
    return found


def _value(kind: Type, types: Mapping[str, Record], path: tuple[str, ...], *, whole: bool) -> Value:
    match kind:
        case Record() | Ref():
            record = types[kind.name] if isinstance(kind, Ref) else kind
            return _record(record, types, path, whole=whole)
        case ListOf():
            count = max(1, kind.min_items)
            return [_value(kind.item, types, path, whole=whole) for _ in range(count)]
        case OneOf():
            return _value(kind.options[0], types, path, whole=whole)
        case MapOf():
            return {}
        case _:
            return _single(kind, path)


def _single(kind: Type, path: tuple[str, ...]) -> Value:
    match kind:
        case Text():
            return _text(kind, path)
        case Integer():
            return _integer(kind)
        case Number(minimum=low, maximum=high):
            return float(low if low is not None else min(1, high if high is not None else 1))
        case Boolean():
            return True
        case Timestamp():
            return _MOMENT  # as people write an event
        case Date():
            return _hinted(path, _DAY)
        case _:
            return "thử"


def _integer(kind: Integer) -> int:
    if kind.values:
        return kind.values[0]
    low, high = kind.minimum, kind.maximum
    wanted = 1 if low is None else max(low, 1)
    return wanted if high is None else min(wanted, high)


def _text(kind: Text, path: tuple[str, ...]) -> str:
    if kind.values:
        return next((value for value in kind.values if value), kind.values[0])
    if kind.pattern is not None:
        return matching(kind.pattern, _hinted(path), kind.min_length)
    value = _FORMATS.get(kind.format or "", "") or _hinted(path)
    value = value.ljust(kind.min_length, "x")
    return value if kind.max_length is None else value[: kind.max_length]


def _hinted(path: tuple[str, ...], otherwise: str = "thử") -> str:
    above = {word for name in path[:-1] for word in words(name)}
    own = set(words(path[-1])) if path else set()
    for parent, hint, value in _KNOWN:
        if parent <= above and hint <= own:
            return value
    return otherwise
