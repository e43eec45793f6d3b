"""Several lanes of one worker on the broker's twin, with one common reader."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from adapters.http.messages import Answer
from hub.broker_memory import MemoryBroker, MemoryReader
from hub.contract.types import Document
from hub.delivery.archive import Archive
from hub.delivery.inbox import Inbox
from hub.delivery.intake import Share, share_of
from hub.delivery.lane import Lane
from hub.delivery.means import Means
from hub.delivery.outflow import Outflow
from hub.delivery.process import STALE, WorkerHealth
from hub.delivery.stream import Stream
from hub.delivery.tail import POLL, Tail
from hub.delivery.takeover import Takeover
from hub.delivery.versions import Terms
from hub.errors import HubError, Retry
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.records import Done, Outgoing, Position, Record, Spot
from hub.registry.manifest_delivery import Delivery
from tests.delivery.test_lane import DIGEST_KEY, ROWS, WITHDRAWN, Peer, World, done, mapping

pytestmark = pytest.mark.process

TOPICS = ["hub.dossier", "hub.catalogue"]
SPOTS = [Spot(topic, number) for topic in TOPICS for number in (0, 1)]


class Counting(Codec):
    """Counts the events that are decoded."""

    decoded = 0

    def decode(self, raw: bytes) -> tuple[str, Document]:
        name, document = super().decode(raw)
        self.decoded += name == WITHDRAWN
        return name, document


class Fetching(MemoryBroker):
    """Counts who brought events of dossiers; the common reader fails as often as it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.failures = 0
        self.brought = 0

    def reader(self, spots: Sequence[Spot]) -> MemoryReader:
        broker = self

        class Reading(MemoryReader):
            def poll(self, seconds: float) -> list[Record]:
                if broker.failures and set(spots) == set(SPOTS):
                    broker.failures -= 1
                    raise Retry("the broker is away")
                found = super().poll(seconds)
                broker.brought += sum(record.topic == "hub.dossier" for record in found)
                return found

        return Reading(self, spots)


class Crew:
    """The lanes of one worker. Each serves its own agency (the event's reason), "" everybody."""

    def __init__(self, world: World, agencies: Sequence[str], share: Share | None = None) -> None:
        self.world = world
        self.broker = world.broker
        self.codec = Counting(world.catalogue, world.codec._schemas)
        self.codec.warm()
        self.agencies = {f"peer{number}": agency for number, agency in enumerate(agencies)}
        self.peers = {name: Peer() for name in self.agencies}
        self.lanes: dict[str, Lane] = {}
        self.stream = Stream()
        self.share = share or share_of(len(agencies))

    @asynccontextmanager
    async def lane(self, name: str) -> AsyncIterator[Lane]:
        """Deliver to one registration."""
        loop = asyncio.get_running_loop()

        def report(results: list[tuple[Done, Position | HubError]]) -> None:
            for done_, result in results:
                loop.call_soon(done_, result)

        agency = self.agencies[name]
        serves, served = ("reason", frozenset({agency})) if agency else (None, frozenset[str]())
        flow = Outflow(name, "withdrawn", WITHDRAWN, mapping, ROWS, {}, serves, served)
        terms = Terms(name, {WITHDRAWN: flow}, Delivery(timeout=5), "bundle", "settings")
        means = Means(Archive(self.broker), stream=self.stream, digest_key=DIGEST_KEY)
        writer = self.broker.writer(report)
        lane = Lane(terms, self.peers[name], self.codec, writer, self.world.clock, means)
        lane.intake.share = self.share
        takeover = Takeover(self.broker, self.broker.writer(), self.codec, name, 2)
        inbox = Inbox(self.broker, lane, TOPICS, loop, takeover)
        inbox.start()
        self.lanes[name] = lane
        self.tail.reads_for([lane.intake for lane in self.lanes.values()])
        try:
            yield lane
        finally:
            await lane.drain(5)
            inbox.stop()
            await asyncio.to_thread(inbox.join, 10)
            await lane.close()
            del self.lanes[name]
            self.tail.reads_for([lane.intake for lane in self.lanes.values()])

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """All lanes, and the common reader; in the end everything is to be committed."""
        self.tail = Tail(self.broker, self.stream, asyncio.get_running_loop())
        self.tail.start()
        try:
            async with AsyncExitStack() as stack:
                for name in self.agencies:
                    await stack.enter_async_context(self.lane(name))
                yield
                await self.until(self.all_committed)
        finally:
            self.tail.stop()
            await asyncio.to_thread(self.tail.join, 10)

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not holds():
                await asyncio.sleep(0.005)

    def joined(self) -> bool:
        """Whether every lane reads every partition with the others."""
        return all(
            len(cursors := self.stream.cursors(name)) == len(SPOTS)
            and all(cursor.task is None for cursor in cursors.values())
            for name in self.agencies
        )

    def all_committed(self) -> bool:
        ends = {spot: self.broker.end(spot) for spot in SPOTS}
        return all(
            ends == {spot: offset for spot, (offset, _) in self.broker.committed(group).items()}
            for group in (f"hub.{name}" for name in self.agencies)
        )

    def told(self, name: str) -> list[int]:
        """The numbers of the events that this system was told, in the order of the calls."""
        return [int(key.partition("-")[2]) for _, _, key in self.peers[name].calls]

    def in_order(self, name: str) -> bool:
        by_dossier: dict[str, list[int]] = {}
        for code, _, key in self.peers[name].calls:
            by_dossier.setdefault(code, []).append(int(key.partition("-")[2]))
        return all(numbers == sorted(numbers) for numbers in by_dossier.values())


