"""Writes the statements of one routine, in the order in which they must run.

An expression that needs something before it (a value under a name, a test) writes that first; what
may run only in one branch is written to a block of its own.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from hub.mapping import python as py
from hub.mapping.nodes import Assign, Branch, Node, Return, Step

Writers: TypeAlias = Mapping[type, Callable[..., ast.expr]]

CONTEXT = ("v_setting", "v_flags", "v_budget")  # what every routine is given besides


class Writer:
    """Writes the statements of one routine. `out` is the block under construction."""

    def __init__(self, writers: Writers) -> None:
        self.writers = writers
        self.out: list[ast.stmt] = []
        self.temporaries = 0

    def fresh(self) -> str:
        self.temporaries += 1
        return f"t{self.temporaries}"

    def store(self, name: str, value: ast.expr, at: ast.AST) -> None:
        target = ast.Name(id=name, ctx=ast.Store())
        self.out.append(py.at_place(ast.Assign(targets=[py.at_place(target, at)], value=value), at))

    def name(self, value: ast.expr, at: ast.AST) -> ast.expr:
        """The value under a name, so that it can be used twice."""
        if isinstance(value, ast.Name | ast.Constant):
            return value
        name = self.fresh()
        self.store(name, value, at)
        return py.load(name, at)

    def block(self, build: Callable[[], None]) -> list[ast.stmt]:
        """The statements that `build` writes, apart."""
        outer, self.out = self.out, []
        build()
        inner, self.out = self.out, outer
        return inner

    def apart(self, node: Node) -> tuple[list[ast.stmt], ast.expr]:
        """An expression and the statements that it needs before it."""
        outer, self.out = self.out, []
        value = self.write(node)
        inner, self.out = self.out, outer
        return inner, value

    def write(self, node: Node) -> ast.expr:
        """The expression for a node; what must happen before it is written to `out`."""
        return self.writers[type(node)](self, node)

    def steps(self, steps: Sequence[Step]) -> None:
        for step in steps:
            match step:
                case Assign(at=at, python=python, value=value):
                    self.store(python, self.write(value), at)
                case Return():
                    self.leave(step)
                case Branch(at=at, test=test, then=then, other=other):
                    tested = self.write(test)
                    yes = self.block(lambda then=then: self.steps(then))  # type: ignore[misc]  # mypy does not see the default's type
                    no = self.block(lambda other=other: self.steps(other))  # type: ignore[misc]  # as above
                    self.out.append(py.branch(tested, yes, no, at))

    def leave(self, step: Return) -> None:
        value = self.write(step.value)
        absent = step.value.known.absent
        if step.shape in ("one", "list"):
            one = step.shape == "one"
            if isinstance(value, ast.Constant) and value.value is None:
                value = py.listing([], step.at)
            elif absent:
                kept = self.name(value, step.at)
                full = py.listing([kept], step.at) if one else kept
                value = py.choose(py.is_none(kept, step.at), py.listing([], step.at), full, step.at)
            elif one:
                value = py.listing([value], step.at)
        self.out.append(py.at_place(ast.Return(value=value), step.at))

    def lifted(
        self, operand: ast.expr, at: ast.AST, use: Callable[[ast.expr], ast.expr]
    ) -> ast.expr:
        """`use(operand)`, or None where the operand is None."""
        kept = self.name(operand, at)
        result = self.fresh()
        filled = self.block(lambda: self.store(result, use(kept), at))
        empty = self.block(lambda: self.store(result, py.constant(None, at), at))
        if len(filled) == 1 and isinstance(filled[0], ast.Assign):
            return py.choose(py.is_none(kept, at), py.constant(None, at), filled[0].value, at)
        self.out.append(py.branch(py.is_none(kept, at), empty, filled, at))
        return py.load(result, at)

    def choose(
        self,
        test: ast.expr,
        then: tuple[list[ast.stmt], ast.expr],
        other: tuple[list[ast.stmt], ast.expr],
        at: ast.AST,
    ) -> ast.expr:
        """`then if test else other`, each with the statements that it needs."""
        if not then[0] and not other[0]:
            return py.choose(test, then[1], other[1], at)
        result = self.fresh()
        blocks = []
        for before, value in (then, other):
            target = py.at_place(ast.Name(id=result, ctx=ast.Store()), at)
            blocks.append([*before, py.at_place(ast.Assign(targets=[target], value=value), at)])
        self.out.append(py.branch(test, blocks[0], blocks[1], at))
        return py.load(result, at)

    def spend(self, amount: ast.expr, weight: int, at: ast.AST) -> None:
        call = py.call("spend", [py.load("v_budget", at), amount, py.constant(weight, at)], at)
        self.out.append(py.at_place(ast.Expr(value=call), at))
