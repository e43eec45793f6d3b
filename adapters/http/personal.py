"""What a peer says of our request, without the persons in it.

A peer's error text may quote what was sent ("no citizen Nguyễn …"). So the values of the request's
personal fields, as its contract marks them, are taken out of every text that is kept or shown.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

from hub.contract.types import Document, ListOf, MapOf, OneOf, Record, Ref, Type, Value

PERSONAL = frozenset(("p", "s"))
HIDDEN = "***"
_SHORTEST = 3  # shorter values are everywhere and give nothing away
_MOST = 500  # values that are looked for


def personal_texts(document: Document, record: Record, types: Mapping[str, Record]) -> list[str]:
    """The values below the personal fields of `document`, at most 500 of them."""
    found: list[str] = []
    _collect(document, record, types, found)
    return found


def without(text: str, values: Iterable[str]) -> str:
    """`text` in NFC with `***` for every value, however its letters are cased."""
    text = unicodedata.normalize("NFC", text)
    folded = text.casefold()
    wanted = {unicodedata.normalize("NFC", value) for value in values if len(value) >= _SHORTEST}
    for value in sorted(wanted, key=len, reverse=True):
        if value.casefold() in folded:
            text = re.sub(re.escape(value), HIDDEN, text, flags=re.IGNORECASE)
    return text


def _collect(value: Value, type_: Type, types: Mapping[str, Record], found: list[str]) -> None:
    if len(found) >= _MOST:
        return
    if isinstance(type_, Ref):
        type_ = types[type_.name]
    if isinstance(type_, OneOf):
        for option in type_.options:  # whichever it is: a value too many does no harm
            _collect(value, option, types, found)
    elif isinstance(type_, Record) and isinstance(value, dict):
        _collect_fields(value, type_, types, found)
    elif isinstance(type_, ListOf | MapOf):
        _collect_items(value, type_, types, found)


def _collect_fields(
    value: Document, record: Record, types: Mapping[str, Record], found: list[str]
) -> None:
    for field in record.fields:
        inner = value.get(field.name)
        if inner is None:
            continue
        if field.pii in PERSONAL:
            _texts(inner, found)
        else:
            _collect(inner, field.type, types, found)


def _collect_items(
    value: Value, type_: ListOf | MapOf, types: Mapping[str, Record], found: list[str]
) -> None:
    inner = type_.item if isinstance(type_, ListOf) else type_.value
    if isinstance(value, dict):
        value = list(value.values())
    for item in value if isinstance(value, list) else ():
        _collect(item, inner, types, found)


def _texts(value: Value, found: list[str]) -> None:
    """Every text and number below a personal field."""
    if len(found) >= _MOST:
        return
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        found.append(str(value))
    elif isinstance(value, list):
        for item in value:
            _texts(item, found)
    elif isinstance(value, dict):
        for item in value.values():
            _texts(item, found)
