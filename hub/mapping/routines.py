"""Functions of a mapping: statements, paths that end, results of flows, helpers per kind."""

import ast
from dataclasses import dataclass, field
from typing import Protocol

from hub.contract.fits import fits
from hub.contract.types import Record, Text, Type
from hub.mapping.conditions import condition
from hub.mapping.context import CHAIN, COST, INSTANCES, Context, Env, Local
from hub.mapping.facts import either
from hub.mapping.nodes import (
    Assign,
    Branch,
    Choose,
    Helper,
    Node,
    Return,
    Routine,
    Step,
)
from hub.mapping.results import result, results
from hub.mapping.statics import (
    NEVER,
    POISON,
    Known,
    Made,
    Many,
    Poison,
    Several,
    Static,
    describe,
    join,
    view,
)


@dataclass(slots=True)
class _Body:
    """One function while its statements are checked. `shape`: how its returns are used."""

    name: str
    shape: str  # "value" of a helper, "emit" or "call" of a flow
    result: Known = field(default_factory=lambda: Known(NEVER))
    returns: int = 0

    def returned(self, known: Known) -> None:
        self.result = (
            known
            if not self.returns
            else Known(join(self.result.type, known.type), self.result.absent or known.absent)
        )
        self.returns += 1


class Wanted(Protocol):
    """What a flow's function has to be: `hub.mapping.program.FlowSignature`."""

    @property
    def name(self) -> str: ...
    @property
    def variant(self) -> str: ...
    @property
    def parameters(self) -> tuple[Type, ...]: ...
    @property
    def many(self) -> bool: ...
    @property
    def value(self) -> Type | None: ...


def check_flow(context: Context, flow: Wanted) -> Routine | None:
    """A flow's function for one kind of message. Findings are reported; None if it has none."""
    name, parameters = flow.name, flow.parameters
    function = context.module.functions[name]
    context.called.add(name)
    wanted = [argument.arg for argument in function.args.args]
    if len(wanted) != len(parameters):
        what = f"the flow {name} has {len(parameters)} parameters, its function takes {len(wanted)}"
        shown = ", ".join(["doc", "answer"][: len(parameters)])
        context.error(_head(function), "wrong-parameters", what, fix=f"write def {name}({shown}):")
        return None
    knowns = tuple(Known(view(p, context.scope.types)) for p in parameters)
    python = f"flow_{name}_{len(context.routines)}"
    shape = "value" if flow.value else "emit" if flow.many else "call"
    routine = _routine(context, function, knowns, python, shape)
    if flow.value is not None:
        _check_value(context, function, routine.known, flow.value)
    context.routines[("flow", name, flow.variant)] = routine
    return routine


def _check_value(context: Context, function: ast.FunctionDef, known: Known, wanted: Type) -> None:
    """What a function returns that returns a plain value: of the type, and never absent."""
    found = known.type
    if isinstance(found, Poison):
        return
    plain = found if isinstance(found, Text) else None
    if known.absent or plain is None or not fits(plain, wanted, {}).ok:
        absent = ", or nothing" if known.absent else ""
        what = (
            f"{function.name} must return {describe(wanted)}, it returns {describe(found)}{absent}"
        )
        fix = f"return {describe(wanted)} on every path"
        context.error(_head(function), "wrong-result", what, fix=fix)


def call_helper(context: Context, call: ast.Call, arguments: tuple[Node, ...]) -> Node:
    """A call of one of the mapping's own functions, checked for these kinds of arguments."""
    name = call.func.id if isinstance(call.func, ast.Name) else ""
    function = context.module.functions[name]
    context.called.add(name)
    wanted = [argument.arg for argument in function.args.args]
    if len(arguments) != len(wanted):
        what = f"{name} takes {len(wanted)} arguments, {len(arguments)} are given"
        return context.error(
            call, "wrong-arguments", what, fix=f"write {name}({', '.join(wanted)})"
        )
    if name in context.active:
        chain = " → ".join([*context.active[context.active.index(name) :], name])
        what = f"a function may not call itself: {chain}"
        return context.error(call, "recursion", what, fix="use [… for x in list]")
    if len(context.active) > CHAIN:
        what = f"helpers call each other more than {CHAIN} deep"
        return context.error(call, "too-deep", what, fix="call them side by side")
    routine = _instance(context, function, tuple(argument.known for argument in arguments))
    context.cost += routine.cost
    _bounded(context, call)
    return Helper(routine.known, call, routine.python, arguments)


def _bounded(context: Context, where: ast.AST) -> None:
    if context.cost > COST:
        what = f"one message would take more than {COST} steps: helpers multiply each other"
        context.error(where, "too-big", what, fix="call fewer helpers inside helpers")
        context.report.stop()


def _instance(context: Context, function: ast.FunctionDef, knowns: tuple[Known, ...]) -> Routine:
    key = (
        id(context.scope),
        function.name,
        tuple((_key(known.type), known.absent) for known in knowns),
    )
    found = context.routines.get(key)
    if found is not None:
        return found
    if len(context.routines) >= INSTANCES:
        what = f"helpers are used with more than {INSTANCES} combinations of kinds"
        context.error(function, "too-big", what, fix="use fewer helpers")
        context.report.stop()
    before, context.cost = context.cost, 0
    python = f"h_{function.name}_{len(context.routines)}"
    routine = _routine(context, function, knowns, python, "value")
    context.routines[key] = routine
    context.cost = before
    return routine


