"""A lane whose partitions come and go, whose records come twice, and whose credential fails.

The lane is driven directly: what the broker's thread would hand over is handed over here.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import count

import pytest
from prometheus_client import REGISTRY

from adapters.http.messages import Answer
from hub.contract.types import Document
from hub.delivery import settling
from hub.delivery.inbox import Inbox
from hub.delivery.lane import Lane
from hub.delivery.means import Means
from hub.delivery.sighting import Sighting
from hub.delivery.takeover import Takeover
from hub.delivery.versions import Terms
from hub.errors import Halt, HubError, Retry
from hub.events.catalogue import Catalogue
from hub.events.codec import Codec
from hub.records import NOT_OURS, Done, Position, Record, Spot
from hub.registry.manifest_delivery import Delivery, RetryPolicy
from tests.delivery.test_lane import WITHDRAWN, World

pytestmark = pytest.mark.process

BOUND = 10  # seconds


def lane_of(
    world: World, clock: Callable[[], int] = lambda: 1_760_000_000_000, probe: float = 0.05
) -> Lane:
    def report(results: list[tuple[Done, Position | HubError]]) -> None:
        for done_, result in results:
            asyncio.get_running_loop().call_soon(done_, result)

    terms = Terms(
        "peer",
        {WITHDRAWN: world.flow},
        Delivery(in_flight=8, timeout=0.2, retry=world.retry),
        "bundle",
        "settings",
    )
    return Lane(
        terms, world.peer, world.codec, world.broker.writer(report), clock, Means(probe=probe)
    )


def records(world: World, partition: int | None = None) -> list[Record]:
    wanted = (0, 1) if partition is None else (partition,)
    return [r for p in wanted for r in world.broker.since(Spot("hub.dossier", p), 0)]


def arrive(lane: Lane, records: Iterable[Record]) -> None:
    """What its own reader hands over."""
    for record in records:
        lane.take(Sighting(record))
    lane.pump()


def offsets(commits: Mapping[Spot, tuple[int, str]]) -> dict[Spot, int]:
    """Without the metadata."""
    return {spot: offset for spot, (offset, _) in commits.items()}


async def eventually(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(BOUND):
        while not holds():
            await asyncio.sleep(0.005)


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(3 * BOUND):
            await work()

    asyncio.run(bounded())


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


class Held:
    """A peer's answers, each given when the test says so."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.waiting: list[asyncio.Future[Answer]] = []
        world.peer.answer = self.wait

    async def wait(self, operation: str, document: Document, key: str) -> Answer:
        self.waiting.append(asyncio.get_running_loop().create_future())
        return await self.waiting[-1]

    async def called(self, times: int) -> None:
        await eventually(lambda: len(self.waiting) >= times)

    def say(self, what: Answer | HubError) -> None:
        future = self.waiting[-1]
        if isinstance(what, HubError):
            future.set_exception(what)
        else:
            future.set_result(what)


OK = Answer(200, {"Ma": "00"})
DOWN = Retry("peer 503", system=True)


def test_what_was_in_hand_when_its_partition_went_is_not_tried_again(world: World) -> None:
    world.event("A", "1")
    world.event("A", "2")
    (first, *_) = taken = records(world)
    spot = Spot(first.topic, first.partition)

    async def work() -> None:
        lane, peer = lane_of(world), Held(world)
        arrive(lane, taken)
        await peer.called(1)
        assert offsets(await lane.release([spot], 0.0)) == {spot: 0}
        peer.say(DOWN)
        await eventually(lambda: lane.held == 0)
        await asyncio.sleep(5 * world.retry.longest)
        assert (world.notes, lane.bytes, world.receipts) == ({"A": ["1"]}, 0, [])
        await lane.close()

    run(work)


@pytest.mark.parametrize("answer", [Answer(200, {"Ma": "02"}), Answer(403, {})], ids=repr)
def test_who_lost_a_partition_sets_none_of_its_events_aside(world: World, answer: Answer) -> None:
    world.event("A", "1")
    taken = records(world)

    async def work() -> None:
        lane, peer = lane_of(world), Held(world)
        arrive(lane, taken)
        await peer.called(1)
        await lane.release([Spot("hub.dossier", taken[0].partition)], 0.0)
        peer.say(answer)
        await eventually(lambda: lane.held == 0)
        await asyncio.sleep(0.02)
        assert (world.receipts, len(world.peer.calls)) == ([], 1)
        await lane.close()

    run(work)


