"""What each function of a mapping gets and may return, read off manifest, contract and schemas.

A receive or poll flow emits events; a flow on an event makes a request of the contract. Beside
them stand the small functions of a flow: `<flow>_ask`, `_in_doubt`, `_confirm`, `_request`,
`_each`, `_identity` (decision 0002).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hub.contract.types import (
    Boolean,
    Contract,
    Field,
    ListOf,
    Operation,
    Record,
    Ref,
    Text,
    Timestamp,
    Type,
)
from hub.delivery.outcomes import ITEM, compared
from hub.errors import Reject
from hub.mapping.program import FlowSignature
from hub.nearest import nearest
from hub.registry.manifest import Manifest
from hub.registry.manifest_flow import Confirm, Flow, InDoubt
from hub.registry.manifest_words import words

LISTED = 12  # names that a finding spells out
SUCCESS = ("200", "201", "202", "2XX", "default")


@dataclass(frozen=True, slots=True)
class Sides:
    """The contract of each direction (often the same) and the events' records by short name."""

    inbound: Contract
    outbound: Contract
    events: Mapping[str, Record]
    full_names: Mapping[str, str]  # short name -> full name


def signatures(manifest: Manifest, sides: Sides, source: str) -> Iterator[FlowSignature | Reject]:
    """Every function that the mapping must have; a Reject for each thing that does not exist."""
    filled = frozenset(manifest.outbound.fill)
    for name, flow in manifest.flows.items():
        try:
            if flow.kind == "on":
                yield from _calls(name, flow, manifest, sides, filled)
            else:
                yield from _emits(name, flow, sides, filled, source)
        except Reject as error:
            error.where = f"flows.{name}" + (f" {error.where}" if error.where else "")
            yield error


def operation(contract: Contract, name: str) -> Operation:
    """An operation by its name. Raises Reject naming the nearest one."""
    found = contract.operations.get(name)
    if found is None:
        fix = meant(name, sorted(contract.operations))
        raise Reject(f"'{name}' is not an operation of the contract", fix=fix)
    return found


def meant(word: str, known: Sequence[str]) -> str:
    """What to write instead of a word: the nearest that is known, or all that are."""
    near = nearest(word, known)
    more = ", …" if len(known) > LISTED else ""
    listed = f"there is: {', '.join(known[:LISTED])}{more}" if known else "there is nothing"
    return f"did you mean '{near}'?" if near else listed


def success(op: Operation) -> Type:
    """The type of the answer that means success."""
    for status in SUCCESS:
        if status in op.answers:
            return op.answers[status]
    raise Reject(f"'{op.name}' declares no answer of success", fix="add a 200 to the contract")


def type_at(kind: Type, path: str, types: Mapping[str, Record]) -> Type:
    """The type at a dotted path; lists are entered. Raises Reject where the path leads nowhere."""
    found = _resolved(kind, types)
    for part in path.split(".") if path else ():
        if isinstance(found, ListOf):
            found = _resolved(found.item, types)
        field = found.field(part) if isinstance(found, Record) else None
        if field is None:
            names = [each.name for each in found.fields] if isinstance(found, Record) else []
            raise Reject(f"path '{path}' leads nowhere at '{part}'", fix=meant(part, names))
        found = _resolved(field.type, types)
    return found


def item_at(kind: Type, path: str, types: Mapping[str, Record]) -> Record:
    """The record at a path, or of the list there. Raises Reject if there is none."""
    found = type_at(kind, path, types)
    if isinstance(found, ListOf):
        found = _resolved(found.item, types)
    if not isinstance(found, Record):
        fix = "name the path of the list whose items are meant"
        raise Reject(f"path '{path}' is no list of records", fix=fix)
    return found


def _resolved(kind: Type, types: Mapping[str, Record]) -> Type:
    return types[kind.name] if isinstance(kind, Ref) else kind


