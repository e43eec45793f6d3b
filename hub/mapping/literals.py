"""Literals, constant tuples and tables: their kinds, and where they are kept at run time."""

import ast

from hub.contract.types import Boolean, Integer, Number, Text
from hub.mapping.context import Context
from hub.mapping.nodes import Literal, Shared
from hub.mapping.parse import Literal as Scalar
from hub.mapping.parse import Table
from hub.mapping.statics import NEVER, Known, Many, Static, whole


def literal(at: ast.AST, value: str | float | bool | None) -> Literal:  # noqa: FBT001  a literal's value
    """A literal with its kind: a text is an enumeration of itself."""
    return Literal(Known(literal_type(value), value is None), at, value)


def literal_type(value: str | float | bool | None) -> Static:  # noqa: FBT001  a literal's value
    """The kind of one literal."""
    match value:
        case None:
            return NEVER
        case bool():
            return Boolean()
        case str():
            return Text(values=(value,))
        case int():
            return whole(value)
        case float():
            return Number(value, value)


def values_type(values: tuple[Scalar, ...] | list[Scalar]) -> Static:
    """The kind of any of several literals, None left aside."""
    texts = tuple(dict.fromkeys(v for v in values if isinstance(v, str)))
    if texts:
        return Text(values=texts)
    numbers = tuple(dict.fromkeys(v for v in values if type(v) is int))
    if numbers:
        return Integer(min(numbers), max(numbers), numbers)
    return Boolean() if any(isinstance(v, bool) for v in values) else NEVER


def shared_list(context: Context, node: ast.AST, name: str, values: tuple[Scalar, ...]) -> Shared:
    """A constant tuple of the mapping, used as a list."""
    python = f"L_{name}"
    context.shared[python] = values
    return Shared(Known(Many(values_type(values), len(values), len(values))), node, python)


def shared_table(context: Context, node: ast.AST, name: str, table: Table) -> Shared:
    """A table of the mapping; its kind is that of a list of its keys."""
    python = f"T_{name}"
    context.shared[python] = table
    return Shared(Known(Many(values_type(list(table)), 0, len(table))), node, python)
