"""What a system is told, in its own words: the manifest's `answers`, filled in.

A text that is one placeholder gives the value itself, so a number stays a number; inside a longer
text it gives the value's text. What is absent gives "".
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import msgspec

from hub.contract.paths import get
from hub.contract.types import Document, Value
from hub.registry.manifest_flow import Reply
from hub.registry.manifest_words import Told
from hub.registry.yaml_file import Plain

_PLACE = re.compile(r"\{(doc\.[^{}]+|reason|count)\}")


class Said(msgspec.Struct, frozen=True):
    """What a reply may speak of."""

    document: Document
    reason: str = ""
    count: int = 0

    def value(self, name: str) -> Value:
        """The value of a placeholder."""
        if name == "reason":
            return self.reason
        if name == "count":
            return self.count
        found = get(self.document, name.removeprefix("doc."))
        return "" if found is None else found


Fill: TypeAlias = Callable[[Said], Value]


@dataclass(frozen=True, slots=True)
class CompiledReply:
    """A row of `answers`."""

    status: int
    fill: Fill | None

    def body(self, said: Said) -> Document | None:
        """The body, or None where the row has none."""
        found = None if self.fill is None else self.fill(said)
        return found if isinstance(found, dict) else None


def compile_replies(
    general: Mapping[Told, Reply], own: Mapping[Told, Reply]
) -> dict[Told, CompiledReply]:
    """The rows of a flow: its own before the connector's; `secret` falls back to `rejected`."""
    rows: dict[Told, Reply] = {**general, **own}
    if "rejected" in rows:
        rows.setdefault("secret", rows["rejected"])
    if "accepted" in rows:
        rows.setdefault("duplicate", rows["accepted"])
    return {
        told: CompiledReply(row.status, None if row.body is None else _fill(row.body))
        for told, row in rows.items()
    }


def _fill(template: Plain) -> Fill:
    if isinstance(template, dict):
        members = {key: _fill(value) for key, value in template.items()}
        return lambda said: {key: fill(said) for key, fill in members.items()}
    if isinstance(template, list):
        items = [_fill(value) for value in template]
        return lambda said: [fill(said) for fill in items]
    if not isinstance(template, str):
        return lambda _: template
    whole = _PLACE.fullmatch(template)
    if whole:
        name = whole[1]
        return lambda said: said.value(name)
    if _PLACE.search(template):
        return lambda said: _PLACE.sub(lambda match: str(said.value(match[1])), template)
    return lambda _: template
