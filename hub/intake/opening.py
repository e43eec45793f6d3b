"""Opening what appends facts: a writer that reports on the loop, and an intake with its index.

Both the gateway and a worker that polls need these; each is closed with the stack that it is given.
"""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from hub import metrics
from hub.audit.gate import Gate
from hub.dev.disk import slot
from hub.errors import HubError
from hub.intake.index import FactIndex
from hub.intake.intake import Intake
from hub.intake.served import Served
from hub.intake.tail import Tail
from hub.log import get_logger, place_of
from hub.records import Done, Position, Writer
from hub.registry.live import Landscape, wants
from hub.serving import ended
from hub.surroundings import Surroundings, now_ms
from hub.topics import EVENT_TOPICS, ensure_all, misfits

log = get_logger("hub.intake")
WRITER = 6.0  # seconds that what waits gets to be sent, at the end
TAIL = 4.0  # seconds that a thread that reads the broker gets to end


@dataclass(frozen=True, slots=True)
class Opened:
    """An intake, and the threads that know whether anything may be accepted now."""

    intake: Intake
    tail: Tail  # keeps the index up to date
    gate: Gate | None  # watches that evidence is written, where that is required

    def problem(self) -> str | None:
        """Why nothing may be accepted now, or None."""
        return self.tail.problem() or (self.gate.problem() if self.gate else None)


async def open_writer(
    stack: AsyncExitStack, around: Surroundings, *, patient: bool = False
) -> Writer:
    """A writer whose reports come to this loop, a flush at a time; topics and schemas are there.

    `patient`: see `Broker.writer`. Raises Retry when broker or registry cannot be reached.
    """
    await asyncio.to_thread(_prepare_topics, around)
    await asyncio.to_thread(around.codec.warm)
    loop = asyncio.get_running_loop()

    def report(results: list[tuple[Done, Position | HubError]]) -> None:
        loop.call_soon_threadsafe(_deliver, results)

    writer = await asyncio.to_thread(around.broker.writer, report, patient=patient)
    stack.push_async_callback(ended, writer.close, WRITER, "writer")
    return writer


async def open_intake(
    stack: AsyncExitStack, around: Surroundings, landscape: Landscape, writer: Writer, name: str
) -> Opened:
    """An intake for what is live; its index, `state/facts-<name><number>.db`, is its alone."""
    home = around.settings.home
    number = stack.enter_context(slot(home / "run", name))
    cluster = await asyncio.to_thread(around.broker.cluster)
    index = FactIndex(home / "state" / f"facts-{name}{number}.db", cluster)
    stack.callback(index.close)
    tail = Tail(around.broker, EVENT_TOPICS, index)
    tail.start()
    stack.push_async_callback(ended, tail.stop, TAIL, "tail")
    intake = Intake(
        catalogue=around.catalogue,
        codec=around.codec,
        index=index,
        writer=writer,
        served=Served(wants(landscape)),
        digest_key=around.digest_key,
        clock=now_ms,
    )
    return Opened(intake, tail, _open_gate(stack, around))


def _open_gate(stack: AsyncExitStack, around: Surroundings) -> Gate | None:
    if around.settings.audit != "required":
        return None
    gate = Gate(around.broker, around.settings.audit_grace, now_ms)
    gate.start()
    stack.push_async_callback(ended, gate.stop, TAIL, "gate")
    return gate


def _prepare_topics(around: Surroundings) -> None:
    """Make what is missing; name what was there already and would forget facts."""
    with around.broker.together():
        ensure_all(around.broker, around.settings.partitions)
        found = list(misfits(around.broker))
    metrics.topic_misfits.set(len(found))
    for what in found:
        log.error("topic_would_forget", what=what, fix="alter it, or facts are lost with time")


def _deliver(results: list[tuple[Done, Position | HubError]]) -> None:
    for done, result in results:
        try:
            done(result)
        except Exception as error:  # noqa: BLE001 - a bug may not cost others their results
            log.error("result_bug", error=type(error).__name__, at=place_of(error))
