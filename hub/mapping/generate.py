"""From a checked mapping to Python: one plain function a routine.

The result is a syntax tree with the mapping's own line numbers, so that an error found while it
runs names the place in the mapping. Records are dict displays, required fields direct look-ups,
and nothing is called where nothing has to be checked. What needs a test first (an absent value, a
length) becomes a statement before, so no expression is evaluated twice.
"""

import ast
from collections.abc import Sequence

from hub.mapping import python as py
from hub.mapping.nodes import (
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
    Routine,
    Shared,
    Tag,
    Untag,
)
from hub.mapping.statics import Made, Several
from hub.mapping.writer import CONTEXT, Writer, Writers

# ---- one function a node


def _literal(_: Writer, node: Literal) -> ast.expr:
    return py.constant(node.value, node.at)


def _name(_: Writer, node: Name) -> ast.expr:
    return py.load(node.python, node.at)


def _shared(_: Writer, node: Shared) -> ast.expr:
    """A constant list as a value: a copy, as documents may be changed later."""
    star = py.at_place(ast.Starred(value=py.load(node.python, node.at), ctx=ast.Load()), node.at)
    return py.listing([star], node.at)


def _read(writer: Writer, node: Read) -> ast.expr:
    def use(base: ast.expr) -> ast.expr:
        key = py.constant(node.field, node.at)
        if node.sure:
            return py.index(base, key, node.at)
        get = py.at_place(ast.Attribute(value=base, attr="get", ctx=ast.Load()), node.at)
        return py.at_place(ast.Call(func=get, args=[key], keywords=[]), node.at)

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
    return py.index(value, py.constant(1, at), at) if made else value


def _make(writer: Writer, node: Make) -> ast.expr:
    keys: list[ast.expr | None] = []
    values = []
    for name, value in node.items:
        keys.append(py.constant(name, node.at))
        values.append(writer.write(value))
    record = py.at_place(ast.Dict(keys=keys, values=values), node.at)
    return record if node.tag is None else py.pair(node.tag, record, node.at)


def _tag(writer: Writer, node: Tag) -> ast.expr:
    value = writer.write(node.base)
    if node.base.known.absent:
        return writer.lifted(value, node.at, lambda kept: py.pair(node.name, kept, node.at))
    return py.pair(node.name, value, node.at)


def _untag(writer: Writer, node: Untag) -> ast.expr:
    value = writer.write(node.base)
    if node.base.known.absent:
        return writer.lifted(value, node.at, lambda kept: _untagged(kept, node.at, made=True))
    return _untagged(value, node.at, made=True)


def _function(writer: Writer, node: Call) -> ast.expr:
    first, *rest = [writer.write(argument) for argument in node.arguments]

    def use(kept: ast.expr) -> ast.expr:
        call = py.call(node.python, [kept, *rest], node.at)
        if node.flags:
            call.keywords.append(py.named("flags", py.load("v_flags", node.at), node.at))
        return call

    if node.lifted and node.arguments[0].known.absent:
        return writer.lifted(first, node.at, use)
    return use(first)


def _limit(writer: Writer, node: Limit) -> ast.expr:
    kept = writer.name(writer.write(node.base), node.at)
    size = py.call("len", [kept], node.at)
    over = py.compare(ast.Gt, size, py.constant(node.longest, node.at), node.at)
    if node.known.absent:
        there = py.compare(ast.IsNot, kept, py.constant(None, node.at), node.at)
        over = py.at_place(ast.BoolOp(op=ast.And(), values=[there, over]), node.at)
    refuse = py.at_place(ast.Expr(value=py.call(node.python, [], node.at)), node.at)
    writer.out.append(py.branch(over, [refuse], [], node.at))
    return kept


def _helper(writer: Writer, node: Helper) -> ast.expr:
    arguments = [writer.write(argument) for argument in node.arguments]
    return py.call(node.python, [*arguments, *(py.load(n, node.at) for n in CONTEXT)], node.at)


def _look(writer: Writer, node: Look) -> ast.expr:
    at = node.at
    table = (
        py.load(node.table.python, at)
        if isinstance(node.table, Shared)
        else writer.name(writer.write(node.table), at)
    )
    key = writer.write(node.key)

    def use(kept: ast.expr) -> ast.expr:
        if node.otherwise is None:
            return py.index(table, kept, at)
        before, rest = writer.apart(node.otherwise)
        if not before and isinstance(rest, ast.Constant):
            get = py.at_place(ast.Attribute(value=table, attr="get", ctx=ast.Load()), at)
            return py.at_place(ast.Call(func=get, args=[kept, rest], keywords=[]), at)
        kept = writer.name(kept, at)
        inside = py.compare(ast.In, kept, table, at)
        return writer.choose(inside, ([], py.index(table, kept, at)), (before, rest), at)

    return writer.lifted(key, at, use) if node.lifted else use(key)


def _choose_node(writer: Writer, node: Choose) -> ast.expr:
    test = writer.write(node.test)
    return writer.choose(test, writer.apart(node.then), writer.apart(node.other), node.at)