def test_while_a_partition_goes_its_failures_end_and_its_successes_count(world: World) -> None:
    world.retry = RetryPolicy(first=30, factor=1, longest=30, give_up=60)
    for code in "ABCDEFGH":
        world.event(code, "1")
    taken = records(world, 0)
    good = taken[0].key

    async def answer(operation: str, document: Document, key: str) -> Answer:
        await asyncio.sleep(0.05)
        if str(document["code"]).encode() == good:
            return OK
        raise DOWN

    async def work() -> None:
        lane = lane_of(world)
        world.peer.answer = answer
        arrive(lane, taken)
        await asyncio.sleep(0.01)
        released = await lane.release([Spot("hub.dossier", 0)], BOUND)  # not the pause of 30 s
        assert offsets(released) == {Spot("hub.dossier", 0): 1}
        assert (world.outcomes(), lane.held, lane.bytes) == ({"DELIVERED": 1}, 0, 0)
        await lane.close()

    run(work)


def test_a_delivery_that_ends_after_its_partition_went_still_leaves_its_receipt(
    world: World,
) -> None:
    world.event("A", "1")
    taken = records(world)

    async def work() -> None:
        lane, peer = lane_of(world), Held(world)
        arrive(lane, taken)
        await peer.called(1)
        await lane.release([Spot("hub.dossier", taken[0].partition)], 0.0)
        peer.say(OK)
        await eventually(lambda: len(world.receipts) == 1)
        assert world.outcomes() == {"DELIVERED": 1}
        await lane.close()

    run(work)


@pytest.mark.parametrize("answer", [OK, Answer(200, {"Ma": "02"})], ids=["taken", "refused"])
def test_who_is_not_sure_to_own_a_partition_writes_no_end_until_he_is(
    world: World, answer: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "RECEIPT_AGAIN", 0.02)
    world.event("A", "1")
    taken = records(world)

    async def work() -> None:
        lane, peer = lane_of(world), Held(world)
        arrive(lane, taken)
        await peer.called(1)
        asked = count()
        lane.gate.lease = lambda: next(asked) < 0
        peer.say(answer)
        await eventually(lambda: next(asked) > 2)
        dead = [r for p in (0, 1) for r in world.broker.since(Spot("hub.dead", p), 0)]
        assert (world.receipts, dead, lane.held) == ([], [], 1)
        lane.gate.lease = lambda: True
        await eventually(lambda: lane.held == 0)
        assert (len(world.receipts), lane.bytes) == (1, 0)
        assert offsets(lane.committable()) == {Spot("hub.dossier", taken[0].partition): 1}
        await lane.close()

    run(work)


