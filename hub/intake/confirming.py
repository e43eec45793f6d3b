"""Is it true? A received item that its sender could not prove is asked about before it counts.

A signature may cover a part of a message only (the first row of a webhook), or prove nothing. Then
the system itself is asked, by the hub's own way out. What it does not confirm is set aside; where
it gives no answer nothing of the message is kept, and the sender repeats it.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from adapters.http.messages import Answer, Client
from hub.contract.types import Document
from hub.delivery.outcomes import Row, Test, Verdict, judge
from hub.errors import Reject, Retry

AT_ONCE = 8  # questions to one system under way; its deliveries are in the worker's own bounds
MESSAGES = 64  # whose senders wait at once, of the gateway's 1,000 requests
SURE = 10_000  # confirmed items remembered, about 4 MB

Mark: TypeAlias = tuple[str, str]  # an item's first event id, and the digest of what it says


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a flow asks about an item; `make` gives None where nothing has to be asked.

    `make` gets the item, and whether it is the first of its message. `timeout`: seconds for all
    items of a message.
    """

    operation: str
    make: Callable[[Document, bool], Document | None]
    found: tuple[Test, ...]
    rows: tuple[Row, ...] = ()
    timeout: float = 10.0


@dataclass(frozen=True, slots=True)
class Question:
    """About one item."""

    mark: Mark
    item: Document = field(repr=False)
    request: Document = field(repr=False)


class Confirmer:
    """Asks one system. Belongs to one event loop."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._slots = asyncio.Semaphore(AT_ONCE)
        self._messages = 0
        self._idle = asyncio.Event()
        self._idle.set()
        # A message of many items may need several repeats until all of them are confirmed in time.
        self._sure: OrderedDict[Mark, None] = OrderedDict()

    async def close(self) -> None:
        """Let what is being asked end, then close the connections."""
        await self._idle.wait()
        await self._client.close()

    async def doubted(
        self, confirmation: Confirmation, questions: Sequence[Question]
    ) -> frozenset[Mark]:
        """Those that the system does not confirm.

        Raises Retry where it does not answer in time, Halt where it cannot be asked at all.
        """
        if self._messages >= MESSAGES:
            raise Retry("too many confirmations are under way", where=confirmation.operation)
        self._messages += 1
        self._idle.clear()
        try:
            async with asyncio.timeout(confirmation.timeout), asyncio.TaskGroup() as asking:
                tasks = {
                    question.mark: asking.create_task(self._confirms(confirmation, question))
                    for question in questions
                    if question.mark not in self._sure
                }
        except TimeoutError as error:
            what = f"no confirmation within {confirmation.timeout:g} s"
            raise Retry(what, where=confirmation.operation, system=True) from error
        except ExceptionGroup as group:
            raise group.exceptions[0] from group
        finally:
            self._messages -= 1
            if not self._messages:
                self._idle.set()
        return frozenset(mark for mark, task in tasks.items() if not task.result())

    async def _confirms(self, confirmation: Confirmation, question: Question) -> bool:
        async with self._slots:
            found = await self._ask(confirmation, question)
        if found:
            self._sure[question.mark] = None
            if len(self._sure) > SURE:
                self._sure.popitem(last=False)
        return found

    async def _ask(self, confirmation: Confirmation, question: Question) -> bool:
        """Ask; with a new credential once if the old one is refused."""
        key = question.mark[0]
        for renewed in (False, True):
            try:
                answer = await self._client.call(confirmation.operation, question.request, key)
            except Reject:
                return False  # such a question cannot even be written: no system knows such an item
            verdict = judge(confirmation.rows, answer, question.request, question.item, set())
            if verdict.then == "login" and not renewed:
                await self._client.renew()
                continue
            if not _answered(verdict, answer):
                break
            return answer.valid and all(test(answer, question.item) for test in confirmation.found)
        raise Retry("the system does not confirm or deny", where=confirmation.operation)


def _answered(verdict: Verdict, answer: Answer) -> bool:
    """Whether the question has an answer: yes, or "not there" (404, a code)."""
    odd = verdict.row is not None or answer.fault is not None
    told_to_wait = verdict.then == "retry" and odd  # by no row: an answer that no row speaks of
    return not told_to_wait and verdict.then not in ("login", "system", "halt")
