"""A lane whose system takes lists: many events in a call, and each of them for itself."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from adapters.http.messages import Answer
from hub.contract.types import Document, Value
from hub.delivery.batching import Joining
from hub.delivery.outcomes import compile_rows, compile_when
from hub.delivery.outflow import Outflow, Question
from hub.errors import Reject, Retry
from hub.events.catalogue import Catalogue
from hub.records import Spot
from hub.registry.batch import Batch, pairs
from hub.registry.manifest_flow import Outcome
from tests.delivery.test_lane import WITHDRAWN, Peer, World, settled

pytestmark = pytest.mark.process

ROWS = compile_rows(
    [
        Outcome({"rows.ma": "00"}, "delivered"),
        Outcome({"rows.ma": "02"}, "reject"),
        Outcome({"rows.ma": "03"}, "retry"),
        Outcome({"rows.ma": "04"}, "again", set={"updating": "True"}),
    ],
    {},
)
Item = tuple[str, str]  # dossier, note
Saying = Callable[[list[Item]], Awaitable[Answer]]


def rows(items: list[Item], said: dict[Item, str | None] | None = None) -> Answer:
    """A row for each item: "00", or what is said of it; none where None is said."""
    codes = {item: (said or {}).get(item, "00") for item in items}
    found: list[Value] = [{"code": i[0], "ma": ma} for i, ma in codes.items() if ma is not None]
    return Answer(200, {"rows": found})


async def yes(items: list[Item]) -> Answer:
    return rows(items)


class ListPeer(Peer):
    """A system that takes lists; a test says what it answers to the items of a call."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[list[Item]] = []
        self.asked: list[str] = []
        self.says: Saying = yes

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        if operation == "ask":
            self.asked.append(str(document["code"]))
            return Answer(200, {"there": False})
        listed = document["items"]
        assert isinstance(listed, list)
        items = [(str(i["code"]), str(i["note"])) for i in listed if isinstance(i, dict)]
        assert len({code for code, _ in items}) == len(items), "two of one dossier in a call"
        self.batches.append(items)
        self.calls += [(code, note, key) for code, note in items]
        for code, _ in items:
            self.under_way[code] += 1
            assert self.under_way[code] == 1, "two calls at once for one dossier"
        try:
            return await self.says(items)
        finally:
            for code, _ in items:
                self.under_way[code] -= 1


def listed(
    event: Document, answer: Document | None, settings: object, flags: list[str]
) -> tuple[str, Document] | None:
    del answer, settings, flags
    if event["reason"] == "nothing":
        return None
    if event["reason"] == "never":
        raise Reject("no such thing", where="mapping.py:1:1")
    item: Document = {"code": event["dossier_code"], "note": event["reason"]}
    return "tell", {"updating": "False", "items": [item]}


def question(
    event: Document, answer: Document | None, settings: object, flags: list[str]
) -> tuple[str, Document]:
    del answer, settings, flags
    return "ask", {"code": event["dossier_code"]}


class ListWorld(World):
    """Two partitions, one registration that takes lists of 50."""

    peer: ListPeer

    def __init__(self, catalogue: Catalogue, linger: float = 0.0) -> None:
        super().__init__(catalogue)
        self.peer = ListPeer()
        batch = Batch("items", "rows", "code", most=50, linger=linger)
        joining = Joining("withdrawn", batch, pairs(batch))
        self.flow = Outflow("peer", "withdrawn", WITHDRAWN, listed, ROWS, {}, joining=joining)

    def many(self, dossiers: int, steps: int = 1) -> None:
        for step in range(steps):
            for number in range(dossiers):
                self.event(f"D{number:03}", str(step))

    @property
    def sizes(self) -> list[int]:
        return [len(items) for items in self.peer.batches]

    @property
    def times(self) -> Counter[Item]:
        """How often each item was sent."""
        return Counter(item for items in self.peer.batches for item in items)

    def ends(self) -> dict[str, str]:
        return {str(r["key"]): str(r["outcome"]) for r in self.receipts}


@pytest.fixture
def world(catalogue: Catalogue) -> ListWorld:
    return ListWorld(catalogue)


def test_a_hundred_dossiers_go_in_far_fewer_calls(world: ListWorld) -> None:
    world.many(100)
    world.go(settled(100), in_flight=2)
    assert world.outcomes() == {"DELIVERED": 100}
    assert world.committed == 100
    assert set(world.times.values()) == {1}
    assert len(world.sizes) <= 30, world.sizes
    assert max(world.sizes) > 8


def test_each_dossier_keeps_its_order_and_has_one_event_in_a_call(world: ListWorld) -> None:
    world.many(40, steps=4)
    world.go(settled(160), in_flight=2)
    assert world.notes == {f"D{n:03}": ["0", "1", "2", "3"] for n in range(40)}
    assert len(world.sizes) < 60


