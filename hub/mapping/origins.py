"""What every value of a checked mapping may be made of.

The tree is walked with origins in place of values: which inputs a value may be, unchanged, what it
is computed of, and what is looked at to choose it. Every branch is taken, so that whatever could
ever be read is named; nothing is run.
"""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.contract.types import Record
from hub.mapping.nodes import (
    Assign,
    Branch,
    Call,
    Choose,
    Compare,
    Default,
    Each,
    Format,
    Helper,
    Items,
    Join,
    Limit,
    Literal,
    Logic,
    Look,
    Make,
    Name,
    Node,
    Not,
    Read,
    Return,
    Routine,
    Shared,
    Step,
    Tag,
    Untag,
)
from hub.mapping.statics import Made, Many, Several, Static

Path = tuple[str, ...]  # a parameter's name, or "setting"; then fields
NOTHING: frozenset[Path] = frozenset()


@dataclass(frozen=True, slots=True)
class MadeRecord:
    """A record that the mapping makes. `name`: what it is returned as, "" for an inner one."""

    name: str
    type: Record
    fields: tuple[tuple[str, "Origin", ast.AST, str], ...]  # name, value, place, text if constant


@dataclass(frozen=True, slots=True)
class Origin:
    """What a value may be made of. `same`: inputs that it may be, unchanged."""

    same: frozenset[Path] = NOTHING
    used: frozenset[Path] = NOTHING
    decided: frozenset[Path] = NOTHING
    made: tuple[MadeRecord, ...] = ()

    @property
    def read(self) -> frozenset[Path]:
        return self.same | self.used | self.decided

    def under(self, tests: frozenset[Path]) -> "Origin":
        return replace(self, decided=self.decided | tests) if tests - self.decided else self


EMPTY = Origin()
_Env = dict[str, Origin]


def _either(values: Iterable[Origin]) -> Origin:
    found = list(values)
    if len(found) == 1:
        return found[0]
    return Origin(
        NOTHING.union(*(v.same for v in found)),
        NOTHING.union(*(v.used for v in found)),
        NOTHING.union(*(v.decided for v in found)),
        tuple({id(r): r for v in found for r in v.made}.values()),
    )


def _computed(values: Iterable[Origin]) -> Origin:
    """What is made of values, and is none of them."""
    found = list(values)
    inside = [field[1] for v in found for record in v.made for field in record.fields]
    used = NOTHING.union(*(v.same | v.used for v in found), *(v.read for v in inside))
    return Origin(NOTHING, used, NOTHING.union(*(v.decided for v in found)))


