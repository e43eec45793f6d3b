"""`hub worker`: the process that delivers, and that asks the systems which do not call."""

import asyncio
from contextlib import AsyncExitStack

from adapters.http.transport import Transport
from hub.delivery.intake import share_of
from hub.delivery.orders import Orders
from hub.delivery.polls import Polls
from hub.delivery.station import LEAVE, Running, Station, Yard
from hub.delivery.stream import Stream
from hub.delivery.tail import Tail
from hub.intake.opening import open_writer
from hub.landscapes import Landscapes, open_landscapes
from hub.log import get_logger
from hub.probes import Probed
from hub.records import Writer
from hub.registry.live import Landscape
from hub.serving import ended, run, serving
from hub.settings import Settings
from hub.surroundings import Surroundings, open_surroundings

log = get_logger("hub.worker")
CONNECTIONS = 256  # per system; a lane's own limit is lower
TAIL = 0.5  # seconds; it reads for nobody any more, but may wait for the broker
STALE = 30.0  # seconds without a poll until the worker says that it is not well


def worker(settings: Settings) -> None:
    """Deliver until SIGTERM or SIGINT."""
    run(lambda stop: _main(settings, stop))


async def _main(settings: Settings, stop: asyncio.Event) -> None:
    around = await asyncio.to_thread(open_surroundings, settings)
    async with AsyncExitStack() as stack:
        transport = await stack.enter_async_context(Transport(connections=CONNECTIONS))
        writer = await open_writer(stack, around, patient=True)
        landscapes = await open_landscapes(stack, around.broker, around.landscape)
        orders = Orders(around.broker, asyncio.get_running_loop())
        work = Work(around, landscapes, transport, writer, orders)
        stack.push_async_callback(work.close)
        landscapes.tell(around.learn)
        landscapes.tell(work.take_up)
        await work.settled()
        url = await stack.enter_async_context(
            serving(Probed(WorkerHealth(work)), "worker", settings)
        )
        orders.start()
        stack.push_async_callback(ended, orders.stop, LEAVE, "orders")
        names = [one.lane.name for one in work.running]
        log.info("worker_started", url=url, registrations=names, polls=work.polls.flows)
        await stop.wait()
        log.info("worker_stopping")


class Work:
    """What runs in this process."""

    def __init__(
        self,
        around: Surroundings,
        landscapes: Landscapes,
        transport: Transport,
        writer: Writer,
        orders: Orders,
    ) -> None:
        self.polls = Polls(around, landscapes, writer)
        stream = Stream()
        self._tail = Tail(around.broker, stream, asyncio.get_running_loop())
        self._yard = Yard(
            around,
            landscapes,
            transport,
            writer,
            orders,
            self.polls,
            self._share_anew,
            stream,
            self._tail,
        )
        self._tail.start()
        self._stations: dict[str, Station] = {}
        self._closing = False

    @property
    def running(self) -> list[Running]:
        """The lanes, in no order."""
        found = (station.running for station in self._stations.values())
        return [one for one in found if one is not None]

    @property
    def unread(self) -> float:
        """Seconds for which nothing was read for all lanes together."""
        return self._tail.silent

    def take_up(self, landscape: Landscape) -> None:
        """Deliver and poll for what is live now, and is not paused."""
        if self._closing:
            return
        wanted = {live.name: live for live in landscape.live if not live.registration.paused}
        for name in wanted:
            self._stations.setdefault(name, Station(name, self._yard))
        for name, station in self._stations.items():
            station.want(wanted.get(name))

    async def settled(self) -> None:
        """Wait until it runs."""
        await asyncio.gather(*(station.settled() for station in self._stations.values()))

    async def close(self) -> None:
        """Stop polls and deliveries side by side: neither needs the other."""
        self._closing = True
        for station in self._stations.values():
            station.want(None)
        await asyncio.gather(self.polls.close(), self.settled())
        self._tail.stop()
        await asyncio.to_thread(self._tail.join, TAIL)

    def _share_anew(self) -> None:
        running = self.running
        for one in running:
            one.lane.intake.share = share_of(len(running))
        self._tail.reads_for([one.lane.intake for one in running])


class WorkerHealth:
    """What is not as it should be in this worker."""

    def __init__(self, work: Work) -> None:
        self._work = work

    def problems(self) -> list[str]:
        found = []
        for one in self._work.running:
            if not one.inbox.ready.is_set():
                found.append(f"{one.lane.name}: no partitions yet")
            elif one.inbox.silent > STALE:
                silent = f"{one.inbox.silent:.0f} s"
                found.append(f"{one.lane.name}: the broker has not been heard for {silent}")
        if self._work.unread > STALE:
            found.append(f"nothing was read for all for {self._work.unread:.0f} s")
        return found

    def remarks(self) -> list[str]:
        """A halted registration waits for a person (metric hub_halted); the others go on."""
        lanes = [one.lane for one in self._work.running]
        halted = [f"{lane.name}: halted: {lane.halted}" for lane in lanes if lane.halted]
        down = [f"{lane.name}: down: {lane.broken}" for lane in lanes if lane.broken]
        stuck = "ended by a bug (lane_bug in the log); what it had in hand waits for a new start"
        bugs = [f"{lane.name}: {lane.bugs} pieces of work {stuck}" for lane in lanes if lane.bugs]
        return halted + down + bugs