def _emits(
    name: str, flow: Flow, sides: Sides, filled: frozenset[str], source: str
) -> Iterator[FlowSignature]:
    if flow.poll is not None:
        contract = sides.outbound
        op = operation(contract, flow.poll.call)
        item = item_at(success(op), flow.poll.items, contract.types)
        yield _request(f"{name}_request", (), op, contract, filled)
        if flow.poll.each is not None:
            each = operation(contract, flow.poll.each.call)
            yield _request(f"{name}_each", (item,), each, contract, filled)
            item = item_at(success(each), flow.poll.each.item, contract.types)
    else:
        contract = sides.inbound
        request = operation(contract, flow.receive or "").request
        item = request if not flow.split else item_at(request, flow.split, contract.types)
    results = {short: _event(sides, short) for short in words(flow.emit)}
    yield FlowSignature(
        name=name,
        parameters=(item, Timestamp()) if _takes_two(source, name) else (item,),
        results=results,
        result_names={short: sides.full_names[short] for short in results},
        constructors=sides.events,
        many=True,
        types={**contract.types, **sides.events},
    )
    if flow.identity == "function":
        yield FlowSignature(
            name=f"{name}_identity",
            parameters=(item,),
            results={},
            result_names={},
            constructors={},
            many=False,
            types=contract.types,
            value=Text(),
        )
    elif flow.identity:
        for path in words(flow.identity):
            if not path.startswith("header."):
                type_at(item, path, contract.types)
    if flow.confirm is not None:
        yield _confirm(name, flow.confirm, item, contract.types, sides.outbound, filled)


def _confirm(
    name: str,
    confirm: Confirm,
    item: Record,
    types: Mapping[str, Record],
    contract: Contract,
    filled: frozenset[str],
) -> FlowSignature:
    """The question about an item. A path that leads nowhere would find no item ever confirmed."""
    op = operation(contract, confirm.ask)
    answer = _resolved(success(op), contract.types)
    if not isinstance(answer, Record):  # it stands in the one field `body` (decision 0001)
        answer = Record(confirm.ask, (Field("body", answer),))
    for key, wanted in confirm.found.items():
        if key not in ("status", "fault") and not key.startswith("header."):
            type_at(answer, key, contract.types)
        compares = compared(wanted, ITEM)
        if compares is not None:
            type_at(item, compares, types)
    signature = _request(f"{name}_confirm", (item, Boolean()), op, contract, filled)
    return replace(signature, types={**contract.types, **types})


def _calls(
    name: str, flow: Flow, manifest: Manifest, sides: Sides, filled: frozenset[str]
) -> Iterator[FlowSignature]:
    contract = sides.outbound
    operations = [operation(contract, call) for call in words(flow.call)]
    doubt = flow.in_doubt or manifest.outbound.in_doubt
    for short in words(flow.on):
        event = _event(sides, short)
        variant = sides.full_names[short] if len(words(flow.on)) > 1 else ""
        if flow.serves and event.field(flow.serves) is None:
            raise Reject(f"{short} has no field '{flow.serves}'", where="serves")
        parameters: tuple[Type, ...] = (event,)
        if flow.ask is not None:
            asked = operation(contract, flow.ask.call)
            parameters = (event, success(asked))
            yield _request(f"{name}_ask", (event,), asked, contract, filled, variant)
        yield FlowSignature(
            name=name,
            parameters=parameters,
            results={op.request.name: op.request for op in operations},
            result_names={op.request.name: op.name for op in operations},
            constructors=contract.types,
            many=False,
            filled=filled,
            types={**contract.types, **sides.events},
            variant=variant,
        )
        if doubt is not None and not _fills_all(contract, doubt, filled):
            question = operation(contract, doubt.ask)
            yield _request(f"{name}_in_doubt", (event,), question, contract, filled, variant)


def _fills_all(contract: Contract, doubt: InDoubt, filled: frozenset[str]) -> bool:
    """Whether the adapter fills in all that the question requires, so no function is needed."""
    request = operation(contract, doubt.ask).request
    pages = {doubt.pages.parameter} if doubt.pages else set()
    return all(not f.required or f.name in filled | pages for f in request.fields)


def _request(
    name: str,
    parameters: tuple[Type, ...],
    op: Operation,
    contract: Contract,
    filled: frozenset[str],
    variant: str = "",
) -> FlowSignature:
    return FlowSignature(
        name=name,
        parameters=parameters,
        results={op.request.name: op.request},
        result_names={op.request.name: op.name},
        constructors=contract.types,
        many=False,
        filled=filled,
        types=contract.types,
        variant=variant,
    )


def _event(sides: Sides, short: str) -> Record:
    if short not in sides.events or short not in sides.full_names:
        raise Reject(f"'{short}' is not an event", fix=meant(short, sorted(sides.full_names)))
    return sides.events[short]


def _takes_two(source: str, name: str) -> bool:
    """Whether the function has a second parameter: the time at which the hub got the item."""
    match = re.search(rf"^def {re.escape(name)}\(([^()]*)\)", source, re.MULTILINE)
    return bool(match and match[1].count(",") - match[1].rstrip(", ").endswith(",") >= 1)
