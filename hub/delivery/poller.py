"""Asking a system for news: pages by a cursor, or a list whose changes are told.

A position is moved only after every event of the page is acknowledged; a crash before that repeats
the page, and the ids of its events are the same. Which worker polls is decided by a consumer group
on `hub.cursor`: one polls, the others stand by.
"""

import asyncio
import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from adapters.http.messages import Answer, Client
from hub import metrics
from hub.contract.paths import get, put
from hub.contract.types import Document, Value
from hub.delivery.details import Details
from hub.delivery.outcomes import Row, Verdict, judge
from hub.delivery.outflow import Make
from hub.delivery.positions import Positions
from hub.errors import Halt, HubError, Reject, Retry
from hub.intake.inflow import Inflow
from hub.intake.intake import Intake
from hub.intake.item import canonical
from hub.log import get_logger, place_of
from hub.registry.manifest_flow import Poll

log = get_logger("hub.poll")
NOT_READY = 0.2  # seconds until the index is looked at again
AFTER_FAILURE = 5.0  # seconds; doubled up to the poll's own interval
SILENT = 3  # details in a row without an answer: the system is meant
MOST_PAGES = 1_000  # in one go, before the interval is kept again


@dataclass(frozen=True, slots=True)
class PollPlan:
    """One poll flow of one registration, compiled."""

    poll: Poll
    inflow: Inflow
    request: Make
    each: Make | None
    rows: tuple[Row, ...]
    every: float  # seconds
    full: int | None
    settings: Mapping[str, Value] = field(repr=False)

    @property
    def key(self) -> str:
        """The key of its position on `hub.cursor`."""
        return f"poll:{self.inflow.registration}:{self.inflow.flow}"


class _NoDetail(Exception):
    """The system lists an item and says nothing about it: perhaps it does the next time."""

    def __init__(self, why: Retry | None = None) -> None:
        """`why`: what it says instead, if that is no answer at all."""
        super().__init__()
        self.why = why


