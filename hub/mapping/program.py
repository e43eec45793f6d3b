"""A mapping as the hub runs it: source in, checked functions out.

    program = compile_mapping(source, "mapping.py", flows, settings)
    program.flows["progress", ""](document, None, {"customer_code": "T"}, flags)

A flow that takes several kinds of event is given as several FlowSignatures of one name, each with
the event's full name as `variant`; a flow with one kind has the variant "". An emit flow's function
gives `list[tuple[event name, record]]`, a call flow's `tuple[operation name, request] | None`.
"""

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, TracebackType
from typing import TypeAlias

from hub.contract.types import Document, ListOf, OneOf, Record, Ref, Type
from hub.errors import Reject
from hub.mapping.context import Context, Scope
from hub.mapping.diagnostics import MappingErrors, Report, Span
from hub.mapping.expressions import expression
from hub.mapping.generate import module as generated
from hub.mapping.nodes import Routine
from hub.mapping.parse import parse
from hub.mapping.routines import call_helper, check_flow

Emitted: TypeAlias = list[tuple[str, Document]]
Called: TypeAlias = tuple[str, Document] | None

_BUDGET = 5_000_000  # turns of lists times what each does, for one message: about a second


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
class Flow:
    """One compiled function. Call it; it keeps no state."""

    name: str
    run: Callable[..., Emitted | Called]
    parameters: int
    file: str
    fields: tuple[tuple[Span, str], ...] = field(repr=False)

    def __call__(
        self,
        argument: object,
        answer: object,
        settings: Mapping[str, object],
        flags: list[str],
    ) -> Emitted | Called:
        """Translate one message. Raises Reject, with the place in the mapping, and nothing else."""
        arguments = (argument, answer)[: self.parameters]
        try:
            return self.run(*arguments, settings, flags, [_BUDGET])
        except Reject as error:
            if not error.where:
                error.where = self._place(error.__traceback__)
            raise

    def emit(self, argument: object, settings: Mapping[str, object], flags: list[str]) -> Emitted:
        """As a call, for a flow that emits."""
        found = self(argument, None, settings, flags)
        return found if isinstance(found, list) else []

    def call(
        self,
        argument: object,
        answer: object,
        settings: Mapping[str, object],
        flags: list[str],
    ) -> Called:
        """As a call, for a flow that calls."""
        found = self(argument, answer, settings, flags)
        return None if isinstance(found, list) else found

    def value(self, argument: object, settings: Mapping[str, object], flags: list[str]) -> object:
        """As a call, for a function that returns a plain value."""
        return self(argument, None, settings, flags)

    def _place(self, trace: TracebackType | None) -> str:
        """`mapping.py:14:15 state`, of the innermost frame that is the mapping's."""
        found = None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.file:
                found = trace
            trace = trace.tb_next
        if found is None:
            return self.file
        span = _span(found.tb_frame.f_code, found.tb_lasti, found.tb_lineno)
        name = _innermost(self.fields, span)
        return f"{self.file}:{span.line}:{span.column + 1} {name}".rstrip()


@dataclass(frozen=True, slots=True)
class Program:
    """A checked mapping. `flows` by (name, variant)."""

    file: str
    flows: Mapping[tuple[str, str], Flow]
    python: str = field(repr=False)  # the generated code, for people

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
    ast.fix_missing_locations(tree)
    namespace: dict[str, object] = {
        "__builtins__": {},
        "len": len,
        "spend": _spend,
        **context.shared,
        **context.functions,
    }
    code = compile(tree, file, "exec", dont_inherit=True, optimize=0)
    exec(code, namespace)  # noqa: S102  the tree was made by hub.mapping.generate, from checked nodes only
    fields = tuple((context.report.span(node), name) for node, name in context.fields)
    made = {key: _flow(key, routine, namespace, file, fields) for key, routine in entries.items()}
    return Program(file, made, ast.unparse(tree))


def check_only(source: str, file: str, flows: Sequence[FlowSignature], settings: Record) -> None:
    """Check a mapping without compiling it. Raises MappingErrors with every finding."""
    _checked(source, file, flows, settings)


def _flow(
    key: tuple[str, str],
    routine: Routine,
    namespace: Mapping[str, object],
    file: str,
    fields: tuple[tuple[Span, str], ...],
) -> Flow:
    run = namespace[routine.python]
    if not callable(run):  # the module defines every routine it was given
        raise TypeError(routine.python)
    return Flow(key[0], run, len(routine.parameters), file, fields)


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
            context.error(function, "too-deep", f"{flow.name} nests too deeply")
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


def _spend(budget: list[int], of: Sequence[object], weight: int) -> None:
    """Pay for going through a list (or making a text); too much is refused, in bounded time."""
    budget[0] -= len(of) * (weight + 1)
    if budget[0] < 0:
        raise Reject(
            "this message would take too long to translate",
            fix="shorten its lists",
            code="too_large",
        )


def _span(code: CodeType, instruction: int, line: int) -> Span:
    """Where in the source an instruction comes from."""
    for position, place in enumerate(code.co_positions()):
        if position == instruction // 2:
            start, end, column, end_column = place
            return Span(start or line, column or 0, end or line, end_column or 0)
    return Span(line, 0, line, 0)


def _innermost(fields: tuple[tuple[Span, str], ...], place: Span) -> str:
    """The name of the field whose expression encloses a place most tightly."""
    best: tuple[tuple[int, int], str] | None = None
    for span, name in fields:
        starts = (span.line, span.column) <= (place.line, place.column)
        ends = (place.end_line, place.end_column) <= (span.end_line, span.end_column)
        size = (span.end_line - span.line, span.end_column - span.column)
        if starts and ends and (best is None or size < best[0]):
            best = (size, name)
    return best[1] if best is not None else ""


__all__ = [
    "Flow",
    "FlowSignature",
    "MappingErrors",
    "Program",
    "check_only",
    "compile_mapping",
]
