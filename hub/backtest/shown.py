"""Which values of a request people may see: those that no person's data can hide in.

A contract rarely says which of its fields are personal. So a value is shown when it is known to be
harmless by itself: written in the mapping, true or false, or the value of a field that the event's
schema marks as not personal. Whatever else was made of an event is hidden.
"""

import ast
from collections.abc import Iterable, Iterator

from hub.contract.types import Document, Value
from hub.events.masks import HIDDEN, Masks

SHORT = 60  # characters of a value that are shown


class Shown:
    """Shows values under the masks of the events' schemas. `mappings`: texts of both versions."""

    def __init__(self, masks: Masks, mappings: Iterable[str]) -> None:
        self._masks = masks
        self._written = {text for source in mappings for text in _literals(source)}

    def values(self, event_type: str, record: Document, values: Iterable[Value]) -> list[Value]:
        """The values as people may see them; a record or list as how much it holds."""
        masked = self._masks.mask(event_type, record)
        known = dict(_pairs(record, masked))
        return [self._one(value, known) for value in values]

    def _one(self, value: Value, known: dict[str, str]) -> Value:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, dict):
            return f"a record of {len(value)} fields"
        if isinstance(value, list):
            return f"a list of {len(value)}"
        text = str(value)
        shown = text if text in self._written else known.get(text, HIDDEN)
        return shown if len(shown) <= SHORT else f"{shown[:SHORT]}…"


def _literals(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | int):
            yield str(node.value)


def _pairs(raw: Value, masked: Value) -> Iterator[tuple[str, str]]:
    """Each value of an event beside what people may see of it; hidden ones come last, and win."""
    found = list(_scalars(raw, masked))
    yield from sorted(found, key=lambda pair: pair[0] != pair[1])


def _scalars(raw: Value, masked: Value) -> Iterator[tuple[str, str]]:
    if isinstance(raw, dict):
        for name, value in raw.items():
            yield from _scalars(value, masked.get(name) if isinstance(masked, dict) else HIDDEN)
    elif isinstance(raw, list):
        for number, value in enumerate(raw):
            beside = masked[number] if isinstance(masked, list) else HIDDEN
            yield from _scalars(value, beside)
    elif raw is not None:
        yield str(raw), HIDDEN if masked is None else str(masked)
