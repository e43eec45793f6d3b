"""What is live: connectors and registrations put together; a wrong one is named and left out.

A hub with one broken connector serves the others. Nothing here opens a connection: adapters are
opened from what this gives, by the process that needs them.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hub.contract.binding import Binding
from hub.contract.types import Document, Value
from hub.delivery.batching import Joining
from hub.delivery.outcomes import ITEM, compile_rows, compile_when
from hub.delivery.outflow import Flags, Make, Outflow, Question, Request
from hub.errors import Halt, Reject
from hub.intake.confirming import Confirmation
from hub.intake.inflow import Emit, Inflow
from hub.intake.served import Want
from hub.mapping.program import Flow as Compiled
from hub.registry.batch import Batch, codes, pairs
from hub.registry.bindings import Resolve, bind_inbound, bind_outbound
from hub.registry.bundle import Bundle, read_bundle
from hub.registry.bundle_files import read_files
from hub.registry.entries import names_of, read_entries
from hub.registry.event_types import FOLDER as SCHEMAS
from hub.registry.event_types import Events, with_own
from hub.registry.manifest_flow import Confirm, Flow, InDoubt
from hub.registry.manifest_words import words
from hub.registry.problem import BundleErrors, Problem
from hub.registry.registration import (
    Registration,
    RegistrationEntry,
    complete,
)


@dataclass(frozen=True, slots=True)
class Live:
    """A registration and its bundle."""

    bundle: Bundle
    registration: Registration

    @property
    def name(self) -> str:
        """The registration's name."""
        return self.registration.name


@dataclass(frozen=True, slots=True)
class Landscape:
    """Everything that was found. `problems` by connector or registration, for people."""

    bundles: Mapping[str, Bundle]
    live: tuple[Live, ...]
    down: frozenset[str]  # registrations that are wanted but not live
    problems: Mapping[str, tuple[Problem, ...]]
    events: Events = field(repr=False)


def read_landscape(connectors: Path, registrations: Path, events: Events) -> Landscape:
    """Read every connector and every registration; never raises for what one of them got wrong.

    Raises Halt where the folder is missing or the file as a whole cannot be read: a hub that
    served nobody would look like one that has nothing to do.
    """
    if not connectors.is_dir():
        raise Halt(
            "is not a folder", where=str(connectors), fix="set HUB_CONNECTORS to the connectors"
        )
    bundles: dict[str, Bundle] = {}
    problems: dict[str, tuple[Problem, ...]] = {}
    known = known_events(connectors, events)
    for folder in _folders(connectors):
        try:
            bundles[folder.name] = read_bundle(folder, known)
        except BundleErrors as error:
            problems[folder.name] = error.problems
    live: list[Live] = []
    entries, bad = read_entries(registrations)
    problems |= {f"registration '{name}'": tuple(found) for name, found in bad.items()}
    for entry in entries:
        _add(entry, bundles, live, problems)
    names = names_of(entries, bad)
    down = names - {found.name for found in live}
    return Landscape(bundles, tuple(live), down, problems, known)


def known_events(connectors: Path, events: Events) -> Events:
    """The hub's events, and those that the connectors of a folder bring; wrong ones are left out.

    So that one connector may be told what another one says.
    """
    for folder in _folders(connectors):
        found = folder / SCHEMAS
        if not found.is_dir():
            continue
        with suppress(Reject):  # what is wrong with its files is told where it is read
            events, _ = with_own(events, folder.name, read_files(folder))
    return events


def _folders(connectors: Path) -> list[Path]:
    """The folders of connectors, by name; none without a folder."""
    inside = connectors.iterdir() if connectors.is_dir() else ()
    return sorted(p for p in inside if p.is_dir() and not p.name.startswith((".", "_")))


def _add(
    entry: RegistrationEntry,
    bundles: Mapping[str, Bundle],
    live: list[Live],
    problems: dict[str, tuple[Problem, ...]],
) -> None:
    name = entry.name or entry.connector
    bundle = bundles.get(entry.connector)
    if bundle is None:
        if entry.connector not in problems:
            what = f"there is no connector '{entry.connector}'"
            problems[f"registration '{name}'"] = (Problem(name, what),)
        return
    try:
        live.append(Live(bundle, complete(entry, bundle.manifest)))
    except Reject as error:
        problems[f"registration '{name}'"] = (Problem(error.where, error.what, error.fix),)


def wants(landscape: Landscape) -> Iterator[Want]:
    """Who wants which event: every live registration, and connectors that have none."""
    registered = {live.bundle.name for live in landscape.live}
    for live in landscape.live:
        yield from _wants(live.bundle, live.name, live.registration.agencies, landscape.events)
    for name, bundle in landscape.bundles.items():
        if name not in registered:
            yield from _wants(bundle, None, frozenset(), landscape.events)


def _wants(
    bundle: Bundle, registration: str | None, agencies: frozenset[str], events: Events
) -> Iterator[Want]:
    for flow in bundle.manifest.flows.values():
        for short in words(flow.on):
            kind = events.full_names[short]
            yield Want(kind, bundle.name, registration, flow.serves, agencies)


def inflows(live: Live) -> dict[str, Inflow]:
    """The receive flows by the operation that they serve."""
    flows = live.bundle.manifest.flows
    return {flow.receive: _inflow(live, n, flow) for n, flow in flows.items() if flow.receive}


def poll_flows(live: Live) -> dict[str, tuple[Flow, Inflow]]:
    """The poll flows by name."""
    flows = live.bundle.manifest.flows
    return {n: (flow, _inflow(live, n, flow)) for n, flow in flows.items() if flow.poll}


