"""A document becomes what its contract says is sent: fields in order, nulls and constants right.

Compiled once per operation into nested functions. A required field without a value is null where it
may be, its constant where only one value is legal, else the document is refused; an optional one is
left out (decision 0001). Fields that the adapter fills (`fill`) are put in on the way, also where
the mapping wrote something: the session of a moment ago must not win over today's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import msgspec

from hub.contract.types import (
    Boolean,
    Field,
    Integer,
    JsonScalar,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Record,
    Ref,
    Text,
    Type,
    Value,
)
from hub.errors import Reject


class Moment(msgspec.Struct, frozen=True):
    """What `$key` and `$token` stand for in one call."""

    key: str
    token: str


Write: TypeAlias = Callable[[Value, Moment], Value]
Fill: TypeAlias = "Mapping[str, JsonScalar | Fill]"
Supply: TypeAlias = Callable[[Moment], Value]
_Kinds: TypeAlias = tuple[type, ...]
# name, kinds of a scalar (None: not one), writer, what fills it in, what stands for its absence
_Row: TypeAlias = tuple[str, _Kinds | None, Write, Supply | None, Supply | None]


def tree(fill: Mapping[str, JsonScalar]) -> Fill:
    """`{"body.session": "$token"}` as nested mappings."""
    root: dict[str, JsonScalar | Fill] = {}
    for path, value in fill.items():
        here = root
        *before, last = path.split(".")
        for name in before:
            inner = here.setdefault(name, {})
            here = inner if isinstance(inner, dict) else {}
        here[last] = value
    return root


@dataclass(slots=True)
class Writers:
    """Writers of one contract; a record that mentions itself is found again by its name."""

    types: Mapping[str, Record]
    _made: dict[str, Write] = field(default_factory=dict)

    def record(self, record: Record, fill: Fill, where: str) -> Write:
        """The writer of `record`; it raises Reject for a document that cannot be written."""
        rows = tuple(self._row(f, fill, where) for f in record.fields)
        known = frozenset(f.name for f in record.fields)

        def write(value: Value, moment: Moment) -> Value:
            if not isinstance(value, dict):
                raise _misfit(where, "a record is needed")
            if not value.keys() <= known:
                raise _misfit(where, f"the contract has no field {sorted(value.keys() - known)}")
            made: dict[str, Value] = {}
            for name, kinds, write_item, filled, absent in rows:
                item = value.get(name) if filled is None else filled(moment)
                if item is not None:
                    plain = kinds is not None and type(item) in kinds  # spares most of the calls
                    made[name] = item if plain else write_item(item, moment)
                elif absent is not None:
                    made[name] = absent(moment)
            return made

        return write

    def of(self, type_: Type, fill: Fill, where: str) -> Write:
        """The writer of any type."""
        match type_:
            case Record():
                return self.record(type_, fill, where)
            case Ref(name=name) if fill and name in self.types:
                return self.record(self.types[name], fill, where)  # `fill` ends the recursion
            case Ref(name=name):
                return self._later(name, where)
            case ListOf(item=item):
                return _list(self.of(item, {}, where), where)
            case MapOf(value=inner):
                return _map(self.of(inner, {}, where), where)
            case OneOf():
                return self._one_of(type_, fill, where)
            case _:
                return _scalar(type_, where)

    def _row(self, f: Field, fill: Fill, parent: str) -> _Row:
        where = f"{parent}.{f.name}"
        given = fill.get(f.name)
        inner = given if isinstance(given, Mapping) else {}
        filled = None if given is None or isinstance(given, Mapping) else _supply(given)
        write = self.of(f.type, inner, where)
        return f.name, _KINDS.get(type(f.type)), write, filled, _absent(f, where)

    def _later(self, name: str, where: str) -> Write:
        record = self.types.get(name)
        if record is None:
            raise Reject(f"the contract has no type {name}", where=where, code="contract")
        if name not in self._made:
            self._made[name] = _misplaced  # found by mentions of itself while it is being made
            self._made[name] = self.record(record, {}, name)

        def write(value: Value, moment: Moment) -> Value:
            return self._made[name](value, moment)

        return write

    def _one_of(self, type_: OneOf, fill: Fill, where: str) -> Write:
        shaped = [(self._resolved(o), self.of(o, fill, where)) for o in type_.options]
        records = [(o, w) for o, w in shaped if isinstance(o, Record)]
        candidates = [_candidate(option, fill, write) for option, write in records]
        key = type_.discriminator
        by_constant = {
            constant: write
            for option, write in records
            if key is not None and (constant := _constant_of(option, key)) is not None
        }

        def write(value: Value, moment: Moment) -> Value:
            if isinstance(value, dict):
                told = value.get(key) if key is not None else None
                chosen = by_constant.get(told) if isinstance(told, str | int) else None
                return (chosen or _that_fits(candidates, value, where))(value, moment)
            for option, write_option in shaped:
                if _is_of(option, value):
                    return write_option(value, moment)
            raise _misfit(where, "it is none of the contract's alternatives")

        return write

    def _resolved(self, type_: Type) -> Type:
        return self.types[type_.name] if isinstance(type_, Ref) else type_


_Candidate: TypeAlias = tuple[frozenset[str], frozenset[str], Write]


def _candidate(record: Record, fill: Fill, write: Write) -> _Candidate:
    """The names that a record knows, and those that only the mapping can give."""
    fields = record.fields
    given = frozenset(
        f.name
        for f in fields
        if f.required and not f.nullable and _constant(f.type) is None and f.name not in fill
    )
    return frozenset(f.name for f in fields), given, write


def _that_fits(candidates: list[_Candidate], value: dict[str, Value], where: str) -> Write:
    """Without a constant that tells: the first record that knows every key and misses none."""
    for known, given, write in candidates:
        if given <= value.keys() <= known:
            return write
    raise _misfit(where, "it is none of the contract's alternatives")


def _constant_of(record: Record, name: str) -> JsonScalar:
    found = record.field(name)
    return _constant(found.type) if found is not None else None


def _constant(type_: Type) -> str | int | None:
    if isinstance(type_, Text | Integer) and type_.values is not None and len(type_.values) == 1:
        return type_.values[0]
    return None


def _supply(value: JsonScalar) -> Supply:
    if value == "$key":
        return lambda moment: moment.key
    if value == "$token":
        return lambda moment: moment.token
    return lambda _: value


def _absent(f: Field, where: str) -> Supply | None:
    if not f.required:
        return None
    constant = _constant(f.type)
    if constant is not None:
        return lambda _: constant
    if f.nullable:
        return lambda _: None

    def refuse(_: Moment) -> Value:
        raise _misfit(where, "a required value is missing")

    return refuse


def _list(item: Write, where: str) -> Write:
    def write(value: Value, moment: Moment) -> Value:
        if not isinstance(value, list):
            raise _misfit(where, "a list is needed")
        return [item(one, moment) for one in value]

    return write


def _map(inner: Write, where: str) -> Write:
    def write(value: Value, moment: Moment) -> Value:
        if not isinstance(value, dict):
            raise _misfit(where, "an object is needed")
        return {key: inner(one, moment) for key, one in value.items()}

    return write


_KINDS: Mapping[type, _Kinds] = {
    Text: (str,),
    Integer: (int,),
    Number: (int, float),
    Boolean: (bool,),
}


def _is_of(type_: Type, value: Value) -> bool:
    match type_:
        case Record() | MapOf():
            return isinstance(value, dict)
        case ListOf():
            return isinstance(value, list)
        case _:
            return type(value) in _KINDS.get(type(type_), (type(value),))


def _scalar(type_: Type, where: str) -> Write:
    kinds = _KINDS.get(type(type_))

    def write(value: Value, moment: Moment) -> Value:
        del moment
        if kinds is not None and type(value) not in kinds:
            raise _misfit(where, f"{type(value).__name__} is not what the contract has there")
        return value

    return write


def _misplaced(value: Value, moment: Moment) -> Value:
    del value, moment
    raise RuntimeError("a writer was used before it was made")


def _misfit(where: str, what: str) -> Reject:
    return Reject(what, where=where, fix="correct the mapping", code="contract")
