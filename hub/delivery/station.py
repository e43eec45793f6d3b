"""One registration at a worker: brings what runs for it to what is wanted, whenever that changes.

Another version is taken up in place. Only what is paused or retired ends its lane, as at a stop;
nobody else waits for that.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from adapters.http.messages import Client
from adapters.http.transport import Transport
from hub import metrics
from hub.access.tokens import own
from hub.delivery.archive import Archive
from hub.delivery.inbox import Inbox
from hub.delivery.lane import Lane
from hub.delivery.means import Means
from hub.delivery.orders import Orders
from hub.delivery.outflow import Outflow
from hub.delivery.places import Places
from hub.delivery.polls import Polls
from hub.delivery.returning import DueDates
from hub.delivery.stream import Stream
from hub.delivery.tail import Tail
from hub.delivery.takeover import Takeover
from hub.delivery.versions import Earlier, Name, Terms
from hub.errors import HubError
from hub.landscapes import Landscapes
from hub.log import get_logger
from hub.newest import Newest
from hub.records import Writer
from hub.registry.difference import rerouted, same_client
from hub.registry.live import Live, outflows
from hub.surroundings import Surroundings, client_of, now_ms, tell_not_live
from hub.topics import EVENT_TOPICS
from hub.views.client import due_dates

log = get_logger("hub.worker")
# What is waited for at the stop, at most; together less than `hub up` waits (hub.cli.up.STOP).
DRAIN = 7.0  # seconds for calls under way, and their receipts
ORDERED = 1.0  # seconds for due dates, where several parked dossiers may go on
LEAVE = 4.0  # seconds for a thread to leave its group
AGAIN = 60.0  # seconds until a version that could not be taken up is tried again
PLACES = 512  # calls in flight of all registrations together


@dataclass(frozen=True, slots=True)
class Yard:
    """What the stations of a worker share. `share`: told when there are more lanes, or fewer.

    `stream`, `tail`: what their lanes read together, and who reads it.
    """

    around: Surroundings
    landscapes: Landscapes
    transport: Transport
    writer: Writer
    orders: Orders
    polls: Polls
    share: Callable[[], None]
    stream: Stream
    tail: Tail
    places: Places = field(default_factory=lambda: Places(PLACES))


@dataclass(frozen=True, slots=True)
class Running:
    """A lane, and the thread that feeds it."""

    lane: Lane
    inbox: Inbox


class Station:
    """Belongs to the worker's event loop."""

    def __init__(self, name: str, yard: Yard) -> None:
        self._name = name
        self._yard = yard
        self._live: Live | None = None  # as it runs
        self._client: Client | None = None
        self._lives: dict[Name, Live] = {}  # that events may go by
        self._changes: Newest[Live | None] = Newest(self._reach)
        self._wanted: Live | None = None
        self.running: Running | None = None

    def want(self, live: Live | None) -> None:
        """Bring this about; None: nothing is to run."""
        if live is not self._wanted:
            self._wanted = live
            self._changes.ask(live)

    async def settled(self) -> None:
        """Wait until what was wanted runs, or was told to be impossible."""
        await self._changes.rest()

    async def _reach(self, live: Live | None) -> None:
        try:
            await (self._end() if live is None else self._go_by(live))
        except HubError as error:  # what runs goes on as it is
            tell_not_live(self._name, error)
            asyncio.get_running_loop().call_later(AGAIN, self._try_again, live)

    def _try_again(self, live: Live | None) -> None:
        """A secret may be there by now."""
        if live is self._wanted:
            self._changes.ask(live)

    async def _go_by(self, live: Live) -> None:
        """Deliver and poll by this version. Raises Reject, Halt; then nothing has changed."""
        flows = outflows(live, live.bundle.events)
        client = await self._client_for(live)
        try:
            await self._deliver(live, _terms(live, flows), client)
        except HubError:
            if client is not self._client:
                await client.close()
            raise
        changed = self._live is not None
        self._live, self._client = live, client
        self._yard.polls.want(self._name, live, client)
        metrics.goes_by(self._name, live.bundle.digest)
        if changed:
            log.info("version_taken_up", registration=self._name, bundle=live.bundle.digest)

    async def _client_for(self, live: Live) -> Client:
        """The way to its system; the one that there is, where that is just the same."""
        known = self._live
        if self._client is not None and known is not None and same_client(known, live):
            return self._client
        return await asyncio.to_thread(client_of, live, self._yard.transport)

    async def _deliver(self, live: Live, terms: Terms, client: Client) -> None:
        if self.running is None:
            if terms.flows:
                self._begin(live, terms, client)
            return
        if not terms.flows:
            await self._end_lane(self.running)
            return
        lane = self.running.lane
        lane.take_up(terms, client)
        await self._reroute(lane, live)
        used = {version.terms.name for version in lane.versions.earlier}
        self._lives = {name: one for name, one in self._lives.items() if name in used}
        self._lives[terms.name] = live

    async def _reroute(self, lane: Lane, live: Live) -> None:
        """What events in hand repeat goes to where the system is now."""
        for version in lane.versions.earlier:
            name = version.terms.name
            then = self._lives.get(name) or await asyncio.to_thread(
                self._yard.landscapes.earlier, self._name, *name
            )
            if then is None:
                continue
            way = rerouted(then, live)
            try:
                version.reach(await asyncio.to_thread(client_of, way, self._yard.transport))
            except HubError as error:
                log.warning("earlier_way_kept", registration=self._name, reason=error.what)

    def _begin(self, live: Live, terms: Terms, client: Client) -> None:
        """Raises Halt for limits that cannot be shared."""
        yard, around = self._yard, self._yard.around
        means = Means(
            Archive(around.broker),
            yard.places,
            Fraction(1, around.settings.workers),
            due=_due_dates(around.settings.home),
            stream=yard.stream,
            digest_key=around.digest_key,
        )
        lane = Lane(terms, client, around.codec, yard.writer, now_ms, means)
        partitions = around.settings.partitions
        takeover = Takeover(
            around.broker, yard.writer, around.codec, self._name, partitions, self._earlier
        )
        loop, start = asyncio.get_running_loop(), live.registration.start
        inbox = Inbox(
            around.broker, lane, EVENT_TOPICS, loop, takeover, start, lambda: yard.tail.ends
        )
        yard.orders.tell(self._name, lane.decided)
        self.running = Running(lane, inbox)
        self._lives = {terms.name: live}
        yard.share()
        inbox.start()

    def _earlier(self, name: Name) -> Earlier | None:
        """What a mark names, made again; on the thread that takes over."""
        live = self._yard.landscapes.earlier(self._name, *name)
        if live is None:
            return None
        way = live if self._wanted is None else rerouted(live, self._wanted)
        try:
            flows = outflows(live, live.bundle.events)
            return _terms(live, flows), client_of(way, self._yard.transport)
        except HubError as error:
            log.error("earlier_version_lost", registration=self._name, reason=error.what)
            return None

    async def _end(self) -> None:
        self._yard.polls.want(self._name, None, None)
        if self.running is not None:
            await self._end_lane(self.running)
        elif self._client is not None:
            await self._client.close()
        self._live = self._client = None
        metrics.goes_by(self._name, None)

    async def _end_lane(self, running: Running) -> None:
        """In order: no new calls; calls under way end, their receipts, then the commits."""
        await running.lane.drain(DRAIN)
        running.inbox.stop()
        await asyncio.to_thread(running.inbox.join, LEAVE)
        await running.lane.close()
        self._yard.orders.forget(self._name)
        metrics.forget(self._name)
        self.running = None
        self._yard.share()


def _terms(live: Live, flows: Mapping[str, Outflow]) -> Terms:
    registration = live.registration
    return Terms(live.name, flows, registration.delivery, live.bundle.digest, registration.digest)


def _due_dates(home: Path) -> DueDates:
    """As the views of this home know them; they may be down, or elsewhere."""

    def asked(codes: Sequence[str]) -> Mapping[str, str]:
        found, problem = due_dates(home, codes, own(home, "hub"), ORDERED)
        if problem is not None:
            log.info("due_dates_unknown", known=len(found), of=len(codes), reason=problem.what)
        return found

    return asked
