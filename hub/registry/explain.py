"""Who gets which field, from where: a mapping as a table, with classes of personal data."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hub.contract.types import Document, ListOf, Record, Ref, Type, Value
from hub.mapping.lineage import Line, Lineage, Mention
from hub.mapping.program import FlowSignature, lineages
from hub.registry.bundle import Bundle, settings_record
from hub.registry.bundle_files import MANIFEST
from hub.registry.event_types import Events
from hub.registry.manifest import Manifest
from hub.registry.manifest_flow import Flow
from hub.registry.manifest_words import words
from hub.registry.signatures import Sides, signatures
from hub.registry.yaml_file import read_yaml

PERSONAL = ("p", "s")


@dataclass(frozen=True, slots=True)
class Row:
    """One field that a connector writes, and where its value comes from.

    `direction`: "out" into the system, "in" into an event. `takes`: the event or operation whose
    message is read. `line`: what is written and what it is made of; its `at` is where the mapping,
    or the manifest, says so.
    """

    connector: str
    flow: str
    direction: str
    takes: str
    line: Line

    def as_dict(self) -> Document:
        """For programs."""
        line = self.line
        return {
            "connector": self.connector,
            "flow": self.flow,
            "direction": self.direction,
            "takes": self.takes,
            "makes": line.record,
            "field": line.field.path,
            "pii": line.pii,
            "expression": line.expression,
            "at": line.at,
            "sources": _mentions(line.sources),
            "decided_by": _mentions(line.decided_by),
        }


def _mentions(mentions: Iterable[Mention]) -> list[Value]:
    return [{"field": mention.path, "pii": mention.pii} for mention in mentions]


def explain(bundle: Bundle) -> list[Row]:
    """Every field that a connector writes, flow by flow; then what its adapter fills in."""
    manifest = bundle.manifest
    rows: list[Row] = []
    for lineage in _lineages(bundle):
        name, flow = _flow_of(manifest, lineage.flow)
        takes = _takes(flow, lineage)
        out = flow.kind == "on" or lineage.flow != name
        for line in lineage.lines:
            way = "out" if out and line.field.path else "in"
            rows.append(Row(bundle.name, lineage.flow, way, takes, line))
    return [*rows, *_filled(bundle)]


def _lineages(bundle: Bundle) -> tuple[Lineage, ...]:
    manifest = bundle.manifest
    source = bundle.files[manifest.mapping].decode()
    events = bundle.events
    sides = Sides(bundle.inbound, bundle.outbound, events.records, events.full_names)
    flows = [f for f in signatures(manifest, sides, source) if isinstance(f, FlowSignature)]
    return lineages(source, manifest.mapping, flows, settings_record(manifest))


def _flow_of(manifest: Manifest, function: str) -> tuple[str, Flow]:
    """The flow that a function of the mapping serves: `order` of `order_in_doubt`."""
    name = max((n for n in manifest.flows if _belongs(function, n)), key=len)
    return name, manifest.flows[name]


def _belongs(function: str, flow: str) -> bool:
    return function == flow or function.startswith(f"{flow}_")


def _takes(flow: Flow, lineage: Lineage) -> str:
    if lineage.variant:
        return lineage.variant
    return flow.receive or (flow.poll.call if flow.poll else words(flow.on)[0])


def _filled(bundle: Bundle) -> Iterator[Row]:
    """What the adapter puts into every request that has the field."""
    yaml = read_yaml(bundle.files[MANIFEST], MANIFEST)
    for path, value in bundle.manifest.outbound.fill.items():
        at, shown = yaml.place(("outbound", "fill", path)), "…" if value is None else str(value)
        line = Line("", Mention(path, None), at, shown, (), ())
        yield Row(bundle.name, "outbound.fill", "out", "", line)


def personal(rows: Iterable[Row]) -> list[Row]:
    """The rows with personal or sensitive data."""
    return [row for row in rows if row.line.pii in PERSONAL]


def about(rows: Iterable[Row], events: Events, word: str) -> list[Row]:
    """The rows of a field of an event whose name holds this word, or what is said of it."""
    return [row for row in rows if _about(row, events, word)]


def _about(row: Row, events: Events, word: str) -> bool:
    wanted = word.casefold()
    line = row.line
    if row.direction == "in":
        kind, paths = line.record, [line.field.path]
    else:
        read = (*line.sources, *line.decided_by)
        kind, paths = row.takes, [mention.path.partition(".")[2] for mention in read]
    record = events.records.get(kind.split(".")[-1])
    return any(
        wanted in path.casefold() or wanted in _doc_at(record, path, events.records).casefold()
        for path in paths
    )


def _doc_at(record: Record | None, path: str, types: Mapping[str, Record]) -> str:
    """What an event says of its field at a path."""
    doc = ""
    for step in path.split("."):
        field = record.field(step) if record is not None else None
        if field is None:
            return ""
        doc, record = field.doc, _record(field.type, types)
    return doc


def _record(kind: Type, types: Mapping[str, Record]) -> Record | None:
    while isinstance(kind, ListOf | Ref):
        kind = kind.item if isinstance(kind, ListOf) else types[kind.name]
    return kind if isinstance(kind, Record) else None
