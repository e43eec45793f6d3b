"""Calls: constructors, functions of the library and of the mapping, and the special forms."""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hub.contract.types import Boolean, Integer, MapOf, Text
from hub.contract.words import describe as describe_type
from hub.mapping.context import Context, Env, poison
from hub.mapping.functions.declare import Argument, Function
from hub.mapping.functions.library import LIBRARY
from hub.mapping.literals import shared_table, values_type
from hub.mapping.nodes import Call, Default, Literal, Look, Node
from hub.mapping.parse import Table
from hub.mapping.records import construct
from hub.mapping.statics import (
    NEVER,
    Known,
    Many,
    Never,
    Poison,
    Static,
    describe,
    fit,
    join,
    view,
)

_LISTED = 12  # uncovered codes that a finding spells out


def is_function(context: Context, name: str) -> bool:
    """Whether a name in call position means anything."""
    return name in LIBRARY or name in context.scope.constructors


def call(context: Context, node: ast.Call, env: Env) -> Node:
    """Any call; the name decides what it is."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    meanings = [
        what
        for what, names in (
            ("a function of this mapping", context.module.functions),
            ("a constructor", context.scope.constructors),
            ("a function of the library", LIBRARY),
        )
        if name in names
    ]
    if len(meanings) > 1:
        fix = "rename the function of this mapping"
        return context.error(node.func, "name", f"{name} is {' and '.join(meanings)}", fix=fix)
    if not meanings:
        return _unknown(context, node, name, env)
    if name in context.scope.constructors:
        return construct(context, node, context.scope.constructors[name], env)
    if name in context.module.functions:
        return _own(context, node, env)
    form = _FORMS.get(name)
    return form(context, node, env) if form is not None else library(context, node, env)


def _unknown(context: Context, node: ast.Call, name: str, env: Env) -> Node:
    for part in [*node.args, *(keyword.value for keyword in node.keywords)]:
        context.evaluate(part, env)
    known = [*context.module.functions, *context.scope.constructors, *LIBRARY]
    fix = context.report.did_you_mean(name, known) or "`hub mapping functions` lists the library"
    what = f"there is no function and no record {name!r} here"
    return context.error(node.func, "unknown-function", what, fix=fix)


def _own(context: Context, node: ast.Call, env: Env) -> Node:
    for keyword in node.keywords:
        context.error(keyword, "wrong-arguments", "an argument by name", fix="give it by its place")
    arguments = tuple(context.evaluate(argument, env) for argument in node.args)
    return context.call_helper(node, arguments)


# ---- the library


@dataclass(frozen=True, slots=True)
class _Given:
    """Arguments of a call, in the order of the function's parameters."""

    nodes: tuple[Node, ...]
    ok: bool


def library(context: Context, node: ast.Call, env: Env) -> Node:
    """A call of a function of the library: number and kinds of arguments, literals, absence."""
    function = LIBRARY[node.func.id if isinstance(node.func, ast.Name) else ""]
    given = _arguments(context, node, function, env)
    if not given.ok:
        return poison(node)
    knowns = [each.known for each in given.nodes]
    literals = [each.value if isinstance(each, Literal) else None for each in given.nodes]
    known = function.refine(knowns, literals) if function.refine else function.result
    absent = known.absent or (function.lifted and knowns[0].absent)
    result = known.type
    opened = view(result, context.scope.types) if not isinstance(result, Many | Never) else result  # type: ignore[arg-type]  # a refinement gives contract types or lists
    python = f"f_{function.name}"
    context.functions[python] = function.call
    return Call(
        Known(opened, absent), node, python, given.nodes, function.lifted, flags=function.flags
    )


def _arguments(context: Context, node: ast.Call, function: Function, env: Env) -> _Given:
    places = _places(context, node, function)
    if places is None:
        for part in [*node.args, *(keyword.value for keyword in node.keywords)]:
            context.evaluate(part, env)
        return _Given((), ok=False)
    ok = True
    nodes = []
    for position, (argument, part) in enumerate(places):
        value = context.evaluate(part, env)
        lifted = function.lifted and position == 0
        ok = _accepts(context, function, argument, value, lifted=lifted) and ok
        nodes.append(value)
    return _Given(tuple(nodes), ok)


