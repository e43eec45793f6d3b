"""Tests: their checked form, and what holds where they came out true or false."""

import ast
from dataclasses import dataclass, field

from hub.contract.types import Boolean, Date, Integer, Number, Text, Timestamp
from hub.mapping.context import Context, Env, poison
from hub.mapping.facts import (
    NOTHING,
    Fact,
    Facts,
    Path,
    Scalar,
    both,
    either,
    known_present,
    path_of,
)
from hub.mapping.literals import shared_table
from hub.mapping.nodes import Compare, Literal, Logic, Node, Not, Shared
from hub.mapping.statics import Known, Many, Never, Poison, Several, Static, describe

_TRUTH = Known(Boolean())


@dataclass(frozen=True, slots=True)
class Tested:
    """A test; `yes` holds where it is true, `no` where it is false."""

    node: Node
    yes: Facts = field(default_factory=dict)
    no: Facts = field(default_factory=dict)


def condition(context: Context, node: ast.expr, env: Env) -> Tested:
    """A test, which must be true or false: texts, numbers and lists are compared, not weighed."""
    match node:
        case ast.BoolOp():
            return _logic(context, node, env)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            tested = condition(context, operand, env)
            return Tested(Not(_TRUTH, node, tested.node), tested.no, tested.yes)
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _compare(context, node, type(operator), left, right, env)
        case _:
            return Tested(_boolean(context, node, env))


def _boolean(context: Context, node: ast.expr, env: Env) -> Node:
    value = context.evaluate(node, env)
    static = value.known.type
    if isinstance(static, Poison):
        return value
    if not isinstance(static, Boolean):
        what = f"a test is true or false, this is {describe(static)}"
        fix = "compare it: … is not None, … == …, not is_blank(…), count(…) > 0"
        return context.error(node, "not-boolean", what, fix=fix)
    if value.known.absent:
        what = "this may be absent, and then it is neither true nor false"
        return context.error(node, "may-be-absent", what, fix="use default(…, False)")
    return value


def _logic(context: Context, node: ast.BoolOp, env: Env) -> Tested:
    conjunction = isinstance(node.op, ast.And)
    operands = []
    proved: Facts = NOTHING  # what holds when every operand so far let the next one be looked at
    other: Facts | None = None
    for operand in node.values:
        tested = condition(context, operand, env.given(proved))
        operands.append(tested.node)
        onward, stop = (tested.yes, tested.no) if conjunction else (tested.no, tested.yes)
        stopped = both(proved, stop)
        other = stopped if other is None else either(other, stopped)
        proved = both(proved, onward)
    checked = Logic(_TRUTH, node, conjunction, tuple(operands))
    stopped_all = other if other is not None else NOTHING
    return (
        Tested(checked, proved, stopped_all)
        if conjunction
        else Tested(checked, stopped_all, proved)
    )


def _compare(
    context: Context,
    node: ast.Compare,
    operator: type[ast.cmpop],
    left: ast.expr,
    right: ast.expr,
    env: Env,
) -> Tested:
    if operator in (ast.Is, ast.IsNot):
        return _presence(context, node, operator, left, right, env)
    one = context.evaluate(left, env)
    if operator in (ast.In, ast.NotIn):
        return _membership(context, node, operator, one, right, env)
    other = context.evaluate(right, env)
    if not _comparable(context, node, operator, one, other):
        return Tested(poison(node))
    checked = Compare(_TRUTH, node, operator, one, other)
    if operator is ast.Eq:
        return Tested(checked, *_equal(left, one, right, other))
    if operator is ast.NotEq:
        yes, no = _equal(left, one, right, other)
        return Tested(checked, no, yes)
    return Tested(checked)


def _presence(
    context: Context,
    node: ast.Compare,
    operator: type[ast.cmpop],
    left: ast.expr,
    right: ast.expr,
    env: Env,
) -> Tested:
    if not (isinstance(right, ast.Constant) and right.value is None):
        context.error(node, "not-allowed", "`is` asks only for None", fix="use ==")
        return Tested(poison(node))
    value = context.evaluate(left, env)
    nothing = Literal(Known(value.known.type, absent=True), right, None)
    checked = Compare(_TRUTH, node, operator, value, nothing)
    path = path_of(left)
    there = known_present(path) if path is not None else NOTHING
    return Tested(checked, NOTHING, there) if operator is ast.Is else Tested(checked, there)


def _kinds(static: Static) -> frozenset[str]:
    """Which kinds of values compare with each other."""
    match static:
        case Text():
            return frozenset({"text"})
        case Integer() | Number():
            return frozenset({"number"})
        case Boolean():
            return frozenset({"truth"})
        case Timestamp():
            return frozenset({"moment"})
        case Date():
            return frozenset({"day"})
        case Several(options=options):
            return frozenset().union(*(_kinds(option) for option in options))
        case _:
            return frozenset({"other"})


