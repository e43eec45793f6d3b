"""Which values of a request people may see: those that no person's data can hide in.

A value is shown where it is made of nothing but fields that the events' schemas mark as harmless,
in both versions (the mappings' lineage tells), or where it is harmless by itself: written in a
mapping, true or false, equal to a harmless field of the event. Whatever else was made of an event
is hidden.
"""

import ast
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import TypeAlias

from hub.contract.types import Document, Value
from hub.events.masks import HIDDEN, Masks
from hub.registry.bundle import Bundle
from hub.registry.explain import Row, explain

Place: TypeAlias = tuple[str, str]  # a function of the mapping, a path in what it makes
SHORT = 60  # characters of a value that are shown


class Shown:
    """Shows values of two bundles' requests, under the masks of the events' schemas."""

    def __init__(self, masks: Masks, bundles: Sequence[Bundle]) -> None:
        self._masks = masks
        self._bundles = bundles

    def values(
        self, event_type: str, record: Document, place: Place, values: Iterable[Value]
    ) -> list[Value]:
        """What stands at one place of a request, as people may see it.

        `place`: the mapping's function and the path. A record or list is told by how much it holds.
        """
        if _plain(place) in self._harmless:
            return [_short(value) for value in values]
        masked = self._masks.mask(event_type, record)
        known = dict(_pairs(record, masked))
        return [self._one(value, known) for value in values]

    @cached_property
    def _harmless(self) -> frozenset[Place]:
        """The places that only harmless fields are made into; asked for when anything differs."""
        rows = [row for bundle in self._bundles for row in explain(bundle)]
        places = {(row.flow, row.line.field.path) for row in rows}
        return frozenset(
            places - {(r.flow, r.line.field.path) for r in rows if not _is_harmless(r)}
        )

    @cached_property
    def _written(self) -> frozenset[str]:
        """What stands in the mappings."""
        texts = (bundle.files[bundle.manifest.mapping].decode() for bundle in self._bundles)
        return frozenset(text for source in texts for text in _literals(source))

    def _one(self, value: Value, known: dict[str, str]) -> Value:
        if value is None or isinstance(value, bool | dict | list):
            return _short(value)
        text = str(value)
        return _short(text if text in self._written else known.get(text, HIDDEN))


def _short(value: Value) -> Value:
    if isinstance(value, dict):
        return f"a record of {len(value)} fields"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str) and len(value) > SHORT:
        return f"{value[:SHORT]}…"
    return value


def _plain(place: Place) -> Place:
    """As lineage names it: any element of a list is the list."""
    return place[0], place[1].replace("[]", "")


def _is_harmless(row: Row) -> bool:
    of = (*row.line.sources, *row.line.decided_by)
    marked = all(m.pii == "n" or m.path.startswith("setting.") for m in of)
    return marked and row.line.field.pii in (None, "n")


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
