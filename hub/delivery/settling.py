"""The end of an event at a registration: its receipt, appended until the broker has it.

Only an acknowledged receipt settles an offset, so that an event without one is delivered again.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from msgspec.structs import replace

from hub import metrics
from hub.delivery.exchange import Job
from hub.delivery.held import Held, Part
from hub.delivery.journal import APART, IN_DOUBT, NOT_SENT, Kind
from hub.delivery.parking import closing_record, parked_record
from hub.delivery.receipts import (
    SCHEMA,
    Outcome,
    Settled,
    Step,
    as_document,
    dead_letter,
    receipt,
    request_digest,
    step_document,
    step_record,
)
from hub.delivery.together import Apart
from hub.delivery.versions import Terms, Versions
from hub.errors import HubError, Retry
from hub.events.codec import Codec
from hub.log import get_logger
from hub.records import Outgoing, Position, Spot, Writer
from hub.topics import PARKED

log = get_logger("hub.delivery")
RECEIPT_AGAIN = 1.0  # seconds until a receipt that was not acknowledged is appended again


REPLAYED = "replay to live"  # how receipts of a replay begin their note


@dataclass(frozen=True, slots=True)
class Author:
    """Whose records they are: a registration in its versions. `clock`: epoch milliseconds."""

    registration: str
    versions: Versions
    clock: Callable[[], int]
    key: bytes = field(default=b"", repr=False)  # of digests of what was said; without it none

    def terms(self, held: Held) -> Terms:
        """What the event goes by."""
        return self.versions.of(held).terms


@dataclass(frozen=True, slots=True)
class _Claim:
    """That the end of an event is ours to write. `another`: called if it turns out not to be."""

    part: Part
    leased: Callable[[], bool]
    another: Callable[[], None]

    def __call__(self) -> bool:
        return not self.part.lost and self.leased()


class Receipts:
    """What one lane writes down, on its way to the broker. Belongs to the event loop."""

    def __init__(
        self,
        codec: Codec,
        writer: Writer,
        author: Author,
        moved: Callable[[], None],
        leased: Callable[[], bool],
    ) -> None:
        """`moved` is called whenever the broker has acknowledged something.

        `leased`: whether the partitions surely are nobody else's; any thread may ask.
        """
        self._codec = codec
        self._writer = writer
        self._author = author
        self._moved = moved
        self._leased = leased
        self.unacknowledged = 0

    def mark(self, spot: Spot, events: Sequence[Held], noted: Callable[[], None]) -> None:
        """These, of one version, are about to be sent; `noted`: the broker has that."""
        self._step(self._of("MARK", spot, events), events[0].part, noted)

    def tried(self, held: Held, error: HubError) -> None:
        """A call was made, and was not the end."""
        job = held.job
        if job is not None:
            last = tuple(job.attempts)[-1:]
            note = APART if isinstance(error, Apart) else IN_DOUBT if job.in_doubt else ""
            step = self._of("ATTEMPT", held.spot, [held], note)
            self._step(replace(step, reason=error.what, attempts=last), held.part)

    def not_sent(self, events: Sequence[Held]) -> None:
        """These, of one partition and version, were marked; we are not going to send them."""
        first = events[0]
        self._step(self._of("ATTEMPT", first.spot, events, NOT_SENT), first.part)

    def take_off(self, held: Held) -> None:
        """The event has come to its end, and stands on hub.parked no more."""
        gone = closing_record(self._author.registration, held.record.place)
        self._append(gone, lambda _: held.part.unparked(held.record.offset))

    def end(
        self,
        held: Held,
        outcome: Outcome,
        reason: str | None,
        closed: Callable[[], None],
        left: Callable[[], None],
    ) -> None:
        """Append what is to be kept of it; `closed` is called when the broker has all of it.

        An end is written by who surely owns the partition. Who does not know it at the moment
        waits until he does; if it has gone to another before, `left` is called: what became of
        the event is the other's to find out, and he has our mark.
        """
        settled = _settled(held, outcome, reason, self._author)
        last = receipt(settled, self._codec.encode(SCHEMA, as_document(settled)))
        first = self._whole(held, settled)
        self.unacknowledged += 1
        held.part.unacknowledged += 1

        def over() -> None:
            self.unacknowledged -= 1
            held.part.unacknowledged -= 1

        def receipted(position: Position) -> None:
            held.part.noted((settled.record.offset,), position.offset)
            if outcome == "PARKED":
                held.part.parked(settled.record.offset, held.series, position.offset)
            over()
            _count(settled)
            closed()
            self._moved()

        def another() -> None:
            log.warning("end_left_to_owner", event_id=settled.event_id, outcome=outcome)
            over()
            left()

        def kept(position: Position) -> None:
            if position.topic == PARKED:
                held.position = position.offset
            self._append(last, receipted, claim)

        claim = _Claim(held.part, self._leased, another)
        if first is None:
            self._append(last, receipted, claim)
        else:  # a receipt may not say where the event is before it is there
            self._append(first, kept, claim)

    def _whole(self, held: Held, settled: Settled) -> Outgoing | None:
        """The event itself, where its end is not at the system."""
        if settled.outcome == "PARKED":
            return None if held.parked else parked_record(held, settled)
        if settled.outcome != "DEAD_LETTERED":
            return None
        log.error(
            "dead_lettered",
            registration=settled.registration,
            event_id=settled.event_id,
            type=settled.event_type,
            reason=settled.reason,
        )
        if held.erased is not None:
            return dead_letter(replace(settled, record=settled.record._replace(value=None)))
        return dead_letter(settled)

    def _of(self, kind: Kind, spot: Spot, events: Sequence[Held], note: str = "") -> Step:
        one = events[0] if len(events) == 1 else None
        author, terms = self._author, self._author.terms(events[0])
        return Step(
            kind,
            author.registration,
            spot,
            author.clock(),
            events[0].part.epoch,
            tuple(held.record.offset for held in events),
            (one.record.key or b"").decode(errors="replace") if one else "",
            one.event_id if one else "",
            one.event_type if one else "",
            note,
            bundle=terms.bundle,
            settings=terms.settings,
            series=max(held.series for held in events),
        )

    def _step(self, step: Step, part: Part, noted: Callable[[], None] | None = None) -> None:
        """Append a record that is no end; `noted` is called when the broker has it."""
        self.unacknowledged += 1
        part.unacknowledged += 1

        def acknowledged(position: Position) -> None:
            self.unacknowledged -= 1
            part.unacknowledged -= 1
            part.noted(step.offsets, position.offset)
            if noted is not None:
                noted()
            self._moved()

        self._append(
            step_record(step, self._codec.encode(SCHEMA, step_document(step))), acknowledged
        )

    def _append(
        self,
        outgoing: Outgoing,
        acknowledged: Callable[[Position], None],
        claim: "_Claim | None" = None,
    ) -> None:
        """Append until it is acknowledged; nothing new is polled meanwhile beyond the bound."""

        def done(result: Position | HubError) -> None:
            if isinstance(result, Position):
                acknowledged(result)
            elif claim is not None and claim.part.lost:
                claim.another()
            else:
                log.warning("receipt_not_acknowledged", reason=result.what)
                loop = asyncio.get_running_loop()
                loop.call_later(RECEIPT_AGAIN, self._append, outgoing, acknowledged, claim)

        try:
            self._writer.append(outgoing, done, claim)
        except Retry as full:
            done(full)


def note_twin(held: Held, job: Job, registration: str) -> None:
    """A second body under a known id is not delivered, but a person should see it."""
    if held.twin != "conflict":
        return
    job.note = "conflict"
    metrics.conflicts.labels(registration, job.flow.flow).inc()
    log.error(
        "duplicate_differs",
        registration=registration,
        event_id=held.event_id,
        partition=held.record.partition,
        offset=held.record.offset,
    )


def _settled(held: Held, outcome: Outcome, reason: str | None, author: Author) -> Settled:
    job, terms = held.job, author.terms(held)
    return Settled(
        outcome=outcome,
        event_id=held.event_id,
        event_type=held.event_type,
        registration=author.registration,
        record=held.record,
        bundle=terms.bundle,
        settings=terms.settings,
        at=author.clock(),
        reason=reason,
        operation=job.operation if job else None,
        note=_remark(held),
        attempts=tuple(job.attempts) if job else (),
        tried=job.tried if job else 0,
        epoch=held.part.epoch,
        series=held.series,
        act=_act(held, outcome),
        request=request_digest(*job.made, author.key) if job and job.made and author.key else None,
    )


def _act(held: Held, outcome: Outcome) -> int:
    decided = (held.erased or held.discarded) if outcome == "DEAD_LETTERED" else None
    return held.act if decided is None else decided.act


def _remark(held: Held) -> str | None:
    job = held.job
    if job is None:
        return None
    sent = REPLAYED if held.replay else "late" if held.late else ""
    said = job.note
    if job.was_in_doubt and IN_DOUBT not in said:  # whatever the outcome table remarks
        said = f"was in doubt; {said}" if said else "was in doubt"
    return f"{sent}; {said}" if sent and said else sent or said or None


def _count(settled: Settled) -> None:
    metrics.counter(metrics.outcomes, settled.registration, settled.outcome).inc()
    seconds = max(0.0, (settled.at - settled.record.timestamp) / 1000)
    metrics.histogram(metrics.delivered_seconds, settled.registration).observe(seconds)
