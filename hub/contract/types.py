"""One small type model for every interface: XSD, JSON Schema and Avro all become this.

Documents are plain values, so that translating costs microseconds:

    Text str · Integer int · Number float · Boolean bool · Timestamp int (epoch ms, UTC)
    Date int (days since 1970-01-01) · ListOf list · Record dict · MapOf dict · OneOf any of these

Absent and null are the same when a document is read: the key is missing, or its value is None.
When one is written, None becomes null (xsi:nil) if the field is required and nullable; an optional
field is left out. Fields are written in the order of the record.

A scalar keeps the form it has on the wire (an xs:dateTime is a Text with format "date-time"); only
Avro's logical types are Timestamp and Date. Mappings convert, with functions, visibly.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

JsonScalar: TypeAlias = str | int | float | bool | None
Value: TypeAlias = "JsonScalar | list[Value] | dict[str, Value]"
Document: TypeAlias = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Text:
    """A string. `values` makes it an enumeration. Lengths count characters after NFC."""

    values: tuple[str, ...] | None = None
    min_length: int = 0
    max_length: int | None = None
    pattern: str | None = None  # RE2 syntax, anchored at both ends
    format: str | None = None  # date, date-time, time, uri, uuid, email, byte, ...: as named there


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number; bounds are inclusive."""

    minimum: int | None = None
    maximum: int | None = None
    values: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A floating-point or decimal number; bounds are inclusive."""

    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Boolean:
    """True or False."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    """Milliseconds since 1970-01-01T00:00:00Z."""


@dataclass(frozen=True, slots=True)
class Date:
    """Days since 1970-01-01."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Any value: a place where the contract says nothing. Mappings may not read into it."""


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of `item`, with bounds on its length."""

    item: "Type"
    min_items: int = 0
    max_items: int | None = None


@dataclass(frozen=True, slots=True)
class MapOf:
    """An object whose keys are not known beforehand."""

    value: "Type"


@dataclass(frozen=True, slots=True)
class Xml:
    """Where a field of a SOAP message stands: its namespace and whether it is an attribute."""

    namespace: str | None = None
    attribute: bool = False
    text: bool = False  # the character content of an element that also has attributes


@dataclass(frozen=True, slots=True)
class Field:
    """A named member of a record.

    `required`: the key must be there. `nullable`: its value may be null. `pii`: class of personal
    data, "n" none, "p" personal, "s" sensitive (NĐ 356/2025), or None where the contract is silent.
    """

    name: str
    type: "Type"
    required: bool = True
    nullable: bool = False
    default: JsonScalar = None
    pii: str | None = None
    doc: str = ""
    xml: Xml | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """An xs:choice: of `names`, at least `minimum` (0 or 1) and at most one alternative is present.

    Each alternative is a tuple of field names that come together.
    """

    alternatives: tuple[tuple[str, ...], ...]
    minimum: int = 1


@dataclass(frozen=True, slots=True)
class Record:
    """A structure with named fields, in their order on the wire.

    `closed`: other keys are refused; otherwise they are let through and dropped.
    `name` is unique within its contract: mappings construct records by it.
    """

    name: str
    fields: tuple[Field, ...]
    closed: bool = True
    groups: tuple[Group, ...] = ()
    doc: str = ""
    _index: dict[str, Field] = field(
        init=False, repr=False, compare=False, hash=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        self._index.update({f.name: f for f in self.fields})

    def field(self, name: str) -> Field | None:
        """The field of that name, or None."""
        return self._index.get(name)


@dataclass(frozen=True, slots=True)
class OneOf:
    """Exactly one of several types. `discriminator` names the field whose constant tells which."""

    options: tuple["Type", ...]
    discriminator: str | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Ref:
    """A recursive mention of a named record, looked up in the contract's `types`."""

    name: str


Type: TypeAlias = (
    Text
    | Integer
    | Number
    | Boolean
    | Timestamp
    | Date
    | Anything
    | ListOf
    | MapOf
    | Record
    | OneOf
    | Ref
)


def opened(kind: Type, types: Mapping[str, Record]) -> Iterator[Type]:
    """What may stand where a `kind` stands: lists entered, choices opened, references followed."""
    match kind:
        case Ref(name=name):
            yield types[name]
        case ListOf(item=item):
            yield from opened(item, types)
        case OneOf(options=options):
            for option in options:
                yield from opened(option, types)
        case _:
            yield kind


@dataclass(frozen=True, slots=True)
class SoapWire:
    """How an operation of a WSDL travels."""

    service: str  # name of the wsdl:service
    port: str
    version: str  # "1.1" or "1.2"
    soap_action: str
    namespace: str | None  # of the request's wrapper (or part) element
    element: str  # local name of the request's body element
    answer_namespace: str | None
    answer_element: str
    wrapped: bool


@dataclass(frozen=True, slots=True)
class Parameter:
    """A value of a REST request that is not in its body."""

    name: str  # on the wire
    place: str  # "path", "query" or "header"
    field: str  # name of its field in the request record


@dataclass(frozen=True, slots=True)
class RestWire:
    """How an operation of an OpenAPI document travels.

    `body`: name of the one request field that is the body; "" when the body is an object whose
    fields stand directly in the request record; None when there is no body.
    """

    method: str
    path: str  # template, "/ho-so/{maHoSo}"
    parameters: tuple[Parameter, ...]
    body: str | None
    media_type: str = "application/json"  # or application/x-www-form-urlencoded


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing that can be asked.

    `name`: "Service.Operation" for SOAP, "METHOD /path" for REST.
    `request`: everything that is sent, parameters and body, as one record.
    `answers`: by HTTP status ("200", "2XX", "default"); for SOAP "200" alone.
    `faults`: declared SOAP faults by element name.
    """

    name: str
    request: Record
    answers: Mapping[str, Type]
    wire: SoapWire | RestWire
    faults: Mapping[str, Type] = field(default_factory=dict)
    doc: str = ""


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Contract:
    """A system's own interface, as far as the hub needs it.

    `types`: every named record and every request record, by the name mappings construct it with.
    `files`: the bundle's contract files by relative path, as they were read.
    """

    kind: str  # "soap", "rest" or "avro"
    operations: Mapping[str, Operation]
    types: Mapping[str, Record]
    files: Mapping[str, bytes] = field(default_factory=dict)
