"""Whether what a manifest names by a path is there in the contract: answers, requests, items.

A path that leads nowhere fails in silence when the hub runs: a row that never matches, a field that
is never filled in, a position that is never found. So it is found here.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hub.contract.types import (
    Anything,
    Contract,
    MapOf,
    Operation,
    Record,
    Type,
    opened,
)
from hub.delivery.outcomes import EVENT, compared
from hub.errors import Reject
from hub.registry.manifest import Manifest
from hub.registry.manifest_flow import Flow, InDoubt, Outcome, Pages
from hub.registry.manifest_words import words
from hub.registry.signatures import SUCCESS, Sides, item_at, meant, success
from hub.registry.yaml_file import Path, Plain

Types = Mapping[str, Record]


@dataclass(frozen=True, slots=True)
class Astray:
    """A path that leads nowhere: the manifest's part that names it, and what stands there."""

    path: Path
    what: str
    fix: str


def lost_step(kinds: Iterable[Type], path: str, types: Types) -> tuple[str, tuple[str, ...]] | None:
    """The first step of a dotted path that no kind has, with the names that are there; or None.

    Lists are entered by themselves or by a number, as `hub.contract.paths` does.
    """
    here = [option for kind in kinds for option in opened(kind, types)]
    for step in path.split("."):
        if any(isinstance(kind, Anything) for kind in here):
            return None
        found: list[Type] = [kind.value for kind in here if isinstance(kind, MapOf)]
        records = [kind for kind in here if isinstance(kind, Record)]
        found += [field.type for record in records if (field := record.field(step)) is not None]
        if step.isdigit() and not found:
            continue
        if not found:
            return step, tuple(dict.fromkeys(f.name for record in records for f in record.fields))
        here = [option for kind in found for option in opened(kind, types)]
    return None


def astray(manifest: Manifest, sides: Sides) -> Iterator[Astray]:
    """Every path of the manifest that leads nowhere in contract or events.

    Operations and events that do not exist are told elsewhere, and passed over here.
    """
    for name, flow in manifest.flows.items():
        under: Path = ("flows", name)
        if flow.kind == "on":
            yield from _on(flow, under, manifest, sides)
        elif flow.kind == "poll":
            yield from _poll(flow, under, sides)
        else:
            yield from _receive(flow, under, manifest, sides)
    yield from _general(manifest, sides)


def _on(flow: Flow, under: Path, manifest: Manifest, sides: Sides) -> Iterator[Astray]:
    operations = _operations(sides.outbound, words(flow.call))
    types = sides.outbound.types
    yield from _rows(flow.outcomes, (*under, "outcomes"), operations, types)
    if flow.in_doubt is not None:
        yield from _doubt(flow.in_doubt, (*under, "in_doubt"), [flow], sides)
    elif manifest.outbound.in_doubt is not None:
        yield from _event_paths(manifest.outbound.in_doubt.found, under, [flow], sides)
    if flow.ask is not None and flow.ask.pages is not None:
        asked = _operations(sides.outbound, (flow.ask.call,))
        yield from _pages(flow.ask.pages, (*under, "ask", "pages"), asked, types)


def _poll(flow: Flow, under: Path, sides: Sides) -> Iterator[Astray]:
    poll, contract = flow.poll, sides.outbound
    operations = _operations(contract, (poll.call,)) if poll else []
    if poll is None or not operations:
        return
    yield from _rows(flow.outcomes, (*under, "outcomes"), operations, contract.types)
    try:
        item: Type = item_at(success(operations[0]), poll.items, contract.types)
    except Reject:
        return  # told where the flow's function is looked at
    if poll.cursor is not None:
        place = (*under, "poll", "cursor")
        requests = [op.request for op in operations]
        yield from _lost(requests, poll.cursor.parameter, (*place, "parameter"), contract.types)
        yield from _lost([item], poll.cursor.next, (*place, "next"), contract.types)
    if poll.each is not None:
        return
    for key in ("identity", "ignore"):
        for path in words(getattr(flow, key)):
            if path != "function":
                yield from _lost([item], path, (*under, key), contract.types)


def _receive(flow: Flow, under: Path, manifest: Manifest, sides: Sides) -> Iterator[Astray]:
    contract = sides.inbound
    operations = _operations(contract, words(flow.receive))
    for operation in operations:
        try:
            item = item_at(operation.request, flow.split or "", contract.types)
        except Reject:
            return
        for path in flow.ignore:
            yield from _lost([item], path, (*under, "ignore"), contract.types)
    general = manifest.inbound.answers if manifest.inbound else {}
    for told, reply in {**general, **flow.answers}.items():
        own = told in flow.answers
        place: Path = (*under, "answers", told) if own else ("inbound", "answers", told)
        for path in _documented(reply.body):
            yield from _lost([op.request for op in operations], path, place, contract.types)


