"""What people may see of an event: every personal value masked.

The rule is the schema's: `pii` says whether a value is masked, `mask` whether a part of it stays.
Whatever no schema declares harmless is masked, so a new field cannot leak by being forgotten.
"""

import unicodedata
from collections.abc import Callable, Mapping
from typing import TypeAlias

from hub.contract.types import Document, Value
from hub.events.catalogue import PRIMITIVES, Catalogue, Definition, Json, fields_of, full_name

HIDDEN = "•••"
KEPT_FIRST, KEPT_LAST = 3, 2
SHORTEST = 8  # below it, the five characters that stay would be most of the number
WORDS = 8  # no name has more; a longer text in a name's field is free text

Mask: TypeAlias = Callable[[Value], Value]
Foreign: TypeAlias = Callable[[str], Definition | None]


class Masks:
    """The masks of every record of a catalogue, made once.

    `foreign`: the definition of a record that the catalogue has not, as a bundle brought it and it
    was registered (`Codec.foreign`); its classes count as the catalogue's do.
    """

    def __init__(self, catalogue: Catalogue, foreign: Foreign = lambda _: None) -> None:
        self._masks = {name: _Maker().record(whole) for name, whole in catalogue.whole.items()}
        self._foreign = foreign

    def mask(self, name: str, record: Document) -> Document:
        """A copy for people. Absent values stay absent; masked ones become texts.

        Fields that the schema has not are left out; of a record that nobody defines, everything is
        masked.
        """
        made = self._masks.get(name) or self._brought(name)
        if made is None:
            return {field: _hide(value) for field, value in record.items()}
        masked = made(record)
        return masked if isinstance(masked, dict) else {}

    def _brought(self, name: str) -> Mask | None:
        definition = self._foreign(name)
        return None if definition is None else _Maker().record(definition)


def initials(text: str) -> str:
    """`Nguyễn Thị Thử` → `N.T.T.`; a text that is no name becomes •••."""
    words = unicodedata.normalize("NFC", text).split()
    if not words or len(words) > WORDS or not all(word[0].isalpha() for word in words):
        return HIDDEN
    return "".join(f"{word[0].upper()}." for word in words)


def ends(text: str) -> str:
    """The first 3 and last 2 characters: `026*******11`; a short text becomes •••."""
    if len(text) < SHORTEST:
        return HIDDEN
    return text[:KEPT_FIRST] + "*" * (len(text) - KEPT_FIRST - KEPT_LAST) + text[-KEPT_LAST:]


PARTIAL: Mapping[Json, Callable[[str], str]] = {"initials": initials, "ends": ends}


class _Maker:
    """Turns a self-contained schema into functions; remembers named types on the way."""

    def __init__(self) -> None:
        self._named: dict[str, Definition] = {}

    def record(self, definition: Definition) -> Mask:
        self._named[full_name(definition)] = definition
        masks = {name: self.field(field) for name, field in fields_of(definition)}

        def mask(value: Value) -> Value:
            if not isinstance(value, dict):
                return _hide(value)
            return {name: masks[name](part) for name, part in value.items() if name in masks}

        return mask

    def field(self, field: dict[str, Json]) -> Mask:
        kind = field.get("type")
        if field.get("pii") == "n" and not self._holds_record(kind):
            return _show
        nested = self.nested(kind)
        if nested is not None:
            return nested
        partial = PARTIAL.get(field.get("mask"))
        return _hide if partial is None else _partly(partial)

    def nested(self, kind: Json) -> Mask | None:
        """The mask of the record inside a type, also in a list or an optional one."""
        if isinstance(kind, str):
            definition = self._named.get(kind)
            return None if definition is None else self.nested(definition)
        if isinstance(kind, list):
            found = [self.nested(part) for part in kind if part != "null"]
            return found[0] if len(found) == 1 else None
        if not isinstance(kind, dict):
            return None
        if kind.get("type") == "array":
            inner = self.nested(kind.get("items"))
            return None if inner is None else _each(inner)
        return self.record(kind) if kind.get("type") == "record" else None

    def _holds_record(self, kind: Json) -> bool:
        if isinstance(kind, str):
            return kind not in PRIMITIVES and self._holds_record(self._named.get(kind))
        if isinstance(kind, list):
            return any(self._holds_record(part) for part in kind)
        if not isinstance(kind, dict):
            return False
        inner = (self._holds_record(kind.get(part)) for part in ("items", "values"))
        return kind.get("type") == "record" or any(inner)


def _show(value: Value) -> Value:
    return value


def _hide(value: Value) -> Value:
    return None if value is None else HIDDEN


def _partly(partial: Callable[[str], str]) -> Mask:
    return lambda value: partial(value) if isinstance(value, str) else _hide(value)


def _each(mask: Mask) -> Mask:
    return lambda value: [mask(item) for item in value] if isinstance(value, list) else _hide(value)
