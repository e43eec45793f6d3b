"""What the parts of the checker share while one mapping is checked."""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from hub.contract.types import Field, Record, Type
from hub.mapping.candidates import candidates, named, readable
from hub.mapping.diagnostics import MappingErrors, Report
from hub.mapping.facts import Facts, both
from hub.mapping.likeness import NO_SYNONYMS
from hub.mapping.nodes import Literal, Node, Routine
from hub.mapping.parse import Module
from hub.mapping.statics import POISON, Known, Types

WORK = 10_000  # expressions looked at, over all flows and instances of helpers (of ours: 1,763)
COST = 100_000  # expressions that one call of a flow runs at most, turns of lists not counted
CHAIN = 16  # helpers inside helpers: each nests the checker itself
INSTANCES = 2_000  # of helper functions
HOLE = "hole"  # the code of a finding that names what a person has to write

Evaluate = Callable[[ast.expr, "Env"], Node]
CallHelper = Callable[[ast.Call, tuple[Node, ...]], Node]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a kind of flow may construct and return."""

    constructors: Mapping[str, Record]
    results: Mapping[str, Record]
    result_names: Mapping[str, str]
    filled: Mapping[str, frozenset[str]]  # record -> its fields that the adapter fills
    complete: bool  # write every field, absent ones as None: events
    types: Types


@dataclass(frozen=True, slots=True)
class Local:
    python: str
    known: Known


@dataclass(frozen=True, slots=True)
class Env:
    """Names in reach at one place, and what is known there. `partial`: assigned on some paths."""

    names: Mapping[str, Local]
    facts: Facts = field(default_factory=dict)
    partial: frozenset[str] = frozenset()

    def given(self, facts: Facts) -> "Env":
        """The same place, once more is known."""
        return replace(self, facts=both(self.facts, facts)) if facts else self

    def with_name(self, name: str, known: Known) -> "Env":
        """One local more."""
        return replace(self, names={**self.names, name: Local(f"v_{name}", known)})


@dataclass(slots=True)
class Context:
    """State of the checking of one mapping."""

    report: Report
    module: Module
    settings: Record
    scope: Scope
    evaluate: Evaluate
    call_helper: CallHelper
    shared: dict[str, object] = field(default_factory=dict)
    functions: dict[str, Callable[..., object]] = field(default_factory=dict)
    checks: dict[tuple[str, Type], str] = field(default_factory=dict)
    fields: list[tuple[ast.AST, str]] = field(default_factory=list)
    reads: list[tuple[ast.AST, str]] = field(default_factory=list)  # of what was given, by path
    routines: dict[object, Routine] = field(default_factory=dict)
    called: set[str] = field(default_factory=set)
    holes: dict[int, tuple[ast.AST, str, Env]] = field(default_factory=dict)
    active: list[str] = field(default_factory=list)
    work: int = 0
    cost: int = 0

    def error(
        self,
        where: ast.AST,
        code: str,
        what: str,
        *,
        fix: str = "",
        field: str = "",
        note: str = "",
    ) -> Node:
        """Report a finding, and give the node that silences what follows from it."""
        if id(where) not in self.module.bad:
            self.report.error(where, code, what, fix=fix, field=field, note=note)
            if self.report.full:
                self.report.stop()
        return poison(where)

    def hole(self, where: ast.AST, wanted: str, env: "Env") -> Node:
        """A `todo`: a finding of its own, until the field that it fills is known."""
        wanted = f"not written yet: {wanted}"
        self.holes[id(where)] = (where, wanted, env)
        self.report.error(where, HOLE, wanted, fix="write the value here in place of todo(…)")
        if self.report.full:
            self.report.stop()
        return poison(where)

    def fill(self, where: ast.AST, each: Field, note: str) -> None:
        """Tell more of a hole once the field is known: its kind, and what could be meant."""
        if id(where) not in self.holes:
            return
        node, wanted, env = self.holes[id(where)]
        given = readable({name: local.known for name, local in env.names.items()}, self.scope.types)
        found = candidates((each.name,), each.type, given, self.scope.types, NO_SYNONYMS)
        fix = f"perhaps {named(found)}" if found else f"nothing here looks like {each.name}"
        self.report.replace(node, HOLE, wanted, fix=fix, field=each.name, note=note)

    def spend(self, where: ast.AST, amount: int) -> None:
        """Count work; a mapping that multiplies itself is refused in bounded time."""
        self.work += amount
        if self.work > WORK:
            what = f"checking takes more than {WORK} steps: helpers are used in too many ways"
            self.report.error(where, "too-big", what, fix="use fewer helpers inside helpers")
            raise MappingErrors(self.report.sorted())


def poison(where: ast.AST) -> Node:
    """A node of which nothing is known."""
    return Literal(Known(POISON), where, None)
