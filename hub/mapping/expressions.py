"""The kind of every expression, and its checked form."""

import ast
from collections.abc import Callable, Mapping, Sequence

from hub.contract.types import Field, Integer, MapOf, Record, Text
from hub.mapping import calls, conditions
from hub.mapping.context import Context, Env, poison
from hub.mapping.facts import narrowed, path_of
from hub.mapping.literals import literal, shared_list
from hub.mapping.nodes import (
    Choose,
    Each,
    Format,
    Items,
    Join,
    Name,
    Node,
    Read,
)
from hub.mapping.records import field_of
from hub.mapping.statics import (
    NEVER,
    Known,
    Made,
    Many,
    Poison,
    Several,
    Static,
    describe,
    join,
    lengths,
    union,
    view,
)

_SMALL = 20_000  # characters: an f-text that is surely shorter is not measured
_INTEGER_WIDTH = 24  # characters of a whole number, its sign included


def expression(context: Context, node: ast.expr, env: Env) -> Node:
    """The checked form of an expression. What is wrong is reported, and known no further."""
    context.spend(node, 1)
    context.cost += 1
    if id(node) in context.module.bad:
        return poison(node)
    handler = _HANDLERS.get(type(node))
    return handler(context, node, env) if handler is not None else poison(node)


def _constant(context: Context, node: ast.expr, env: Env) -> Node:
    del context, env
    match node:
        case ast.UnaryOp(operand=ast.Constant(value=int() | float() as number)):
            return literal(node, -number)
        case ast.Constant(value=str() | int() | float() | None as value):
            return literal(node, value)
        case _:
            return poison(node)


def _name(context: Context, node: ast.expr, env: Env) -> Node:
    if not isinstance(node, ast.Name):
        return poison(node)
    name = node.id
    local = env.names.get(name)
    if local is not None:
        return Name(narrowed(local.known, env.facts.get((name,))), node, local.python)
    if name in env.partial:
        what = f"{name!r} is assigned on some of the paths that lead here, not on all"
        return context.error(node, "unassigned", what, fix="assign it in every branch")
    return _global(context, node, name, env)


def _global(context: Context, node: ast.expr, name: str, env: Env) -> Node:
    module = context.module
    if name in module.constants:
        value = module.constants[name]
        if isinstance(value, tuple):
            return shared_list(context, node, name, value)
        return literal(node, value)
    if name in module.tables:
        what = f"{name} is a table"
        return context.error(node, "not-allowed", what, fix=f"look into it: code({name}, …)")
    if name == "setting":
        return context.error(node, "not-allowed", "setting alone", fix="name one: setting.…")
    return _unknown_name(context, node, name, env)


def _unknown_name(context: Context, node: ast.expr, name: str, env: Env) -> Node:
    module = context.module
    if name in module.functions or calls.is_function(context, name):
        return context.error(
            node, "not-allowed", f"{name} is a function", fix=f"call it: {name}(…)"
        )
    known = [*env.names, *module.constants, *module.tables, "setting"]
    fix = context.report.did_you_mean(name, known) or f"known here: {', '.join(known[:12])}"
    return context.error(node, "unknown-name", f"{name!r} is not defined", fix=fix)


# ---- paths


def _attribute(context: Context, node: ast.expr, env: Env) -> Node:
    if not isinstance(node, ast.Attribute):
        return poison(node)
    if isinstance(node.value, ast.Name) and node.value.id == "setting":
        base: Node = Name(Known(context.settings), node.value, "v_setting")
    else:
        base = expression(context, node.value, env)
    static = base.known.type
    if isinstance(static, Poison):
        return poison(node)
    found = _fields(static, node.attr)
    if not found:
        return _no_field(context, node, static)
    return _read(context, node, base, found, env)


def _records(static: Static) -> list[Record]:
    """The records that a value may be; none if it may be anything else."""
    options = static.options if isinstance(static, Several) else (static,)
    records = [o.record if isinstance(o, Made) else o for o in options]
    return [r for r in records if isinstance(r, Record)] if _all_records(records) else []


def _all_records(options: Sequence[object]) -> bool:
    return all(isinstance(option, Record) for option in options)


