"""Accepted means kept: a message's events are appended, and only their acknowledgement counts.

Everything about one message happens on one event loop; appending happens on the writer's thread and
reports back in bundles, so that many messages share a flush. Nothing is appended before all of a
message is known to be writable. A message is a duplicate only if *every* event of it is known; what
a crash left half-kept is completed by the sender's repeat.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from typing import Literal, TypeAlias

import msgspec

from hub import metrics
from hub.contract.types import Document
from hub.errors import HubError, Reject, Retry
from hub.events.catalogue import Catalogue
from hub.events.codec import Codec
from hub.events.headers import Envelope, write_headers
from hub.intake.acts import SCHEMA as ACT_SCHEMA
from hub.intake.acts import Act, record_of
from hub.intake.acts import as_document as act_document
from hub.intake.confirming import Confirmation, Confirmer, Mark, Question
from hub.intake.index import FactIndex
from hub.intake.inflow import Fact, Inflow, Item, check_size, items_of, read_item
from hub.intake.item import digest
from hub.intake.pending import Kept, Pending, all_of, failure, settle
from hub.intake.plan import Plan, act_of
from hub.intake.refusals import Refusals
from hub.intake.served import Served
from hub.intake.trace import continued
from hub.intake.unread import Unread
from hub.intake.unserved import Unserved
from hub.log import get_logger
from hub.records import Done, Outgoing, Position, Writer

Verdict: TypeAlias = Literal["accepted", "duplicate", "conflict", "nothing"]
log = get_logger("hub.intake")


class Taken(msgspec.Struct, frozen=True):
    """What became of a message: `events` were appended, `conflicts` items were left out."""

    verdict: Verdict
    events: int
    conflicts: int


class Intake:
    """Takes items of any registration. Belongs to one event loop."""

    def __init__(
        self,
        *,
        catalogue: Catalogue,
        codec: Codec,
        index: FactIndex,
        writer: Writer,
        served: Served,
        digest_key: bytes,
        clock: Callable[[], int],
    ) -> None:
        """`clock` gives epoch milliseconds."""
        self.served = served
        self._key_field = catalogue.key_field
        self._codec = codec
        self._index = index
        self._writer = writer
        self._digest_key = digest_key
        self._refusals = Refusals(digest_key)
        self._unread = Unread()
        self._clock = clock
        self._pending = Pending()
        self._unserved = Unserved()

    async def take(
        self,
        inflow: Inflow,
        document: Document,
        headers: Mapping[str, str],
        confirmer: Confirmer | None = None,
    ) -> Taken:
        """Keep what a received message says; `confirmer` asks about items of which that is wanted.

        Raises Reject (mapping, identity, secrecy, size), Retry when the broker did not acknowledge
        or an item cannot be confirmed now.
        """
        whole = await self._open(inflow, document)
        items = [self._read(inflow, item, headers, None) for item in whole]
        doubted: frozenset[Mark] = frozenset()
        if inflow.confirm is not None:
            doubted = await self._doubted(inflow, inflow.confirm, whole, items, confirmer)
        return await self.keep(inflow, items, headers.get("traceparent"), doubted)

    async def take_item(
        self, inflow: Inflow, item: Document, named: tuple[str, ...] | None
    ) -> Taken:
        """Keep what one polled item says; `named` is its identity where the poll made it."""
        (whole,) = await self._open(inflow, item)
        return await self.keep(inflow, [self._read(inflow, whole, {}, named)], None)

    async def set_aside(self, inflow: Inflow, item: Document, reason: str) -> None:
        """Put on record that a polled item can never pass: there is no sender to be told so.

        `reason` holds no personal value. Raises Retry when the broker did not acknowledge.
        """
        mark = digest(item, inflow.ignore, self._digest_key).hex()
        act = Act("SET_ASIDE", inflow.registration, inflow.flow, None, reason, mark)
        await all_of([self._record(act)])

    def refused(
        self, inflow: Inflow, document: Document, headers: Mapping[str, str], error: Reject
    ) -> None:
        """Put on record that a message was refused; its sender is told whatever becomes of that."""
        self._tell(self._refusals.act(inflow, document, headers, error, self._clock()))

    def unread(self, registration: str, raw: bytes, marks: Collection[str], reason: str) -> None:
        """Put on record that a message was refused unread, and which dossier it may be about.

        `marks`: names of fields that bear a secrecy mark. `reason` holds nothing of the message.
        """
        self._tell(self._unread.act(registration, raw, marks, reason, self._clock()))

    def _tell(self, act: Act | None) -> None:
        if act is None:
            return
        try:
            self._record(act).add_done_callback(_tell_unrecorded)
        except HubError as unwritten:
            log.warning("refusal_not_recorded", reason=unwritten.what)

    async def _open(self, inflow: Inflow, document: Document) -> list[Document]:
        """The items; a refusal for secrecy is on record before it is told."""
        try:
            return items_of(inflow, document)
        except Reject as error:
            mark = digest(document, inflow.ignore, self._digest_key).hex()
            act = Act("SECRECY_REFUSED", inflow.registration, inflow.flow, None, error.where, mark)
            await all_of([self._record(act)])
            raise

    def _read(
        self,
        inflow: Inflow,
        item: Document,
        headers: Mapping[str, str],
        named: tuple[str, ...] | None,
    ) -> Item:
        now = self._clock()
        return read_item(inflow, item, headers, self._key_field, self._digest_key, now, named)

    async def _doubted(
        self,
        inflow: Inflow,
        confirm: Confirmation,
        documents: list[Document],
        items: list[Item],
        confirmer: Confirmer | None,
    ) -> frozenset[Mark]:
        """The items that their system does not confirm; what is known in part was confirmed."""
        questions: dict[Mark, Question | None] = {}  # the same row twice is one question
        for place, (item, document) in enumerate(zip(items, documents, strict=True)):
            if not item.facts or item.mark in questions:
                continue
            request = confirm.make(document, place == 0)
            if request is None or any(self._known(fact.id) for fact in item.facts):
                questions[item.mark] = None
            else:
                questions[item.mark] = Question(item.mark, document, request)
        asking = [question for question in questions.values() if question]
        if not asking:
            return frozenset()
        if confirmer is None:
            raise Retry("the system cannot be asked for confirmation", where=inflow.registration)
        return await confirmer.doubted(confirm, asking)

    async def keep(
        self,
        inflow: Inflow,
        items: list[Item],
        traceparent: str | None,
        doubted: frozenset[Mark] = frozenset(),
    ) -> Taken:
        """Append the facts of each item, unless they are known; wait for every acknowledgement."""
        await self._agreed(inflow, items)
        plan = self._plan(inflow, items, doubted)
        ready = [(fact, self._outgoing(inflow, fact, traceparent)) for fact in plan.new]
        waits = [wait for fact in plan.known if (wait := self._pending.wait(fact.id))]
        waits += self._append_all(inflow, ready)
        waits += [self._record(act) for act in plan.acts]
        await all_of(waits)
        return Taken(
            _verdict(len(plan.new), len(plan.known), plan.conflicts), len(plan.new), plan.conflicts
        )

    async def _agreed(self, inflow: Inflow, items: list[Item]) -> None:
        """Wait while something under way says otherwise: only what was kept can be contradicted.

        Raises Retry if that was not kept.
        """
        while waits := [wait for item in items for wait in self._disputed(item)]:
            try:
                await all_of(waits)  # each is known afterwards: no fact is waited for twice
            except HubError as error:
                raise Retry(
                    "what it contradicts was not kept", where=inflow.registration
                ) from error

    def _disputed(self, item: Item) -> list[Kept]:
        waits = []
        for fact in item.facts:
            if self._pending.digest(fact.id) not in (None, fact.digest):
                wait = self._pending.wait(fact.id)
                waits += [wait] if wait else []
        return waits

    def _plan(self, inflow: Inflow, items: list[Item], doubted: frozenset[Mark]) -> Plan:
        """What is new, what is known, what says something else than before or is set aside."""
        plan = Plan([], [], [])
        here: dict[str, str] = {}  # a batch may hold the same row twice
        for item in items:
            if not item.facts:
                self._aside(inflow, item, plan)
            found = [here.get(fact.id) or self._known(fact.id) for fact in item.facts]
            if any(known not in (None, item.digest) for known in found):
                self._conflict(inflow, item, plan)
                continue
            if item.facts and item.mark in doubted and not any(found):
                self._unconfirmed(inflow, item, plan)
                continue
            for fact, known in zip(item.facts, found, strict=True):
                (plan.known if known else plan.new).append(fact)
                here[fact.id] = fact.digest
        return plan

    def _aside(self, inflow: Inflow, item: Item, plan: Plan) -> None:
        metrics.foreign.labels(inflow.registration, inflow.flow).inc()
        if inflow.aside:
            plan.acts.append(act_of("SET_ASIDE", inflow, item, inflow.aside))

    def _conflict(self, inflow: Inflow, item: Item, plan: Plan) -> None:
        metrics.conflicts.labels(inflow.registration, inflow.flow).inc()
        ids = tuple(fact.id for fact in item.facts)
        log.warning(
            "item_conflict", registration=inflow.registration, flow=inflow.flow, event_ids=ids
        )
        plan.acts.append(act_of("CONFLICT", inflow, item, "known with another content"))

    def _unconfirmed(self, inflow: Inflow, item: Item, plan: Plan) -> None:
        metrics.unconfirmed.labels(inflow.registration, inflow.flow).inc()
        ids = tuple(fact.id for fact in item.facts)
        log.warning(
            "item_unconfirmed", registration=inflow.registration, flow=inflow.flow, event_ids=ids
        )
        plan.acts.append(act_of("UNCONFIRMED", inflow, item, "its system does not confirm it"))

    def _record(self, act: Act) -> Kept:
        """Append an act; the future ends with its acknowledgement."""
        value = self._codec.encode(ACT_SCHEMA, act_document(act, self._clock()))
        future: Kept = asyncio.get_running_loop().create_future()
        self._send(record_of(act, value), lambda result: settle(future, result))
        return future

    def _known(self, event_id: str) -> str | None:
        pending = self._pending.digest(event_id)
        if pending:
            return pending
        found = self._index.digest(event_id)
        return None if found is None else found.hex()

    def _outgoing(self, inflow: Inflow, fact: Fact, traceparent: str | None) -> Outgoing:
        missing = self.served.missing(fact.type, fact.record, inflow.registration)
        if missing:
            self._unserved.tell(fact, missing, self._clock())
        envelope = Envelope(
            id=fact.id,
            source=inflow.registration,
            type=fact.type,
            time=self._clock(),
            flow=inflow.flow,
            digest=fact.digest,
            flags=fact.flags,
            unserved=missing,
            traceparent=continued(traceparent),
        )
        value = self._codec.encode(fact.type, fact.record)
        check_size(fact, value)
        return Outgoing(fact.topic, fact.key.encode(), value, tuple(write_headers(envelope)))

    def _append_all(self, inflow: Inflow, ready: list[tuple[Fact, Outgoing]]) -> list[Kept]:
        """Append them in their order; behind one that was not taken none of its key is."""
        waits: list[Kept] = []
        lost: dict[bytes | None, HubError] = {}
        for fact, outgoing in ready:
            wait = self._append(inflow, fact, outgoing, lost.get(outgoing.key))
            error = failure(wait)
            if error is not None:
                lost[outgoing.key] = error
            waits.append(wait)
        return waits

    def _append(
        self, inflow: Inflow, fact: Fact, outgoing: Outgoing, lost: HubError | None
    ) -> Kept:
        def done(result: Position | HubError) -> None:
            try:
                if isinstance(result, Position):
                    self._index.kept(fact.id, bytes.fromhex(fact.digest))
                    metrics.counter(metrics.kept, inflow.registration, fact.type).inc()
            finally:  # whatever becomes of the index: who waits is told
                self._pending.end(fact.id, result)

        wait = self._pending.begin(fact.id, fact.digest)
        if lost is None:
            self._send(outgoing, done)
        else:
            done(lost)
        return wait

    def _send(self, outgoing: Outgoing, done: Done) -> None:
        try:
            self._writer.append(outgoing, done)
        except Retry as full:
            done(full)


def _tell_unrecorded(done: Kept) -> None:
    error = failure(done)
    if error is not None:
        log.warning("refusal_not_recorded", reason=error.what)


def _verdict(new: int, known: int, conflicts: int) -> Verdict:
    if conflicts:
        return "conflict"
    if new:
        return "accepted"
    return "duplicate" if known else "nothing"
