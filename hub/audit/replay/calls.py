"""A plan carried out at sandboxes: the same exchange as a delivery, with another system behind it.

What comes of it is written to `hub.receipt` as a REPLAY, which ends nothing: who delivers does not
read it. The request is held against the digest in the receipt of then, as `sandbox` does, and here
also where the system is asked first, because the sandbox answers.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from adapters.http.messages import Client
from hub.audit.replay.plan import Item
from hub.audit.replay.sandbox import GONE, NOTHING, OTHER, SAME, UNKNOWN, Reading
from hub.backtest.version import Version
from hub.contract.types import Document
from hub.delivery.exchange import Clock, Job, attempt
from hub.delivery.receipts import Outcome, Settled, as_document, request_digest
from hub.errors import Reject, Retry
from hub.records import Headers, Outgoing, Record
from hub.registry.live import Live
from hub.registry.registration import RegistrationEntry
from hub.topics import RECEIPT

KIND = "REPLAY"
NOTE = "replay to sandbox"
TRIES = 5  # of one event; a sandbox that is down is no reason to wait for hours
LONGEST = 5.0  # seconds between them


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one item. `verdict`: its request beside the one of then (sandbox's words)."""

    item: Item
    verdict: str
    outcome: Outcome
    reason: str | None = None
    job: Job | None = field(default=None, repr=False)


def at_sandbox(then: Live, entry: RegistrationEntry) -> Live:
    """The version of then with a sandbox behind it: its address, ways and secrets, nothing else.

    Raises Reject where a setting still names another address.
    """
    registration = replace(
        then.registration,
        endpoint=entry.endpoint.rstrip("/"),
        paths=entry.paths or then.registration.paths,
        secrets=entry.secrets or then.registration.secrets,
        settings={**then.registration.settings, **entry.settings},
        allow_addresses=tuple(entry.allow_addresses),
    )
    own = urlsplit(registration.endpoint).netloc
    for name, value in registration.settings.items():
        if isinstance(value, str) and "://" in value and urlsplit(value).netloc != own:
            what = f"the setting '{name}' names another address than the sandbox's"
            fix = f"give {name} under settings of its entry"
            raise Reject(what, where=f"sandbox '{then.name}'", fix=fix, code="sandbox")
    return Live(then.bundle, registration)


def live_address(sandbox: Live, live: Iterable[Live]) -> str | None:
    """The name of a live registration that stands at the sandbox's address, or None."""
    own = urlsplit(sandbox.registration.endpoint).netloc
    return next((x.name for x in live if urlsplit(x.registration.endpoint).netloc == own), None)


async def tell(
    items: Iterable[tuple[Item, Record | None]],
    version: Version,
    client: Client,
    reading: Reading,
    clock: Clock,
) -> AsyncIterator[Told]:
    """Tell the sandbox every item, one after the other: each dossier keeps its order.

    Raises Halt where the sandbox lets nothing through: what is left would fail the same way.
    """
    for item, record in items:
        yield await _told(item, record, version, client, reading, clock)


async def _told(
    item: Item,
    record: Record | None,
    version: Version,
    client: Client,
    reading: Reading,
    clock: Clock,
) -> Told:
    if record is None or record.value is None:
        return Told(item, GONE, "NOTHING_TO_SEND")
    name, event = reading.decode(record.value)
    flow = version.flows.get(name)
    if flow is None or not flow.takes(event):
        return Told(item, OTHER if item.request else NOTHING, "NOTHING_TO_SEND")
    job = Job(item.event_id, event, flow)
    outcome, reason = await _attempted(job, client, clock)
    return Told(item, _verdict(job, item.request, reading.key), outcome, reason, job)


async def _attempted(job: Job, client: Client, clock: Clock) -> tuple[Outcome, str | None]:
    pause = 0.2
    for number in range(1, TRIES + 1):
        try:
            sent = await attempt(job, client, clock)
        except Reject as error:
            return "DEAD_LETTERED", str(error)
        except Retry as error:
            if number == TRIES:
                return "PARKED", str(error)
            await asyncio.sleep(min(LONGEST, error.after or pause))
            pause *= 2
        else:
            return ("DELIVERED" if sent else "NOTHING_TO_SEND"), None
    raise AssertionError("the last try returns")


def _verdict(job: Job, request: str, key: bytes) -> str:
    if job.made is None:
        return OTHER if request else NOTHING
    if not request:
        return UNKNOWN
    return SAME if request_digest(*job.made, key) == request else OTHER


def receipt(
    told: Told,
    record: Record,
    version: Live,
    reading: Reading,
    encode: Callable[[str, Document], bytes],
    at: int,
) -> Outgoing:
    """What the sandbox said, as a record on hub.receipt that ends nothing."""
    item, job = told.item, told.job
    made = job.made if job else None
    settled = Settled(
        outcome=told.outcome,
        event_id=item.event_id,
        event_type=item.event_type,
        registration=item.registration,
        record=record,
        bundle=version.bundle.digest,
        settings=version.registration.digest,
        at=at,
        reason=told.reason,
        operation=job.operation if job else None,
        note="; ".join(part for part in (NOTE, job.note if job else "") if part),
        attempts=tuple(job.attempts) if job else (),
        series=item.series,
        request=request_digest(*made, reading.key) if made else None,
    )
    headers: Headers = (
        ("ce_type", b"hub.v1.Receipt"),
        ("hub_event", item.event_id.encode()),
        ("hub_connector", item.registration.encode()),
        ("hub_kind", KIND.encode()),
    )
    value = encode("hub.v1.Receipt", {**as_document(settled), "kind": KIND})
    return Outgoing(RECEIPT, record.key, value, headers, record.partition)
