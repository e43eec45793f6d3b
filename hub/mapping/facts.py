"""What a test proves about names and paths.

After `if doc.GhiChu is None: return …` the path `doc.GhiChu` is there; after `if doc.Loai == "A"`
it is "A". Locals are assigned once on a path and documents do not change, so a fact holds for the
rest of its branch.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from hub.contract.types import Integer, Text
from hub.mapping.statics import Known, Static

Path: TypeAlias = tuple[str, ...]
Scalar: TypeAlias = str | int


@dataclass(frozen=True, slots=True)
class Fact:
    """`present`: not absent. `only`: one of these values. `without`: none of these."""

    present: bool = False
    only: frozenset[Scalar] | None = None
    without: frozenset[Scalar] = frozenset()


Facts: TypeAlias = Mapping[Path, Fact]
NOTHING: Facts = {}


def path_of(node: ast.expr) -> Path | None:
    """`doc.a.b` as ("doc", "a", "b"); None for anything but a path."""
    names: list[str] = []
    while isinstance(node, ast.Attribute):
        names.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    names.append(node.id)
    return tuple(reversed(names))


def known_present(path: Path) -> Facts:
    """The path is there, and so is everything on the way to it."""
    return {path[: end + 1]: Fact(present=True) for end in range(len(path))}


def both(left: Facts, right: Facts) -> Facts:
    """Either side's facts, together."""
    if not left or not right:
        return left or right
    merged = dict(left)
    for path, fact in right.items():
        merged[path] = _and(merged[path], fact) if path in merged else fact
    return merged


def either(left: Facts, right: Facts) -> Facts:
    """What holds on both sides, whichever was taken."""
    return {path: _or(fact, right[path]) for path, fact in left.items() if path in right}


def _and(left: Fact, right: Fact) -> Fact:
    only = left.only if right.only is None else right.only
    if left.only is not None and right.only is not None:
        only = left.only & right.only
    return Fact(left.present or right.present, only, left.without | right.without)


def _or(left: Fact, right: Fact) -> Fact:
    only = None
    if left.only is not None and right.only is not None:
        only = left.only | right.only
    return Fact(left.present and right.present, only, left.without & right.without)


def narrowed(known: Known, fact: Fact | None) -> Known:
    """What is known of a value once the fact is."""
    if fact is None:
        return known
    return Known(_narrowed_type(known.type, fact), known.absent and not fact.present)


def _narrowed_type(static: Static, fact: Fact) -> Static:
    match static:
        case Text(values=values):
            only = _strings(fact.only)
            values = only if values is None else values
            if values is None:
                return static
            return Text(values=tuple(v for v in values if _kept(v, fact)))
        case Integer(values=tuple() as numbers):
            kept = tuple(v for v in numbers if _kept(v, fact))
            return Integer(min(kept), max(kept), kept) if kept else static
        case _:
            return static


def _strings(only: frozenset[Scalar] | None) -> tuple[str, ...] | None:
    return None if only is None else tuple(sorted(v for v in only if isinstance(v, str)))


def _kept(value: Scalar, fact: Fact) -> bool:
    return value not in fact.without and (fact.only is None or value in fact.only)
