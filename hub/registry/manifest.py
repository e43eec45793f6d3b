"""connector.yaml: how the hub talks with one kind of system (decision 0003).

Decoded into frozen structs that refuse unknown keys; what needs the contract or the mapping to be
judged is judged in `hub.registry.bundle`.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Meta, Struct, convert

from hub.errors import Reject
from hub.registry.batch import Batch
from hub.registry.call_limits import CallLimits
from hub.registry.misfits import misfits
from hub.registry.problem import Problem
from hub.registry.yaml_file import Path, Plain, YamlFile

S = TypeVar("S", bound=Struct)
Scalar: TypeAlias = str | int | float | bool | None
Words: TypeAlias = str | list[str]
Seconds: TypeAlias = Annotated[float, Meta(gt=0, le=604_800)]
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Reference: TypeAlias = str  # "$setting.x", "$secret.x", or the value itself

Told: TypeAlias = Literal[
    "accepted",
    "duplicate",
    "conflict",
    "rejected",
    "secret",
    "malformed",
    "denied",
    "unavailable",
]
Then: TypeAlias = Literal["delivered", "again", "login", "retry", "system", "reject", "halt"]


class Setting(Struct, frozen=True, forbid_unknown_fields=True):
    """A typed value that a registration gives and mappings read as `setting.<name>`."""

    type: Literal["string", "integer", "boolean", "list", "map"]
    """What kind of value it is."""
    doc: str = ""
    """What it means, for who fills it in."""
    optional: bool = False
    """Whether a registration may leave it out; mappings then see it as absent."""
    default: Scalar | list[str] | dict[str, str] = None
    """What it is where a registration says nothing."""


class Secret(Struct, frozen=True, forbid_unknown_fields=True):
    """A secret, by name; a registration gives a reference."""

    doc: str = ""
    """What it is and who gives it."""
    optional: bool = False
    """Whether a registration may leave it out."""


class Reply(Struct, frozen=True, forbid_unknown_fields=True):
    """What a system is told: a status and a body with `{item.path}`, `{reason}`, `{count}`."""

    status: Annotated[int, Meta(ge=200, le=599)]
    """HTTP status that the system is told."""
    body: dict[str, Plain] | None = None
    """What stands in the body; texts may hold `{item.path}`, `{doc.path}`, `{reason}`,
    `{count}`.
    """


class Secrecy(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secrecy mark could stand (KT1 rule): paths of marks and of free texts."""

    marks: list[str] = []
    """Paths of fields that may carry a secrecy mark, in any received document."""
    texts: list[str] = []
    """Paths of free texts in which such a mark may stand."""


class Inbound(Struct, frozen=True, forbid_unknown_fields=True):
    """How the system proves who it is, and what it is told."""

    auth: dict[str, Plain]
    """How the system proves who it is: `kind`, and what the kind needs."""
    addresses: Reference | list[str] | None = None
    """Source addresses (CIDR) from which it may call; left out: any."""
    secrecy: Secrecy | None = None
    """Where a secrecy mark could stand; such a message is refused."""
    answers: dict[Told, Reply] = {}
    """What the system is told, by what became of its message; without a row a problem+json or a
    SOAP Fault.
    """


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the outcome table: the first whose `when` matches decides."""

    when: dict[str, Plain]
    """Conditions on the answer; all must hold. `status`, `fault`, `header.<name>` or a path."""
    then: Then
    """What the answer means."""
    set: dict[str, Scalar] | None = None
    """With `again`: fields of the request that are changed for the second call."""
    note: str = ""
    """Why; stands in the receipt."""


class Pages(Struct, frozen=True, forbid_unknown_fields=True):
    """A question whose answer comes in pages."""

    parameter: str
    """The request field that holds the number of the page."""
    items: str
    """Path of the list in the answer."""
    size: Annotated[int, Meta(ge=1, le=10_000)]
    """Items of a full page; a shorter one is the last."""
    first: int = 1
    """Number of the first page."""
    most: Annotated[int, Meta(ge=1, le=10_000)] = 100
    """Pages that are read at most."""


class InDoubt(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked about a call whose outcome is unknown, and how a yes is recognised."""

    ask: str
    """The operation by which is asked."""
    found: dict[str, Plain]
    """Conditions under which the answer says that the call arrived; values may be
    `$event.<field>`.
    """
    pages: Pages | None = None
    """Where the answer comes in pages."""


