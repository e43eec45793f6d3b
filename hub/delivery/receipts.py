"""What became of an event at a registration, as a record on `hub.receipt`.

Written to the *number* of the source's partition, so that whoever takes over a partition finds all
of its receipts in one place.
"""

from typing import Literal, TypeAlias

import msgspec

from hub.contract.types import Document, Value
from hub.delivery.exchange import MOST_ATTEMPTS, Attempt
from hub.delivery.journal import Kind
from hub.intake.item import digest
from hub.records import Headers, Outgoing, Record, Spot
from hub.topics import DEAD, EVENT_BYTES, RECEIPT, RECEIPT_SCHEMA

Outcome: TypeAlias = Literal["DELIVERED", "NOTHING_TO_SEND", "DUPLICATE", "DEAD_LETTERED", "PARKED"]
SCHEMA = RECEIPT_SCHEMA
TEXT = 300  # characters of what a peer said


class Settled(msgspec.Struct):
    """The end of one (event, registration)."""

    outcome: Outcome
    event_id: str
    event_type: str
    registration: str
    record: Record
    bundle: str
    settings: str
    at: int
    reason: str | None = None
    operation: str | None = None
    note: str | None = None
    attempts: tuple[Attempt, ...] = ()  # the last MOST_ATTEMPTS
    tried: int = 0  # calls ever, if more than these
    epoch: int = -1
    series: int = 0
    act: int = -1
    request: str | None = None  # keyed digest of what the mapping made

    def __repr__(self) -> str:
        return f"Settled({self.outcome}, {self.event_id}, {self.registration})"


def request_digest(operation: str, request: Document, key: bytes) -> str:
    """Names what was said to a system, so that it can be made again and be found the same.

    32 hex digits, keyed: a request holds personal numbers that could be found by trying.
    """
    return digest({"operation": operation, "request": request}, (), key).hex()


def as_document(settled: Settled) -> Document:
    """The Avro record `hub.v1.Receipt`.

    Where it cannot show every call, its note says how many there were: "was in doubt; 612 calls".
    """
    record = settled.record
    attempts: list[Value] = [_attempt(a) for a in settled.attempts[-MOST_ATTEMPTS:]]
    return {
        "kind": "OUTCOME",
        "event_id": settled.event_id,
        "event_type": settled.event_type,
        "connector": settled.registration,
        "source_topic": record.topic,
        "source_partition": record.partition,
        "source_offset": record.offset,
        "key": (record.key or b"").decode(errors="replace"),
        "outcome": settled.outcome,
        "reason": _short(settled.reason),
        "operation": settled.operation,
        "attempts": attempts,
        "bundle": settled.bundle,
        "settings": settled.settings,
        "series": settled.series,
        "at": settled.at,
        "note": _remark(settled),
        "epoch": settled.epoch,
        "offsets": [],
        "act": settled.act,
        "request": settled.request,
    }


class Step(msgspec.Struct, frozen=True):
    """A record of the journal that is no end: an owner, marks, or what came of an attempt.

    `offsets`: of the events concerned; `key` and `event_id` where it is one event.
    """

    kind: Kind
    registration: str
    spot: Spot
    at: int
    epoch: int = -1
    offsets: tuple[int, ...] = ()
    key: str = ""
    event_id: str = ""
    event_type: str = ""
    note: str = ""
    reason: str | None = None
    bundle: str = ""
    settings: str = ""
    series: int = 0
    attempts: tuple[Attempt, ...] = ()


def step_document(step: Step) -> Document:
    """The Avro record `hub.v1.Receipt`."""
    attempts: list[Value] = [_attempt(a) for a in step.attempts]
    return {
        "kind": step.kind,
        "event_id": step.event_id,
        "event_type": step.event_type,
        "connector": step.registration,
        "source_topic": step.spot.topic,
        "source_partition": step.spot.partition,
        "source_offset": step.offsets[0] if len(step.offsets) == 1 else -1,
        "key": step.key,
        "outcome": "UNKNOWN",
        "reason": _short(step.reason),
        "operation": None,
        "attempts": attempts,
        "bundle": step.bundle,
        "settings": step.settings,
        "series": step.series,
        "at": step.at,
        "note": step.note or None,
        "epoch": step.epoch,
        "offsets": list(step.offsets),
        "act": -1,
        "request": None,
    }


def step_record(step: Step, value: bytes) -> Outgoing:
    """The record of a step; `value` is `step_document` in wire format."""
    headers: Headers = (
        ("ce_type", SCHEMA.encode()),
        ("hub_connector", step.registration.encode()),
        ("hub_kind", step.kind.encode()),
    )
    return Outgoing(RECEIPT, step.key.encode() or None, value, headers, step.spot.partition)


def dead_letter(settled: Settled) -> Outgoing:
    """The event as it was, headers included, with why it can never be delivered as it is."""
    added: Headers = (
        ("hub_dead_connector", settled.registration.encode()),
        ("hub_dead_reason", (_short(settled.reason) or "").encode()),
        ("hub_dead_at", str(settled.at).encode()),
        ("hub_dead_attempts", str(_tried(settled)).encode()),
        ("hub_dead_bundle", settled.bundle.encode()),
        ("hub_dead_source", _source(settled.record).encode()),
        ("hub_dead_series", str(settled.series).encode()),
        ("hub_dead_act", str(settled.act).encode()),
    )
    record = settled.record
    return Outgoing(DEAD, record.key, record.value, record.headers + added, record.partition)


def receipt(settled: Settled, value: bytes) -> Outgoing:
    """The receipt's record; `value` is `as_document` in wire format."""
    record = settled.record
    headers: Headers = (
        ("ce_type", SCHEMA.encode()),
        ("hub_event", settled.event_id.encode()),
        ("hub_connector", settled.registration.encode()),
        ("hub_outcome", settled.outcome.encode()),
    )
    if len(value) > EVENT_BYTES:
        raise ValueError("a receipt is bounded by MOST_ATTEMPTS and TEXT")
    return Outgoing(RECEIPT, record.key, value, headers, record.partition)


def _attempt(attempt: Attempt) -> Document:
    return {
        "at": attempt.at,
        "operation": attempt.operation or None,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "code": None,
        "message": _short(attempt.message),
        "duration_ms": attempt.duration_ms,
        "again": attempt.again,
    }


def _tried(settled: Settled) -> int:
    return max(settled.tried, len(settled.attempts))


def _remark(settled: Settled) -> str | None:
    calls = _tried(settled)
    if calls <= MOST_ATTEMPTS:
        return settled.note or None
    return f"{settled.note}; {calls} calls" if settled.note else f"{calls} calls"


def _short(text: str | None) -> str | None:
    return text[:TEXT] if text else None


def _source(record: Record) -> str:
    return f"{record.topic}/{record.partition}/{record.offset}"