class Poller:
    """Polls one flow until cancelled."""

    def __init__(
        self,
        plan: PollPlan,
        client: Client,
        intake: Intake,
        positions: Positions,
        unready: Callable[[], str | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`unready` says why the index of known events may not be believed now, or None.

        `clock` gives seconds that never go back.
        """
        self._unready = unready
        self._plan = plan
        self._client = client
        self._intake = intake
        self._positions = positions
        self._details = Details(clock)

    async def run(self) -> None:
        """Poll at the flow's interval; after a failure sooner, and never past what failed."""
        failures = 0
        while True:
            if self._unready() is not None:
                await asyncio.sleep(NOT_READY)
                continue
            try:
                await self.once()
            except HubError as error:
                failures += 1
                self._failed(error)
            except Exception as error:  # noqa: BLE001 - a bug is told, and the next poll may succeed
                failures += 1
                log.error(
                    "poll_bug", flow=self._plan.key, error=type(error).__name__, at=place_of(error)
                )
            else:
                failures = 0
            await asyncio.sleep(self._pause(failures))

    async def once(self) -> int:
        """Poll until there is no more; how many items gave events.

        Raises Retry or Halt from the system, Reject where a page has no position.
        """
        plan = self._plan
        kept = 0
        for _ in range(MOST_PAGES):
            items = await self._page()
            kept += await self._items(items)
            if items and plan.poll.cursor is not None:
                position = get(items[-1], plan.poll.cursor.next)
                if not isinstance(position, str | int):
                    raise Reject("the last item has no position", where=plan.poll.cursor.next)
                await self._positions.keep(plan.key, str(position))
            metrics.polls.labels(plan.inflow.registration, plan.inflow.flow, "done").inc()
            if plan.poll.cursor is None or plan.full is None or len(items) < plan.full:
                break
        return kept

    async def _page(self) -> list[Document]:
        plan = self._plan
        made = plan.request({}, None, plan.settings, [])
        if made is None:
            return []
        operation, request = made
        if plan.poll.cursor is not None:
            cursor = plan.poll.cursor
            request = put(request, cursor.parameter, self._positions.get(plan.key) or cursor.first)
        answer = await self._ask(operation, request, plan.poll.items)
        found = get(answer.document, plan.poll.items)
        return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []

    async def _items(self, items: list[Document]) -> int:
        """How many events they gave. Raises Retry, after all of them, where a detail was missing.

        Then the page is read again, and what was kept of it is known. A system that gives several
        in a row no answer is asked for no more of them.
        """
        kept = missing = silent = 0
        names = [hashlib.sha256(canonical(item, ())).hexdigest() for item in items]
        self._details.only(names)
        for item, name in zip(items, names, strict=True):
            try:
                kept += await self._item(item)
                self._details.came(name)
                silent = 0
            except _NoDetail as error:
                silent = silent + 1 if error.why else 0
                if error.why and silent >= SILENT:
                    raise error.why from error
                if self._details.never_comes(name):
                    await self._give_up(item)
                else:
                    missing += 1
        if missing:
            raise Retry(f"{missing} of {len(items)} items have no detail", where=self._plan.key)
        return kept

    async def _give_up(self, item: Document) -> None:
        inflow = self._plan.inflow
        metrics.polls.labels(inflow.registration, inflow.flow, "rejected").inc()
        log.error("polled_detail_missing", flow=self._plan.key)
        await self._intake.set_aside(inflow, item, "its detail did not come")

    async def _item(self, item: Document) -> int:
        plan = self._plan
        if plan.each is not None:
            detail = await self._detail(item)
            if detail is None:  # the mapping asks nothing about it
                return 0
            item = detail
        if plan.poll.changes_of is None:
            return await self._take(item, None)
        return await self._change(item, plan.poll.changes_of)

    async def _take(self, item: Document, named: tuple[str, ...] | None) -> int:
        """Keep an item's events; one that can never pass is set aside, or it would hold up all."""
        inflow = self._plan.inflow
        try:
            return (await self._intake.take_item(inflow, item, named)).events
        except Reject as error:
            metrics.polls.labels(inflow.registration, inflow.flow, "rejected").inc()
            log.error(
                "polled_item_rejected", flow=self._plan.key, where=error.where, code=error.code
            )
            if error.code != "secrecy":  # that is on record already
                await self._intake.set_aside(inflow, item, str(error))
            return 0

    async def _change(self, item: Document, path: str) -> int:
        """Tell an item only where its content is not what it was; A, B, A, B are four facts.

        Its position is "how often it changed:digest of its content", so that a change back and
        forth never has the identity of an earlier one.
        """
        plan = self._plan
        number = get(item, path)
        key = f"{plan.key}:{number}"
        content = hashlib.sha256(canonical(item, plan.inflow.ignore)).hexdigest()
        before = self._positions.get(key) or ""
        times, _, last = before.rpartition(":")
        if content == last:
            return 0
        kept = await self._take(item, (str(number), content, before))
        await self._positions.keep(key, f"{int(times or 0) + 1}:{content}")
        return kept

    async def _detail(self, item: Document) -> Document | None:
        plan = self._plan
        made = plan.each(item, None, plan.settings, []) if plan.each else None
        if made is None or plan.poll.each is None:
            return None
        path = plan.poll.each.item
        try:
            answer = await self._ask(*made, path)
        except Retry as error:
            raise _NoDetail(error) from error
        found = get(answer.document, path) if path else answer.document
        if isinstance(found, list):
            found = found[0] if found else None
        if not isinstance(found, dict):
            raise _NoDetail
        return found

    async def _ask(self, operation: str, request: Document, path: str) -> Answer:
        """One question; with a new credential once if the old one is refused.

        What is asked for stands at `path` of the answer; "": the answer itself.
        """
        for renewed in (False, True):
            answer = await self._client.call(operation, request, "")
            verdict = judge(self._plan.rows, answer, request, {}, set())
            if verdict.then == "login" and not renewed:
                await self._client.renew()
                continue
            if verdict.then == "halt":
                raise Halt(f"the system lets nothing through ({answer.status})", where=operation)
            if not self._good(answer, verdict, path):
                raise Retry(
                    f"is no answer that counts as good ({answer.status})",
                    where=operation,
                    fix="if it is one, the `outcomes` of the connector should say so",
                )
            return answer
        raise Retry("the credential is refused though new", where=operation, system=True)

    def _good(self, answer: Answer, verdict: Verdict, path: str) -> bool:
        """By the table, where it names good answers; then nothing at `path` means no news.

        Else by what is there: an error in the clothes of an answer has no list in it.
        """
        if not answer.valid or answer.status >= 400:  # noqa: PLR2004 - HTTP
            return False
        if any(row.verdict.then == "delivered" for row in self._plan.rows):
            return verdict.then == "delivered"
        unsaid = verdict.row is None and verdict.then == "retry"
        return unsaid and (not path or get(answer.document, path) is not None)

    def _failed(self, error: HubError) -> None:
        plan = self._plan
        metrics.polls.labels(plan.inflow.registration, plan.inflow.flow, "failed").inc()
        log.warning(
            "poll_failed",
            flow=plan.key,
            kind=type(error).__name__,
            where=error.where,
            reason=error.what,
        )

    def _pause(self, failures: int) -> float:
        if failures == 0:
            return self._plan.every
        return min(self._plan.every, AFTER_FAILURE * 2.0 ** min(failures - 1, 10))
