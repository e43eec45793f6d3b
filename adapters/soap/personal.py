"""An excerpt of an answer for people, without personal data.

A peer's error text may quote what we sent ("no citizen Nguyễn …"), so the values of the request's
personal fields are taken out of it, and so is every long number: identity cards and telephones have
nine digits or more, dossier codes have none so long.
"""

import re
from collections.abc import Callable, Mapping

from hub.contract.types import Document, ListOf, Record, Ref, Type, Value

_LONG_NUMBER = re.compile(r"\d[\d .-]{7,}\d")
_SHORTEST = 3  # shorter values are everywhere and give nothing away
_LONGEST = 300
_MOST = 500  # values that are looked for
_SHOWN = 6
_PERSONAL = ("p", "s")


def masked(text: str, document: Document, record: Record, types: Mapping[str, Record]) -> str:
    """At most 300 characters of `text`, without the personal values of the request `document`."""
    text = " ".join(text[: 4 * _LONGEST].split())
    found: list[str] = []
    _collect(document, record, types, found)
    for value in sorted(set(found), key=len, reverse=True):
        text = text.replace(value, "***")
    return _LONG_NUMBER.sub(_hidden, text)[:_LONGEST]


def _hidden(found: re.Match[str]) -> str:
    digits = sum(c.isdigit() for c in found.group())
    return "***" if digits >= len("026102000") and "-" not in found.group() else found.group()


def _collect(value: Value, type_: Type, types: Mapping[str, Record], found: list[str]) -> None:
    if len(found) >= _MOST:
        return
    if isinstance(type_, Ref):
        type_ = types[type_.name]
    if isinstance(type_, ListOf) and isinstance(value, list):
        for item in value:
            _collect(item, type_.item, types, found)
    elif isinstance(type_, Record) and isinstance(value, dict):
        for f in type_.fields:
            inner = value.get(f.name)
            if f.pii in _PERSONAL:
                _texts(inner, found)
            else:
                _collect(inner, f.type, types, found)


def _texts(value: Value, found: list[str]) -> None:
    """Every text below a personal field."""
    if isinstance(value, str):
        if len(value) >= _SHORTEST:
            found.append(value)
    elif isinstance(value, list):
        for item in value:
            _texts(item, found)
    elif isinstance(value, dict):
        for item in value.values():
            _texts(item, found)


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
        if f.pii in _PERSONAL or isinstance(type_, ListOf):
            continue
        if isinstance(type_, Record):
            found.extend(
                (f.name, inner.name)
                for inner in type_.fields
                if inner.pii not in _PERSONAL and not isinstance(inner.type, Record | ListOf | Ref)
            )
        else:
            found.append((f.name, None))
    return found
