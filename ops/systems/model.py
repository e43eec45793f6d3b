"""What every simulated system has in common: calls, effects, outcomes.

A system is a pure state machine. `identify` says what a request is about, `answer` judges it
against the state, and only `apply` changes the state, by an effect. Effects are written down as
JSON lines before the answer goes out, so a restart with the same folder reads them back.
"""

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Protocol, TypeAlias, TypeVar

import msgspec

from ops.systems.rules import Action, Subject
from ops.systems.wire import Reply, Request

Json: TypeAlias = dict[str, Any]
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Bearing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What every system's switches say: how long its answers take, and how many it gives.

    Seconds; `rate_cap`: calls a second, 0 for none; what is above it is refused, mostly with 429.
    """

    latency_median: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    latency_p99: Annotated[float, msgspec.Meta(ge=0)] = 0.0
    rate_cap: Annotated[int, msgspec.Meta(ge=0)] = 0


class Effect(msgspec.Struct, frozen=True):
    """One change of a system's state. `digest`: sha-256 of what a repeat must say again."""

    operation: str
    at: float  # seconds since 1970, the system's own clock
    data: Json
    key: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A request, as far as it can be understood without judging it.

    `document`: the decoded body, or None when it cannot be decoded. `content`: the bytes that a
    byte-identical repeat must have again: the body without session or security header.
    """

    subject: Subject
    request: Request = field(repr=False)
    document: Any = field(repr=False, default=None)
    content: bytes = field(repr=False, default=b"")
    problem: str = ""  # why `document` is None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the system says and what it keeps.

    `verdict`: stored, repeated, refused, denied, unknown (no such dossier) or asked (a query).
    `violations`: what a well-behaved caller would not have done, beyond being refused.
    """

    reply: Reply
    verdict: str
    effect: Effect | None = None
    violations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One HTTP request that a system sends to the hub. `headers` may hold its credential."""

    method: str
    path: str  # below the hub's URL
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    subject: Subject
    shown: object = None  # the body without any credential, for the answer of an act


@dataclass(frozen=True, slots=True)
class Act:
    """What a system wants to do: a message to the hub, a change of its own state, or both.

    `before` is applied at once; `after` only when the hub accepted (see `System.accepted`).
    """

    outgoing: Outgoing | None = None
    before: tuple[Effect, ...] = ()
    after: tuple[Effect, ...] = ()
    answer: object = None  # for acts that send nothing


class ActError(ValueError):
    """An act that the system itself would not do; the message says which part is wrong."""


class System(Protocol):
    """One simulated system."""

    name: str
    config: Any  # one of config.CONFIGS
    switches: Any  # a struct of its own, each a Bearing

    def identify(self, request: Request) -> Call:
        """What the request is about. Never raises; without a body it uses the head alone."""
        ...

    def answer(self, call: Call, now: float) -> Outcome:
        """Judge the call against the state. Changes nothing but tokens."""
        ...

    def apply(self, effect: Effect) -> None:
        """Change the state. Total: whatever `answer` or `act` made can be applied."""
        ...

    def error(self, call: Call, action: Action) -> Reply:
        """A well-formed refusal in this system's own words, for a scripted fault."""
        ...

    def expire(self, call: Call) -> None:
        """Make the credential of this call invalid from now on."""
        ...

    def fetches(self, effect: Effect) -> tuple[float, list[str]]:
        """File URLs that the system fetches because of this effect, and after how many seconds."""
        ...

    def act(self, order: Json, now: float) -> Act:
        """Prepare what the system itself does. Raises ActError."""
        ...

    def accepted(self, status: int, body: bytes) -> bool:
        """Whether the hub's answer means that it took the message."""
        ...

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """The same message with a credential or signature that does not verify."""
        ...

    def switch(self, values: Json) -> Json:
        """Change switches; returns all of them. Raises ValueError naming a bad one."""
        ...

    def state(self) -> Json:
        """Everything kept."""
        ...

    def dossier(self, code: str) -> Json | None:
        """What is kept about one dossier."""
        ...


class Bounded(OrderedDict[K, V]):
    """A dict that forgets the entry untouched for longest when it holds more than `limit`."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def __setitem__(self, key: K, value: V) -> None:
        super().__setitem__(key, value)
        if len(self) > self.limit:
            self.popitem(last=False)


def json_reply(status: int, body: object) -> Reply:
    """A JSON answer."""
    return Reply(status, msgspec.json.encode(body))


def with_headers(outgoing: Outgoing, headers: Mapping[str, str]) -> Outgoing:
    """The same message with some headers changed."""
    return replace(outgoing, headers={**outgoing.headers, **headers})


def merge_switches(current: Any, values: Json) -> Any:
    """A switches struct with some fields changed. Raises ValueError naming a bad one."""
    merged = msgspec.structs.asdict(current) | values
    try:
        return msgspec.convert(merged, type(current))
    except msgspec.ValidationError as error:
        raise ValueError(f"switches: {error}") from error
