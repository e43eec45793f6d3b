"""What a peer says of our request, without the persons in it.

A peer's error text may quote what was sent ("no citizen Nguyễn …"). So the values of the request's
personal fields, as its contract marks them, are taken out of every text that is kept or shown.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from hub.contract.types import Document, Field, ListOf, MapOf, OneOf, Record, Ref, Type, Value

PERSONAL = frozenset(("p", "s"))
HIDDEN = "***"
_SHORTEST = 3  # shorter values are everywhere and give nothing away
_MOST = 500  # values that are looked for


Find: TypeAlias = Callable[[Document], list[str]]
_Collect: TypeAlias = Callable[[Value, list[str]], None]


def compile_personal(record: Record, types: Mapping[str, Record]) -> Find:
    """The function that gives the values below the personal fields of a document of `record`.

    At most 500 of them. Compiled, for it is asked after each call: what holds nothing personal is
    never entered.
    """
    collect = _Finder(types).of(record)

    def find(document: Document) -> list[str]:
        found: list[str] = []
        if collect is not None:
            collect(document, found)
        return found

    return find


def without(text: str, values: Iterable[str]) -> str:
    """`text` in NFC with `***` for every value, however its letters are cased."""
    text = unicodedata.normalize("NFC", text)
    folded = text.casefold()
    known = {unicodedata.normalize("NFC", v).casefold() for v in values if len(v) >= _SHORTEST}
    for value in sorted((v for v in known if v in folded), key=len, reverse=True):
        text = _hidden(text, value)
    return text


def _hidden(text: str, value: str) -> str:
    """`text` with `***` for each place that reads `value` when its case is folded.

    Folding may lengthen a letter (ß is ss), so each folded one remembers where it came from.
    """
    origin = [at for at, letter in enumerate(text) for _ in letter.casefold()]
    folded = text.casefold()
    parts, begin, found = [], 0, folded.find(value)
    while found >= 0:
        parts.append(text[begin : origin[found]])
        begin = origin[found + len(value) - 1] + 1
        found = folded.find(value, found + len(value))
    return HIDDEN.join((*parts, text[begin:]))


@dataclass(slots=True)
class _Finder:
    """Compiles types; None where one holds nothing personal."""

    types: Mapping[str, Record]
    _made: dict[str, _Collect | None] = field(default_factory=dict)

    def of(self, type_: Type) -> _Collect | None:
        match type_:
            case Ref(name=name):
                return self._named(name)
            case Record(fields=fields):
                return _fields([(f.name, collect) for f in fields if (collect := self._field(f))])
            case ListOf(item=inner) | MapOf(value=inner):
                collect = self.of(inner)
                return collect and _items(collect)
            case OneOf(options=options):  # whichever it is: a value too many does no harm
                return _each([collect for option in options if (collect := self.of(option))])
            case _:
                return None

    def _field(self, f: Field) -> _Collect | None:
        return _texts if f.pii in PERSONAL else self.of(f.type)

    def _named(self, name: str) -> _Collect | None:
        if name not in self._made:
            # Found by mentions of itself while it is being made.
            self._made[name] = lambda value, found: _go_on(self._made[name], value, found)
            self._made[name] = self.of(self.types[name])
        return self._made[name]


def _go_on(collect: _Collect | None, value: Value, found: list[str]) -> None:
    if collect is not None:
        collect(value, found)


def _fields(rows: list[tuple[str, _Collect]]) -> _Collect | None:
    if not rows:
        return None

    def collect(value: Value, found: list[str]) -> None:
        if not isinstance(value, dict):
            return
        for name, inner in rows:
            if len(found) >= _MOST:
                return
            if (item := value.get(name)) is not None:
                inner(item, found)

    return collect


def _items(inner: _Collect) -> _Collect:
    def collect(value: Value, found: list[str]) -> None:
        if isinstance(value, dict):
            value = list(value.values())
        for item in value if isinstance(value, list) else ():
            if len(found) >= _MOST:
                return
            inner(item, found)

    return collect


def _each(collects: list[_Collect]) -> _Collect | None:
    if not collects:
        return None

    def collect(value: Value, found: list[str]) -> None:
        for one in collects:
            one(value, found)

    return collect


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
