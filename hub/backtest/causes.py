"""Why two versions differ: what change, taken back alone, makes a difference go away.

Nothing is guessed from names. Each change between the versions (a table, an expression, a setting)
is undone in a version of its own; it is the cause of a difference when that version no longer has
it. What no single change explains is told as unexplained, and a person decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from msgspec import structs

from hub.backtest.changes import Change, changes
from hub.backtest.differences import Difference, Outcome, differences
from hub.backtest.version import Version
from hub.contract.types import Document
from hub.mapping.diagnostics import MappingErrors
from hub.mapping.program import FlowSignature, Program, compile_mapping
from hub.registry.bundle import Bundle, settings_record
from hub.registry.event_types import Events
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


@dataclass(slots=True)
class _Suspect:
    """A change, and the version without it; None where that does not compile."""

    cause: Cause
    version: Version | None
    field: str = ""


@dataclass(slots=True)
class Causes:
    """Finds the causes between two versions. Remembers which change was to blame last."""

    old: Version
    new: Version
    events: Events
    _suspects: list[_Suspect] = field(default_factory=list)
    _all_back: Version | None = None

    def __post_init__(self) -> None:
        self._suspects = list(_suspects(self.old.live, self.new, self.events))
        self._all_back = _version(self.new, _mapping(self.old.live.bundle), self.events)

    def of(
        self, event_type: str, record: Document, old: Outcome, found: Sequence[Difference]
    ) -> list[Cause]:
        """The cause of each difference between `old` and what the new version makes."""
        flows = self._of_flows(event_type)
        if flows is not None:
            return [flows] * len(found)
        causes: dict[int, Cause] = {}
        for place, suspect in enumerate(list(self._suspects)):
            gone = self._gone(suspect.version, event_type, record, old, found)
            for number in gone - causes.keys():
                causes[number] = suspect.cause
            if gone and place:
                self._suspects.remove(suspect)
                self._suspects.insert(0, suspect)
            if len(causes) == len(found):
                break
        return [causes.get(n) or self._rest(d, event_type, record, old, found, n)
                for n, d in enumerate(found)]  # fmt: skip

    def _of_flows(self, event_type: str) -> Cause | None:
        """Where connector.yaml or the registration says which events are taken."""
        old, new = self.old.flows.get(event_type), self.new.flows.get(event_type)
        if old is None or new is None:
            what, flow = ("is new", new) if old is None else ("is gone", old)
            return Cause(f"the flow {flow.flow} {what}") if flow else None
        if old.serves != new.serves:
            return Cause(f"flows.{new.flow}.serves was changed")
        if new.serves is not None and old.agencies != new.agencies:
            return Cause("the agencies of the registration")
        return None

    def _gone(
        self,
        version: Version | None,
        event_type: str,
        record: Document,
        old: Outcome,
        found: Sequence[Difference],
    ) -> set[int]:
        """Of which differences that version has none at that place."""
        if version is None:
            return set()
        left = differences(old, version.outcome(event_type, record))
        still = [(one.path, one.old) for one in left]
        return {n for n, one in enumerate(found) if (one.path, one.old) not in still}

    def _rest(
        self,
        difference: Difference,
        event_type: str,
        record: Document,
        old: Outcome,
        found: Sequence[Difference],
        number: int,
    ) -> Cause:
        """A change that cannot be taken back alone, but makes just this field; else unexplained."""
        last = difference.path.rpartition(".")[2].removesuffix("[]")
        named = [s.cause for s in self._suspects if s.version is None and s.field == last != ""]
        if len(named) == 1:
            return named[0]
        together = number in self._gone(self._all_back, event_type, record, old, found)
        return TOGETHER if together else ELSEWHERE


def _suspects(old: Live, new: Version, events: Events) -> Iterator[_Suspect]:
    yield from _settings(old, new, events)
    bundle = new.live.bundle
    made = changes(_mapping(old.bundle), _mapping(bundle))[:MOST_CHANGES]
    for change in made:
        version = _version(new, change.source, events)
        yield _Suspect(_cause(change, bundle.manifest.mapping), version, change.field)
    filled = old.bundle.manifest.outbound.fill
    if filled != bundle.manifest.outbound.fill:
        outbound = structs.replace(bundle.manifest.outbound, fill=filled)
        manifest = structs.replace(bundle.manifest, outbound=outbound)
        live = replace(new.live, bundle=replace(bundle, manifest=manifest))
        yield _Suspect(Cause("outbound.fill was changed"), Version(live, events))


def _settings(old: Live, new: Version, events: Events) -> Iterator[_Suspect]:
    before, after = old.registration.settings, new.live.registration.settings
    for name in after:
        if name in before and before[name] != after[name]:
            registration = replace(new.live.registration, settings={**after, name: before[name]})
            version = Version(replace(new.live, registration=registration), events)
            yield _Suspect(Cause(f"the setting {name}"), version)


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


def _version(new: Version, source: str, events: Events) -> Version | None:
    program = _compiled(new.live.bundle, source, events) if source else None
    return None if program is None else new.with_program(program)


def _compiled(bundle: Bundle, source: str, events: Events) -> Program | None:
    """Another mapping under this bundle's manifest and contract; None if it does not check."""
    sides = Sides(bundle.inbound, bundle.outbound, events.records, events.full_names)
    found: Iterable[object] = signatures(bundle.manifest, sides, source)
    flows = [one for one in found if isinstance(one, FlowSignature)]
    try:
        name = bundle.manifest.mapping
        return compile_mapping(source, name, flows, settings_record(bundle.manifest))
    except MappingErrors:
        return None
