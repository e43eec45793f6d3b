"""Several jobs whose requests go out in one call.

Each job carries on its own attempt, just as if it were alone, with one difference: what it tells
the system goes through here. When all of them that are still at it have something to say, what can
be joined goes out in one call, and each hears its own part of the answer. So outcome tables,
repeats with a field changed, receipts and doubts are the same in company as alone.

A call that the system refuses as a whole says nothing of its items but that they should not have
come together: each hears `Apart`.
"""

import asyncio
from collections.abc import Sequence
from contextvars import copy_context
from dataclasses import dataclass

from msgspec.structs import replace

from adapters.http.messages import Answer, Client
from hub.contract.types import Document
from hub.delivery.batch_size import BatchSize
from hub.delivery.batching import Joining, Part, company, key_of
from hub.delivery.exchange import Clock, Job, attempt, says_nothing
from hub.delivery.outcomes import Verdict, judge
from hub.errors import Halt, Retry

TOO_LONG = (408, 504)  # HTTP: the system, or a gateway before it, gave up waiting
NOT_THE_ITEMS = (401, 403, 408, 429)  # HTTP: refused whatever was in the call


@dataclass(eq=False)
class Apart(Retry):
    """The call of `items` was refused as a whole: they go out again at once, in fewer."""

    items: int = 1


async def attempt_together(
    jobs: Sequence[Job], joining: Joining, client: Client, clock: Clock, size: BatchSize
) -> list[bool | Exception]:
    """Try each once: what `attempt` gives for it, or raises.

    The jobs' flow is that of `joining`. There is one call at a time; `size` learns from each.
    """
    talk = _Talk(joining, client, size, len(jobs))
    # one context: a credential that one job's call found refused is known to the others
    context = copy_context()
    loop = asyncio.get_running_loop()
    members = [
        loop.create_task(_Member(talk, place, job).attempt(client, clock), context=context)
        for place, job in enumerate(jobs)
    ]
    return await asyncio.gather(*members)


class _Member:
    """One of the jobs, and its way out: a Client."""

    def __init__(self, talk: "_Talk", place: int, job: Job) -> None:
        self.place = place
        self.job = job
        self._talk = talk

    async def attempt(self, client: Client, clock: Clock) -> bool | Exception:
        """The job's attempt, and what became of it."""
        try:
            end: bool | Exception = await attempt(self.job, client, clock, self)
        except Exception as error:  # noqa: BLE001 - told apart by the lane, as that of a job alone
            end = error
        await self._talk.leave()
        return end

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        """See Client.call."""
        return await self._talk.say(self, operation, document, key)

    async def renew(self) -> None:
        """See Client.renew."""
        await self._talk.client.renew()

    async def close(self) -> None:
        """See Client.close; the connections are not ours."""


@dataclass(frozen=True, slots=True)
class _Saying:
    """What one of them has to say in this round."""

    member: _Member
    part: Part
    key: str
    heard: asyncio.Future[Answer]


class _Talk:
    """The rounds of one company."""

    def __init__(self, joining: Joining, client: Client, size: BatchSize, members: int) -> None:
        self.client = client
        self._joining = joining
        self._size = size
        self._members = members  # still at it
        self._round: list[_Saying] = []

    async def say(self, member: _Member, operation: str, request: Document, key: str) -> Answer:
        """What the system answers to this one."""
        part = self._joining.part(operation, request)
        if part is None:
            return await self.client.call(operation, request, key)
        heard: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._round.append(_Saying(member, part, key, heard))
        await self._go()
        return await heard

    async def leave(self) -> None:
        """One has come to its end; the others may have been waiting for it."""
        self._members -= 1
        await self._go()

    async def _go(self) -> None:
        """Send the round, once nobody is missing from it."""
        if len(self._round) < self._members:
            return
        waiting = sorted(self._round, key=lambda saying: saying.member.place)
        self._round = []
        while waiting:
            places = company([saying.part for saying in waiting], len(waiting))
            await self._call([waiting[place] for place in places])
            waiting = [one for place, one in enumerate(waiting) if place not in places]

    async def _call(self, said: list[_Saying]) -> None:
        """One call; each hears what came of it for its item, and nobody waits for ever."""
        heard: list[Answer | Exception]
        try:
            heard = self._taken_apart(*await self._ask(said), said)
        except Exception as error:  # noqa: BLE001 - each job's attempt tells them apart
            heard = [error] * len(said)
        for saying, one in zip(said, heard, strict=True):
            if isinstance(one, Exception):
                saying.heard.set_exception(one)
            else:
                saying.heard.set_result(one)

    async def _ask(self, said: list[_Saying]) -> tuple[Answer, float]:
        """The answer to all of them, and the seconds that it took.

        One item that cannot be written takes nobody with it.
        """
        parts = [saying.part for saying in said]
        request, key = self._joining.joined(parts), key_of([saying.key for saying in said])
        started = asyncio.get_running_loop().time()
        try:
            answer = await self.client.call(parts[0].operation, request, key)
        except Exception as error:
            if isinstance(error, Retry) and error.sent:
                self._size.too_much(len(said))
            if len(said) > 1 and not isinstance(error, Retry | Halt):
                raise Apart("cannot be sent with others", items=len(said)) from error
            raise
        return answer, asyncio.get_running_loop().time() - started

    def _taken_apart(
        self, answer: Answer, seconds: float, said: list[_Saying]
    ) -> list[Answer | Exception]:
        """What each hears of an answer."""
        items, now = len(said), asyncio.get_running_loop().time()
        if items > 1:  # its text may quote one item's person in another's receipt
            answer = replace(answer, excerpt=f"in a call of {items}")
        parts = [saying.part for saying in said]
        rows = self._joining.apart(answer, parts) if _is_success(answer) else None
        too_many = self._joining.refuses_so_many(answer)
        if too_many or answer.status in TOO_LONG:
            self._size.too_much(items)
        if too_many and items > 1:
            return [_apart(answer, items) for _ in said]
        if rows is None:
            return [self._whole(saying, answer, items) for saying in said]
        self._size.answered(items, seconds, now)
        return [row or _nothing() for row in rows]

    def _whole(self, saying: _Saying, answer: Answer, items: int) -> Answer | Retry:
        """An answer without rows, as one of `items` hears it; it cannot mean delivered."""
        job = saying.member.job
        verdict = judge(job.flow.rows, answer, saying.part.request, job.record, set())
        if _is_success(answer) and (verdict.row is None or verdict.then == "delivered"):
            return _nothing()
        if items == 1 or not _refuses(answer, verdict):
            return answer
        return _apart(answer, items)


def _apart(answer: Answer, items: int) -> Apart:
    return Apart(f"refused with others: answered {answer.status}", items=items)


def _nothing() -> Retry:
    """Nobody knows what became of the item."""
    return Retry("the answer has no row for this item", sent=True)


def _refuses(answer: Answer, verdict: Verdict) -> bool:
    """Whether it is what was in the call that an answer refuses."""
    if verdict.row is None and 400 <= answer.status < 500:  # noqa: PLR2004 - HTTP; also a page
        return answer.status not in NOT_THE_ITEMS
    return verdict.then in ("reject", "retry", "again") and not says_nothing(verdict, answer)


def _is_success(answer: Answer) -> bool:
    """Whether the answer may speak of items: what is refused is refused as a whole."""
    return answer.valid and answer.fault is None and 200 <= answer.status < 300  # noqa: PLR2004 - HTTP
