"""Trying a connector against a sandbox, flow by flow, with the code that delivers for real."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from hub.certify import clauses
from hub.certify.clauses import Provoked, Seen, Trial
from hub.certify.confirmations import unconfirmed
from hub.certify.fresh import with_other_words
from hub.certify.samples import Run, Sample, provoking, samples
from hub.certify.watched import Watched
from hub.contract.types import Document, Operation
from hub.delivery.batch_size import BatchSize
from hub.delivery.exchange import Job, attempt, is_there
from hub.delivery.opening import prepare
from hub.delivery.outflow import Outflow
from hub.delivery.together import attempt_together
from hub.errors import HubError
from hub.registry.certificates import Clause
from hub.registry.live import Live, outflows
from hub.registry.manifest import Manifest
from hub.registry.manifest_words import words

TRIES = 3  # a system may need a moment until it finds what it has just taken
PAUSE = 1.0  # seconds between them
KEY = "$key"


@dataclass(slots=True)
class Sandbox:
    """A connector at a system's sandbox. Belongs to one event loop.

    `stranger` calls with a wrong credential; None where there is none to spoil. `draw` gives a key
    that was never used, `clock` is monotonic seconds.
    """

    live: Live
    client: Watched
    stranger: Watched | None
    draw: Callable[[], str]
    run: Run
    clock: Callable[[], float]
    _unmade: int = 0  # codes that were spoken of though nobody made them
    _asked: set[str] = field(default_factory=set)  # questions that were tried with an unknown item

    async def clauses(self) -> AsyncIterator[Clause]:
        """Every clause of every flow that calls or polls, as soon as it is judged."""
        chosen = samples(self.live, self.run)
        tried = {sample.flow.flow for sample in chosen}
        for flow in dict.fromkeys(
            f.flow for f in outflows(self.live, self.live.bundle.events).values()
        ):
            if flow not in tried:
                why = "no case of it sends anything that this registration serves"
                yield clauses.failed(flow, "happy-path", why)
        for sample in chosen:
            async for clause in self._flow(sample):
                yield clause
        async for clause in self._polls():
            yield clause
        for clause, seen in await unconfirmed(self.live, self.client):
            yield clause
            if seen:
                yield clauses.fits(clause.flow, seen)
                yield clauses.in_time(clause.flow, seen, self._limit())
        yield await self._wrong_credential(chosen)

    # ---- one flow

    async def _flow(self, sample: Sample) -> AsyncIterator[Clause]:
        flow, key = sample.flow, self.draw()
        trial = await self._tried(self.client, sample, key)
        seen = list(trial.seen)
        yield clauses.happy(flow.flow, trial)
        yield clauses.success(flow.flow, trial)
        yield await self._repeated(sample, key, trial, seen)
        yield await self._found(sample, key, trial, seen)
        if flow.in_doubt is not None and flow.in_doubt.operation not in self._asked:
            self._asked.add(flow.in_doubt.operation)
            yield await self._unknown(sample, seen)
        if flow.joining is not None and trial.delivered:
            yield await self._company(sample, seen)
        operations = self._operations(flow)
        if any("404" in op.answers for op in operations):
            seen += (await self._tried(self.client, self._nobodys(sample), self.draw())).seen
        provoked = [await self._provoked(one) for one in self._provoking(sample)]
        seen += [one.seen for one in provoked if one.seen is not None]
        yield clauses.errors(flow.flow, operations, seen, provoked)
        yield clauses.fits(flow.flow, seen)
        yield clauses.in_time(flow.flow, seen, self._limit())

    def _provoking(self, sample: Sample) -> list[Sample]:
        """The cases of its flow and type that are there to provoke an error."""
        same = (sample.flow.flow, sample.event_type)
        return [one for one in provoking(self.live) if (one.flow.flow, one.event_type) == same]

    async def _provoked(self, sample: Sample) -> Provoked:
        """Send it about something that no system knows, so that it disturbs no other trial."""
        trial = await self._tried(self.client, self._nobodys(sample), self.draw())
        return Provoked(sample.case, sample.provokes, trial.last)

    async def _tried(self, client: Watched, sample: Sample, key: str) -> Trial:
        (end,), seen = await self._sent(client, [sample], [key])
        told = {operation.name for operation in self._operations(sample.flow)}
        if isinstance(end, HubError):
            return Trial(seen, end, sent=bool(seen) and seen[-1].operation in told)
        return Trial(seen, None, end)

    async def _sent(
        self, client: Watched, chosen: Sequence[Sample], keys: Sequence[str]
    ) -> tuple[list[bool | HubError], tuple[Seen, ...]]:
        """What `attempt` gives for each, or raises; in one call, where the flow joins several."""
        client.taken()
        joining = chosen[0].flow.joining
        jobs = [Job(key, one.record, one.flow) for key, one in zip(keys, chosen, strict=True)]
        try:
            if joining is None:
                ends: Sequence[bool | Exception] = [await attempt(jobs[0], client, self._now)]
            else:
                for job in jobs:
                    prepare(job)
                size = BatchSize(len(jobs))
                ends = await attempt_together(jobs, joining, client, self._now, size)
        except HubError as error:
            return [error] * len(jobs), client.taken()
        return [_end(end) for end in ends], client.taken()

    async def _company(self, sample: Sample, seen: list[Seen]) -> Clause:
        """Two dossiers in one call."""
        both = [sample, self._nobodys(sample)]
        ends, more = await self._sent(self.client, both, [self.draw(), self.draw()])
        seen += more
        return clauses.joined(sample.flow.flow, ends, len(more))

    async def _repeated(self, sample: Sample, key: str, trial: Trial, seen: list[Seen]) -> Clause:
        name, flow, first = "idempotency", sample.flow, trial.last
        if not trial.delivered or first is None:
            why = "nothing was taken that could be repeated"
            return clauses.not_judged(flow.flow, name, why)
        outbound = self.live.bundle.outbound
        op = outbound.operations[first.operation]
        if not _carries_key(self.live.bundle.manifest, op):
            return clauses.not_applicable(flow.flow, name, "the contract has no place for a key")
        again = await self._tried(self.client, sample, key)
        other = with_other_words(first.request, op, outbound.types)
        changed = None if other is None else await self._called(op.name, other, key)
        seen += again.seen + (changed.seen if changed else ())
        return clauses.repeated(flow, sample.record, first, again, changed)

    async def _called(self, operation: str, request: Document, key: str) -> Trial:
        self.client.taken()
        try:
            await self.client.call(operation, request, key)
        except HubError as error:
            return Trial(self.client.taken(), error, sent=True)
        return Trial(self.client.taken(), None, sent=True)

    async def _found(self, sample: Sample, key: str, trial: Trial, seen: list[Seen]) -> Clause:
        name, flow = "done-is-found", sample.flow
        if flow.in_doubt is None:
            return clauses.not_applicable(flow.flow, name, "the contract has no question about it")
        if not trial.delivered:
            return clauses.not_judged(flow.flow, name, "nothing was taken")
        found, asked = await self._answer(Job(key, sample.record, flow))
        for _ in range(TRIES - 1):
            if found is True or not asked:
                break
            await asyncio.sleep(PAUSE)
            seen += asked
            found, asked = await self._answer(Job(key, sample.record, flow))
        seen += asked
        return clauses.asked(flow.flow, name, found=found, asked=asked, wanted=True)

    async def _unknown(self, sample: Sample, seen: list[Seen]) -> Clause:
        record = self._nobodys(sample).record
        found, asked = await self._answer(Job(self.draw(), record, sample.flow))
        seen += asked
        name = "unknown-item-answered"
        return clauses.asked(sample.flow.flow, name, found=found, asked=asked, wanted=False)

    async def _answer(self, job: Job) -> tuple[bool | HubError, tuple[Seen, ...]]:
        """Whether it is there, or why nobody says; and what was asked."""
        self.client.taken()
        try:
            found: bool | HubError = await is_there(job, self.client, self._now)
        except HubError as error:
            found = error
        return found, self.client.taken()

    # ---- what asks for news, and the credential

    async def _polls(self) -> AsyncIterator[Clause]:
        program, settings = self.live.bundle.program, self.live.registration.settings
        for name, flow in self.live.bundle.manifest.flows.items():
            made = flow.poll and program.flow(f"{name}_request").call({}, None, settings, [])
            if made:
                trial = await self._called(*made, self.draw())
                yield clauses.page(name, trial)
                yield clauses.fits(name, trial.seen)
                yield clauses.in_time(name, trial.seen, self._limit())

    async def _wrong_credential(self, chosen: Sequence[Sample]) -> Clause:
        name = "credential-refused"
        if self.stranger is None:
            return clauses.not_applicable("*", name, "there is no credential that could be wrong")
        if not chosen:
            return clauses.not_judged("*", name, "no case sends anything")
        return clauses.refused(await self._tried(self.stranger, chosen[0], self.draw()))

    def _nobodys(self, sample: Sample) -> Sample:
        """The same about something that no system knows."""
        self._unmade += 1
        return sample.of_another(self.run.number + self._unmade)

    def _now(self) -> int:
        return int(self.clock() * 1000)

    def _operations(self, flow: Outflow) -> list[Operation]:
        named = words(self.live.bundle.manifest.flows[flow.flow].call)
        return [self.live.bundle.outbound.operations[name] for name in named]

    def _limit(self) -> float:
        return declared_time(self.live)


def _end(end: bool | Exception) -> bool | HubError:  # noqa: FBT001 - what attempt gives
    """Raises what is a bug, not an answer."""
    if isinstance(end, Exception) and not isinstance(end, HubError):
        raise end
    return end


def declared_time(live: Live) -> float:
    """Seconds in which the system says that it answers; else the time limit of a call."""
    delivery = live.registration.delivery
    return delivery.answers_within or delivery.timeout


def _carries_key(manifest: Manifest, op: Operation) -> bool:
    """Whether the adapter puts the key into a request of this operation."""
    paths = [path for path, value in manifest.outbound.fill.items() if value == KEY]
    return any(op.request.field(path.partition(".")[0]) is not None for path in paths)
