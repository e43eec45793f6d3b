"""Which field of the output comes from which fields of the input: a checked mapping, read as data.

The checked tree is walked once for each flow, with what every value may be made of in place of the
values. The walk takes every branch, so that it names whatever could ever be read; it never runs
anything.
"""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.contract.types import Record, Type
from hub.mapping.classes import class_at, class_of, highest, leaves
from hub.mapping.diagnostics import Report
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
from hub.mapping.statics import Made, Many, Several, Static, Types

Path = tuple[str, ...]  # a parameter's name, or "setting"; then fields
NOTHING: frozenset[Path] = frozenset()
_LONGEST = 160  # characters of an expression that are shown


@dataclass(frozen=True, slots=True)
class Mention:
    """A field, by its dotted path, and its class of personal data: n, p, s, or None if unmarked."""

    path: str
    pii: str | None


@dataclass(frozen=True, slots=True)
class Line:
    """One field of an output and where its value comes from.

    `record`: what is made (an event's or a request's name); `field`: the path in it; `at`:
    "mapping.py:14:15"; `sources`: what the value is made of; `decided_by`: what is looked at to
    choose it. A field that is made in several places has a line for each.
    """

    record: str
    field: Mention
    at: str
    expression: str
    sources: tuple[Mention, ...]
    decided_by: tuple[Mention, ...]

    @property
    def pii(self) -> str | None:
        """The highest class of the field and of all that its value comes from."""
        return highest([self.field.pii, *(m.pii for m in (*self.sources, *self.decided_by))])


@dataclass(frozen=True, slots=True)
class Lineage:
    """All lines of one function; `decided_by`: what decides whether it gives anything at all."""

    flow: str
    variant: str
    lines: tuple[Line, ...]
    decided_by: tuple[Mention, ...]

    @property
    def reads(self) -> frozenset[str]:
        """Every path of the input that the function may read."""
        mentions = [m for line in self.lines for m in (*line.sources, *line.decided_by)]
        return frozenset(m.path for m in (*mentions, *self.decided_by))


@dataclass(frozen=True, slots=True)
class _Record:
    """A record that the mapping makes. `name`: what it is returned as, "" for an inner one."""

    name: str
    type: Record
    fields: tuple[tuple[str, "_Value", ast.AST, str], ...]  # name, value, place, text if constant


@dataclass(frozen=True, slots=True)
class _Value:
    """What a value may be made of. `same`: inputs that it may be, unchanged."""

    same: frozenset[Path] = NOTHING
    used: frozenset[Path] = NOTHING
    decided: frozenset[Path] = NOTHING
    made: tuple[_Record, ...] = ()

    @property
    def read(self) -> frozenset[Path]:
        return self.same | self.used | self.decided

    def under(self, tests: frozenset[Path]) -> "_Value":
        return replace(self, decided=self.decided | tests) if tests - self.decided else self


_EMPTY = _Value()
_Env = dict[str, _Value]


def _either(values: Iterable[_Value]) -> _Value:
    found = list(values)
    if len(found) == 1:
        return found[0]
    return _Value(
        NOTHING.union(*(v.same for v in found)),
        NOTHING.union(*(v.used for v in found)),
        NOTHING.union(*(v.decided for v in found)),
        tuple({id(r): r for v in found for r in v.made}.values()),
    )


def _computed(values: Iterable[_Value]) -> _Value:
    """What is made of values, and is none of them."""
    found = list(values)
    inside = [field[1] for v in found for record in v.made for field in record.fields]
    used = NOTHING.union(*(v.same | v.used for v in found), *(v.read for v in inside))
    return _Value(NOTHING, used, NOTHING.union(*(v.decided for v in found)))


