"""A live replay needs a second person: approvals and refusals, as acts on `hub.act`.

What is approved is a digest, so a plan that was changed afterwards is not approved.
"""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from hub.audit.replay.plan import Plan
from hub.contract.types import Document
from hub.events.texts import same_name
from hub.intake.acts import SCHEMA
from hub.records import Headers, Outgoing
from hub.topics import ACT

Kind: TypeAlias = Literal["REPLAY_APPROVED", "REPLAY_REFUSED"]
KEY = "replay"  # of these acts, and what they name as registration: they concern a whole plan
HEADER = "hub_act"


class Approval(msgspec.Struct, frozen=True):
    """An act about a plan."""

    kind: Kind
    digest: str
    by: str
    reason: str
    at: int = 0


def refusal(plan: Plan, by: str) -> str | None:
    """Why this person may not approve the plan, or None."""
    if same_name(plan.by, by):
        return f"{by} made the plan: a second person approves it"
    return None


def approved_by(plan: Plan, found: Iterable[Approval]) -> str | None:
    """Who approved exactly this plan, or None."""
    for one in found:
        if (
            one.kind == "REPLAY_APPROVED"
            and one.digest == plan.digest
            and not refusal(plan, one.by)
        ):
            return one.by
    return None


def as_document(approval: Approval) -> Document:
    """The Avro record `hub.v1.Act`."""
    return {
        "kind": approval.kind,
        "registration": KEY,
        "reason": approval.reason,
        "digest": approval.digest,
        "event_ids": [],
        "at": approval.at,
        "by": approval.by,
    }


def record_of(approval: Approval, value: bytes) -> Outgoing:
    """Its record; `value` is `as_document` in wire format."""
    headers: Headers = (("ce_type", SCHEMA.encode()), (HEADER, approval.kind.encode()))
    return Outgoing(ACT, KEY.encode(), value, headers)


def read(found: Document) -> Approval | None:
    """The approval that an act is; None for any other act."""
    try:
        return msgspec.convert(found, Approval)
    except msgspec.ValidationError:
        return None
