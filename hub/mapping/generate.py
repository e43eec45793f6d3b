"""From a checked mapping to Python: one plain function a routine.

The result is a syntax tree with the mapping's own line numbers, so that an error found while it
runs names the place in the mapping. Records are dict displays, required fields direct look-ups,
and nothing is called where nothing has to be checked. What needs a test first (an absent value, a
length) becomes a statement before, so no expression is evaluated twice.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from hub.contract.types import JsonScalar
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
from hub.mapping.statics import Made, Several

_CONTEXT = ("v_setting", "v_flags", "v_budget")  # what every routine is given besides


class _Writer:
    """Writes the statements of one routine. `out` is the block under construction."""

    def __init__(self) -> None:
        self.out: list[ast.stmt] = []
        self.temporaries = 0

    def fresh(self) -> str:
        self.temporaries += 1
        return f"t{self.temporaries}"

    def store(self, name: str, value: ast.expr, at: ast.AST) -> None:
        target = ast.Name(id=name, ctx=ast.Store())
        self.out.append(_at(ast.Assign(targets=[_at(target, at)], value=value), at))

    def name(self, value: ast.expr, at: ast.AST) -> ast.expr:
        """The value under a name, so that it can be used twice."""
        if isinstance(value, ast.Name | ast.Constant):
            return value
        name = self.fresh()
        self.store(name, value, at)
        return _load(name, at)

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
        return _WRITERS[type(node)](self, node)

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
                    self.out.append(_if(tested, yes, no, at))

    def leave(self, step: Return) -> None:
        value = self.write(step.value)
        absent = step.value.known.absent
        if step.shape in ("one", "list"):
            one = step.shape == "one"
            if isinstance(value, ast.Constant) and value.value is None:
                value = _list([], step.at)
            elif absent:
                kept = self.name(value, step.at)
                full = _list([kept], step.at) if one else kept
                value = _choose(_is_none(kept, step.at), _list([], step.at), full, step.at)
            elif one:
                value = _list([value], step.at)
        self.out.append(_at(ast.Return(value=value), step.at))

    def lifted(
        self, operand: ast.expr, at: ast.AST, use: Callable[[ast.expr], ast.expr]
    ) -> ast.expr:
        """`use(operand)`, or None where the operand is None."""
        kept = self.name(operand, at)
        result = self.fresh()
        filled = self.block(lambda: self.store(result, use(kept), at))
        empty = self.block(lambda: self.store(result, _constant(None, at), at))
        if len(filled) == 1 and isinstance(filled[0], ast.Assign):
            return _choose(_is_none(kept, at), _constant(None, at), filled[0].value, at)
        self.out.append(_if(_is_none(kept, at), empty, filled, at))
        return _load(result, at)

    def choose(
        self,
        test: ast.expr,
        then: tuple[list[ast.stmt], ast.expr],
        other: tuple[list[ast.stmt], ast.expr],
        at: ast.AST,
    ) -> ast.expr:
        """`then if test else other`, each with the statements that it needs."""
        if not then[0] and not other[0]:
            return _choose(test, then[1], other[1], at)
        result = self.fresh()
        blocks = []
        for before, value in (then, other):
            target = _at(ast.Name(id=result, ctx=ast.Store()), at)
            blocks.append([*before, _at(ast.Assign(targets=[target], value=value), at)])
        self.out.append(_if(test, blocks[0], blocks[1], at))
        return _load(result, at)

    def spend(self, amount: ast.expr, weight: int, at: ast.AST) -> None:
        call = _call("spend", [_load("v_budget", at), amount, _constant(weight, at)], at)
        self.out.append(_at(ast.Expr(value=call), at))


# ---- one function a node


def _literal(_: _Writer, node: Literal) -> ast.expr:
    return _constant(node.value, node.at)


def _name(_: _Writer, node: Name) -> ast.expr:
    return _load(node.python, node.at)


def _shared(_: _Writer, node: Shared) -> ast.expr:
    """A constant list as a value: a copy, as documents may be changed later."""
    star = _at(ast.Starred(value=_load(node.python, node.at), ctx=ast.Load()), node.at)
    return _list([star], node.at)


def _read(writer: _Writer, node: Read) -> ast.expr:
    def use(base: ast.expr) -> ast.expr:
        key = _constant(node.field, node.at)
        if node.sure:
            return _index(base, key, node.at)
        get = _at(ast.Attribute(value=base, attr="get", ctx=ast.Load()), node.at)
        return _at(ast.Call(func=get, args=[key], keywords=[]), node.at)

    base = writer.write(node.base)
    made = _is_made(node.base)
    if node.base.known.absent:
        return writer.lifted(base, node.at, lambda kept: use(_untagged(kept, node.at, made=made)))
    return use(_untagged(base, node.at, made=made))


def _is_made(node: Node) -> bool:
    static = node.known.type
    return isinstance(static, Made) or (
        isinstance(static, Several) and all(isinstance(o, Made) for o in static.options)
    )


def _untagged(value: ast.expr, at: ast.AST, *, made: bool) -> ast.expr:
    return _index(value, _constant(1, at), at) if made else value


def _make(writer: _Writer, node: Make) -> ast.expr:
    keys: list[ast.expr | None] = []
    values = []
    for name, value in node.items:
        keys.append(_constant(name, node.at))
        values.append(writer.write(value))
    record = _at(ast.Dict(keys=keys, values=values), node.at)
    return record if node.tag is None else _pair(node.tag, record, node.at)


def _tag(writer: _Writer, node: Tag) -> ast.expr:
    value = writer.write(node.base)
    if node.base.known.absent:
        return writer.lifted(value, node.at, lambda kept: _pair(node.name, kept, node.at))
    return _pair(node.name, value, node.at)


def _untag(writer: _Writer, node: Untag) -> ast.expr:
    value = writer.write(node.base)
    if node.base.known.absent:
        return writer.lifted(value, node.at, lambda kept: _untagged(kept, node.at, made=True))
    return _untagged(value, node.at, made=True)


def _function(writer: _Writer, node: Call) -> ast.expr:
    first, *rest = [writer.write(argument) for argument in node.arguments]

    def use(kept: ast.expr) -> ast.expr:
        call = _call(node.python, [kept, *rest], node.at)
        if node.flags:
            call.keywords.append(ast.keyword(arg="flags", value=_load("v_flags", node.at)))
        return call

    if node.lifted and node.arguments[0].known.absent:
        return writer.lifted(first, node.at, use)
    return use(first)


def _limit(writer: _Writer, node: Limit) -> ast.expr:
    kept = writer.name(writer.write(node.base), node.at)
    size = _call("len", [kept], node.at)
    over = _compare(ast.Gt, size, _constant(node.longest, node.at), node.at)
    if node.known.absent:
        there = _compare(ast.IsNot, kept, _constant(None, node.at), node.at)
        over = _at(ast.BoolOp(op=ast.And(), values=[there, over]), node.at)
    refuse = _at(ast.Expr(value=_call(node.python, [], node.at)), node.at)
    writer.out.append(_if(over, [refuse], [], node.at))
    return kept


def _helper(writer: _Writer, node: Helper) -> ast.expr:
    arguments = [writer.write(argument) for argument in node.arguments]
    return _call(node.python, [*arguments, *(_load(n, node.at) for n in _CONTEXT)], node.at)


def _look(writer: _Writer, node: Look) -> ast.expr:
    at = node.at
    table = (
        _load(node.table.python, at)
        if isinstance(node.table, Shared)
        else writer.name(writer.write(node.table), at)
    )
    key = writer.write(node.key)

    def use(kept: ast.expr) -> ast.expr:
        if node.otherwise is None:
            return _index(table, kept, at)
        before, rest = writer.apart(node.otherwise)
        if not before and isinstance(rest, ast.Constant):
            get = _at(ast.Attribute(value=table, attr="get", ctx=ast.Load()), at)
            return _at(ast.Call(func=get, args=[kept, rest], keywords=[]), at)
        kept = writer.name(kept, at)
        inside = _compare(ast.In, kept, table, at)
        return writer.choose(inside, ([], _index(table, kept, at)), (before, rest), at)

    return writer.lifted(key, at, use) if node.lifted else use(key)


def _choose_node(writer: _Writer, node: Choose) -> ast.expr:
    test = writer.write(node.test)
    return writer.choose(test, writer.apart(node.then), writer.apart(node.other), node.at)


def _default(writer: _Writer, node: Default) -> ast.expr:
    base = writer.write(node.base)
    if not node.base.known.absent:
        return base
    kept = writer.name(base, node.at)
    absent = _is_none(kept, node.at)
    return writer.choose(absent, writer.apart(node.other), ([], kept), node.at)


def _compare_node(writer: _Writer, node: Compare) -> ast.expr:
    left = writer.write(node.left)
    if isinstance(left, ast.Constant) and node.operator in (ast.Is, ast.IsNot):
        # Python warns of `"text" is None`; the answer is known.
        return _constant((left.value is None) == (node.operator is ast.Is), node.at)
    right = (
        _load(node.right.python, node.at)
        if isinstance(node.right, Shared)
        else writer.write(node.right)
    )
    return _compare(node.operator, left, right, node.at)


def _logic(writer: _Writer, node: Logic) -> ast.expr:
    """`a and b`: b's statements run only where b is looked at."""
    value = writer.write(node.operands[0])
    for operand in node.operands[1:]:
        before, after = writer.apart(operand)
        if not before:
            operator = ast.And() if node.conjunction else ast.Or()
            value = _at(ast.BoolOp(op=operator, values=[value, after]), node.at)
            continue
        result = writer.fresh()
        writer.store(result, value, node.at)
        target = _at(ast.Name(id=result, ctx=ast.Store()), node.at)
        inner = [*before, _at(ast.Assign(targets=[target], value=after), node.at)]
        test = _load(result, node.at)
        then, other = (inner, None) if node.conjunction else (None, inner)
        writer.out.append(_if(test, then, other, node.at))
        value = _load(result, node.at)
    return value