@pytest.mark.parametrize("answered", ["before", "after"])
def test_the_end_of_what_was_lost_is_left_to_its_owner(
    world: World, answered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that wakes up behind its lease has calls that were answered while it slept."""
    monkeypatch.setattr(settling, "RECEIPT_AGAIN", 0.02)
    world.event("A", "1")
    world.event("A", "2")
    taken = records(world)

    async def work() -> None:
        lane, peer = lane_of(world), Held(world)
        arrive(lane, taken)
        await peer.called(1)
        lane.gate.lease = lambda: False
        if answered == "before":
            peer.say(OK)
            await asyncio.sleep(0.05)
        await lane.lose([Spot("hub.dossier", taken[0].partition)])
        lane.gate.lease = lambda: True  # it is a member again
        if answered == "after":
            peer.say(OK)
        await eventually(lambda: lane.held == 0)
        await asyncio.sleep(0.05)
        assert (world.receipts, lane.bytes, world.notes) == ([], 0, {"A": ["1"]})
        await lane.close()

    run(work)


def test_who_gives_a_partition_back_behind_its_lease_has_lost_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "RECEIPT_AGAIN", 0.02)
    world.event("A", "1")
    taken = records(world)

    async def work() -> None:
        lane, peer = lane_of(world), Held(world)
        loop, broker = asyncio.get_running_loop(), world.broker
        takeover = Takeover(broker, broker.writer(), world.codec, "peer", 2, world.earlier.get)
        inbox = Inbox(broker, lane, ["hub.dossier"], loop, takeover)
        arrive(lane, taken)
        await peer.called(1)
        lane.gate.lease = lambda: False
        spot = Spot("hub.dossier", taken[0].partition)
        assert await asyncio.to_thread(inbox.revoked, [spot]) == {}, "nothing is committed for it"
        lane.gate.lease = lambda: True  # it is a member again
        peer.say(OK)
        await eventually(lambda: lane.held == 0)
        await asyncio.sleep(0.05)
        assert world.receipts == []
        await lane.close()

    run(work)


def test_who_is_not_sure_to_own_a_partition_does_not_call_himself_its_owner(world: World) -> None:
    """Behind the true owner's record his would make void what that one writes."""
    broker, spot = world.broker, Spot("hub.dossier", 0)
    takeover = Takeover(broker, broker.writer(), world.codec, "peer", 2, world.earlier.get)
    with pytest.raises(Retry, match=NOT_OURS):
        takeover.take([spot], {spot: (0, "")}, lambda: False)
    assert world.journal == []
    takeover.take([spot], {spot: (0, "")}, lambda: True)
    assert [record["kind"] for record in world.journal] == ["OWNER"]


def test_a_partition_that_comes_back_is_neither_told_twice_at_once_nor_settled_by_its_past(
    world: World,
) -> None:
    world.event("A", "1")
    world.event("A", "2")
    taken = records(world)
    spot = Spot("hub.dossier", taken[0].partition)

    async def work() -> None:
        lane, peer = lane_of(world), Held(world)
        arrive(lane, taken)
        await peer.called(1)
        await lane.release([spot], 0.0)
        arrive(lane, taken)  # the peer in memory asserts that a dossier has one call at a time
        await asyncio.sleep(0.05)
        assert world.notes == {"A": ["1"]}
        peer.say(OK)  # of the first assignment
        await peer.called(2)
        assert offsets(lane.committable()) == {spot: 0}
        assert world.notes == {"A": ["1", "1"]}
        assert len({key for _, _, key in world.peer.calls}) == 1
        peer.say(OK)
        await peer.called(3)
        peer.say(OK)
        await eventually(lambda: offsets(lane.committable()) == {spot: 2})
        assert (lane.held, lane.bytes) == (0, 0)
        await lane.close()

    run(work)


def test_an_offset_that_comes_again_costs_its_poll_nothing(world: World) -> None:
    for code in "ABCDEFGH":
        world.event(code, "1")
    ours, others = records(world, 0), records(world, 1)
    assert ours
    assert others

    async def work() -> None:
        lane = lane_of(world)
        arrive(lane, ours)
        arrive(lane, ours[:1] + others)
        await eventually(lambda: lane.held == 0)
        assert offsets(lane.committable()) == {
            Spot("hub.dossier", 0): len(ours),
            Spot("hub.dossier", 1): len(others),
        }
        assert sorted(world.notes) == list("ABCDEFGH")
        assert all(notes == ["1"] for notes in world.notes.values())
        await lane.close()

    run(work)


# -- a halted lane


@pytest.mark.parametrize(
    ("probe", "expected"),
    [
        (Retry("peer restarts", system=True), {"DELIVERED": 4}),
        (Answer(200, {"Ma": "02"}), {"DELIVERED": 3, "DEAD_LETTERED": 1}),
        (Halt("still refused"), {"DELIVERED": 4}),
    ],
    ids=["retry", "reject", "halt"],
)
def test_a_halted_lane_goes_on_trying(
    world: World, probe: Answer | HubError, expected: dict[str, int]
) -> None:
    for code in "ABCD":
        world.event(code, "1")
    calls = 0

    async def answer(operation: str, document: Document, key: str) -> Answer:
        nonlocal calls
        calls += 1
        if calls <= 4:  # all that are in flight
            raise Halt("credential refused")
        if calls == 5 and isinstance(probe, HubError):
            raise probe
        return probe if calls == 5 and isinstance(probe, Answer) else OK

    async def work() -> None:
        lane = lane_of(world)
        world.peer.answer = answer
        arrive(lane, records(world))
        await eventually(lambda: len(world.receipts) == 4)
        assert (world.outcomes(), lane.halted) == (expected, None)
        await lane.close()

    run(work)


def test_a_refusal_of_one_dossier_proves_the_credential(world: World) -> None:
    world.event("A", "1")
    answers: list[Answer | HubError] = [Halt("credential refused"), Answer(200, {"Ma": "02"})]

    async def answer(operation: str, document: Document, key: str) -> Answer:
        told = answers.pop(0)
        if isinstance(told, HubError):
            raise told
        return told

    async def work() -> None:
        lane = lane_of(world)
        world.peer.answer = answer
        arrive(lane, records(world))
        await eventually(lambda: len(world.receipts) == 1)
        assert (world.outcomes(), lane.halted) == ({"DEAD_LETTERED": 1}, None)
        await lane.close()

    run(work)


def test_what_asks_the_system_nothing_proves_nothing(world: World) -> None:
    world.event("A", "1")
    world.event("B", "nothing")
    world.event("C", "never")

    async def answer(operation: str, document: Document, key: str) -> Answer:
        raise Halt("credential refused")

    async def work() -> None:
        lane = lane_of(world, probe=30)
        world.peer.answer = answer
        ready = sorted(records(world), key=lambda record: record.key or b"")
        arrive(lane, ready)  # all three start; the first of them halts the lane
        await eventually(lambda: len(world.receipts) == 2)
        assert world.outcomes() == {"NOTHING_TO_SEND": 1, "DEAD_LETTERED": 1}
        await asyncio.sleep(0.02)
        assert (lane.halted, len(world.peer.calls)) == ("credential refused", 1)
        await lane.drain(1)
        await lane.close()

    run(work)


# -- twins


@pytest.mark.parametrize("digests", [("aa", "bb"), ("", "")], ids=["digest", "bytes"])
def test_a_second_body_under_a_known_id_is_seen(world: World, digests: tuple[str, str]) -> None:
    one, other = digests
    world.event("A", "ACCEPTED", digest=one)
    world.event("A", "REFUSED", same_as=1, digest=other)
    world.event("A", "ACCEPTED", same_as=1, digest=one)
    before = counted("hub_conflicts_total", registration="peer", flow="withdrawn")

    async def work() -> None:
        lane = lane_of(world)
        arrive(lane, records(world))
        await eventually(lambda: len(world.receipts) == 3)
        await lane.close()

    run(work)
    assert world.notes == {"A": ["ACCEPTED"]}
    assert [(r["outcome"], r["note"]) for r in world.receipts] == [
        ("DELIVERED", None),
        ("DUPLICATE", "conflict"),
        ("DUPLICATE", None),
    ]
    assert counted("hub_conflicts_total", registration="peer", flow="withdrawn") == before + 1


def test_the_first_offset_counts_even_if_the_second_is_worked_on_first(world: World) -> None:
    world.event("A", "wait")
    world.event("A", "1")
    partition = records(world)[0].partition
    world.event("B", "1", same_as=2, partition=partition)
    taken = records(world, partition)

    async def work() -> None:
        lane, peer = lane_of(world), Held(world)
        arrive(lane, taken)
        await peer.called(1)
        await eventually(lambda: len(world.receipts) == 1)
        assert world.outcomes() == {"DUPLICATE": 1}
        peer.say(OK)
        await peer.called(2)
        peer.say(OK)
        await eventually(lambda: len(world.receipts) == 3)
        assert world.outcomes() == {"DUPLICATE": 1, "DELIVERED": 2}
        await lane.close()

    run(work)
    assert world.notes == {"A": ["wait", "1"]}


# -- schemas


def test_an_unknown_schema_is_asked_for_once_beside_the_loop(
    world: World, catalogue: Catalogue
) -> None:
    for code in "ABC":
        world.event(code, "1")
    asked: list[int] = []
    again = threading.Event()
    ids = world.codec._schemas

    class Registry:
        def register(self, subject: str, text: str) -> int:
            return ids.register(subject, text)

        def schema(self, number: int) -> str:
            asked.append(threading.get_ident())
            if len(asked) > 1:
                again.set()
            again.wait(0.2)  # so long the others have to ask as well
            return ids.schema(number)

    world.codec = Codec(catalogue, Registry())
    assert not world.codec.knows(records(world)[0].value or b"")

    async def work() -> None:
        lane = lane_of(world)
        arrive(lane, records(world))
        await eventually(lambda: len(world.receipts) == 3)
        assert len(asked) == 1
        assert asked[0] != threading.get_ident()
        assert world.codec.knows(records(world)[0].value or b"")
        await lane.close()

    run(work)