def _fields(static: Static, name: str) -> list[Field]:
    """The field of that name, in each record that the value may be; none if one lacks it."""
    records = _records(static)
    found = [each for record in records if (each := field_of(record, name)) is not None]
    return found if len(found) == len(records) else []


def _read(context: Context, node: ast.Attribute, base: Node, found: list[Field], env: Env) -> Node:
    path = path_of(node)
    fact = env.facts.get(path) if path is not None else None
    sure = all(each.required and not each.nullable for each in found)
    static = union(view(each.type, context.scope.types) for each in found)
    known = narrowed(Known(static, not sure or base.known.absent), fact)
    read = Read(known, node, base, found[0].name, sure or (fact is not None and fact.present))
    if not _ours(context, base):
        context.reads.append((node, _named(read)))
    return read


def _ours(context: Context, base: Node) -> bool:
    """Whether a record is the mapping's own or the registration's, not one that it was given."""
    made = context.scope.constructors.values() if context.scope.complete else ()
    own = [context.settings, *made]
    return any(record is each for record in _records(base.known.type) for each in own)


def _named(read: Read) -> str:
    """`DiaChi.MaXa`, without the name that it is read from."""
    before = f"{_named(read.base)}." if isinstance(read.base, Read) else ""
    return before + read.field


def _no_field(context: Context, node: ast.Attribute, static: Static) -> Node:
    records = _records(static)
    if not records:
        fix = "use first(…) or [… for x in …]" if isinstance(static, Many) else ""
        if isinstance(static, MapOf):
            fix = "use code(…, key, otherwise=…) to look into it"
        what = f"{node.attr!r} is read from {describe(static)}, which has no fields"
        return context.error(_tail(node), "unknown-field", what, fix=fix, field=node.attr)
    lacking = next(r for r in records if field_of(r, node.attr) is None)
    names = [f.name for f in lacking.fields]
    fix = context.report.did_you_mean(node.attr, names)
    if not fix:
        fix = f"its fields are: {', '.join(names[:12])}{', …' if len(names) > 12 else ''}"  # noqa: PLR2004  a line's worth
    what = f"{lacking.name} has no field {node.attr!r}"
    return context.error(_tail(node), "unknown-field", what, fix=fix, field=node.attr)


def _tail(node: ast.Attribute) -> ast.AST:
    """The field's name alone, for underlining."""
    end = node.end_col_offset or 0
    line = node.end_lineno or node.lineno
    return ast.Pass(
        lineno=line,
        col_offset=max(0, end - len(node.attr)),
        end_lineno=line,
        end_col_offset=end,
    )


# ---- the rest


def _choose(context: Context, node: ast.expr, env: Env) -> Node:
    if not isinstance(node, ast.IfExp):
        return poison(node)
    tested = conditions.condition(context, node.test, env)
    then = expression(context, node.body, env.given(tested.yes))
    other = expression(context, node.orelse, env.given(tested.no))
    known = Known(join(then.known.type, other.known.type), then.known.absent or other.known.absent)
    return Choose(known, node, tested.node, then, other)


def _condition(context: Context, node: ast.expr, env: Env) -> Node:
    return conditions.condition(context, node, env).node


def _unary(context: Context, node: ast.expr, env: Env) -> Node:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return _constant(context, node, env)
    return _condition(context, node, env)


def _format(context: Context, node: ast.expr, env: Env) -> Node:
    if not isinstance(node, ast.JoinedStr):
        return poison(node)
    parts = [_part(context, value, env) for value in node.values]
    sizes = [_width(part) for part in parts]
    longest = None if None in sizes else sum(size[1] for size in sizes if size is not None)
    shortest = sum(size[0] for size in sizes if size is not None)
    known = Known(Text(min_length=shortest, max_length=longest))
    return Format(known, node, tuple(parts), longest is not None and longest <= _SMALL)


def _part(context: Context, value: ast.expr, env: Env) -> Node:
    if not isinstance(value, ast.FormattedValue):
        return expression(context, value, env)
    node = expression(context, value.value, env)
    static = node.known.type
    if isinstance(static, Poison):
        return node
    if node.known.absent:
        what = "this may be absent, and an f-text shows no absent values"
        return context.error(value.value, "may-be-absent", what, fix='use default(…, "")')
    options = static.options if isinstance(static, Several) else (static,)
    if all(isinstance(option, Text | Integer) for option in options):
        return node
    what = f"an f-text shows texts and whole numbers, this is {describe(static)}"
    return context.error(value.value, "does-not-fit", what, fix="convert it with a function")