def test_where_nothing_waits_an_event_goes_at_once_and_under_its_own_key(world: ListWorld) -> None:
    world.event("A", "1")
    world.go(settled(1))
    assert world.peer.calls == [("A", "1", "id-1")]


def test_a_bad_item_is_a_dead_letter_and_its_neighbours_are_delivered_once(
    world: ListWorld,
) -> None:
    async def refuse_one(items: list[Item]) -> Answer:
        return rows(items, {("D077", "0"): "02"})

    world.peer.says = refuse_one
    world.many(100)
    world.go(settled(100), in_flight=2)
    assert world.outcomes() == {"DELIVERED": 99, "DEAD_LETTERED": 1}
    assert world.ends()["D077"] == "DEAD_LETTERED"
    assert set(world.times.values()) == {1}
    dead = [r for p in (0, 1) for r in world.broker.since(Spot("hub.dead", p), 0)]
    assert [record.key for record in dead] == [b"D077"]


def test_what_the_mapping_refuses_or_leaves_out_concerns_nobody_else(world: ListWorld) -> None:
    world.event("A", "never")
    world.event("B", "nothing")
    world.event("C", "1")
    world.go(settled(3))
    ends = {"A": "DEAD_LETTERED", "B": "NOTHING_TO_SEND", "C": "DELIVERED"}
    assert (world.ends(), world.peer.batches) == (ends, [[("C", "1")]])


def test_who_is_to_be_told_again_is_and_the_others_are_not(world: ListWorld) -> None:
    there = {("D003", "0"), ("D030", "0"), ("D031", "0")}

    async def exists(items: list[Item]) -> Answer:
        first = {item: "04" for item in items if world.times[item] == 1 and item in there}
        return rows(items, first)  # type: ignore[arg-type]

    world.peer.says = exists
    world.many(60)
    world.go(settled(60), in_flight=2)
    assert world.outcomes() == {"DELIVERED": 60}
    assert {item: n for item, n in world.times.items() if n > 1} == dict.fromkeys(there, 2)


def test_a_failing_item_is_tried_again_and_holds_up_nobody(world: ListWorld) -> None:
    async def busy(items: list[Item]) -> Answer:
        return rows(items, {("D005", "0"): "03"} if world.times["D005", "0"] < 4 else {})

    world.peer.says = busy
    world.many(40, steps=2)
    world.go(settled(80), in_flight=2)
    assert world.outcomes() == {"DELIVERED": 80}
    assert world.notes["D005"] == ["0", "0", "0", "0", "1"]
    assert {n for item, n in world.times.items() if item != ("D005", "0")} == {1}