def _not(writer: _Writer, node: Not) -> ast.expr:
    return _at(ast.UnaryOp(op=ast.Not(), operand=writer.write(node.base)), node.at)


def _format(writer: _Writer, node: Format) -> ast.expr:
    values: list[ast.expr] = []
    for part in node.parts:
        value = writer.write(part)
        constant = isinstance(value, ast.Constant) and isinstance(value.value, str)
        values.append(
            value if constant else _at(ast.FormattedValue(value=value, conversion=-1), node.at)
        )
    text: ast.expr = _at(ast.JoinedStr(values=values), node.at)
    if node.bounded:
        return text
    kept = writer.name(text, node.at)
    writer.spend(kept, 0, node.at)
    return kept


def _each(writer: _Writer, node: Each) -> ast.expr:
    at = node.at
    result = writer.fresh()
    source = (
        _load(node.source.python, at)
        if isinstance(node.source, Shared)
        else writer.name(writer.write(node.source), at)
    )
    writer.spend(source, node.weight, at)
    writer.store(result, _list([], at), at)

    def body() -> None:
        for test in node.tests:
            unwanted = _at(ast.UnaryOp(op=ast.Not(), operand=writer.write(test)), at)
            writer.out.append(_if(unwanted, [_at(ast.Continue(), at)], [], at))
        append = _at(ast.Attribute(value=_load(result, at), attr="append", ctx=ast.Load()), at)
        call = _at(ast.Call(func=append, args=[writer.write(node.body)], keywords=[]), at)
        writer.out.append(_at(ast.Expr(value=call), at))

    inner = writer.block(body)
    target = _at(ast.Name(id=node.python, ctx=ast.Store()), at)
    writer.out.append(_at(ast.For(target=target, iter=source, body=inner, orelse=[]), at))
    return _load(result, at)


