"""Why two versions differ: what change, taken back alone, makes a difference go away.

Nothing is guessed from names. Each change between the versions (a table, an expression, a setting)
is undone in a version of its own; it is the cause of a difference when that version no longer has
it. What no single change explains is told as unexplained, and a person decides.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial

from msgspec import structs

from hub.backtest.changes import Change, changes
from hub.backtest.differences import Difference, Outcome, differences
from hub.backtest.version import Version
from hub.contract.types import Document
from hub.mapping.diagnostics import MappingErrors
from hub.mapping.program import FlowSignature, Program, compile_mapping
from hub.registry.bundle import Bundle, settings_record
from hub.registry.live import Live
from hub.registry.signatures import Sides, signatures

MOST_CHANGES = 60  # taken back one by one; each costs a compilation of the mapping


@dataclass(frozen=True, slots=True)
class Cause:
    """What made a difference. `explained`: one named change; else a person has to look.

    `codes`: the values come from a code table, so that they are told one by one.
    """

    label: str
    explained: bool = True
    codes: bool = False


TOGETHER = Cause("several changes of the mapping, which only work together", explained=False)
ELSEWHERE = Cause("the contract or the connector.yaml, not the mapping", explained=False)


class _Suspect:
    """A change; `make` gives the version without it, None where that does not compile."""

    def __init__(self, cause: Cause, make: Callable[[], Version | None], field: str = "") -> None:
        self.cause = cause
        self.field = field
        self._make = make

    @cached_property
    def version(self) -> Version | None:
        """Made when it is first needed: a compilation may take a second."""
        return self._make()


@dataclass(frozen=True, slots=True)
class _Event:
    """An event that differs: what the old version makes of it, and the differences."""

    type: str
    record: Document
    old: Outcome
    found: Sequence[Difference]

    def gone(self, version: Version | None) -> set[int]:
        """Of which differences that version has none at that place."""
        if version is None:
            return set()
        left = differences(self.old, version.outcome(self.type, self.record))
        still = [(one.path, one.old) for one in left]
        return {n for n, one in enumerate(self.found) if (one.path, one.old) not in still}


class Causes:
    """Finds the causes between two versions. The change that was to blame last is asked first."""

    def __init__(self, old: Version, new: Version) -> None:
        self._old = old
        self._new = new
        self._suspects = list(_suspects(old.live, new))
        self._all_back = _Suspect(TOGETHER, lambda: _version(new, _mapping(old.live.bundle)))

    def of(
        self, event_type: str, record: Document, old: Outcome, found: Sequence[Difference]
    ) -> list[Cause]:
        """The cause of each difference between `old` and what the new version makes."""
        event = _Event(event_type, record, old, found)
        causes: dict[int, Cause] = {}
        asked: list[_Suspect] = []
        for number, difference in enumerate(found):
            cause = self._of_flows(event_type, difference)
            if cause is not None:
                causes[number] = cause
            for suspect in () if number in causes else self._ordered(difference):
                if suspect in asked:
                    continue
                asked.append(suspect)
                for gone in event.gone(suspect.version) - causes.keys():
                    causes[gone] = suspect.cause
                if number in causes:
                    self._first(suspect)
                    break
        return [causes.get(n) or self._rest(event, n) for n in range(len(found))]

    def _ordered(self, difference: Difference) -> list[_Suspect]:
        """All changes; those that make just this field first, then as they were to blame."""
        last = _last(difference)
        return sorted(self._suspects, key=lambda suspect: suspect.field != last)

    def _first(self, suspect: _Suspect) -> None:
        self._suspects.remove(suspect)
        self._suspects.insert(0, suspect)

    def _of_flows(self, event_type: str, difference: Difference) -> Cause | None:
        """Where connector.yaml or the registration says which events are taken."""
        old, new = self._old.flows.get(event_type), self._new.flows.get(event_type)
        if old is None or new is None:
            what, flow = ("is new", new) if old is None else ("is gone", old)
            return Cause(f"the flow {flow.flow} {what}") if flow else None
        if difference.kind not in ("now sent", "no longer sent"):
            return None
        if old.serves != new.serves:
            return Cause(f"flows.{new.flow}.serves was changed")
        if new.serves is not None and old.agencies != new.agencies:
            return Cause("the agencies of the registration")
        return None

    def _rest(self, event: _Event, number: int) -> Cause:
        """A change that cannot be taken back alone, but makes just this field; else unexplained."""
        last = _last(event.found[number])
        named = [s.cause for s in self._suspects if last and s.field == last and s.version is None]
        if len(named) == 1:
            return named[0]
        return TOGETHER if number in event.gone(self._all_back.version) else ELSEWHERE


def _last(difference: Difference) -> str:
    """The field that differs, without the records around it."""
    return difference.path.rpartition(".")[2].removesuffix("[]")


def _suspects(old: Live, new: Version) -> Iterator[_Suspect]:
    yield from _settings(old, new)
    bundle = new.live.bundle
    made = changes(_mapping(old.bundle), _mapping(bundle))[:MOST_CHANGES]
    for change in made:
        cause = _cause(change, bundle.manifest.mapping)
        yield _Suspect(cause, partial(_version, new, change.source), change.field)
    filled = old.bundle.manifest.outbound.fill
    if filled != bundle.manifest.outbound.fill:
        outbound = structs.replace(bundle.manifest.outbound, fill=filled)
        manifest = structs.replace(bundle.manifest, outbound=outbound)
        live = replace(new.live, bundle=replace(bundle, manifest=manifest))
        yield _Suspect(Cause("outbound.fill was changed"), partial(Version, live))


def _settings(old: Live, new: Version) -> Iterator[_Suspect]:
    before, after = old.registration.settings, new.live.registration.settings
    for name in after:
        if name in before and before[name] != after[name]:
            registration = replace(new.live.registration, settings={**after, name: before[name]})
            live = replace(new.live, registration=registration)
            yield _Suspect(Cause(f"the setting {name}"), partial(Version, live))


def _cause(change: Change, file: str) -> Cause:
    match change.kind:
        case "code table":
            return Cause(f"code table {change.name}", codes=True)
        case "constant":
            return Cause(f"the constant {change.name}")
        case "function":
            return Cause(f"the function {change.name} at {file}:{change.line} was rewritten")
        case "expression":
            return Cause(f"expression at {file}:{change.line} changed")
        case _:
            return Cause(f"the field {change.field} at {file}:{change.line}")


def _mapping(bundle: Bundle) -> str:
    return bundle.files[bundle.manifest.mapping].decode()


def _version(new: Version, source: str) -> Version | None:
    program = _compiled(new.live.bundle, source) if source else None
    return None if program is None else new.with_program(program)


def _compiled(bundle: Bundle, source: str) -> Program | None:
    """Another mapping under this bundle's manifest and contract; None if it does not check."""
    events = bundle.events
    sides = Sides(bundle.inbound, bundle.outbound, events.records, events.full_names)
    found: Iterable[object] = signatures(bundle.manifest, sides, source)
    flows = [one for one in found if isinstance(one, FlowSignature)]
    try:
        name = bundle.manifest.mapping
        return compile_mapping(source, name, flows, settings_record(bundle.manifest))
    except MappingErrors:
        return None