def play(crew: Crew, work: Callable[[], Awaitable[None]]) -> None:
    async def playing() -> None:
        async with crew.at_work():
            await work()

    asyncio.run(playing())


@pytest.fixture
def world() -> World:
    world = World(load(Path("schemas/avro")))
    world.broker = Fetching()
    for topic in (*TOPICS, "hub.receipt", "hub.dead", "hub.parked", "hub.act"):
        world.broker.ensure_topic(topic, 2, {})
    return world


def test_what_ten_lanes_read_is_fetched_and_decoded_once(world: World) -> None:
    crew = Crew(world, [str(number) for number in range(10)])

    async def work() -> None:
        await crew.until(crew.joined)
        for number in range(100):
            world.event("ABC"[number % 3], str(number % 10))

    play(crew, work)
    for number in range(10):
        assert [number + 1 + 10 * step for step in range(10)] == sorted(crew.told(f"peer{number}"))
        assert crew.in_order(f"peer{number}")
    assert isinstance(world.broker, Fetching)
    assert 100 == world.broker.brought
    assert 100 <= crew.codec.decoded <= 200  # again by the one that waited behind its dossier


def test_a_lane_that_is_full_holds_up_nobody_and_gets_everything_in_order(world: World) -> None:
    crew = Crew(world, ["", ""], Share(8, 1 << 20, 0.0, 0.05))
    gate = asyncio.Event()

    async def wait(operation: str, document: Document, key: str) -> Answer:
        await gate.wait()
        return await done(operation, document, key)

    crew.peers["peer0"].answer = wait

    async def work() -> None:
        await crew.until(crew.joined)
        while crew.joined():  # until the window has gone on without the one that is full
            for number in range(200):
                world.event("ABCDEFGH"[number % 8], "x")
            await crew.until(lambda: len(crew.told("peer1")) == world.number)
            assert world.number < 20_000, "a full lane still reads with the others"
        assert 8 >= len(crew.told("peer0"))
        gate.set()
        await crew.until(lambda: len(crew.told("peer0")) == world.number)
        await crew.until(crew.joined)
        world.event("A", "x")

    play(crew, work)
    assert sorted(crew.told("peer0")) == sorted(crew.told("peer1"))
    assert len(set(crew.told("peer0"))) == world.number == len(crew.told("peer0"))
    assert crew.in_order("peer0")
    assert crew.in_order("peer1")


def test_where_the_common_reader_fails_each_goes_on_alone_and_joins_again(world: World) -> None:
    crew = Crew(world, ["", "", ""])

    async def work() -> None:
        await crew.until(crew.joined)
        assert isinstance(world.broker, Fetching)
        world.broker.failures = 1
        await crew.until(lambda: not crew.joined())
        for number in range(30):
            world.event("AB"[number % 2], "x")
        await crew.until(lambda: all(len(crew.told(name)) == 30 for name in crew.agencies))
        await crew.until(crew.joined)
        for number in range(30):
            world.event("AB"[number % 2], "x")

    play(crew, work)
    for name in crew.agencies:
        assert list(range(1, 61)) == sorted(crew.told(name))
        assert crew.in_order(name)


def test_the_same_fact_twice_is_told_once_though_the_first_was_for_another(world: World) -> None:
    crew = Crew(world, ["a", "b"])

    async def work() -> None:
        await crew.until(crew.joined)
        world.event("A", "a")
        world.event("A", "b", same_as=1)

    play(crew, work)
    assert [1] == crew.told("peer0")
    assert [] == crew.told("peer1")
    assert {"DELIVERED": 1, "DUPLICATE": 1} == world.outcomes()


def test_bytes_that_nobody_can_read_become_a_dead_letter_of_each(world: World) -> None:
    crew = Crew(world, ["a", "b"])

    async def work() -> None:
        await crew.until(crew.joined)
        world.event("A", "a")
        spoilt = next(r for p in (0, 1) for r in world.broker.since(Spot("hub.dossier", p), 0))
        headers = tuple((k, b"id-9" if k == "ce_id" else v) for k, v in spoilt.headers)
        world.broker.keep(Outgoing("hub.dossier", b"B", b"\0nothing", headers))

    play(crew, work)
    assert {"DELIVERED": 1, "DEAD_LETTERED": 2} == world.outcomes()


def test_a_common_reader_that_stands_still_is_told_of() -> None:
    entered, gate = threading.Event(), threading.Event()

    class Stuck(MemoryBroker):
        def reader(self, spots: Sequence[Spot]) -> MemoryReader:
            entered.set()
            gate.wait(10)
            return super().reader(spots)

    async def story() -> None:
        broker, stream = Stuck(), Stream()
        broker.ensure_topic("hub.dossier", 1, {})
        for lane in "ab":
            stream.hold(lane, SPOTS[0], 0)
        tail = Tail(broker, stream, asyncio.get_running_loop())
        tail.start()
        try:
            assert await asyncio.to_thread(entered.wait, 10)
            async with asyncio.timeout(10):
                while tail.silent < 3 * POLL:
                    await asyncio.sleep(0.01)
                health = WorkerHealth(SimpleNamespace(running=[], unread=STALE + 1))  # type: ignore[arg-type]  # what it looks at
                assert health.problems() == [f"nothing was read for all for {STALE + 1:.0f} s"]
                gate.set()
                while tail.silent > POLL:
                    await asyncio.sleep(0.01)
        finally:
            gate.set()
            tail.stop()
            await asyncio.to_thread(tail.join, 10)

    asyncio.run(story())
