"""Types and signatures that the tests of mappings share."""

from collections.abc import Mapping, Sequence

from hub.contract.types import (
    Boolean,
    Date,
    Document,
    Field,
    Integer,
    ListOf,
    MapOf,
    Number,
    Record,
    Text,
    Timestamp,
    Type,
)
from hub.mapping.diagnostics import Diagnostic
from hub.mapping.program import Flow, FlowSignature, MappingErrors, compile_mapping


def optional(name: str, type_: Type) -> Field:
    return Field(name, type_, required=False, nullable=True)


PAPER = Record("Paper", (Field("title", Text()), optional("number", Text())))
MADE = Record(
    "Happened",
    (
        Field("key", Text()),
        optional("note", Text()),
        optional("kind", Text(values=("A", "B", "UNKNOWN"))),
        optional("at", Timestamp()),
        optional("day", Date()),
        optional("count", Integer()),
        optional("share", Number()),
        optional("sure", Boolean()),
        Field("papers", ListOf(PAPER), required=False),
        Field("words", ListOf(Text()), required=False),
        optional("paper", PAPER),
        optional("short", Text(max_length=5)),
        optional("code", Text(pattern="[A-Z]{2}")),
        optional("small", Integer(1, 5)),
    ),
    doc="Something happened.",
)
OTHER = Record("Failed", (Field("key", Text()), optional("why", Text())))

PLACE = Record("Place", (Field("street", Text()), Field("ward", Text(), required=False)))
ROW = Record("Row", (Field("name", Text()), Field("size", Integer(), required=False)))
DOC = Record(
    "Report",
    (
        Field("key", Text(max_length=50), doc="the dossier's code"),
        Field("note", Text(), required=False),
        Field("kind", Text(values=("1", "2", "3"))),
        Field("maybe_kind", Text(values=("1", "2")), required=False),
        Field("moment", Text(format="date-time"), required=False),
        Field("day", Text(), required=False),
        Field("count", Integer()),
        Field("many", Integer(), required=False),
        Field("share", Number(), required=False),
        Field("sure", Boolean()),
        Field("perhaps", Boolean(), required=False),
        Field("place", PLACE, required=False),
        Field("rows", ListOf(ROW), required=False),
        Field("words", ListOf(Text())),
        Field("level", Integer(values=(1, 2))),
        Field("from", Text(), required=False),
    ),
)
SETTINGS = Record(
    "settings",
    (
        Field("customer", Text()),
        Field("days", Integer()),
        Field("hint", Text(), required=False),
        Field("codes", MapOf(Text())),
        Field("patterns", ListOf(Text())),
    ),
)
SETTING_VALUES: dict[str, object] = {
    "customer": "T-TEST",
    "days": 60,
    "codes": {"a": "1"},
    "patterns": ["X-[0-9]+"],
}
CONSTRUCTORS = {"Happened": MADE, "Failed": OTHER, "Paper": PAPER}
EMIT = FlowSignature(
    name="flow",
    parameters=(DOC,),
    results={"Happened": MADE, "Failed": OTHER},
    result_names={"Happened": "test.v1.Happened", "Failed": "test.v1.Failed"},
    constructors=CONSTRUCTORS,
    many=True,
)
DOCUMENT: Document = {
    "key": "H44.99.99-251013-0001",
    "kind": "1",
    "count": 3,
    "sure": True,
    "words": ["x", "y"],
    "level": 1,
}


def compiled(source: str, *flows: FlowSignature) -> Mapping[tuple[str, str], Flow]:
    return compile_mapping(source, "mapping.py", flows or (EMIT,), SETTINGS).flows


def emitted(source: str, **changes: object) -> object:
    """What the flow `flow` of a mapping makes of the test document with some changes."""
    given: dict[str, object] = {**DOCUMENT, **changes}
    return compiled(source)["flow", ""](given, None, SETTING_VALUES, [])


def value_of(expression: str, field: str = "note", **changes: object) -> object:
    """What an expression over `doc` gives, as a field of a new event."""
    source = f"def flow(doc):\n    return Happened(key=doc.key, {field}={expression})\n"
    made = emitted(source, **changes)
    assert isinstance(made, list)
    return made[0][1][field]


def findings(source: str, flows: Sequence[FlowSignature] = (EMIT,)) -> tuple[Diagnostic, ...]:
    """What is wrong with a mapping; nothing if it is accepted."""
    try:
        compile_mapping(source, "mapping.py", flows, SETTINGS)
    except MappingErrors as errors:
        return errors.diagnostics
    return ()


def codes(source: str, flows: Sequence[FlowSignature] = (EMIT,)) -> list[str]:
    return [finding.code for finding in findings(source, flows)]


def field_codes(expression: str, field: str = "note") -> list[str]:
    """The findings about an expression over `doc` as a field of a new event."""
    return codes(f"def flow(doc):\n    return Happened(key=doc.key, {field}={expression})\n")