def test_items_that_fail_alike_beside_others_that_are_taken_open_no_breaker(
    world: ListWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    ill = {(f"D{number:03}", "0") for number in range(70, 80)}

    async def some(items: list[Item]) -> Answer:
        return rows(items, {item: "03" for item in ill if world.times[item] < 3})

    world.peer.says = some
    world.many(100)
    world.go(settled(100), in_flight=2)
    assert world.outcomes() == {"DELIVERED": 100}
    assert "breaker_opened" not in capsys.readouterr().out


def test_an_item_without_a_row_is_in_doubt_asked_about_alone_and_repeated(
    world: ListWorld,
) -> None:
    found = compile_when({"there": True}, {}, "found")
    world.flow = replace(world.flow, in_doubt=Question("ask", question, None, found))

    async def forget(items: list[Item]) -> Answer:
        return rows(items, {("D050", "0"): None} if world.times["D050", "0"] == 1 else {})

    world.peer.says = forget
    world.many(100)
    world.go(settled(100), in_flight=2)
    assert world.outcomes() == {"DELIVERED": 100}
    assert world.peer.asked == ["D050"]
    with_it = [items for items in world.peer.batches if ("D050", "0") in items]
    assert len(with_it[0]) > 1
    assert with_it[1:] == [[("D050", "0")]]
    assert {n for item, n in world.times.items() if item != ("D050", "0")} == {1}
    (receipt,) = [r for r in world.receipts if r["key"] == "D050"]
    assert [a.outcome for a in world.attempts(receipt)] == ["unknown", "asked", "delivered"]


@pytest.mark.parametrize("refusal", [Answer(400, {}), Answer(500, {}, fault="Client")])
def test_a_call_refused_as_a_whole_is_split_until_the_guilty_one_stands_alone(
    world: ListWorld, refusal: Answer
) -> None:
    guilty = ("D060", "0")

    async def refuse_all(items: list[Item]) -> Answer:
        return refusal if guilty in items else rows(items)

    world.peer.says = refuse_all
    world.many(100)
    world.go(settled(100), in_flight=2)
    assert world.outcomes() == {"DELIVERED": 99, "DEAD_LETTERED": 1}
    assert world.ends()["D060"] == "DEAD_LETTERED"
    refused = [len(items) for items in world.peer.batches if guilty in items]
    assert refused[-1] == 1
    assert refused == sorted(refused, reverse=True)
    assert len(refused) <= 7, "halves, not one after the other"
    taken = Counter(i for items in world.peer.batches if guilty not in items for i in items)
    assert set(taken.values()) == {1}, "what was refused with it is delivered once"
    (receipt,) = [r for r in world.receipts if r["key"] == "D060"]
    assert [a.outcome for a in world.attempts(receipt)][:-1] == ["apart"] * (len(refused) - 1)


def test_a_system_that_takes_few_is_sent_few(world: ListWorld) -> None:
    async def at_most_ten(items: list[Item]) -> Answer:
        return rows(items) if len(items) <= 10 else Answer(413, {}, valid=False)

    world.peer.says = at_most_ten
    world.many(200)
    world.go(settled(200), in_flight=2)
    assert world.outcomes() == {"DELIVERED": 200}
    assert sum(size > 10 for size in world.sizes) <= 8, world.sizes


def test_a_system_that_is_away_opens_the_breaker_and_nobody_loses_its_place(
    world: ListWorld,
) -> None:
    failed: list[int] = []

    async def away(items: list[Item]) -> Answer:
        if len(world.sizes) < 8 or len(failed) >= 5:
            return rows(items)
        failed.append(len(items))
        return Answer(503, {})

    world.peer.says = away
    world.many(100, steps=2)
    world.go(settled(200), in_flight=2)
    assert world.outcomes() == {"DELIVERED": 200}
    assert max(failed[:3]) > 1
    assert failed[4:] == [1], "three calls in a row and one beside them; then a probe"
    for notes in world.notes.values():
        assert notes == sorted(notes)
    repeated = {item: n for item, n in world.times.items() if n > 1}
    assert len(repeated) <= sum(failed)


def test_one_call_that_fails_is_one_failure_however_many_were_in_it(world: ListWorld) -> None:
    failed: list[int] = []

    async def once(items: list[Item]) -> Answer:
        if len(items) < 8 or failed:
            return rows(items)
        failed.append(len(items))
        return Answer(503, {})

    world.peer.says = once
    world.many(60)
    world.go(settled(60), in_flight=1)
    after = world.peer.batches[world.sizes.index(failed[0]) + 1 :]
    assert world.outcomes() == {"DELIVERED": 60}
    assert len(after[0]) > 1, "no probe: the breaker stays closed"


def test_a_crash_with_a_call_under_way_leaves_every_item_in_doubt(world: ListWorld) -> None:
    lost: list[Item] = []

    async def then_crash(items: list[Item]) -> Answer:
        if len(items) == 1:
            return rows(items)
        lost.extend(items)
        await asyncio.Event().wait()
        raise AssertionError

    world.peer.says = then_crash
    world.many(40)
    world.go(lambda _: len(lost) >= 2, in_flight=1, drain=0.1)
    world.peer.under_way.clear()
    before = len(lost)
    assert before >= 2

    async def look(items: list[Item]) -> Answer:
        assert len(items) == 1 or not set(lost) & set(items), "who is in doubt goes alone"
        return rows(items)

    world.peer.says = look
    world.go(settled(40), in_flight=1)
    assert world.outcomes() == {"DELIVERED": 40}
    doubted = {str(r["key"]) for r in world.receipts if "in doubt" in str(r["note"])}
    assert doubted == {code for code, _ in lost}
    assert {n for item, n in world.times.items() if item not in lost} == {1}


@pytest.mark.parametrize("error", [Retry("time-out", system=True, sent=True)])
def test_after_a_time_out_each_goes_alone(world: ListWorld, error: Retry) -> None:
    broken: list[Item] = []

    async def once(items: list[Item]) -> Answer:
        if len(items) > 4 and not broken:
            broken.extend(items)
            raise error
        return rows(items)

    world.peer.says = once
    world.many(60)
    world.go(settled(60), in_flight=1)
    assert world.outcomes() == {"DELIVERED": 60}
    again = [items for items in world.peer.batches if set(items) & set(broken)][1:]
    assert [len(items) for items in again] == [1] * len(broken)


def test_a_call_waits_for_company_while_another_is_under_way(catalogue: Catalogue) -> None:
    world = ListWorld(catalogue, linger=1.0)
    late = [(f"L{number}", "0") for number in range(6)]
    come: list[Item] = []
    hold = asyncio.Event()

    async def hold_the_first(items: list[Item]) -> Answer:
        if late[0] in items:
            await hold.wait()
        return rows(items)

    def until(_: World) -> bool:
        """After 40 events the size has grown; then one is held, and the others come one by one."""
        settled_ = len(world.receipts)
        if settled_ >= 40 and len(come) < 6 and (not come or late[0] in world.times):
            come.append(late[len(come)])
            world.event(*come[-1])
        if settled_ >= 45:
            hold.set()
        return settled_ >= 46

    world.peer.says = hold_the_first
    world.many(40)
    world.go(until, in_flight=4)
    assert world.peer.batches[-2:] == [late[:1], late[1:]]
