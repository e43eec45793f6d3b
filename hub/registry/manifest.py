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
    doc: str = ""
    optional: bool = False
    default: Scalar | list[str] | dict[str, str] = None


class Secret(Struct, frozen=True, forbid_unknown_fields=True):
    """A secret, by name; a registration gives a reference."""

    doc: str = ""
    optional: bool = False


class Reply(Struct, frozen=True, forbid_unknown_fields=True):
    """What a system is told: a status and a body with `{item.path}`, `{reason}`, `{count}`."""

    status: Annotated[int, Meta(ge=200, le=599)]
    body: dict[str, Plain] | None = None


class Secrecy(Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secrecy mark could stand (KT1 rule): paths of marks and of free texts."""

    marks: list[str] = []
    texts: list[str] = []


class Inbound(Struct, frozen=True, forbid_unknown_fields=True):
    """How the system proves who it is, and what it is told."""

    auth: dict[str, Plain]
    addresses: Reference | list[str] | None = None
    secrecy: Secrecy | None = None
    answers: dict[Told, Reply] = {}


class Outcome(Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the outcome table: the first whose `when` matches decides."""

    when: dict[str, Plain]
    then: Then
    set: dict[str, Scalar] | None = None
    note: str = ""


class Pages(Struct, frozen=True, forbid_unknown_fields=True):
    """A question whose answer comes in pages."""

    parameter: str
    items: str
    size: Annotated[int, Meta(ge=1, le=10_000)]
    first: int = 1
    most: Annotated[int, Meta(ge=1, le=10_000)] = 100


class InDoubt(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked about a call whose outcome is unknown, and how a yes is recognised."""

    ask: str
    found: dict[str, Plain]
    pages: Pages | None = None


class Confirm(Struct, frozen=True, forbid_unknown_fields=True):
    """What is asked about a received item before it counts, and how a yes is recognised."""

    ask: str
    found: dict[str, Plain]
    # seconds for all items of a message: its sender waits for the answer meanwhile
    timeout: Annotated[float, Meta(gt=0, le=60)] = 10.0


class Contracts(Struct, frozen=True, forbid_unknown_fields=True):
    """Two contracts, where one `METHOD /path` means two things."""

    inbound: Words
    outbound: Words


class Outbound(Struct, frozen=True, forbid_unknown_fields=True):
    """How the hub proves who it is, what the adapter fills in, and how answers are judged."""

    auth: list[dict[str, Plain]] = []
    fill: dict[str, Scalar] = {}
    outcomes: list[Outcome] = []
    in_doubt: InDoubt | None = None


class RetryPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Back-off for one message, in seconds; retried longer than `give_up`, it raises an alert."""

    first: Seconds = 1.0
    factor: Annotated[float, Meta(ge=1, le=10)] = 2.0
    longest: Seconds = 300.0
    give_up: Seconds = 7_200.0  # until the dossier is parked
    resume: Seconds = 3_600.0  # until a parked dossier is tried again by itself


class Delivery(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of delivery to one system."""

    in_flight: Annotated[int, Meta(ge=1, le=1024)] = 16
    timeout: Annotated[float, Meta(gt=0, le=600)] = 30.0
    retry: RetryPolicy = RetryPolicy()
    limits: CallLimits = CallLimits()


class Ask(Struct, frozen=True, forbid_unknown_fields=True):
    """A question before a call; its answer is the mapping's second argument."""

    call: str
    pages: Pages | None = None


class Cursor(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the next poll starts: `next` is a path in the last item of the page."""

    parameter: str
    first: str
    next: str


class Each(Struct, frozen=True, forbid_unknown_fields=True):
    """A second call per item, whose answer (or the part at `item`) takes the item's place."""

    call: str
    item: str = ""


class Poll(Struct, frozen=True, forbid_unknown_fields=True):
    """Asking a system for news."""

    call: str
    items: str
    every: Annotated[int, Meta(ge=1)] | Reference = 300
    cursor: Cursor | None = None
    full: int | Reference | None = None  # a page with that many items: ask again at once
    each: Each | None = None
    changes_of: str | None = None


class Flow(Struct, frozen=True, forbid_unknown_fields=True):
    """One direction of one exchange: receive or poll then emit; or on an event call."""

    receive: str | None = None
    poll: Poll | None = None
    on: Words | None = None
    split: str | None = None
    identity: Words | None = None
    ignore: list[str] = []
    aside: str = ""  # why an item of this flow may give no event; such items are listed
    emit: Words | None = None
    call: Words | None = None
    ask: Ask | None = None
    batch: Batch | None = None
    serves: str | None = None
    outcomes: list[Outcome] = []
    in_doubt: InDoubt | None = None
    after_refusal: Literal["go_on", "hold"] | None = None  # of an event: what its dossier does
    confirm: Confirm | None = None
    answers: dict[Told, Reply] = {}
    doc: str = ""

    @property
    def kind(self) -> str:
        """One of "receive", "poll", "on"."""
        return "receive" if self.receive else "poll" if self.poll else "on"


class Manifest(Struct, frozen=True, forbid_unknown_fields=True):
    """The whole of connector.yaml."""

    hub: Literal[1]
    name: Name
    title: str
    owner: str
    adapter: Literal["rest", "soap"]
    contract: Words | Contracts
    flows: Annotated[dict[Name, Flow], Meta(min_length=1)]
    mapping: str = "mapping.py"
    settings: dict[Name, Setting] = {}
    secrets: dict[Name, Secret] = {}
    inbound: Inbound | None = None
    outbound: Outbound = Outbound()
    delivery: Delivery = Delivery()
    doc: str = ""


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


def flow_problems(name: str, flow: Flow) -> list[str]:
    """What is wrong with a flow by itself: exactly one kind, and the keys that the kind needs."""
    kinds = [k for k in ("receive", "poll", "on") if getattr(flow, k)]
    if len(kinds) != 1:
        return [f"flow '{name}' must say one of receive, poll, on (it says {kinds or 'none'})"]
    needs, allows = _KEYS[kinds[0]]
    said = {f for f in Flow.__struct_fields__ if getattr(flow, f) not in (None, [], {}, "")}
    missing = [key for key in needs if key not in said]
    foreign = sorted(said - {*needs, *allows, "doc", kinds[0]})
    found = [f"flow '{name}' ({kinds[0]}) lacks {key}" for key in missing]
    return found + [f"flow '{name}' ({kinds[0]}) cannot say {key}" for key in foreign]


_KEYS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "receive": (("emit", "identity"), ("split", "ignore", "answers", "aside", "confirm")),
    "poll": (("emit",), ("identity", "ignore", "aside", "outcomes")),
    "on": (("call",), ("ask", "batch", "serves", "outcomes", "in_doubt", "after_refusal")),
}