def outflows(live: Live, events: Events) -> dict[str, Outflow]:
    """The flows on events, by the event's full name. Raises Reject where two want the same."""
    found: dict[str, Outflow] = {}
    for name, flow in live.bundle.manifest.flows.items():
        for short in words(flow.on):
            kind = events.full_names[short]
            if kind in found:
                raise Reject(
                    f"'{found[kind].flow}' and '{name}' both take {short}",
                    where=live.name,
                    fix="one event may cause at most one call: join them",
                )
            found[kind] = _outflow(live, name, flow, kind)
    return found


def outbound(live: Live, resolve: Resolve) -> Binding:
    """How to reach the system."""
    manifest = live.bundle.manifest
    operations = {call for flow in manifest.flows.values() for call in _operations(flow)}
    if manifest.outbound.in_doubt:
        operations.add(manifest.outbound.in_doubt.ask)
    operations |= {str(a["operation"]) for a in manifest.outbound.auth if "operation" in a}
    return bind_outbound(manifest, live.registration, frozenset(operations), resolve)


def inbound(live: Live, resolve: Resolve) -> Binding:
    """How the system reaches us."""
    manifest = live.bundle.manifest
    operations = frozenset(flow.receive for flow in manifest.flows.values() if flow.receive)
    return bind_inbound(manifest, live.registration, operations, resolve)


def made(live: Live, function: str, variant: str = "") -> Make:
    """A function of the mapping that makes a request, in the shape that delivery uses."""
    compiled = live.bundle.program.flow(function, variant)

    def make(
        event: Document, answer: Document | None, settings: Mapping[str, Value], flags: Flags
    ) -> Request | None:
        return compiled.call(event, answer, settings, flags)

    return make


def _operations(flow: Flow) -> Iterator[str]:
    yield from words(flow.call)
    if flow.ask is not None:
        yield flow.ask.call
    if flow.in_doubt is not None:
        yield flow.in_doubt.ask
    if flow.confirm is not None:
        yield flow.confirm.ask
    if flow.poll is not None:
        yield flow.poll.call
        if flow.poll.each is not None:
            yield flow.poll.each.call


def _inflow(live: Live, name: str, flow: Flow) -> Inflow:
    inbound_ = live.bundle.manifest.inbound
    secrecy = inbound_.secrecy if inbound_ else None
    settings = live.registration.settings
    return Inflow(
        registration=live.name,
        flow=name,
        emit=_emit(live.bundle.program.flow(name)),
        settings=settings,
        split=flow.split,
        identity=() if flow.identity == "function" else words(flow.identity),
        identify=_identify(live, name, settings) if flow.identity == "function" else None,
        ignore=tuple(flow.ignore),
        aside=flow.aside,
        marks=tuple(secrecy.marks) if secrecy else (),
        texts=tuple(secrecy.texts) if secrecy else (),
        confirm=_confirmation(live, name, flow.confirm) if flow.confirm else None,
    )


def _confirmation(live: Live, name: str, confirm: Confirm) -> Confirmation:
    settings = live.registration.settings
    compiled = live.bundle.program.flow(f"{name}_confirm")

    def make(item: Document, first: bool) -> Document | None:  # noqa: FBT001 - the mapping's parameter
        made_ = compiled.call(item, first, settings, [])
        return None if made_ is None else made_[1]

    return Confirmation(
        operation=confirm.ask,
        make=make,
        found=compile_when(confirm.found, settings, "confirm.found", ITEM),
        rows=compile_rows(live.bundle.manifest.outbound.outcomes, settings),
        timeout=confirm.timeout,
    )


def _emit(compiled: Compiled) -> Emit:
    def emit(
        item: Document, now: int, settings: Mapping[str, Value], flags: Flags
    ) -> list[tuple[str, Document]]:
        found = compiled(item, now, settings, flags)
        return found if isinstance(found, list) else []

    return emit


def _identify(
    live: Live, name: str, settings: Mapping[str, Value]
) -> Callable[[Document], tuple[str, ...]]:
    compiled = live.bundle.program.flow(f"{name}_identity")
    return lambda item: (str(compiled.value(item, settings, [])),)


def _outflow(live: Live, name: str, flow: Flow, kind: str) -> Outflow:
    manifest, settings = live.bundle.manifest, live.registration.settings
    variant = kind if len(words(flow.on)) > 1 else ""
    doubt = flow.in_doubt or manifest.outbound.in_doubt
    ask = None
    if flow.ask is not None:
        ask = Question(flow.ask.call, made(live, f"{name}_ask", variant), flow.ask.pages)
    return Outflow(
        registration=live.name,
        flow=name,
        event_type=kind,
        make=made(live, name, variant),
        rows=compile_rows([*flow.outcomes, *manifest.outbound.outcomes], settings),
        settings=settings,
        serves=flow.serves,
        agencies=live.registration.agencies,
        selected=live.registration.selected,
        ask=ask,
        in_doubt=_in_doubt(live, name, variant, doubt) if doubt else None,
        holds=flow.after_refusal == "hold",
        joining=_joining(live, name, flow.batch) if flow.batch else None,
    )


def _joining(live: Live, name: str, batch: Batch) -> Joining:
    settings, manifest = live.registration.settings, live.bundle.manifest
    tests = compile_when(batch.too_large, settings, "batch.too_large") if batch.too_large else ()
    table = [r.when for r in (*manifest.flows[name].outcomes, *manifest.outbound.outcomes)]
    return Joining(name, batch, pairs(batch), tests, codes(batch, table))


def _in_doubt(live: Live, name: str, variant: str, doubt: InDoubt) -> Question:
    function = f"{name}_in_doubt"
    has = (function, variant) in live.bundle.program.flows
    return Question(
        doubt.ask,
        made(live, function, variant) if has else None,
        doubt.pages,
        compile_when(doubt.found, live.registration.settings, "in_doubt.found"),
    )