def _items(writer: _Writer, node: Items) -> ast.expr:
    return _list([writer.write(item) for item in node.items], node.at)


def _join(writer: _Writer, node: Join) -> ast.expr:
    left, right = writer.write(node.left), writer.write(node.right)
    both = _at(ast.BinOp(left=left, op=ast.Add(), right=right), node.at)
    kept = writer.name(both, node.at)
    writer.spend(kept, 1, node.at)
    return kept


_WRITERS: Mapping[type, Callable[..., ast.expr]] = {
    Literal: _literal,
    Name: _name,
    Shared: _shared,
    Read: _read,
    Make: _make,
    Tag: _tag,
    Untag: _untag,
    Call: _function,
    Limit: _limit,
    Helper: _helper,
    Look: _look,
    Choose: _choose_node,
    Default: _default,
    Compare: _compare_node,
    Logic: _logic,
    Not: _not,
    Format: _format,
    Each: _each,
    Items: _items,
    Join: _join,
}


# ---- Python's syntax, with the mapping's places

_N = TypeVar("_N", bound=ast.expr | ast.stmt)


def _at(node: _N, at: ast.AST) -> _N:
    """The node, standing where `at` stands in the mapping."""
    node.lineno = getattr(at, "lineno", 1)
    node.col_offset = getattr(at, "col_offset", 0)
    node.end_lineno = getattr(at, "end_lineno", None)
    node.end_col_offset = getattr(at, "end_col_offset", None)
    return node


