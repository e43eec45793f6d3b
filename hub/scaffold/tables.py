"""A first code table between two lists of codes: rows that are alike by name, the rest left open.

A row that is left out is found by the check, where the source is enumerated; where it is free text,
what other words mean is a hole.
"""

from collections.abc import Iterator
from json import dumps
from typing import Final

from hub.contract.types import Boolean, Field, Integer, Text
from hub.mapping.likeness import folded, words
from hub.mapping.statics import Static
from hub.scaffold.expressions import Tables, hole

_ALIKE: Final = 0.75


def coded(path: str, static: Static, each: Field, tables: Tables) -> str | None:
    """`code(TABLE, path)`; None where the value at `path` is no code."""
    if not isinstance(each.type, Text | Integer) or not isinstance(
        static, Text | Integer | Boolean
    ):
        return None
    targets = each.type.values or ()
    given = static.values if isinstance(static, Text | Integer) else (False, True)
    name = tables.add("_".join(words(each.name)).upper() or "CODES", tuple(_rows(given, targets)))
    if given is not None:
        return f"code({name}, {path})"
    other = hole(f"which {each.name} any other value of {path} means")
    return f"code({name}, {path}, otherwise={other})"


def _rows(given: tuple[str | int, ...] | None, targets: tuple[str | int, ...]) -> Iterator[str]:
    left = list(targets)
    for value in given if given is not None else ():
        found = _alike(value, targets)
        if found is None:
            yield f"    # {_text(value)}: …,"
        else:
            yield f"    {_text(value)}: {_text(found)},"
            left = [target for target in left if target != found]
    if left:
        yield f"    # left to be meant: {', '.join(_text(target) for target in left[:40])}"


def _alike(value: str | int, targets: tuple[str | int, ...]) -> str | int | None:
    for target in targets:
        if folded(str(target)) and folded(str(target)) == folded(str(value)):
            return target
    ranked = sorted(((_shared(value, t), t) for t in targets), key=lambda p: -p[0])
    clear = len(ranked) == 1 or ranked[0][0] > ranked[1][0] if ranked else False
    return ranked[0][1] if clear and ranked[0][0] >= _ALIKE else None


def _shared(one: str | int, other: str | int) -> float:
    left, right = set(words(str(one))), set(words(str(other)))
    return 2 * len(left & right) / (len(left) + len(right)) if left and right else 0.0


def _text(value: str | int) -> str:
    if isinstance(value, bool | int):
        return str(value)
    return dumps(value, ensure_ascii=False)