@dataclass(frozen=True, slots=True)
class Walk:
    """Walks the routines of one mapping."""

    routines: Mapping[str, Routine]  # by their name in the generated code

    def routine(
        self, routine: Routine, arguments: Sequence[Origin]
    ) -> tuple[Origin, frozenset[Path]]:
        """What it returns, and what decides whether it does."""
        env = dict(zip(routine.parameters, arguments, strict=True))
        env["v_setting"] = Origin(frozenset({("setting",)}))
        returned: list[Origin] = []
        tests = self.steps(routine.steps, env, NOTHING, returned)
        return _either(returned), tests

    def steps(
        self, steps: Sequence[Step], env: _Env, tests: frozenset[Path], returned: list[Origin]
    ) -> frozenset[Path]:
        """Follow statements; gives every test on the way, as each decides what comes after it."""
        for step in steps:
            match step:
                case Assign(python=python, value=value):
                    env[python] = self.value(value, env)
                case Return(value=value):
                    returned.append(self.value(value, env).under(tests))
                case Branch(test=test, then=then, other=other):
                    asked = self.value(test, env).read
                    one, two = dict(env), dict(env)
                    tests |= self.steps(then, one, tests | asked, returned) | asked
                    tests |= self.steps(other, two, tests, returned)
                    _merge(env, one, two, asked)
        return tests

    def value(self, node: Node, env: _Env) -> Origin:
        match node:
            case Literal() | Shared():
                return EMPTY
            case Name(python=python):
                return env[python]
            case Read(base=base, field=field):
                return _field(self.value(base, env), field)
            case Make():
                return self.make(node, env)
            case Tag(base=base, name=name):
                return _returned(self.value(base, env), base, name)
            case Untag(base=base) | Limit(base=base):
                return self.value(base, env)
            case Each():
                return self.each(node, env)
            case _:
                return self.combined(node, env)

    def combined(self, node: Node, env: _Env) -> Origin:
        """Values that are chosen between, joined, or computed with."""
        match node:
            case Choose(test=test, then=then, other=other):
                found = _either((self.value(then, env), self.value(other, env)))
                return found.under(self.value(test, env).read)
            case Default(base=base, other=other):
                return _either((self.value(base, env), self.value(other, env)))
            case Items(items=items):
                return _either([self.value(item, env) for item in items] or [EMPTY])
            case Join(left=left, right=right):
                return _either((self.value(left, env), self.value(right, env)))
            case Helper(python=python, arguments=arguments):
                given = [self.value(argument, env) for argument in arguments]
                found, tests = self.routine(self.routines[python], given)
                return found.under(tests)
            case Call(arguments=arguments):
                given = [self.value(argument, env) for argument in arguments]
                return (_either if _holds_record(node.known.type) else _computed)(given or [EMPTY])
            case _:
                return _computed(self.value(part, env) for part in _parts(node))

    def make(self, node: Make, env: _Env) -> Origin:
        known = node.known.type
        record = known.record if isinstance(known, Made) else known
        if not isinstance(record, Record):  # the checker makes records alone
            raise TypeError(type(record).__name__)
        fields = []
        for name, value in node.items:
            left_out = isinstance(value, Literal) and value.at is node.at
            if left_out and isinstance(value, Literal) and value.value is None:
                continue
            constant = repr(value.value) if left_out and isinstance(value, Literal) else ""
            fields.append((name, self.value(value, env), value.at, constant))
        return Origin(made=(MadeRecord(node.tag or "", record, tuple(fields)),))

    def each(self, node: Each, env: _Env) -> Origin:
        source = self.value(node.source, env)
        inner = {**env, node.python: source}
        tests = NOTHING.union(*(self.value(test, inner).read for test in node.tests))
        return self.value(node.body, inner).under(tests)


def _parts(node: Node) -> tuple[Node, ...]:
    match node:
        case Look(table=table, key=key, otherwise=otherwise):
            return (table, key) if otherwise is None else (table, key, otherwise)
        case Compare(left=left, right=right):
            return left, right
        case Logic(operands=operands):
            return operands
        case Not(base=base):
            return (base,)
        case Format(parts=parts):
            return parts
        case _:
            raise TypeError(type(node).__name__)  # a node that this walk does not know


def _merge(env: _Env, one: _Env, two: _Env, asked: frozenset[Path]) -> None:
    """What names hold behind a branch: either, as the test decided."""
    for python in one.keys() | two.keys():
        first, second = one.get(python), two.get(python)
        if first is second and first is not None:
            env[python] = first
        else:
            both = [value for value in (first, second) if value is not None]
            env[python] = _either(both).under(asked)


def _field(value: Origin, field: str) -> Origin:
    """A field that is read off a value."""
    own = [inner for record in value.made for name, inner, _, _ in record.fields if name == field]
    read = Origin(frozenset((*path, field) for path in value.same), value.used, value.decided)
    return _either([read, *own])


def _returned(value: Origin, base: Node, name: str) -> Origin:
    """A record that was read and is returned as it is."""
    record = base.known.type
    if not isinstance(record, Record):
        return value
    fields = tuple((f.name, _field(value, f.name), base.at, "") for f in record.fields)
    return Origin(NOTHING, NOTHING, value.decided, (MadeRecord(name, record, fields),))


def _holds_record(static: Static) -> bool:
    match static:
        case Record() | Made():
            return True
        case Many(item=item):
            return _holds_record(item)
        case Several(options=options):
            return any(map(_holds_record, options))
        case _:
            return False
