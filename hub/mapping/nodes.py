"""A checked mapping, ready to be turned into Python.

Each node knows its kind and whether it may be absent, and carries the place in the source it came
from. Everything the checker decided (which field is optional, where a length must still be
checked, what is absent when its operand is) is explicit here; the generator decides nothing.
"""

import ast
from dataclasses import dataclass
from typing import TypeAlias

from hub.contract.types import JsonScalar
from hub.mapping.statics import Known


@dataclass(frozen=True, slots=True)
class Expression:
    """What every node tells: what is known of its value, and where in the mapping it stands."""

    known: Known
    at: ast.AST


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    value: JsonScalar


@dataclass(frozen=True, slots=True)
class Name(Expression):
    """A parameter, local or loop variable; `python` is its name in the generated code."""

    python: str


@dataclass(frozen=True, slots=True)
class Shared(Expression):
    """A constant that lives beside the generated code: a table's keys, a constant tuple."""

    python: str


@dataclass(frozen=True, slots=True)
class Read(Expression):
    """A field of a record. `sure`: the key is there and its value is not null."""

    base: "Node"
    field: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Make(Expression):
    """A new record: its fields in order. `tag`: the name it is returned with, for a result."""

    items: tuple[tuple[str, "Node"], ...]
    tag: str | None


@dataclass(frozen=True, slots=True)
class Tag(Expression):
    """A record that was read, about to be returned as a result."""

    base: "Node"
    name: str


@dataclass(frozen=True, slots=True)
class Untag(Expression):
    """A new result that is put into another record."""

    base: "Node"


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A function of the library or a check. `lifted`: absent when its first argument is."""

    python: str
    arguments: tuple["Node", ...]
    lifted: bool = False
    flags: bool = False


@dataclass(frozen=True, slots=True)
class Limit(Expression):
    """A text that goes into a field of at most `longest` characters; `python` raises if not."""

    base: "Node"
    longest: int
    python: str


@dataclass(frozen=True, slots=True)
class Helper(Expression):
    """A call of one of the mapping's own functions."""

    python: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Look(Expression):
    """A look-up in a table; `otherwise` is taken for keys that are not in it."""

    table: "Node"
    key: "Node"
    otherwise: "Node | None"
    lifted: bool


@dataclass(frozen=True, slots=True)
class Choose(Expression):
    """`then if test else other`."""

    test: "Node"
    then: "Node"
    other: "Node"


@dataclass(frozen=True, slots=True)
class Default(Expression):
    """`base`, or `other` where it is absent."""

    base: "Node"
    other: "Node"


@dataclass(frozen=True, slots=True)
class Compare(Expression):
    operator: type[ast.cmpop]
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Logic(Expression):
    """`and` / `or` over Booleans."""

    conjunction: bool
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not(Expression):
    base: "Node"


@dataclass(frozen=True, slots=True)
class Format(Expression):
    """An f-text."""

    parts: tuple["Node", ...]
    bounded: bool  # its length is known to be small


@dataclass(frozen=True, slots=True)
class Each(Expression):
    """`[body for name in source if …]`; `weight` is what one turn costs, in nodes."""

    python: str
    source: "Node"
    tests: tuple["Node", ...]
    body: "Node"
    weight: int


@dataclass(frozen=True, slots=True)
class Items(Expression):
    """`[a, b]`."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Join(Expression):
    """`list + list`."""

    left: "Node"
    right: "Node"


Node: TypeAlias = (
    Literal
    | Name
    | Shared
    | Read
    | Make
    | Tag
    | Untag
    | Call
    | Limit
    | Helper
    | Look
    | Choose
    | Default
    | Compare
    | Logic
    | Not
    | Format
    | Each
    | Items
    | Join
)


@dataclass(frozen=True, slots=True)
class Assign:
    at: ast.AST
    python: str
    value: Node


@dataclass(frozen=True, slots=True)
class Return:
    """`shape`: "value" in a helper; in a flow how the value becomes the result."""

    at: ast.AST
    value: Node
    shape: str  # "value", "one", "list", "call"


@dataclass(frozen=True, slots=True)
class Branch:
    at: ast.AST
    test: Node
    then: tuple["Step", ...]
    other: tuple["Step", ...]


Step: TypeAlias = Assign | Return | Branch


@dataclass(frozen=True, slots=True)
class Routine:
    """One function for one combination of kinds of arguments."""

    python: str
    at: ast.FunctionDef
    parameters: tuple[str, ...]
    steps: tuple[Step, ...]
    known: Known  # of what it returns
    cost: int  # nodes that run at most, those of called helpers included, lists' turns not