def _places(
    context: Context, node: ast.Call, function: Function
) -> list[tuple[Argument, ast.expr]] | None:
    """Each argument with its parameter; None if they do not match."""
    parameters = list(function.arguments)
    repeated = parameters[-1] if parameters and parameters[-1].repeated else None
    plain = [p for p in parameters if not p.repeated]
    found: dict[str, ast.expr] = {}
    extra: list[tuple[Argument, ast.expr]] = []
    wrong = ""
    for position, part in enumerate(node.args):
        if position < len(plain):
            found[plain[position].name] = part
        elif repeated is not None:
            extra.append((repeated, part))
        else:
            wrong = f"{function.name} takes {len(plain)} arguments, {len(node.args)} are given"
    for keyword in node.keywords:
        if keyword.arg in found or keyword.arg not in [p.name for p in plain]:
            wrong = f"{function.name} takes no argument {keyword.arg!r} here"
        else:
            found[keyword.arg or ""] = keyword.value
    missing = [p.name for p in plain if p.name not in found and not p.optional]
    if missing and not wrong:
        wrong = f"{function.name} lacks {', '.join(missing)}"
    if wrong:
        context.error(node, "wrong-arguments", wrong, fix=f"write {function.signature}")
        return None
    return [(p, found[p.name]) for p in plain if p.name in found] + extra


def _accepts(
    context: Context, function: Function, argument: Argument, value: Node, *, lifted: bool
) -> bool:
    if isinstance(value.known.type, Poison):
        return False
    if value.known.absent and not lifted and not argument.may_be_absent:
        what = f"{argument.name} of {function.name} may be absent here"
        context.error(value.at, "may-be-absent", what, fix="use default(…, …)")
        return False
    judged = fit(value.known.type, argument.type, context.scope.types)
    if judged.kind != "yes":
        what = (
            f"{argument.name} of {function.name} is {describe_type(argument.type)}, "
            f"this is {describe(value.known.type)}"
        )
        context.error(value.at, "does-not-fit", what, fix=f"write {function.signature}")
        return False
    return _accepts_constant(context, function, argument, value)


def _accepts_constant(
    context: Context, function: Function, argument: Argument, value: Node
) -> bool:
    constant = argument.constant
    if constant is None:
        return True
    if not isinstance(value, Literal):
        if constant.only:
            what = f"{argument.name} of {function.name} must be a literal"
            context.error(value.at, "not-literal", what, fix="write it here, or as a constant")
        return not constant.only
    wrong = constant.check(value.value)
    if wrong:
        what = f"{argument.name} of {function.name}: {wrong}"
        fix = f"write it as {constant.example}"
        context.error(value.at, "wrong-literal", what, fix=fix)
    return not wrong


# ---- special forms


def _default(context: Context, node: ast.Call, env: Env) -> Node:
    parts = _exactly(context, node, env, 2)
    if parts is None:
        return poison(node)
    base, other = parts
    static = join(base.known.type, other.known.type)
    return Default(Known(static, base.known.absent and other.known.absent), node, base, other)


def _exactly(context: Context, node: ast.Call, env: Env, count: int) -> list[Node] | None:
    parts = [context.evaluate(part, env) for part in node.args]
    if len(parts) == count and not node.keywords:
        return parts
    function = LIBRARY[node.func.id if isinstance(node.func, ast.Name) else ""]
    fix = f"write {function.signature}"
    context.error(node, "wrong-arguments", f"{function.name} takes {count} arguments", fix=fix)
    return None


def _reject(context: Context, node: ast.Call, env: Env) -> Node:
    parts = _exactly(context, node, env, 1)
    if parts is None:
        return poison(node)
    if not isinstance(parts[0], Literal) or not isinstance(parts[0].value, str):
        what = "the reason of reject must be a literal text: a value might be a person's"
        return context.error(node.args[0], "not-literal", what, fix='write reject("why")')
    context.functions["f_reject"] = LIBRARY["reject"].call
    return Call(Known(NEVER), node, "f_reject", (parts[0],))


def _todo(context: Context, node: ast.Call, env: Env) -> Node:
    """A hole is a finding, and nothing else follows from it; a field that it fills says more."""
    parts = _exactly(context, node, env, 1)
    if parts is None:
        return poison(node)
    if not isinstance(parts[0], Literal) or not isinstance(parts[0].value, str):
        what = "what a todo wants must be a literal text"
        return context.error(node.args[0], "not-literal", what, fix='write todo("what is wanted")')
    return context.hole(node, parts[0].value, env)