def _width(part: Node) -> tuple[int, int] | None:
    """The fewest and the most characters of a part of an f-text."""
    match part.known.type:
        case Text() as text:
            low, high = lengths(text)
            return None if high is None else (low, high)
        case Integer(values=tuple() as values):
            sizes = [len(str(value)) for value in values]
            return min(sizes), max(sizes)
        case Integer():
            return 1, _INTEGER_WIDTH
        case _:
            return None


def _items(context: Context, node: ast.expr, env: Env) -> Node:
    if not isinstance(node, ast.List):
        return poison(node)
    items = tuple(_element(context, element, env) for element in node.elts)
    static: Static = NEVER
    for item in items:
        static = join(static, item.known.type)
    return Items(Known(Many(static, len(items), len(items))), node, items)


def _element(context: Context, element: ast.expr, env: Env) -> Node:
    item = expression(context, element, env)
    if item.known.absent and not isinstance(item.known.type, Poison):
        what = "an element of a list may not be absent"
        fix = "use default(…, …), or leave it out with `if … is not None`"
        return context.error(element, "may-be-absent", what, fix=fix)
    return item


def _join(context: Context, node: ast.expr, env: Env) -> Node:
    if not isinstance(node, ast.BinOp):
        return poison(node)
    left, right = (iterable(context, side, env, "added") for side in (node.left, node.right))
    one, other = left.known.type, right.known.type
    if not isinstance(one, Many) or not isinstance(other, Many):
        return poison(node)
    highs = (one.max_items, other.max_items)
    high = None if None in highs else sum(h for h in highs if h is not None)
    static = Many(join(one.item, other.item), one.min_items + other.min_items, high)
    return Join(Known(static), node, left, right)


def iterable(context: Context, node: ast.expr, env: Env, use: str) -> Node:
    """An expression that must be a list, and there."""
    value = expression(context, node, env)
    static = value.known.type
    if isinstance(static, Poison):
        return value
    if not isinstance(static, Many):
        fix = 'texts join in f"{…}{…}"' if use == "added" else ""
        what = f"only lists are {use}, this is {describe(static)}"
        return context.error(node, "not-a-list", what, fix=fix)
    if value.known.absent:
        what = f"this list may be absent, and cannot be {use}"
        return context.error(node, "may-be-absent", what, fix="use default(…, [])")
    return value


def _each(context: Context, node: ast.expr, env: Env) -> Node:
    if not isinstance(node, ast.ListComp):
        return poison(node)
    loop = node.generators[0]
    source = iterable(context, loop.iter, env, "gone through")
    name = loop.target.id if isinstance(loop.target, ast.Name) else ""
    if name in env.names or name in context.module.places:
        what = f"{name!r} means something else already"
        context.error(loop.target, "name", what, fix="choose another name")
    static = source.known.type
    inner = env.with_name(name, Known(static.item if isinstance(static, Many) else static))
    before = context.cost
    tests = []
    for test in loop.ifs:
        tested = conditions.condition(context, test, inner)
        tests.append(tested.node)
        inner = inner.given(tested.yes)
    body = _element(context, node.elt, inner)
    weight, context.cost = context.cost - before, before + 1
    high = static.max_items if isinstance(static, Many) else None
    low = static.min_items if isinstance(static, Many) and not tests else 0
    known = Known(Many(body.known.type, low, high))
    return Each(known, node, f"v_{name}", source, tuple(tests), body, weight)


def _call(context: Context, node: ast.expr, env: Env) -> Node:
    return calls.call(context, node, env) if isinstance(node, ast.Call) else poison(node)


_HANDLERS: Mapping[type[ast.expr], Callable[[Context, ast.expr, Env], Node]] = {
    ast.Constant: _constant,
    ast.UnaryOp: _unary,
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.IfExp: _choose,
    ast.Compare: _condition,
    ast.BoolOp: _condition,
    ast.JoinedStr: _format,
    ast.List: _items,
    ast.BinOp: _join,
    ast.ListComp: _each,
    ast.Call: _call,
}
