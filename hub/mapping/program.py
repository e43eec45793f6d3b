"""A mapping as the hub runs it: source in, checked functions out.

    program = compile_mapping(source, "mapping.py", flows, settings)
    program.flows["progress", ""](document, None, {"customer_code": "T"}, flags)

A flow that takes several kinds of event is given as several FlowSignatures of one name, each with
the event's full name as `variant`; a flow with one kind has the variant "". An emit flow's function
gives `list[tuple[event name, record]]`, a call flow's `tuple[operation name, request] | None`.
"""

import ast
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from hub.contract.types import ListOf, OneOf, Record, Ref, Type
from hub.mapping.context import Context, Scope
from hub.mapping.diagnostics import Diagnostic, MappingErrors, Report, Span
from hub.mapping.expressions import expression
from hub.mapping.flow import Flow, measure, spend
from hub.mapping.generate import module as generated
from hub.mapping.lineage import Lineage, Tracer
from hub.mapping.nodes import Routine
from hub.mapping.parse import parse
from hub.mapping.places import Places
from hub.mapping.routines import call_helper, check_flow


@dataclass(frozen=True, slots=True)
class FlowSignature:
    """What a flow's function gets, and what it may make and return.

    `parameters`: the item or event, then the answer of the question where the flow asks one.
    `results`: constructor name -> record that may be returned; `result_names`: what is returned as
    its name (an event's full name, an operation's name). `constructors`: every constructor in
    reach, results included. `many`: a list of results, one, or None (emit); else one or None.
    `filled`: paths of request fields that the adapter fills ("session", "body.session"): the
    mapping must not. `types`: named records, for references. `variant`: which of several events.
    `value`: the function returns a plain value of this type instead (`Flow.value`).
    """

    name: str
    parameters: tuple[Type, ...]
    results: Mapping[str, Record]
    result_names: Mapping[str, str]
    constructors: Mapping[str, Record]
    many: bool
    filled: frozenset[str] = frozenset()
    types: Mapping[str, Record] = field(default_factory=dict)
    variant: str = ""
    value: Type | None = None


@dataclass(frozen=True, slots=True)
class Program:
    """A checked mapping. `flows` by (name, variant)."""

    file: str
    flows: Mapping[tuple[str, str], Flow]

    def flow(self, name: str, variant: str = "") -> Flow:
        """The function of a flow; KeyError if there is none."""
        return self.flows[name, variant]


def compile_mapping(
    source: str, file: str, flows: Sequence[FlowSignature], settings: Record
) -> Program:
    """Check a mapping against its flows and compile it.

    `settings`: the registration's settings as a record. Raises MappingErrors with every finding.
    """
    context, entries = _checked(source, file, flows, settings)
    tree = generated(list(context.routines.values()))
    namespace: dict[str, object] = {
        "__builtins__": {},
        "len": len,
        "spend": spend,
        "measure": measure,
        **context.shared,
        **context.functions,
    }
    code = compile(tree, file, "exec", dont_inherit=True, optimize=0)
    exec(code, namespace)  # noqa: S102  the tree was made by hub.mapping.generate, from checked nodes only
    places = Places(file, _spans(context, context.fields), _spans(context, context.reads))
    made = {key: _flow(key, routine, namespace, places) for key, routine in entries.items()}
    return Program(file, made)


def _spans(context: Context, named: Sequence[tuple[ast.AST, str]]) -> tuple[tuple[Span, str], ...]:
    return tuple(dict.fromkeys((context.report.span(node), name) for node, name in named))


def check_only(source: str, file: str, flows: Sequence[FlowSignature], settings: Record) -> None:
    """Check a mapping without compiling it. Raises MappingErrors with every finding."""
    _checked(source, file, flows, settings)


def lineages(
    source: str, file: str, flows: Sequence[FlowSignature], settings: Record
) -> tuple[Lineage, ...]:
    """Where each field of each flow's results comes from. Raises MappingErrors."""
    context, entries = _checked(source, file, flows, settings)
    tracer = Tracer(context.report, tuple(context.routines.values()))
    return tuple(
        tracer.lineage(f.name, f.variant, entries[f.name, f.variant], f.parameters, f.types)
        for f in flows
    )


def syntax(source: str, file: str) -> tuple[Diagnostic, ...]:
    """What is wrong with a mapping by itself, whatever its contract and its flows are."""
    report = Report(file, source.split("\n"))
    with suppress(MappingErrors):  # that it stopped there is in the report
        parse(source, report)
    return report.sorted()


def _flow(
    key: tuple[str, str],
    routine: Routine,
    namespace: Mapping[str, object],
    places: Places,
) -> Flow:
    run = namespace[routine.python]
    if not callable(run):  # the module defines every routine it was given
        raise TypeError(routine.python)
    return Flow(key[0], run, len(routine.parameters), places)