def _default(writer: Writer, node: Default) -> ast.expr:
    base = writer.write(node.base)
    if not node.base.known.absent:
        return base
    kept = writer.name(base, node.at)
    absent = py.is_none(kept, node.at)
    return writer.choose(absent, writer.apart(node.other), ([], kept), node.at)


def _compare_node(writer: Writer, node: Compare) -> ast.expr:
    left = writer.write(node.left)
    if isinstance(left, ast.Constant) and node.operator in (ast.Is, ast.IsNot):
        # Python warns of `"text" is None`; the answer is known.
        return py.constant((left.value is None) == (node.operator is ast.Is), node.at)
    right = (
        py.load(node.right.python, node.at)
        if isinstance(node.right, Shared)
        else writer.write(node.right)
    )
    return py.compare(node.operator, left, right, node.at)


def _logic(writer: Writer, node: Logic) -> ast.expr:
    """`a and b`: b's statements run only where b is looked at."""
    value = writer.write(node.operands[0])
    for operand in node.operands[1:]:
        before, after = writer.apart(operand)
        if not before:
            operator = ast.And() if node.conjunction else ast.Or()
            value = py.at_place(ast.BoolOp(op=operator, values=[value, after]), node.at)
            continue
        result = writer.fresh()
        writer.store(result, value, node.at)
        target = py.at_place(ast.Name(id=result, ctx=ast.Store()), node.at)
        inner = [*before, py.at_place(ast.Assign(targets=[target], value=after), node.at)]
        test = py.load(result, node.at)
        then, other = (inner, None) if node.conjunction else (None, inner)
        writer.out.append(py.branch(test, then, other, node.at))
        value = py.load(result, node.at)
    return value


def _not(writer: Writer, node: Not) -> ast.expr:
    return py.at_place(ast.UnaryOp(op=ast.Not(), operand=writer.write(node.base)), node.at)


def _format(writer: Writer, node: Format) -> ast.expr:
    """An f-text; one that may be long is paid for before it is made."""
    values: list[ast.expr] = []
    measured: list[ast.expr] = []
    for part in node.parts:
        value = writer.write(part)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            values.append(value)
            continue
        if not node.bounded:
            value = writer.name(value, node.at)
            measured.append(value)
        values.append(py.at_place(ast.FormattedValue(value=value, conversion=-1), node.at))
    if measured:
        paid = py.call("measure", [py.load("v_budget", node.at), *measured], node.at)
        writer.out.append(py.at_place(ast.Expr(value=paid), node.at))
    return py.at_place(ast.JoinedStr(values=values), node.at)


def _each(writer: Writer, node: Each) -> ast.expr:
    at = node.at
    result = writer.fresh()
    source = (
        py.load(node.source.python, at)
        if isinstance(node.source, Shared)
        else writer.name(writer.write(node.source), at)
    )
    writer.spend(source, node.weight, at)
    writer.store(result, py.listing([], at), at)

    def body() -> None:
        for test in node.tests:
            unwanted = py.at_place(ast.UnaryOp(op=ast.Not(), operand=writer.write(test)), at)
            writer.out.append(py.branch(unwanted, [py.at_place(ast.Continue(), at)], [], at))
        append = py.at_place(
            ast.Attribute(value=py.load(result, at), attr="append", ctx=ast.Load()), at
        )
        call = py.at_place(ast.Call(func=append, args=[writer.write(node.body)], keywords=[]), at)
        writer.out.append(py.at_place(ast.Expr(value=call), at))

    inner = writer.block(body)
    target = py.at_place(ast.Name(id=node.python, ctx=ast.Store()), at)
    writer.out.append(py.at_place(ast.For(target=target, iter=source, body=inner, orelse=[]), at))
    return py.load(result, at)


def _items(writer: Writer, node: Items) -> ast.expr:
    return py.listing([writer.write(item) for item in node.items], node.at)


def _join(writer: Writer, node: Join) -> ast.expr:
    left, right = writer.write(node.left), writer.write(node.right)
    both = py.at_place(ast.BinOp(left=left, op=ast.Add(), right=right), node.at)
    kept = writer.name(both, node.at)
    writer.spend(kept, 1, node.at)
    return kept


_WRITERS: Writers = {
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


def module(routines: Sequence[Routine]) -> ast.Module:
    """All routines as one module; each node says where it stands, as the compiler wants it."""
    return ast.Module(body=[_definition(routine) for routine in routines], type_ignores=[])


def _definition(routine: Routine) -> ast.stmt:
    writer = Writer(_WRITERS)
    writer.steps(routine.steps)
    names = [*routine.parameters, *CONTEXT]
    arguments = ast.arguments(
        posonlyargs=[],
        args=[py.argument(name, routine.at) for name in names],
        kwonlyargs=[],
        kw_defaults=[],
        defaults=[],
    )
    definition = ast.FunctionDef(
        name=routine.python, args=arguments, body=writer.out, decorator_list=[]
    )
    return py.at_place(definition, routine.at)