def _general(manifest: Manifest, sides: Sides) -> Iterator[Astray]:
    """The parts that are said once for all flows: each must make sense for one of them."""
    types = sides.outbound.types
    names = _called(manifest)
    if not all(name in sides.outbound.operations for name in names):
        return  # what is said for all operations cannot be held against some of them
    called = _operations(sides.outbound, names)
    received = _operations(sides.inbound, [f.receive for f in manifest.flows.values() if f.receive])
    yield from _rows(manifest.outbound.outcomes, ("outbound", "outcomes"), called, types)
    if manifest.outbound.in_doubt is not None:
        yield from _doubt(manifest.outbound.in_doubt, ("outbound", "in_doubt"), [], sides)
    for path in manifest.outbound.fill:
        if called:
            requests = [op.request for op in called]
            yield from _lost(requests, path, ("outbound", "fill", path), types)
    secrecy = manifest.inbound.secrecy if manifest.inbound else None
    if secrecy is not None and received:
        for key, paths in (("marks", secrecy.marks), ("texts", secrecy.texts)):
            for path in paths:
                requests = [op.request for op in received]
                place = ("inbound", "secrecy", key)
                yield from _lost(requests, path, place, sides.inbound.types)


def _called(manifest: Manifest) -> list[str]:
    """Every operation of the system that the hub calls."""
    found: list[str] = []
    for flow in manifest.flows.values():
        found += words(flow.call)
        found += [part.call for part in (flow.ask, flow.poll) if part is not None]
        found += [part.ask for part in (flow.in_doubt, flow.confirm) if part is not None]
        if flow.poll is not None and flow.poll.each is not None:
            found.append(flow.poll.each.call)
    if manifest.outbound.in_doubt is not None:
        found.append(manifest.outbound.in_doubt.ask)
    return found


def _operations(contract: Contract, names: Iterable[str]) -> list[Operation]:
    return [contract.operations[name] for name in names if name in contract.operations]


def _rows(
    rows: Sequence[Outcome], under: Path, operations: Sequence[Operation], types: Types
) -> Iterator[Astray]:
    """`delivered` needs an answer of the contract; other rows may meet one that is not in it."""
    if not operations:
        return
    for index, row in enumerate(rows):
        if row.then == "delivered":
            yield from _found(row.when, (*under, index, "when"), operations, types)
        for path in row.set or ():
            requests = [op.request for op in operations]
            yield from _lost(requests, path, (*under, index, "set", path), types)


def _doubt(doubt: InDoubt, under: Path, flows: Sequence[Flow], sides: Sides) -> Iterator[Astray]:
    asked = _operations(sides.outbound, (doubt.ask,))
    if not asked:
        what = f"'{doubt.ask}' is not an operation of the contract"
        yield Astray((*under, "ask"), what, meant(doubt.ask, tuple(sides.outbound.operations)))
        return
    types = sides.outbound.types
    yield from _found(doubt.found, (*under, "found"), asked, types)
    yield from _event_paths(doubt.found, (*under, "found"), flows, sides)
    if doubt.pages is not None:
        yield from _pages(doubt.pages, (*under, "pages"), asked, types)


def _event_paths(
    found: Mapping[str, Plain], under: Path, flows: Sequence[Flow], sides: Sides
) -> Iterator[Astray]:
    """What a condition compares with must be in every event that the flow takes."""
    paths = [path for wanted in found.values() if (path := compared(wanted, EVENT)) is not None]
    events = [sides.events[s] for flow in flows for s in words(flow.on) if s in sides.events]
    for path in paths:
        for event in events:
            yield from _lost([event], path, under, sides.events)


def _found(
    when: Mapping[str, Plain], under: Path, operations: Sequence[Operation], types: Types
) -> Iterator[Astray]:
    """A condition that only an answer of the contract can meet."""
    answers = [answer for op in operations for answer in _meant(op, when.get("status"))]
    for key in when:
        if key not in ("status", "fault", "body") and not key.startswith(("header.", "body.")):
            yield from _lost(answers, key, (*under, key), types)


def _meant(op: Operation, status: Plain) -> Iterator[Type]:
    """The answers for the statuses of a condition; those of success where it names none."""
    wanted = [str(each) for each in (status if isinstance(status, list) else [status])]
    for declared, answer in op.answers.items():
        if status is None:
            chosen = declared in SUCCESS
        else:
            chosen = declared == "default" or any(_same(declared, each) for each in wanted)
        if chosen:
            yield answer


def _same(declared: str, wanted: str) -> bool:
    """Whether 200 and 2XX are about the same answer."""
    exact = declared == wanted
    return exact or (declared[:1] == wanted[:1] and "XX" in (declared[1:], wanted[1:]))


def _pages(pages: Pages, under: Path, asked: Sequence[Operation], types: Types) -> Iterator[Astray]:
    if not asked:
        return
    requests = [op.request for op in asked]
    answers = [answer for op in asked for answer in op.answers.values()]
    yield from _lost(requests, pages.parameter, (*under, "parameter"), types)
    yield from _lost(answers, pages.items, (*under, "items"), types)


def _lost(kinds: Sequence[Type], path: str, at: Path, types: Types) -> Iterator[Astray]:
    if not path or path.startswith("header."):
        return
    lost = lost_step(kinds, path, types)
    if kinds and lost is not None:
        step, known = lost
        of = "" if step == path else f" of '{path}'"
        yield Astray(at, f"the contract has no '{step}'{of} there", meant(step, known))


def _documented(body: Plain) -> Iterator[str]:
    """The paths that a reply mentions as {doc.…}."""
    if isinstance(body, dict | list):
        for inner in body.values() if isinstance(body, dict) else body:
            yield from _documented(inner)
    elif isinstance(body, str):
        for part in body.split("{doc.")[1:]:
            yield part.partition("}")[0]
