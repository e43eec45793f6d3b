"""The first case of each flow: the contract's own example, or a message made from the types."""

from collections.abc import Mapping
from typing import Final

import orjson

from adapters.soap.template import compile_template
from hub.contract.types import Contract, Document, Operation, Record, RestWire, SoapWire, Value
from hub.contract.validate import compile_validator
from hub.contract.xml import indented
from hub.errors import Reject
from hub.registry.event_types import Events
from hub.scaffold.flows import Function
from hub.scaffold.samples import sample, sample_event

PUBLISHED: Final = "published"  # a case from the contract's own example
MADE: Final = "made"


def case_of(function: Function, contract: Contract, events: Events) -> dict[str, bytes]:
    """The input of a function's first case, and of its companion's; empty where none was made."""
    files = _inputs(function, contract, events)
    if function.companion is not None:
        files[f"cases/{function.companion.name}/{MADE}.in.json"] = b"{}\n"
    return files


def _inputs(function: Function, contract: Contract, events: Events) -> dict[str, bytes]:
    folder = f"cases/{function.name}"
    plan = function.plan
    if plan.kind == "on":
        event = sample_event(function.item, events.records)
        given: Document = {"type": events.full_names[plan.event], "event": event}
        return {f"{folder}/{MADE}.in.json": _json(given)}
    if plan.kind == "poll":
        item = sample(function.item, contract.types, whole=True)
        return {} if item is None else {f"{folder}/{MADE}.in.json": _json(item)}
    name, message = _message(function, contract.types)
    if message is None:
        return {}
    if isinstance(function.operation.wire, SoapWire):
        body = _xml(function.operation, message, contract.types)
        return {} if body is None else {f"{folder}/{name}.in.xml": body}
    return {f"{folder}/{name}.in.json": _json(message)}


def _message(function: Function, types: Mapping[str, Record]) -> tuple[str, Document | None]:
    """A received message: with the contract's example of the body, where that is right."""
    op = function.operation
    made = sample(op.request, types, whole=True)
    example: Value = function.plan.offer.example
    if not isinstance(op.wire, RestWire) or example is None:
        return MADE, made
    body: Value = {op.wire.body: example} if op.wire.body else example
    if not isinstance(body, dict):
        return MADE, made
    parameters = {p.field for p in op.wire.parameters}
    others = {name: value for name, value in (made or {}).items() if name in parameters}
    published: Document = {**others, **body}
    _, problems = compile_validator(op.request, types).check(published)
    return (MADE, made) if problems else (PUBLISHED, published)


def _xml(op: Operation, message: Document, types: Mapping[str, Record]) -> bytes | None:
    if not isinstance(op.wire, SoapWire):
        return None
    try:
        render = compile_template(types, op.request, op.wire.namespace, op.wire.element)
        return indented(render(message).encode())
    except Reject:
        return None


def _json(value: Value) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n"
