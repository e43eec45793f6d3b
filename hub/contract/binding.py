"""What an adapter needs to know of one registration, with every reference already resolved."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hub.contract.types import Contract, JsonScalar, RestWire


@dataclass(frozen=True, slots=True)
class Auth:
    """One way of proving who one is. `options` by name, as the kind of auth asks (decision 0003).

    Secrets are already values here: an Auth is never logged, printed or kept.
    """

    kind: str
    options: Mapping[str, object] = field(repr=False, default_factory=dict)


def credential_header(options: Mapping[str, object]) -> str | None:
    """The header, in lower case, that an auth of these options puts into each request.

    `header` of api_key, hmac and rsa_body, `put.header` of a login. (Authorization is no parameter
    of any contract.)
    """
    put = options.get("put")
    name = put.get("header") if isinstance(put, Mapping) else options.get("header")
    return name.lower() if isinstance(name, str) else None


def without_headers(contract: Contract, names: frozenset[str]) -> Contract:
    """The contract as a mapping sees it: headers of these names (lower case) are not its business.

    A contract may declare the header of a credential as a parameter, which the hub fills itself.
    """
    operations, types = dict(contract.operations), dict(contract.types)
    for name, operation in contract.operations.items():
        wire, request = operation.wire, operation.request
        if not isinstance(wire, RestWire):
            continue
        gone = {p.field for p in wire.parameters if p.place == "header" and p.name.lower() in names}
        if gone:
            kept = tuple(p for p in wire.parameters if p.field not in gone)
            fields = tuple(f for f in request.fields if f.name not in gone)
            types[request.name] = record = replace(request, fields=fields)
            operations[name] = replace(
                operation, request=record, wire=replace(wire, parameters=kept)
            )
    return replace(contract, operations=operations, types=types)


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
    `allow_addresses`: CIDR blocks that may be called though they are not public.
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
    allow_addresses: tuple[str, ...] = ()