def _code(context: Context, node: ast.Call, env: Env) -> Node:
    otherwise = [k.value for k in node.keywords if k.arg == "otherwise"]
    strange = [k for k in node.keywords if k.arg != "otherwise"]
    if len(node.args) != 2 or strange or len(otherwise) > 1:  # noqa: PLR2004  a table and a key
        for part in node.args[1:]:
            context.evaluate(part, env)
        fix = "write code(TABLE, key) or code(TABLE, key, otherwise=…)"
        return context.error(node, "wrong-arguments", "code takes a table and a key", fix=fix)
    key = context.evaluate(node.args[1], env)
    rest = context.evaluate(otherwise[0], env) if otherwise else None
    name = node.args[0].id if isinstance(node.args[0], ast.Name) else ""
    if name in context.module.tables and name not in env.names:
        table = context.module.tables[name]
        return _look(
            context, node, shared_table(context, node.args[0], name, table), table, key, rest
        )
    return _look_in_setting(context, node, context.evaluate(node.args[0], env), key, rest)


def _look_in_setting(
    context: Context, node: ast.Call, table: Node, key: Node, rest: Node | None
) -> Node:
    static = table.known.type
    if isinstance(static, Poison) or isinstance(key.known.type, Poison):
        return poison(node)
    if not isinstance(static, MapOf) or table.known.absent:
        what = f"code looks into a table or a setting of type map, not {describe(static)}"
        return context.error(node.args[0], "not-a-table", what, fix='NAME = {"…": "…"} at the top')
    if not isinstance(key.known.type, Text):
        what = f"the keys of a setting are texts, this is {describe(key.known.type)}"
        return context.error(key.at, "does-not-fit", what, fix="use text_of(…)")
    if rest is None:
        what = "a setting may lack any key"
        fix = 'add otherwise=…, for example otherwise=reject("…")'
        return context.error(node, "not-total", what, fix=fix)
    value = view(static.value, context.scope.types)
    known = Known(join(value, rest.known.type), key.known.absent or rest.known.absent)
    return Look(known, node, table, key, rest, lifted=key.known.absent)


def _look(
    context: Context, node: ast.Call, shared: Node, table: Table, key: Node, rest: Node | None
) -> Node:
    static = key.known.type
    if isinstance(static, Poison) or not _key_fits(context, key, table):
        return poison(node)
    values = _enumerated(static)
    if rest is None and not _total(context, node, key, values, table):
        return poison(node)
    reached = [v for k, v in table.items() if values is None or k in values]
    kinds: Static = values_type(reached)
    absent = any(value is None for value in reached)
    needs_rest = rest is not None and (values is None or any(v not in table for v in values))
    if rest is not None:
        kinds = join(kinds, rest.known.type)
        absent = absent or (needs_rest and rest.known.absent)
    known = Known(kinds, absent or key.known.absent)
    return Look(known, node, shared, key, rest, lifted=key.known.absent)


def _enumerated(static: Static) -> tuple[str | int | bool, ...] | None:
    match static:
        case Text(values=tuple() as values):
            return values
        case Integer(values=tuple() as numbers):
            return numbers
        case Boolean():
            return (False, True)
        case _:
            return None


_KEY_KINDS: Mapping[type, type] = {str: Text, int: Integer, bool: Boolean}


def _key_fits(context: Context, key: Node, table: Table) -> bool:
    kinds = {_KEY_KINDS[type(k)] for k in table}
    static = key.known.type
    if isinstance(static, Never) or (kinds and type(static) not in kinds):
        wanted = "text" if Text in kinds else "whole number" if Integer in kinds else "truth value"
        what = f"the table's keys are {wanted}s, this is {describe(static)}"
        context.error(key.at, "does-not-fit", what, fix="use text_of(…) or integer(…)")
        return False
    return True


def _total(
    context: Context,
    node: ast.Call,
    key: Node,
    values: Sequence[str | int | bool] | None,
    table: Table,
) -> bool:
    """Whether every value that the key may have is in the table."""
    if values is None:
        what = f"the table cannot have every value of {describe(key.known.type)}"
        fix = 'add otherwise="UNKNOWN" or otherwise=reject("…")'
        context.error(node, "not-total", what, fix=fix)
        return False
    lacking = [value for value in values if value not in table]
    if not lacking:
        return True
    shown = ", ".join(repr(value) for value in lacking[:_LISTED])
    more = f" and {len(lacking) - _LISTED} more" if len(lacking) > _LISTED else ""
    strange = [k for k in table if k not in values]
    hint = f"; {strange[0]!r} in the table is none of its values" if strange else ""
    what = f"the table lacks {shown}{more}{hint}"
    context.error(node, "not-total", what, fix="add the rows, or otherwise=…")
    return False


_FORMS: Mapping[str, Callable[[Context, ast.Call, Env], Node]] = {
    "default": _default,
    "reject": _reject,
    "todo": _todo,
    "code": _code,
}
