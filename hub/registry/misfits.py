"""Everything about a value that does not fit a struct, at once, in words for who wrote it.

`msgspec.convert` stays the judge, and stops at the first misfit; this walks the same types to the
end. What this finds nothing wrong with, msgspec takes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from msgspec import inspect

from hub.nearest import nearest
from hub.registry.yaml_file import Path, Plain

_LISTED = 12  # keys or words that a finding spells out
_SHOWN = 40  # characters of a wrong word that are shown


@dataclass(frozen=True, slots=True)
class Misfit:
    """One part that does not fit. `path` leads to it; `code` names the kind."""

    path: Path
    what: str
    fix: str = ""
    code: str = "wrong-value"

    def __str__(self) -> str:
        """The finding as a sentence about its path."""
        dotted = ".".join(map(str, self.path))
        return f"{dotted} {self.what}" if dotted else self.what


def misfits(value: Plain, kind: type) -> Iterator[Misfit]:
    """Everything in `value` that is not what the struct `kind` asks for."""
    yield from _misfits(value, inspect.type_info(kind), ())


def _misfits(value: Plain, kind: inspect.Type, path: Path) -> Iterator[Misfit]:
    match kind:
        case inspect.StructType():
            yield from _struct(value, kind, path)
        case inspect.DictType():
            yield from _dict(value, kind, path)
        case inspect.ListType():
            yield from _list(value, kind, path)
        case inspect.UnionType():
            yield from _union(value, kind, path)
        case _:
            if not _fits(value, kind):
                yield Misfit(path, f"is {_shown(value, kind)}", f"write {describe(kind)}")


def _struct(value: Plain, kind: inspect.StructType, path: Path) -> Iterator[Misfit]:
    if not isinstance(value, dict):
        yield Misfit(path, f"is {_kind_of(value)}", f"write {describe(kind)}")
        return
    fields = {field.encode_name: field for field in kind.fields}
    for key in value.keys() - fields.keys() if kind.forbid_unknown_fields else ():
        near = nearest(key, fields)
        fix = f"did you mean '{near}'?" if near else f"the keys here are {_some(list(fields))}"
        yield Misfit((*path, key), "is an unknown key", fix, "unknown-key")
    for name, field in fields.items():
        if name in value:
            yield from _misfits(value[name], field.type, (*path, name))
        elif field.required:
            fix = f"add {name}: {describe(field.type)}"
            yield Misfit(path, f"lacks the key '{name}'", fix, "missing-key")


def _dict(value: Plain, kind: inspect.DictType, path: Path) -> Iterator[Misfit]:
    if not isinstance(value, dict):
        yield Misfit(path, f"is {_kind_of(value)}", f"write {describe(kind)}")
        return
    if not _long_enough(len(value), kind.min_length, kind.max_length):
        yield Misfit(path, f"holds {len(value)} entries", f"write {describe(kind)}")
    for key, inner in value.items():
        if not _fits(key, kind.key_type):
            fix = f"write {describe(kind.key_type)}"
            yield Misfit((*path, key), "is not a name", fix, "name")
        yield from _misfits(inner, kind.value_type, (*path, key))


def _list(value: Plain, kind: inspect.ListType, path: Path) -> Iterator[Misfit]:
    if not isinstance(value, list):
        yield Misfit(path, f"is {_kind_of(value)}", f"write {describe(kind)}")
        return
    if not _long_enough(len(value), kind.min_length, kind.max_length):
        yield Misfit(path, f"holds {len(value)} items", f"write {describe(kind)}")
    for index, item in enumerate(value):
        yield from _misfits(item, kind.item_type, (*path, index))


def _union(value: Plain, kind: inspect.UnionType, path: Path) -> Iterator[Misfit]:
    """The misfits with the one option that has the value's shape; with all, if there is none."""
    found = [list(_misfits(value, option, path)) for option in kind.types]
    if not all(found):
        return
    deeper = [misfits for misfits in found if any(m.path != path for m in misfits)]
    if isinstance(value, dict):
        deeper += [m for m, o in zip(found, kind.types, strict=True) if _is_struct(o)]
    if deeper:
        yield from deeper[0]
    else:
        yield Misfit(path, f"is {_shown(value, kind)}", f"write {describe(kind)}")


