"""An excerpt of an answer for people, without personal data.

The values of the request's personal fields are taken out of it (adapters.http.personal), and so is
every long number: identity cards and telephones have
nine digits or more, dossier codes have none so long.
"""

import re
from collections.abc import Callable, Mapping

from adapters.http.personal import HIDDEN, PERSONAL, compile_personal, without
from hub.contract.types import Document, ListOf, Record, Ref

_LONG_NUMBER = re.compile(r"\d[\d .-]{7,}\d")
_LONGEST = 300
_SHOWN = 6


def masker(record: Record, types: Mapping[str, Record]) -> Callable[[str, Document], str]:
    """The function that gives at most 300 characters of a text about a request of `record`.

    The personal values of that request are not among them.
    """
    personal = compile_personal(record, types)

    def mask(text: str, sent: Document) -> str:
        text = " ".join(text[: 4 * _LONGEST].split())
        return _LONG_NUMBER.sub(_hidden, without(text, personal(sent)))[:_LONGEST]

    return mask


def _hidden(found: re.Match[str]) -> str:
    digits = sum(c.isdigit() for c in found.group())
    return HIDDEN if digits >= len("026102000") and "-" not in found.group() else found.group()


def shower(record: Record, types: Mapping[str, Record]) -> Callable[[Document], str]:
    """The function that shows an answer's first single values: "KetQua.Ma=00 KetQua.MoTa=…"."""
    paths = _paths(record, types)[:_SHOWN]

    def show(document: Document) -> str:
        shown = []
        for outer, inner in paths:
            value = document.get(outer)
            if inner is not None:
                value = value.get(inner) if isinstance(value, dict) else None
            if value is not None:
                shown.append(f"{outer}.{inner}={value}" if inner else f"{outer}={value}")
        return " ".join(shown)[:_LONGEST]

    return show


def _paths(record: Record, types: Mapping[str, Record]) -> list[tuple[str, str | None]]:
    """Paths of one or two names to single values that are not personal."""
    found: list[tuple[str, str | None]] = []
    for f in record.fields:
        type_ = types[f.type.name] if isinstance(f.type, Ref) else f.type
        if f.pii in PERSONAL or isinstance(type_, ListOf):
            continue
        if isinstance(type_, Record):
            found.extend(
                (f.name, inner.name)
                for inner in type_.fields
                if inner.pii not in PERSONAL and not isinstance(inner.type, Record | ListOf | Ref)
            )
        else:
            found.append((f.name, None))
    return found
