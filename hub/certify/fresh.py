"""Cases under a dossier that no system knows yet: a sandbox can be tried any number of times.

All cases of one run become one dossier, of today: what one flow makes, the next may speak of.
"""

from collections.abc import Iterator, Mapping

from hub.contract.paths import put
from hub.contract.types import (
    Document,
    ListOf,
    Operation,
    Record,
    Ref,
    RestWire,
    Text,
    Timestamp,
    Type,
    Value,
)

LONGER = 8  # characters behind a dossier's code that still make a number of it: an order's ".C1"


def renamed(record: Document, old: str, new: str) -> Document:
    """The event with another dossier code, wherever it stands in a text.

    A text that is the code and little more becomes the new code alone: one number for all cases.
    """
    found = _renamed(record, old, new)
    return found if isinstance(found, dict) else {}


def _renamed(value: Value, old: str, new: str) -> Value:
    if isinstance(value, dict):
        return {name: _renamed(part, old, new) for name, part in value.items()}
    if isinstance(value, list):
        return [_renamed(part, old, new) for part in value]
    if not isinstance(value, str) or old not in value:
        return value
    rest = value.removeprefix(old)
    number = value.startswith(old) and len(rest) <= LONGER and "/" not in rest
    return new if number else value.replace(old, new)


def moved(value: Value, kind: Type, records: Mapping[str, Record], by: int) -> Value:
    """An event's value with every moment `by` milliseconds later; days stay what they are."""
    if isinstance(kind, Ref):
        kind = records[kind.name]
    if isinstance(kind, Timestamp) and isinstance(value, int):
        return value + by
    if isinstance(kind, ListOf) and isinstance(value, list):
        return [moved(item, kind.item, records, by) for item in value]
    if isinstance(kind, Record) and isinstance(value, dict):
        return {f.name: moved(value.get(f.name), f.type, records, by) for f in kind.fields}
    return value


def new_code(old: str, number: int) -> str:
    """A code of the same form: its last digits are those of `number`."""
    digits = len(old) - len(old.rstrip("0123456789"))
    return old[: len(old) - digits] + f"{number % 10**digits:0{digits}}" if digits else old


def with_other_words(
    request: Document, op: Operation, types: Mapping[str, Record]
) -> Document | None:
    """The request with its longest free text changed; None where it has none.

    A free text has several words: another code or number would be refused for what it names. What
    stands in the path or a header is none.
    """
    wire = op.wire
    outside = {p.field for p in wire.parameters} if isinstance(wire, RestWire) else set()
    texts = [
        (path, text)
        for path, text in _texts(request, op.request, types)
        if path.partition(".")[0] not in outside and " " in text.strip()
    ]
    if not texts:
        return None
    path, text = max(texts, key=lambda one: len(one[1]))
    return put(request, path, f"{text[:-1]}*")


def _texts(value: Document, kind: Record, types: Mapping[str, Record]) -> Iterator[tuple[str, str]]:
    """Free texts by path; lists are not entered."""
    for field in kind.fields:
        inner = field.type
        found = value.get(field.name)
        if isinstance(inner, Ref):
            inner = types[inner.name]
        if isinstance(inner, Record) and isinstance(found, dict):
            for path, text in _texts(found, inner, types):
                yield f"{field.name}.{path}", text
        elif isinstance(inner, Text) and isinstance(found, str) and found and _is_free(inner):
            yield field.name, found


def _is_free(kind: Text) -> bool:
    return kind.values is None and kind.pattern is None and kind.format is None
