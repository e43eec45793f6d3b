"""The functions of a new mapping, and the manifest's line of each flow."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hub.contract.types import Contract, ListOf, Operation, Record, Ref, Text, Type
from hub.contract.types import Integer as IntegerType
from hub.errors import Reject
from hub.mapping.likeness import folded, words
from hub.registry.event_types import Events
from hub.registry.signatures import operation, success
from hub.registry.yaml_file import Plain
from hub.scaffold.expressions import Expression, Make, Tables
from hub.scaffold.fields import Filler, sources
from hub.scaffold.learnt import Learnt
from hub.scaffold.manifest_text import Flow
from hub.scaffold.plan import Plan

_DEPTH: Final = 3  # records inside an answer in which a list of items is looked for
_EVERY: Final = 300  # seconds between polls
_CURSOR: Final = (
    "`cursor: {parameter, first, next}` where a page says how to go on; `identity: […]`"
)
_TELLING: Final = frozenset({"id", "uuid", "guid", "key", "number", "no", "ma", "so", "code"})


@dataclass(frozen=True, slots=True)
class Function:
    """A function `name(parameters)` that returns `made`; `flow` where it is a flow's own.

    `item`: what it is given, for its case; `request`: the operation that it makes or receives.
    """

    plan: Plan
    name: str
    parameters: tuple[str, ...]
    doc: str
    made: Make
    flow: Flow
    operation: Operation
    item: Record
    companion: "Function | None" = None


@dataclass(slots=True)
class Maker:
    """Makes functions of one mapping; their code tables are shared."""

    contract: Contract
    events: Events
    learnt: Learnt
    tables: Tables = field(default_factory=Tables)

    def function(self, plan: Plan) -> Function:
        """The function of a flow."""
        op = operation(self.contract, plan.offer.name)
        if plan.kind == "on":
            return self._call(plan, op)
        return self._receive(plan, op) if plan.kind == "receive" else self._poll(plan, op)

    @property
    def _types(self) -> Mapping[str, Record]:
        return {**self.contract.types, **self.events.records}

    def _call(self, plan: Plan, op: Operation) -> Function:
        event = self.events.records[plan.event]
        keys = frozenset(f.name for f in op.request.fields if folded(f.name) in self.learnt.keys)
        filler = replace(self._filler({"event": event}), filled=keys, asks=True)
        made = filler.record(op.request)
        line = Flow(plan, {"on": plan.event, "call": op.name}, _served(event))
        doc = f"{plan.event}, told to {plan.offer.title}."
        return Function(plan, plan.name, ("event",), doc, made, line, op, event)

    def _receive(self, plan: Plan, op: Operation) -> Function:
        split, item = self._split(plan, op)
        line: dict[str, Plain] = {"receive": op.name}
        if split:
            line["split"] = split
        return self._emitting(plan, op, item, line)

    def _emitting(
        self, plan: Plan, op: Operation, item: Record, line: dict[str, Plain]
    ) -> Function:
        event = self.events.records[plan.event]
        made = self._filler({"doc": item}, received="received_at").record(event)
        key = next((value for name, value in made.fields if name == event.fields[0].name), "")
        identity, note = _identity(item, self.learnt, key)
        if identity:
            line["identity"] = [identity]
        notes = () if identity else (_CURSOR if plan.kind == "poll" else note,)
        timed = any(value == "received_at" for _, value in made.fields)
        parameters = ("doc", "received_at") if timed else ("doc",)
        doc = f"What {plan.offer.title} says, as {plan.event}."
        flow = Flow(plan, {**line, "emit": [plan.event]}, notes)
        return Function(plan, plan.name, parameters, doc, made, flow, op, item)

    def _split(self, plan: Plan, op: Operation) -> tuple[str, Record]:
        """The list of a message whose items are events, where they fit better than the whole."""
        event = self.events.records[plan.event]
        best, split, item = self._filler({"doc": op.request}).obvious(event), "", op.request
        for path, record in _lists(op.request, self.contract.types, _DEPTH):
            found = self._filler({"doc": record}).obvious(event)
            if found > best:
                best, split, item = found, path, record
        return split, item

    def _poll(self, plan: Plan, op: Operation) -> Function:
        lists = list(_lists(success(op), self.contract.types, _DEPTH))
        if not lists:
            raise Reject(
                f"'{op.name}' answers with no list of records", fix="use --receive or --on"
            )
        event = self.events.records[plan.event]
        path, item = max(lists, key=lambda one: self._filler({"doc": one[1]}).obvious(event))
        line: dict[str, Plain] = {"poll": {"call": op.name, "items": path, "every": _EVERY}}
        found = self._emitting(plan, op, item, line)
        asked = self._filler({}).record(op.request)
        request = Function(
            plan,
            f"{plan.name}_request",
            (),
            "What is asked, each time.",
            asked,
            found.flow,
            op,
            item,
        )
        return Function(
            plan, plan.name, found.parameters, found.doc, found.made, found.flow, op, item, request
        )

    def _filler(self, names: Mapping[str, Type], received: str = "") -> Filler:
        given = sources(names, self._types, self.learnt.synonyms, received)
        return Filler(given, self.tables)


def _served(event: Record) -> tuple[str, ...]:
    """A word on agencies, where the event names one."""
    names = [each.name for each in event.fields if "agency" in words(each.name)]
    return tuple(f"`serves: {name}` where it is for some agencies alone" for name in names)


def _lists(kind: Type, types: Mapping[str, Record], depth: int) -> list[tuple[str, Record]]:
    """Each list of records inside a message, by its path ("" is the message itself)."""
    found: list[tuple[str, Record]] = []
    waiting: list[tuple[str, Type, int]] = [("", kind, 0)]
    while waiting:
        path, here, deep = waiting.pop()
        record = types.get(here.name) if isinstance(here, Ref) else here
        if isinstance(record, ListOf):
            inner = types.get(record.item.name) if isinstance(record.item, Ref) else record.item
            if isinstance(inner, Record):
                found.append((path, inner))
        elif isinstance(record, Record) and deep < depth:
            waiting += [(f"{path}.{f.name}".lstrip("."), f.type, deep + 1) for f in record.fields]
    return found


def _identity(item: Record, learnt: Learnt, key: Expression) -> tuple[str, str]:
    """The field that tells one item from another; or a word for a person on what it might be.

    `key` is what the event's own key is read from: many items may be about one dossier.
    """
    plain = [f for f in item.fields if isinstance(f.type, Text | IntegerType)]
    single = [f for f in plain if f"doc.{f.name}" not in str(key)]
    known = [f.name for f in single if f.required and folded(f.name) in learnt.identities]
    if known:
        return known[0], ""
    near = [f.name for f in single if _TELLING & set(words(f.name))][:5]
    perhaps = f" perhaps {', '.join(near)}" if near else ""
    return "", f"`identity: […]`: which fields tell one item from another?{perhaps}"
