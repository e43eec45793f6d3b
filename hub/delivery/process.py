"""`hub worker`: the process that delivers, and that asks the systems which do not call."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from adapters.http.messages import Client
from adapters.http.transport import Transport
from hub.access.tokens import own
from hub.delivery.archive import Archive
from hub.delivery.inbox import Inbox
from hub.delivery.lane import Lane, Means
from hub.delivery.orders import Orders
from hub.delivery.outcomes import compile_rows
from hub.delivery.places import Places
from hub.delivery.poller import Poller, PollPlan
from hub.delivery.positions import Positions, read_positions
from hub.delivery.returning import DueDates
from hub.delivery.takeover import Takeover
from hub.delivery.versions import Terms
from hub.delivery.watch import Watch
from hub.errors import Halt, HubError
from hub.intake.opening import open_intake, open_writer
from hub.log import get_logger
from hub.probes import Probed
from hub.records import Writer
from hub.registry.live import Live, made, outflows, poll_flows
from hub.serving import ended, run, serving
from hub.settings import Settings
from hub.surroundings import (
    Surroundings,
    client_of,
    now_ms,
    open_surroundings,
    tell_not_live,
)
from hub.topics import EVENT_TOPICS
from hub.views.client import due_dates

log = get_logger("hub.worker")
# What is waited for at the stop, at most; together less than `hub up` waits (hub.cli.up.STOP).
DRAIN = 7.0  # seconds for calls under way, and their receipts
ORDERED = 1.0  # seconds for due dates, where several parked dossiers may go on
LEAVE = 4.0  # seconds for a thread to leave its group
PLACES = 512  # calls in flight of all registrations together
CONNECTIONS = 256  # per system; a lane's own limit is lower
STALE = 30.0  # seconds without a poll until the worker says that it is not well


def worker(settings: Settings) -> None:
    """Deliver until SIGTERM or SIGINT."""
    run(lambda stop: _main(settings, stop))


@dataclass(slots=True)
class Work:
    """What runs in this process."""

    orders: Orders
    places: Places = field(default_factory=lambda: Places(PLACES))
    lanes: list[tuple[Lane, Inbox]] = field(default_factory=list)
    polling: list[asyncio.Task[None]] = field(default_factory=list)
    behind_polls: AsyncExitStack = field(default_factory=AsyncExitStack)


async def _main(settings: Settings, stop: asyncio.Event) -> None:
    around = await asyncio.to_thread(open_surroundings, settings)
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(Transport(connections=CONNECTIONS))
        writer = await open_writer(stack, around)
        work = Work(Orders(around.broker, asyncio.get_running_loop()))
        polls: list[tuple[Live, Client]] = []
        for live in around.landscape.live:
            client = _open(live, transport)
            if client is None or live.registration.paused:
                continue
            _add_lane(work, around, live, client, writer)
            if poll_flows(live):
                polls.append((live, client))
        stack.push_async_callback(_end, work)
        url = await stack.enter_async_context(
            serving(Probed(WorkerHealth(work)), "worker", settings)
        )
        work.orders.start()
        stack.push_async_callback(ended, work.orders.stop, LEAVE, "orders")
        for _, inbox in work.lanes:
            inbox.start(len(work.lanes))
        if polls:
            await _poll(around, work, polls, writer)
        names = [lane.name for lane, _ in work.lanes]
        log.info("worker_started", url=url, registrations=names, polls=len(polls))
        await stop.wait()
        log.info("worker_stopping")


def _open(live: Live, transport: Transport) -> Client | None:
    try:
        return client_of(live, transport)
    except HubError as error:
        tell_not_live(live.name, error)
        return None


def _add_lane(work: Work, around: Surroundings, live: Live, client: Client, writer: Writer) -> None:
    registration = live.registration
    try:
        flows = outflows(live, around.landscape.events)
    except HubError as error:
        tell_not_live(live.name, error)
        return
    if not flows:
        return
    terms = Terms(live.name, flows, registration.delivery, live.bundle.digest, registration.digest)
    share = Fraction(1, around.settings.workers)
    means = Means(
        Archive(around.broker),
        work.places,
        share,
        due=_due_dates(around.settings.home),
        digest_key=around.digest_key,
    )
    try:
        lane = Lane(terms, client, around.codec, writer, now_ms, means)
    except Halt as error:
        tell_not_live(live.name, error)
        return
    work.orders.tell(live.name, lane.decided)
    loop = asyncio.get_running_loop()
    takeover = Takeover(around.broker, writer, around.codec, live.name, around.settings.partitions)
    inbox = Inbox(around.broker, lane, EVENT_TOPICS, loop, takeover, registration.start)
    work.lanes.append((lane, inbox))


def _due_dates(home: Path) -> DueDates:
    """As the views of this home know them; they may be down, or elsewhere."""

    def asked(codes: Sequence[str]) -> Mapping[str, str]:
        found, problem = due_dates(home, codes, own(home, "hub"), ORDERED)
        if problem is not None:
            log.info("due_dates_unknown", known=len(found), of=len(codes), reason=problem.what)
        return found

    return asked


async def _poll(
    around: Surroundings,
    work: Work,
    polls: list[tuple[Live, Client]],
    writer: Writer,
) -> None:
    """Poll while this process holds the watch."""
    stack = work.behind_polls
    opened = await open_intake(stack, around, writer, "worker")

    def begin(records: dict[bytes, bytes | None]) -> None:
        positions = Positions(writer, read_positions(records))
        for live, client in polls:
            for plan in _plans(live):
                poller = Poller(plan, client, opened.intake, positions, opened.tail.problem)
                work.polling.append(asyncio.create_task(poller.run()))
        log.info("polling_started", flows=len(work.polling))

    def end() -> None:
        for task in work.polling:
            task.cancel()
        work.polling.clear()

    watch = Watch(around.broker, asyncio.get_running_loop(), begin, end)
    watch.start()
    stack.push_async_callback(ended, watch.stop, LEAVE, "watch")


def _plans(live: Live) -> list[PollPlan]:
    registration, program = live.registration, live.bundle.program
    plans = []
    for name, (flow, inflow) in poll_flows(live).items():
        poll = flow.poll
        if poll is None:
            continue
        has_each = (f"{name}_each", "") in program.flows
        plans.append(
            PollPlan(
                poll=poll,
                inflow=inflow,
                request=made(live, f"{name}_request"),
                each=made(live, f"{name}_each") if has_each else None,
                rows=compile_rows(
                    [*flow.outcomes, *live.bundle.manifest.outbound.outcomes],
                    registration.settings,
                ),
                every=float(_number(poll.every, live, 300)),
                full=_number(poll.full, live, 0) or None,
                settings=registration.settings,
            )
        )
    return plans


def _number(value: int | str | None, live: Live, default: int) -> int:
    """A number of the manifest, or of the setting that it names."""
    if isinstance(value, str):
        found = live.registration.settings.get(value.removeprefix("$setting."))
        return found if isinstance(found, int) else default
    return default if value is None else value


async def _end(work: Work) -> None:
    """Stop polls and deliveries side by side: neither needs the other."""
    for task in work.polling:
        task.cancel()
    await asyncio.gather(work.behind_polls.aclose(), _end_lanes(work))


async def _end_lanes(work: Work) -> None:
    """In order: no new calls; calls under way end, their receipts, then the commits."""
    await asyncio.gather(*(lane.drain(DRAIN) for lane, _ in work.lanes))
    for _, inbox in work.lanes:
        inbox.stop()
    await asyncio.gather(*(asyncio.to_thread(inbox.join, LEAVE) for _, inbox in work.lanes))
    await asyncio.gather(*(lane.close() for lane, _ in work.lanes))


class WorkerHealth:
    """What is not as it should be in this worker."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def problems(self) -> list[str]:
        found = []
        for lane, inbox in self._work.lanes:
            name = lane.name
            if not inbox.ready.is_set():
                found.append(f"{name}: no partitions yet")
            elif inbox.silent > STALE:
                found.append(f"{name}: the broker has not been heard for {inbox.silent:.0f} s")
        return found

    def remarks(self) -> list[str]:
        """A halted registration waits for a person (metric hub_halted); the others go on."""
        lanes = [lane for lane, _ in self._work.lanes]
        halted = [f"{x.name}: halted: {x.halted}" for x in lanes if x.halted]
        return halted + [f"{x.name}: down: {x.broken}" for x in lanes if x.broken]