class Confirm(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked about a received item before it counts, and how a yes is recognised."""

    ask: str
    """The operation by which is asked."""
    found: dict[str, Plain]
    """Conditions under which the item counts; values may be `$item.<field>`."""
    # seconds for all items of a message: its sender waits for the answer meanwhile
    timeout: Annotated[float, Meta(gt=0, le=60)] = 10.0
    """Seconds for all items of a message: its sender waits meanwhile."""


class Contracts(Struct, frozen=True, forbid_unknown_fields=True):
    """Two contracts, where one `METHOD /path` means two things."""

    inbound: Words
    """Files of what the system calls."""
    outbound: Words
    """Files of what the hub calls."""


class Outbound(Struct, frozen=True, forbid_unknown_fields=True):
    """How the hub proves who it is, what the adapter fills in, and how answers are judged."""

    auth: list[dict[str, Plain]] = []
    """How the hub proves who it is: a list, applied in order."""
    fill: dict[str, Scalar] = {}
    """Request fields that the adapter fills in: `$key`, `$token`, `$setting.x`, `$secret.x`, or
    a literal.
    """
    outcomes: list[Outcome] = []
    """What an answer means: the first row that matches decides, after those of the flow."""
    in_doubt: InDoubt | None = None
    """What is asked about a call whose outcome is unknown, for every flow that says nothing
    else.
    """


class RetryPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Back-off for one message, in seconds; retried longer than `give_up`, it raises an alert."""

    first: Seconds = 1.0
    """Seconds before the second attempt."""
    factor: Annotated[float, Meta(ge=1, le=10)] = 2.0
    """By which each pause is longer than the one before."""
    longest: Seconds = 300.0
    """Seconds that a pause lasts at most."""
    give_up: Seconds = 7_200.0  # until the dossier is parked
    """Seconds until the dossier is parked."""
    resume: Seconds = 3_600.0  # until a parked dossier is tried again by itself
    """Seconds until a parked dossier is tried again by itself."""


class Delivery(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of delivery to one system."""

    in_flight: Annotated[int, Meta(ge=1, le=1024)] = 16
    """Calls under way at once."""
    timeout: Annotated[float, Meta(gt=0, le=600)] = 30.0
    """Seconds that a call may take."""
    answers_within: Annotated[float, Meta(gt=0, le=600)] | None = None
    """Seconds in which the system says that it answers; `certify` holds it to that."""
    retry: RetryPolicy = RetryPolicy()
    """Pauses between attempts at one message."""
    limits: CallLimits = CallLimits()
    """What the system's owner agreed to be sent."""


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """A question before a call; its answer is the mapping's second argument."""

    call: str
    """The operation by which is asked."""
    pages: Pages | None = None
    """Where the answer comes in pages."""


class Cursor(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the next poll starts: `next` is a path in the last item of the page."""

    parameter: str
    """The request field that says where to go on."""
    first: str
    """Its value at the very first poll."""
    next: str
    """Path of the next value, in the last item of a page."""


class Each(Struct, frozen=True, forbid_unknown_fields=True):
    """A second call per item, whose answer (or the part at `item`) takes the item's place."""

    call: str
    """The operation that tells one item whole."""
    item: str = ""
    """Path of the item in the answer; left out: the answer itself."""


class Poll(Struct, frozen=True, forbid_unknown_fields=True):
    """Asking a system for news."""

    call: str
    """The operation by which is asked."""
    items: str
    """Path of the list in the answer; empty: the answer is the list."""
    every: Annotated[int, Meta(ge=1)] | Reference = 300
    """Seconds between polls."""
    cursor: Cursor | None = None
    """How a poll goes on where the last one ended."""
    full: int | Reference | None = None  # a page with that many items: ask again at once
    """Items of a full page: then is asked again at once."""
    each: Each | None = None
    """A second call for each item."""
    changes_of: str | None = None
    """The field that names an item: only what changed since the last poll is an event."""


class Flow(Struct, frozen=True, forbid_unknown_fields=True):
    """One direction of one exchange: receive or poll then emit; or on an event call."""

    receive: str | None = None
    """The operation by which the system tells the hub."""
    poll: Poll | None = None
    """How the hub asks for news."""
    on: Words | None = None
    """The event, or events, on which the system is told."""
    split: str | None = None
    """Path of the list whose items are taken one by one."""
    identity: Words | None = None
    """Paths that tell one item from another, or `function`; the same item twice is one event."""
    ignore: list[str] = []
    """Paths that a resend may change."""
    aside: str = ""  # why an item of this flow may give no event; such items are listed
    """Why an item of this flow may give no event; such items are listed on `hub.act`."""
    emit: Words | None = None
    """The event, or events, that an item may become."""
    call: Words | None = None
    """The operation, or operations, by which the system is told."""
    ask: Ask | None = None
    """A question before the call; its answer is the mapping's second argument."""
    batch: Batch | None = None
    """How one call tells of many dossiers."""
    serves: str | None = None
    """The event's field that must be among the registration's agencies."""
    outcomes: list[Outcome] = []
    """Rows of the outcome table that go before those of `outbound`."""
    in_doubt: InDoubt | None = None
    """What is asked after a call whose outcome is unknown."""
    after_refusal: Literal["go_on", "hold"] | None = None  # of an event: what its dossier does
    """What a dossier does after an event that is refused for ever: go on, or wait for a person."""
    confirm: Confirm | None = None
    """What is asked about an item before it counts."""
    answers: dict[Told, Reply] = {}
    """What the system is told by this flow, row by row before `inbound.answers`."""
    doc: str = ""
    """What the flow is for."""

    @property
    def kind(self) -> str:
        """One of "receive", "poll", "on"."""
        return "receive" if self.receive else "poll" if self.poll else "on"


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of connector.yaml."""

    hub: Literal[1]
    """The version of this format."""
    name: Name
    """The connector's name: that of its folder."""
    title: str
    """What people call the system."""
    owner: str
    """Who answers for the system."""
    adapter: Literal["rest", "soap"]
    """What the system speaks."""
    contract: Words | Contracts
    """File, or files, of its interface below the folder; or one contract for each direction."""
    flows: Annotated[dict[Name, Flow], Meta(min_length=1)]
    """What is exchanged, by name; the mapping has a function of each name."""
    mapping: str = "mapping.py"
    """File of the mapping."""
    settings: dict[Name, Setting] = {}
    """Values that a registration gives; mappings read them as `setting.<name>`, this file as
    `$setting.<name>`.
    """
    secrets: dict[Name, Secret] = {}
    """Secrets by name; a registration gives a reference to each."""
    inbound: Inbound | None = None
    """What the system calls: who it is, and what it is told."""
    outbound: Outbound = Outbound()
    """What the hub calls: who it is, and what answers mean."""
    delivery: Delivery = Delivery()
    """Bounds of what is sent."""
    doc: str = ""
    """What there is to know."""


def words(value: Words | None) -> tuple[str, ...]:
    """One or many, as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)


def decode(file: YamlFile, kind: type[S], *, part: Plain = None, under: Path = ()) -> S:
    """A checked struct, of the file or of its `part` that stands `under` a path.

    Raises Reject with file, line and every misfit; `shape_problems` gives them one by one.
    """
    value = part if under else file.value
    try:
        return convert(value, kind)
    except msgspec.ValidationError as error:
        found = list(shape_problems(file, kind, part=part, under=under))
        if not found:
            raise Reject(str(error), where=file.place(under), code="manifest") from error
        what = "; ".join(problem.what for problem in found)
        raise Reject(what, found[0].at, found[0].fix, code="manifest") from error


def shape_problems(
    file: YamlFile, kind: type[S], *, part: Plain = None, under: Path = ()
) -> Iterator[Problem]:
    """Every key that is unknown or lacking, and every value that is not of its kind."""
    for misfit in misfits(part if under else file.value, kind):
        place = file.place((*under, *misfit.path))
        field = ".".join(map(str, misfit.path))
        yield Problem(place, str(misfit), misfit.fix, field, code=misfit.code)


def flow_problems(name: str, flow: Flow) -> list[tuple[str, str]]:
    """What is wrong with a flow by itself, and what to do; each kind needs its own keys."""
    kinds = [k for k in ("receive", "poll", "on") if getattr(flow, k)]
    if len(kinds) != 1:
        found = " and ".join(kinds) or "none of them"
        fix = "keep one of them" if kinds else "say what it waits for: a message, a poll, an event"
        return [(f"flow '{name}' must say one of receive, poll, on; it says {found}", fix)]
    needs, allows = _KEYS[kinds[0]]
    said = {f for f in Flow.__struct_fields__ if getattr(flow, f) not in (None, [], {}, "")}
    missing = [key for key in needs if key not in said]
    foreign = sorted(said - {*needs, *allows, "doc", kinds[0]})
    flow_is = f"flow '{name}' ({kinds[0]})"
    allowed = ", ".join((*needs, *allows))
    return [
        *((f"{flow_is} lacks {key}", f"add {key}: …") for key in missing),
        *((f"{flow_is} cannot say {key}", f"take it out; it may say {allowed}") for key in foreign),
    ]


_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "receive": (("emit", "identity"), ("split", "ignore", "answers", "aside", "confirm")),
    "poll": (("emit",), ("identity", "ignore", "aside", "outcomes")),
    "on": (("call",), ("ask", "batch", "serves", "outcomes", "in_doubt", "after_refusal")),
}
