"""What the hub refused or set aside, as records on `hub.act`: no event, but not lost either.

Nothing of a refused message is kept but its identity (business keys) and a keyed digest; of one
that bears a secrecy mark not even the identity.
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from hub.contract.types import Document, Value
from hub.records import Headers, Outgoing
from hub.topics import ACT

SCHEMA = "hub.v1.Act"
Kind: TypeAlias = Literal[
    "CONFLICT",
    "SET_ASIDE",
    "SECRECY_REFUSED",
    "UNCONFIRMED",
    "REFUSED",
    "ERASURE_REFUSED",
    "TRIMMED",
]


@dataclass(frozen=True, slots=True)
class Act:
    """One of them."""

    kind: Kind
    registration: str
    flow: str
    subject: str | None
    reason: str | None
    digest: str | None
    event_ids: tuple[str, ...] = ()


def as_document(act: Act, at: int) -> Document:
    """The Avro record `hub.v1.Act`; `at` in epoch ms."""
    ids: list[Value] = list(act.event_ids)
    return {
        "kind": act.kind,
        "registration": act.registration,
        "flow": act.flow,
        "subject": act.subject,
        "reason": act.reason,
        "digest": act.digest,
        "event_ids": ids,
        "at": at,
    }


def record_of(act: Act, value: bytes) -> Outgoing:
    """Its record; `value` is `as_document` in wire format."""
    headers: Headers = (("ce_type", SCHEMA.encode()), ("hub_act", act.kind.encode()))
    return Outgoing(ACT, act.registration.encode(), value, headers)
