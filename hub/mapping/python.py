"""Pieces of Python's syntax tree, each standing where its source stands in the mapping."""

import ast
from typing import TypeVar

from hub.contract.types import JsonScalar

_N = TypeVar("_N", bound=ast.expr | ast.stmt | ast.arg | ast.keyword)


def at_place(node: _N, at: ast.AST) -> _N:
    """The node, standing where `at` stands in the mapping."""
    node.lineno = getattr(at, "lineno", 1)
    node.col_offset = getattr(at, "col_offset", 0)
    node.end_lineno = getattr(at, "end_lineno", None)
    node.end_col_offset = getattr(at, "end_col_offset", None)
    return node


def load(name: str, at: ast.AST) -> ast.expr:
    """The name, read."""
    return at_place(ast.Name(id=name, ctx=ast.Load()), at)


def constant(value: JsonScalar, at: ast.AST) -> ast.expr:
    """A literal."""
    return at_place(ast.Constant(value=value), at)


def listing(items: list[ast.expr], at: ast.AST) -> ast.expr:
    """`[a, b]`."""
    return at_place(ast.List(elts=items, ctx=ast.Load()), at)


def pair(name: str, record: ast.expr, at: ast.AST) -> ast.expr:
    """`(name, record)`: a result with its name."""
    return at_place(ast.Tuple(elts=[constant(name, at), record], ctx=ast.Load()), at)


def index(base: ast.expr, key: ast.expr, at: ast.AST) -> ast.expr:
    """`base[key]`."""
    return at_place(ast.Subscript(value=base, slice=key, ctx=ast.Load()), at)


def call(function: str, arguments: list[ast.expr], at: ast.AST) -> ast.Call:
    """`function(a, b)`."""
    return at_place(ast.Call(func=load(function, at), args=arguments, keywords=[]), at)


def compare(operator: type[ast.cmpop], left: ast.expr, right: ast.expr, at: ast.AST) -> ast.expr:
    """`left <operator> right`."""
    return at_place(ast.Compare(left=left, ops=[operator()], comparators=[right]), at)


def is_none(value: ast.expr, at: ast.AST) -> ast.expr:
    """`value is None`."""
    return compare(ast.Is, value, constant(None, at), at)


def choose(test: ast.expr, then: ast.expr, other: ast.expr, at: ast.AST) -> ast.expr:
    """`then if test else other`."""
    return at_place(ast.IfExp(test=test, body=then, orelse=other), at)


def branch(
    test: ast.expr, then: list[ast.stmt] | None, other: list[ast.stmt] | None, at: ast.AST
) -> ast.stmt:
    """`if test: … else: …`; an empty block passes."""
    body = then or [at_place(ast.Pass(), at)]
    return at_place(ast.If(test=test, body=body, orelse=other or []), at)


def argument(name: str, at: ast.AST) -> ast.arg:
    """A parameter."""
    return at_place(ast.arg(arg=name), at)


def named(name: str, value: ast.expr, at: ast.AST) -> ast.keyword:
    """`name=value`, as an argument."""
    return at_place(ast.keyword(arg=name, value=value), at)