def _comparable(
    context: Context, node: ast.AST, operator: type[ast.cmpop], one: Node, other: Node
) -> bool:
    if any(isinstance(side.known.type, Poison) for side in (one, other)):
        return False
    for side in (one, other):
        if isinstance(side.known.type, Never):
            context.error(side.at, "not-allowed", "a comparison with None", fix="use `is None`")
            return False
    kinds = _kinds(one.known.type)
    if kinds != _kinds(other.known.type) or len(kinds) != 1 or "other" in kinds:
        what = f"{describe(one.known.type)} is not compared with {describe(other.known.type)}"
        fix = "compare values of one kind; text_of(…), integer(…) and others convert"
        context.error(node, "not-comparable", what, fix=fix)
        return False
    if operator in (ast.Eq, ast.NotEq):
        return _may_be_equal(context, node, one, other)
    return _ordered(context, node, kinds, one, other)


def _ordered(
    context: Context, node: ast.AST, kinds: frozenset[str], one: Node, other: Node
) -> bool:
    if kinds & {"text", "truth"}:
        what = f"{describe(one.known.type)} has no order"
        context.error(node, "not-comparable", what, fix="convert it: integer(…), instant(…)")
        return False
    for side in (one, other):
        if side.known.absent:
            what = "this may be absent, and then it is neither less nor more"
            context.error(side.at, "may-be-absent", what, fix="test `is not None` first")
            return False
    return True


def _values(static: Static) -> frozenset[Scalar] | None:
    match static:
        case Text(values=tuple() as values):
            return frozenset(values)
        case Integer(values=tuple() as numbers):
            return frozenset(numbers)
        case _:
            return None


def _may_be_equal(context: Context, node: ast.AST, one: Node, other: Node) -> bool:
    left, right = _values(one.known.type), _values(other.known.type)
    if not left or not right or left & right:
        return True
    if len(context.active) > 1:
        return True  # a helper that is called with a literal; elsewhere it may well be equal
    what = f"these are never equal: {describe(one.known.type)}, {describe(other.known.type)}"
    written = other if isinstance(other.at, ast.Constant) else one
    known = left if written is other else right
    name = str(next(iter(_values(written.known.type) or {""})))
    fix = context.report.did_you_mean(name, sorted(map(str, known)))
    where = written.at if fix else node
    fix = fix or "compare with one of its values, or leave the test out"
    context.error(where, "never-equal", what, fix=fix)
    return False


def _equal(left: ast.expr, one: Node, right: ast.expr, other: Node) -> tuple[Facts, Facts]:
    """What holds where two values are equal, and where they are not."""
    equal: Facts = NOTHING
    differ: Facts = NOTHING
    for path, value in ((path_of(left), other), (path_of(right), one)):
        if path is None or not isinstance(value.known.type, Text | Integer):
            continue
        values = _values(value.known.type)
        if not value.known.absent:
            equal = both(equal, _is_one_of(path, values))
        if values is not None and len(values) == 1 and not value.known.absent:
            differ = both(differ, {path: Fact(without=values)})
    return equal, differ


def _is_one_of(path: Path, values: frozenset[Scalar] | None) -> Facts:
    return both(known_present(path), {path: Fact(present=True, only=values)})


def _membership(
    context: Context,
    node: ast.Compare,
    operator: type[ast.cmpop],
    one: Node,
    right: ast.expr,
    env: Env,
) -> Tested:
    other = _container(context, right, env)
    static = other.known.type
    if isinstance(one.known.type, Poison) or isinstance(static, Poison):
        return Tested(poison(node))
    if not isinstance(static, Many) or other.known.absent:
        what = f"`in` looks into a constant tuple, a table or a list; this is {describe(static)}"
        fix = "use default(…, [])" if other.known.absent else "use contains(…, …) for a text"
        context.error(right, "not-a-list", what, fix=fix)
        return Tested(poison(node))
    item = Literal(Known(static.item), other.at, None)
    if not isinstance(static.item, Never) and not _comparable(context, node, ast.Eq, one, item):
        return Tested(poison(node))
    checked = Compare(_TRUTH, node, operator, one, other)
    path = path_of(node.left)
    if path is None:
        return Tested(checked)
    values = _values(static.item)
    inside = _is_one_of(path, values)
    exact = isinstance(other, Shared) and values is not None
    outside: Facts = {path: Fact(without=values or frozenset())} if exact else NOTHING
    return (
        Tested(checked, inside, outside) if operator is ast.In else Tested(checked, outside, inside)
    )


def _container(context: Context, node: ast.expr, env: Env) -> Node:
    """What stands right of `in`; a table stands for its keys."""
    name = node.id if isinstance(node, ast.Name) and node.id not in env.names else ""
    if name in context.module.tables:
        return shared_table(context, node, name, context.module.tables[name])
    return context.evaluate(node, env)