@dataclass(frozen=True, slots=True)
class _Walk:
    """Walks the routines of one mapping."""

    routines: Mapping[str, Routine]  # by their name in the generated code

    def routine(
        self, routine: Routine, arguments: Sequence[_Value]
    ) -> tuple[_Value, frozenset[Path]]:
        """What it returns, and what decides whether it does."""
        env = dict(zip(routine.parameters, arguments, strict=True))
        env["v_setting"] = _Value(frozenset({("setting",)}))
        returned: list[_Value] = []
        tests = self.steps(routine.steps, env, NOTHING, returned)
        return _either(returned), tests

    def steps(
        self, steps: Sequence[Step], env: _Env, tests: frozenset[Path], returned: list[_Value]
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

    def value(self, node: Node, env: _Env) -> _Value:
        match node:
            case Literal() | Shared():
                return _EMPTY
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

    def combined(self, node: Node, env: _Env) -> _Value:
        """Values that are chosen between, joined, or computed with."""
        match node:
            case Choose(test=test, then=then, other=other):
                found = _either((self.value(then, env), self.value(other, env)))
                return found.under(self.value(test, env).read)
            case Default(base=base, other=other):
                return _either((self.value(base, env), self.value(other, env)))
            case Items(items=items):
                return _either([self.value(item, env) for item in items] or [_EMPTY])
            case Join(left=left, right=right):
                return _either((self.value(left, env), self.value(right, env)))
            case Helper(python=python, arguments=arguments):
                given = [self.value(argument, env) for argument in arguments]
                found, tests = self.routine(self.routines[python], given)
                return found.under(tests)
            case Call(arguments=arguments):
                given = [self.value(argument, env) for argument in arguments]
                return (_either if _holds_record(node.known.type) else _computed)(given or [_EMPTY])
            case _:
                return _computed(self.value(part, env) for part in _parts(node))

    def make(self, node: Make, env: _Env) -> _Value:
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
        return _Value(made=(_Record(node.tag or "", record, tuple(fields)),))

    def each(self, node: Each, env: _Env) -> _Value:
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


def _field(value: _Value, field: str) -> _Value:
    """A field that is read off a value."""
    own = [inner for record in value.made for name, inner, _, _ in record.fields if name == field]
    read = _Value(frozenset((*path, field) for path in value.same), value.used, value.decided)
    return _either([read, *own])


def _returned(value: _Value, base: Node, name: str) -> _Value:
    """A record that was read and is returned as it is."""
    record = base.known.type
    if not isinstance(record, Record):
        return value
    fields = tuple((f.name, _field(value, f.name), base.at, "") for f in record.fields)
    return _Value(NOTHING, NOTHING, value.decided, (_Record(name, record, fields),))


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


# ---- what is told


@dataclass(frozen=True, slots=True)
class Tracer:
    """Tells the lineage of a mapping's functions, from its checked routines."""

    report: Report
    routines: Sequence[Routine]

    def lineage(
        self, flow: str, variant: str, entry: Routine, parameters: Sequence[Type], types: Types
    ) -> Lineage:
        """Of the function `entry`, whose parameters are of these kinds."""
        names = [argument.arg for argument in entry.at.args.args]
        roots = dict(zip(names, parameters, strict=True))
        walk = _Walk({routine.python: routine for routine in self.routines})
        given = [_Value(frozenset({(name,)})) for name in names]
        found, tests = walk.routine(entry, given)
        told = _Telling(self.report, roots, types)
        lines = [line for record in found.made for line in told.lines(record, record.name, "")]
        plain = replace(found, made=())
        if plain.read and not found.made:  # a function that returns a plain value
            lines.append(told.line(flow, "", None, plain, entry.at, ""))
        deciding = told.mentions(tests | plain.decided)
        return Lineage(flow, variant, tuple(dict.fromkeys(lines)), deciding)


@dataclass(frozen=True, slots=True)
class _Telling:
    """Paths as people read them, with their classes."""

    report: Report
    roots: Mapping[str, Type]
    types: Types

    def lines(self, record: _Record, name: str, before: str) -> Iterator[Line]:
        for field, value, at, constant in record.fields:
            path = f"{before}{field}"
            for inner in value.made:
                yield from self.lines(inner, name, f"{path}.")
            plain = replace(value, made=())
            if plain.read or not value.made:
                kind = record.type.field(field)
                yield self.line(name, path, class_of(kind, self.types), plain, at, constant)

    def line(
        self, record: str, field: str, pii: str | None, value: _Value, at: ast.AST, constant: str
    ) -> Line:
        span = self.report.span(at)
        whole = [leaf for path in value.same for leaf in self.leaves(path)]
        return Line(
            record,
            Mention(field, pii),
            f"{self.report.file}:{span.line}:{span.column + 1}",
            constant or self.text(at),
            self.mentions([*whole, *value.used]),
            self.mentions(value.decided),
        )

    def text(self, at: ast.AST) -> str:
        """An expression as it is written, on one line."""
        if isinstance(at, ast.FunctionDef):
            return f"{at.name}(…)"
        span = self.report.span(at)
        lines = list(self.report.lines[span.line - 1 : span.end_line])
        lines[-1] = lines[-1][: span.end_column]
        lines[0] = lines[0][span.column :]
        text = " ".join(" ".join(lines).split())
        return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"

    def mentions(self, paths: Iterable[Path]) -> tuple[Mention, ...]:
        return tuple(Mention(".".join(path), self.pii(path)) for path in sorted(set(paths)))

    def leaves(self, path: Path) -> Iterator[Path]:
        """The values inside of what is taken over whole."""
        kind = self.roots.get(path[0])
        found = leaves(kind, path[1:], self.types) if kind is not None else ()
        yield from ((path[0], *rest) for rest in found or (path[1:],))

    def pii(self, path: Path) -> str | None:
        kind = self.roots.get(path[0])
        if kind is None:
            return None
        return class_at(kind, path[1:], self.types)
