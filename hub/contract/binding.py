"""What an adapter needs to know of one registration, with every reference already resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.contract.types import JsonScalar


@dataclass(frozen=True, slots=True)
class Auth:
    """One way of proving who one is. `options` by name, as the kind of auth asks (decision 0003).

    Secrets are already values here: an Auth is never logged, printed or kept.
    """

    kind: str
    options: Mapping[str, object] = field(repr=False, default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what is accepted from the other side."""

    body_bytes: int = 1_048_576
    answer_bytes: int = 4_194_304
    elements: int = 50_000  # of an XML document
    depth: int = 64
    timeout: float = 60.0  # seconds for one call
    connect_timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class Binding:
    """One contract at one address.

    `fill`: field path of a request -> value, or "$key" (idempotency key) or "$token" (of a login).
    `services`: for a SOAP server, which services of the contract the hub serves.
    """

    endpoint: str
    route: str = "default"
    paths: Mapping[str, str] = field(default_factory=dict)
    auth: tuple[Auth, ...] = ()
    fill: Mapping[str, JsonScalar] = field(repr=False, default_factory=dict)
    addresses: tuple[str, ...] | None = None  # CIDR blocks that may call; None = any
    operations: frozenset[str] | None = None  # those that are served or called; None = all
    limits: Limits = field(default_factory=Limits)
