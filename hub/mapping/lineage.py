"""Which field of the output comes from which fields of the input: a mapping, read as data."""

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.contract.types import Type
from hub.mapping.classes import class_at, class_of, highest, leaves
from hub.mapping.diagnostics import Report
from hub.mapping.nodes import (
    Routine,
)
from hub.mapping.origins import MadeRecord, Origin, Path, Walk
from hub.mapping.statics import Types

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
        walk = Walk({routine.python: routine for routine in self.routines})
        given = [Origin(frozenset({(name,)})) for name in names]
        found, tests = walk.routine(entry, given)
        functions = list({id(r.at): r.at for r in self.routines}.values())
        told = _Telling(self.report, roots, types, functions, _locals(functions))
        lines = [line for record in found.made for line in told.lines(record, record.name, "")]
        plain = replace(found, made=())
        if plain.read and not found.made:  # a function that returns a plain value
            lines.append(told.line(flow, "", None, plain, entry.at, ""))
        deciding = told.mentions(tests | plain.decided)
        return Lineage(flow, variant, tuple(dict.fromkeys(lines)), deciding)


def _locals(functions: Iterable[ast.FunctionDef]) -> dict[tuple[str, str], ast.expr]:
    """What each local stands for, where it is assigned once."""
    found: dict[tuple[str, str], list[ast.expr]] = {}
    for function in functions:
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                found.setdefault((function.name, node.targets[0].id), []).append(node.value)
    return {key: values[0] for key, values in found.items() if len(values) == 1}


def _local(name: ast.Name, functions: Iterable[ast.FunctionDef]) -> tuple[str, str]:
    """The function in which a name stands, and the name."""
    inside = (f.name for f in functions if f.lineno <= name.lineno <= (f.end_lineno or 0))
    return next(inside, ""), name.id


@dataclass(frozen=True, slots=True)
class _Telling:
    """Paths as people read them, with their classes."""

    report: Report
    roots: Mapping[str, Type]
    types: Types
    functions: Sequence[ast.FunctionDef]
    locals: Mapping[tuple[str, str], ast.expr]  # assigned once: by function and name

    def lines(self, record: MadeRecord, name: str, before: str) -> Iterator[Line]:
        for field, value, at, constant in record.fields:
            path = f"{before}{field}"
            for inner in value.made:
                yield from self.lines(inner, name, f"{path}.")
            plain = replace(value, made=())
            if plain.read or not value.made:
                kind = record.type.field(field)
                yield self.line(name, path, class_of(kind, self.types), plain, at, constant)

    def line(
        self, record: str, field: str, pii: str | None, value: Origin, at: ast.AST, constant: str
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
        """An expression as it is written, on one line; of a local, the one that it stands for."""
        if isinstance(at, ast.FunctionDef):
            return f"{at.name}(…)"
        if isinstance(at, ast.Name):
            at = self.locals.get(_local(at, self.functions), at)
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