def _key(static: Static) -> object:
    """A cheap key: records by identity, as hashing a large one each time would cost."""
    match static:
        case Record():
            return id(static)
        case Made(record=record, name=name):
            return id(record), name
        case Many(item=item, min_items=low, max_items=high):
            return "list", _key(item), low, high
        case Several(options=options):
            return "several", tuple(_key(option) for option in options)
        case _:
            return static


def _head(function: ast.FunctionDef) -> ast.AST:
    """The line of `def`, for underlining."""
    return ast.Pass(
        lineno=function.lineno,
        col_offset=function.col_offset,
        end_lineno=function.lineno,
        end_col_offset=function.col_offset + len(f"def {function.name}"),
    )


def _routine(
    context: Context,
    function: ast.FunctionDef,
    knowns: tuple[Known, ...],
    python: str,
    shape: str,
) -> Routine:
    context.spend(function, 1)
    names = [argument.arg for argument in function.args.args]
    for argument in function.args.args:
        if argument.arg in context.module.places or argument.arg == "setting":
            what = f"{argument.arg!r} means something else already"
            context.error(argument, "name", what, fix="choose another name")
    env = Env({n: Local(f"v_{n}", k) for n, k in zip(names, knowns, strict=True)})
    body = _Body(function.name, shape)
    context.active.append(function.name)
    statements = function.body[1:] if _documented(function) else function.body
    steps, after = _block(context, statements, env, body)
    context.active.pop()
    if after is not None and not _has_bad(context, statements):
        what = f"not every path through {function.name} ends in a return"
        fix = "end it with return None" if shape != "value" else "end every branch with a return"
        context.error(_head(function), "no-return", what, fix=fix)
    known = body.result if body.returns else Known(POISON)
    parameters = tuple(f"v_{name}" for name in names)
    return Routine(python, function, parameters, steps, known, context.cost + 1)


def _documented(function: ast.FunctionDef) -> bool:
    first = function.body[0]
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


def _has_bad(context: Context, statements: list[ast.stmt]) -> bool:
    return any(id(node) in context.module.bad for s in statements for node in ast.walk(s))


# ---- statements


def _block(
    context: Context, statements: list[ast.stmt], env: Env, body: _Body
) -> tuple[tuple[Step, ...], Env | None]:
    """The checked statements, and what is known behind them; None where every path returned."""
    steps: list[Step] = []
    current: Env | None = env
    for statement in statements:
        if current is None:
            context.error(statement, "unreachable", "this is never reached", fix="remove it")
            break
        context.cost += 1
        if id(statement) not in context.module.bad:
            current = _statement(context, statement, current, body, steps)
    return tuple(steps), current


def _statement(
    context: Context, statement: ast.stmt, env: Env, body: _Body, steps: list[Step]
) -> Env | None:
    match statement:
        case ast.Assign(targets=[ast.Name(id=name) as target], value=value):
            node = context.evaluate(value, env)
            if not _assignable(context, target, name, env):
                return env
            steps.append(Assign(statement, f"v_{name}", node))
            return env.with_name(name, node.known)
        case ast.Return(value=value):
            node = context.evaluate(value or ast.Constant(value=None), env)
            steps.extend(_return(context, statement, node, body))
            return None
        case ast.If():
            return _if(context, statement, env, body, steps)
        case _:
            return env


def _assignable(context: Context, target: ast.AST, name: str, env: Env) -> bool:
    if name in env.names or name in env.partial:
        what = f"{name!r} has a value already; a name is assigned once on a path"
        context.error(target, "name", what, fix="choose another name")
        return False
    if name in context.module.places or name == "setting":
        what = f"{name!r} means something else already"
        context.error(target, "name", what, fix="choose another name")
        return False
    return True


def _if(
    context: Context, statement: ast.If, env: Env, body: _Body, steps: list[Step]
) -> Env | None:
    tested = condition(context, statement.test, env)
    then, after_then = _block(context, statement.body, env.given(tested.yes), body)
    other, after_other = _block(context, statement.orelse, env.given(tested.no), body)
    steps.append(Branch(statement, tested.node, then, other))
    if after_then is None or after_other is None:
        return after_other if after_then is None else after_then
    return _merged(after_then, after_other)


def _merged(left: Env, right: Env) -> Env:
    """What is known where two branches meet."""
    names = {}
    for name, local in left.names.items():
        other = right.names.get(name)
        if other is not None:
            one, two = local.known, other.known
            known = one if one is two else Known(join(one.type, two.type), one.absent or two.absent)
            names[name] = Local(local.python, known)
    partial = (left.names.keys() ^ right.names.keys()) | left.partial | right.partial
    return Env(names, either(left.facts, right.facts), frozenset(partial))


# ---- results


def _return(context: Context, statement: ast.Return, node: Node, body: _Body) -> tuple[Step, ...]:
    if body.shape == "value":
        body.returned(node.known)
        return (Return(statement, node, "value"),)
    if isinstance(node, Choose):
        then = _return(context, statement, node.then, body)
        other = _return(context, statement, node.other, body)
        return (Branch(statement, node.test, then, other),)
    body.returned(node.known)
    static = node.known.type
    if isinstance(static, Many) and body.shape == "emit":
        return (Return(statement, results(context, node), "list"),)
    shape = "one" if body.shape == "emit" else "call"
    return (Return(statement, result(context, node), shape),)