def _checked(
    source: str, file: str, flows: Sequence[FlowSignature], settings: Record
) -> tuple[Context, dict[tuple[str, str], Routine]]:
    report = Report(file, source.split("\n"))
    module = parse(source, report)
    scopes: list[tuple[FlowSignature, Scope]] = []
    context = Context(
        report=report,
        module=module,
        settings=settings,
        scope=Scope({}, {}, {}, {}, complete=False, types={}),
        evaluate=lambda node, env: expression(context, node, env),
        call_helper=lambda call, arguments: call_helper(context, call, arguments),
    )
    entries: dict[tuple[str, str], Routine] = {}
    for flow in flows:
        context.scope = _scope(flow, scopes)
        context.cost = 0
        routine = _entry(context, flow)
        if routine is not None:
            entries[flow.name, flow.variant] = routine
    _unused(context, flows)
    report.stop()
    return context, entries


def _entry(context: Context, flow: FlowSignature) -> Routine | None:
    if flow.name in context.module.functions:
        try:
            return check_flow(context, flow)
        except RecursionError:
            function = context.module.functions[flow.name]
            what = f"{flow.name} nests too deeply"
            context.error(function, "too-deep", what, fix="divide it into helpers")
            context.report.stop()
    near = context.report.did_you_mean(flow.name, context.module.functions)
    names = ", ".join(["doc", "answer"][: len(flow.parameters)])
    fix = near or f"write def {flow.name}({names}):"
    top = Span(1, 0, 1, 1)
    what = f"the flow {flow.name} has no function"
    context.report.error(top, "missing-flow", what, fix=fix, field=flow.name)
    return None


def _scope(flow: FlowSignature, known: list[tuple[FlowSignature, Scope]]) -> Scope:
    """The flow's scope; the same object for flows that may make the same things."""
    for other, scope in known:
        if _same_scope(flow, other):
            return scope
    made = Scope(
        constructors=flow.constructors,
        results=flow.results,
        result_names=flow.result_names,
        filled=_filled(flow),
        complete=flow.many,
        types=flow.types,
    )
    known.append((flow, made))
    return made


def _same_scope(one: FlowSignature, other: FlowSignature) -> bool:
    return (
        one.many == other.many
        and one.filled == other.filled
        and one.result_names == other.result_names
        and _same(one.results, other.results)
        and _same(one.constructors, other.constructors)
        and _same(one.types, other.types)
    )


def _same(one: Mapping[str, Record], other: Mapping[str, Record]) -> bool:
    return one is other or (
        one.keys() == other.keys() and all(one[name] is other[name] for name in one)
    )


def _filled(flow: FlowSignature) -> dict[str, frozenset[str]]:
    """The fields that the adapter fills, by the record in which they stand."""
    found: dict[str, set[str]] = {}
    for path in flow.filled:
        *steps, last = path.split(".")
        for record in flow.results.values():
            for owner in _owners(record, steps, flow.types):
                if owner.field(last) is not None:
                    found.setdefault(owner.name, set()).add(last)
    return {name: frozenset(names) for name, names in found.items()}


def _owners(record: Record, steps: Sequence[str], types: Mapping[str, Record]) -> list[Record]:
    """The records that a path leads to; several where the body is one of several."""
    owners = [record]
    for step in steps:
        members = [member.type for each in owners if (member := each.field(step)) is not None]
        owners = [each for member in members for each in _records(member, types)]
    return owners


def _records(member: Type, types: Mapping[str, Record]) -> list[Record]:
    """The record that a field holds, or a list of; every option where it is one of several."""
    while isinstance(member, ListOf | Ref):
        member = member.item if isinstance(member, ListOf) else types[member.name]
    if isinstance(member, OneOf):
        return [each for option in member.options for each in _records(option, types)]
    return [member] if isinstance(member, Record) else []


def _unused(context: Context, flows: Sequence[FlowSignature]) -> None:
    """A function that nothing calls is a misspelt flow, or a leftover: either is looked at."""
    names = [flow.name for flow in flows]
    for name, function in context.module.functions.items():
        if name not in context.called:
            near = context.report.did_you_mean(name, [n for n in names if n not in context.called])
            head = Span(function.lineno, function.col_offset, function.lineno, len(name) + 4)
            what = f"the function {name} is no flow of the manifest, and nothing calls it"
            fix = near or "remove it, or name a flow after it"
            context.report.error(head, "unused-function", what, fix=fix, field=name)


__all__ = [
    "Flow",
    "FlowSignature",
    "MappingErrors",
    "Program",
    "check_only",
    "compile_mapping",
    "lineages",
    "syntax",
]