def _load(name: str, at: ast.AST) -> ast.expr:
    return _at(ast.Name(id=name, ctx=ast.Load()), at)


def _constant(value: JsonScalar, at: ast.AST) -> ast.expr:
    return _at(ast.Constant(value=value), at)


def _list(items: list[ast.expr], at: ast.AST) -> ast.expr:
    return _at(ast.List(elts=items, ctx=ast.Load()), at)


def _pair(name: str, record: ast.expr, at: ast.AST) -> ast.expr:
    return _at(ast.Tuple(elts=[_constant(name, at), record], ctx=ast.Load()), at)


def _index(base: ast.expr, key: ast.expr, at: ast.AST) -> ast.expr:
    return _at(ast.Subscript(value=base, slice=key, ctx=ast.Load()), at)


def _call(function: str, arguments: list[ast.expr], at: ast.AST) -> ast.Call:
    return _at(ast.Call(func=_load(function, at), args=arguments, keywords=[]), at)


def _compare(operator: type[ast.cmpop], left: ast.expr, right: ast.expr, at: ast.AST) -> ast.expr:
    return _at(ast.Compare(left=left, ops=[operator()], comparators=[right]), at)


def _is_none(value: ast.expr, at: ast.AST) -> ast.expr:
    return _compare(ast.Is, value, _constant(None, at), at)


def _choose(test: ast.expr, then: ast.expr, other: ast.expr, at: ast.AST) -> ast.expr:
    return _at(ast.IfExp(test=test, body=then, orelse=other), at)


def _if(
    test: ast.expr, then: list[ast.stmt] | None, other: list[ast.stmt] | None, at: ast.AST
) -> ast.stmt:
    body = then or [_at(ast.Pass(), at)]
    return _at(ast.If(test=test, body=body, orelse=other or []), at)


def module(routines: Sequence[Routine]) -> ast.Module:
    """All routines as one module."""
    return ast.Module(body=[_definition(routine) for routine in routines], type_ignores=[])


def _definition(routine: Routine) -> ast.stmt:
    writer = _Writer()
    writer.steps(routine.steps)
    names = [*routine.parameters, *_CONTEXT]
    arguments = ast.arguments(
        posonlyargs=[],
        args=[_argument(name, routine.at) for name in names],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    definition = ast.FunctionDef(
        name=routine.python, args=arguments, body=writer.out, decorator_list=[]
    )
    return _at(definition, routine.at)


def _argument(name: str, at: ast.AST) -> ast.arg:
    found = ast.arg(arg=name)
    found.lineno, found.col_offset = getattr(at, "lineno", 1), getattr(at, "col_offset", 0)
    return found