def _is_struct(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.StructType)


def _fits(value: Plain, kind: inspect.Type) -> bool:
    match kind:
        case inspect.StrType():
            return (
                isinstance(value, str)
                and _long_enough(len(value), kind.min_length, kind.max_length)
                and (kind.pattern is None or re.search(kind.pattern, value) is not None)
            )
        case inspect.AnyType():
            return True
        case inspect.BoolType():
            return isinstance(value, bool)
        case inspect.NoneType():
            return value is None
        case inspect.IntType():
            whole = isinstance(value, int) and not isinstance(value, bool)
            return whole and _bounded(value, kind)
        case inspect.FloatType():
            number = isinstance(value, int | float) and not isinstance(value, bool)
            return number and _bounded(value, kind)
        case inspect.LiteralType():
            return any(value == v and type(value) is type(v) for v in kind.values)
        case _:
            raise TypeError(type(kind).__name__)  # a struct with a kind that is not described here


def _bounded(value: Plain, kind: inspect.IntType | inspect.FloatType) -> bool:
    if not isinstance(value, int | float):
        return False
    return (
        (kind.ge is None or value >= kind.ge)
        and (kind.gt is None or value > kind.gt)
        and (kind.le is None or value <= kind.le)
        and (kind.lt is None or value < kind.lt)
    )


def _long_enough(length: int, least: int | None, most: int | None) -> bool:
    return length >= (least or 0) and (most is None or length <= most)


def describe(kind: inspect.Type) -> str:
    """What is wanted, for a person: "a whole number from 1 to 1024"."""
    match kind:
        case inspect.StrType(pattern=str() as pattern):
            return f"a text of the form {pattern}"
        case inspect.IntType() | inspect.FloatType():
            whole = "a whole number" if isinstance(kind, inspect.IntType) else "a number"
            return f"{whole}{_bounds(kind)}"
        case inspect.LiteralType(values=values):
            words = [str(v) for v in values]
            return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
        case inspect.UnionType(types=types):
            return " or ".join(dict.fromkeys(describe(t) for t in types if not _is_none(t)))
        case inspect.ListType(item_type=item):
            return f"a list, each {describe(item)}"
        case inspect.DictType(value_type=inner, min_length=least):
            return f"an object of {'at least one ' if least else ''}name: {describe(inner)}"
        case inspect.StructType(fields=fields):
            return f"an object with the keys {_some([f.encode_name for f in fields])}"
        case _:
            return _PLAIN.get(type(kind), "a value")


_PLAIN = {
    inspect.StrType: "a text",
    inspect.BoolType: "true or false",
    inspect.NoneType: "null",
    inspect.AnyType: "any value",
}


def _is_none(kind: inspect.Type) -> bool:
    return isinstance(kind, inspect.NoneType)


def _bounds(kind: inspect.IntType | inspect.FloatType) -> str:
    if kind.ge is not None and kind.le is not None:
        return f" from {kind.ge:g} to {kind.le:,g}"
    said = [
        f"{word} {bound:,g}"
        for word, bound in (("at least", kind.ge), ("above", kind.gt), ("at most", kind.le))
        if bound is not None
    ]
    return f", {' and '.join(said)}" if said else ""


def _some(words: list[str]) -> str:
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return ", ".join(words[:_LISTED]) + more


def _shown(value: Plain, kind: inspect.Type) -> str:
    """What was written: a number as it is, a text only among words that are no secret."""
    listed = isinstance(kind, inspect.LiteralType)
    if isinstance(value, str):
        return f"'{value[:_SHOWN]}'" if listed else "a text"
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"{value:g}"
    return _kind_of(value)


def _kind_of(value: Plain) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return "true" if value else "false"
        case str():
            return "a text"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case _:
            return "an object"
