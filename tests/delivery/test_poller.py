"""Polls on the broker's twin: pages by a cursor, lists whose changes are told, what goes wrong."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from adapters.http.messages import Answer
from hub.broker_memory import MemoryBroker
from hub.contract.types import Document, Value
from hub.delivery.details import WAITS
from hub.delivery.outcomes import compile_rows, judge
from hub.delivery.poller import AFTER_FAILURE, Poller, PollPlan
from hub.delivery.positions import Positions, read_positions
from hub.delivery.watch import read_last
from hub.errors import Halt, HubError, Reject, Retry
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.events.headers import read_headers
from hub.events.schemas_memory import MemorySchemas
from hub.intake.index import FactIndex
from hub.intake.inflow import Inflow
from hub.intake.intake import Intake
from hub.intake.served import Served
from hub.records import Done, Outgoing, Position, Spot
from hub.registry.bundle import read_bundle
from hub.registry.event_types import read_events
from hub.registry.manifest_flow import Cursor, Each, Outcome, Poll

TRACKED = "consignment.v1.ConsignmentTracked"
CODE = "H44.99.99-251013-0001"
CURSOR = Spot("hub.cursor", 0)


def emit(item: Document, now: int, settings: object, flags: object) -> list[tuple[str, Document]]:
    """A row gives one scan; the note `never` is refused by the mapping."""
    if item.get("note") == "never":
        raise Reject("can never pass", where="note")
    record: Document = {
        "dossier_code": CODE,
        "at": 1,
        "order_number": CODE,
        "item_code": None,
        "state": "DELIVERED",
        "state_raw": str(item["id"]),
        "office_code": None,
        "note": str(item.get("note", "")),
    }
    return [(TRACKED, record)]


@dataclass
class System:
    """A system with rows; it gives those after a position, `size` at a time."""

    rows: list[Document] = field(default_factory=list)
    size: int = 3
    asked: list[Document] = field(default_factory=list)
    errors: list[HubError | Answer] = field(default_factory=list)
    renewed: int = 0
    gone: set[Value] = field(default_factory=set)  # listed, but without a detail

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        self.asked.append(document)
        if self.errors:
            error = self.errors.pop(0)
            if isinstance(error, Answer):
                return error
            raise error
        if operation == "detail":
            there = (row for row in self.rows if row["id"] not in self.gone)
            found: list[Value] = [*(row for row in there if row["id"] == document["id"])]
            return Answer(200, {"result": found})
        after = str(document.get("after", ""))
        page: list[Value] = [*(row for row in self.rows if str(row["id"]) > after)]
        return Answer(200, {"items": page[: self.size]})

    async def renew(self) -> None:
        self.renewed += 1

    async def close(self) -> None:
        pass


@dataclass
class World:
    """One poll flow of one registration."""

    broker: MemoryBroker
    index: FactIndex
    codec: Codec
    intake: Intake
    system: System

    def poller(
        self,
        *,
        changes: bool = False,
        each: bool = False,
        every: float = 300,
        following: str = "id",
        good: Outcome | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> Poller:
        """A poller that begins with what stands on `hub.cursor`, as after a crash."""
        poll = Poll(
            "list",
            "items",
            cursor=None if changes else Cursor("after", "0", following),
            changes_of="id" if changes else None,
            each=Each("detail", "result") if each else None,
        )
        inflow = Inflow(
            "post", "track", emit, {}, identity=("id",), ignore=("seen",), marks=("doMat",)
        )
        rows = compile_rows([Outcome({"code": "expired"}, "login"), *([good] if good else [])], {})
        plan = PollPlan(
            poll,
            inflow,
            lambda *_: ("list", {}),
            (lambda item, *_: ("detail", {"id": item["id"]})) if each else None,
            rows,
            every,
            None if changes else 3,
            {},
        )
        positions = Positions(self.broker.writer(), read_positions(read_last(self.broker, CURSOR)))
        return Poller(plan, self.system, self.intake, positions, lambda: None, clock)

    def once(self, *, changes: bool = False, each: bool = False) -> int:
        return asyncio.run(self.poller(changes=changes, each=each).once())

    @property
    def kept(self) -> list[str]:
        """The ids of the events, in their order."""
        records = self.broker.since(Spot("hub.dossier", 0), 0)
        return [read_headers(record.headers).id for record in records]

    @property
    def acts(self) -> list[tuple[object, object]]:
        """What was set aside, and why."""
        records = self.broker.since(Spot("hub.act", 0), 0)
        found = [self.codec.decode(record.value or b"")[1] for record in records]
        return [(act["kind"], act["reason"]) for act in found]

    @property
    def positions(self) -> list[str]:
        records = self.broker.since(CURSOR, 0)
        return [json.loads(record.value or b"{}")["value"] for record in records]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    catalogue = load(Path("schemas/avro"))
    broker = MemoryBroker()
    for topic in ("hub.dossier", "hub.catalogue", "hub.cursor", "hub.act"):
        broker.ensure_topic(topic, 1, {})
    index, codec = FactIndex(tmp_path / "index.db", "twin"), Codec(catalogue, MemorySchemas())
    intake = Intake(
        catalogue=catalogue,
        codec=codec,
        index=index,
        writer=broker.writer(),
        served=Served([]),
        digest_key=b"k" * 32,
        clock=lambda: 1_760_321_100_000,
    )
    yield World(broker, index, codec, intake, System())
    index.close()


def rows(*numbers: int, **more: Value) -> list[Document]:
    return [{"id": str(number), **more} for number in numbers]


def test_a_full_page_is_followed_at_once_and_a_short_one_ends_it(world: World) -> None:
    world.system.rows = rows(1, 2, 3, 4, 5, 6, 7)
    assert world.once() == 7
    assert [asked["after"] for asked in world.system.asked] == ["0", "3", "6"]
    assert world.positions == ["3", "6", "7"]
    assert len(set(world.kept)) == 7


def test_the_next_poll_goes_on_behind_the_last_one(world: World) -> None:
    world.system.rows = rows(1, 2)
    world.once()
    world.system.rows += rows(3)
    assert world.once() == 1
    assert [asked["after"] for asked in world.system.asked] == ["0", "2"]
    assert world.once() == 0
    assert world.positions == ["2", "3"]


def test_a_crash_before_the_position_is_kept_repeats_the_page_without_new_events(
    world: World,
) -> None:
    world.system.rows = rows(1, 2)
    poller = world.poller()

    class Crash(Positions):
        async def keep(self, key: str, value: str) -> None:
            raise KeyboardInterrupt

    poller._positions = Crash(world.broker.writer(), {})
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(poller.once())
    assert (len(world.kept), world.positions) == (2, [])
    assert world.once() == 0
    assert (len(world.kept), world.positions) == (2, ["2"])


@pytest.mark.parametrize(
    "error",
    [
        Retry("away", system=True),
        Halt("locked"),
        Answer(500, {}),
        Answer(404, {}),
        Answer(200, {}, valid=False),
        Answer(403, {}),
    ],
    ids=["retry", "halt", "500", "404", "invalid", "403"],
)
def test_a_failure_keeps_the_position(world: World, error: HubError | Answer) -> None:
    world.system.rows = rows(1, 2, 3, 4)
    poller = world.poller()
    world.system.size = 3
    world.system.errors = []
    ask = poller._ask
    pages = 0

    async def second_fails(operation: str, request: Document, path: str) -> Answer:
        nonlocal pages
        pages += 1
        if pages == 2:
            world.system.errors = [error]
        return await ask(operation, request, path)

    poller._ask = second_fails  # type: ignore[method-assign]  # the fault comes at the second page
    with pytest.raises((Retry, Halt)):
        asyncio.run(poller.once())
    assert (len(world.kept), world.positions) == (3, ["3"])
    assert world.once() == 1
    assert world.positions == ["3", "4"]


def test_an_unacknowledged_event_keeps_the_position(world: World) -> None:
    world.system.rows = rows(1)
    world.broker.down = True
    with pytest.raises(Retry):
        world.once()
    world.broker.down = False
    assert world.positions == []
    assert world.once() == 1


def test_an_old_credential_is_renewed_once(world: World) -> None:
    world.system.rows = rows(1)
    expired = Answer(200, {"code": "expired"})
    world.system.errors = [expired]
    assert (world.once(), world.system.renewed) == (1, 1)
    world.system.errors = [expired, expired]
    with pytest.raises(Retry):
        world.once()


def test_what_is_unchanged_is_not_told_again(world: World) -> None:
    world.system.rows = rows(1, 2, note="a")
    assert [world.once(changes=True) for _ in range(3)] == [2, 0, 0]
    world.system.rows[0]["seen"] = "later"  # declared volatile
    assert world.once(changes=True) == 0


def test_a_change_back_and_forth_is_a_fact_each_time(world: World) -> None:
    for number, note in enumerate("ABABA", start=1):
        world.system.rows = rows(1, note=note)
        assert world.once(changes=True) == 1, f"change {number}"
        assert world.once(changes=True) == 0
    assert len(set(world.kept)) == 5


def test_a_crash_before_a_change_is_noted_repeats_it_without_a_new_event(world: World) -> None:
    world.system.rows = rows(1, note="A")
    world.once(changes=True)
    world.system.rows = rows(1, note="B")
    before = world.positions
    assert world.once(changes=True) == 1
    # the position of the change is lost: an older record is the last one again
    world.broker.keep(
        Outgoing("hub.cursor", b"poll:post:track:1", json.dumps({"value": before[-1]}).encode())
    )
    assert world.once(changes=True) == 0
    assert len(world.kept) == 2


def test_a_detail_takes_the_place_of_its_item(world: World) -> None:
    world.system.rows = rows(1, note="whole")
    assert world.once(changes=True, each=True) == 1
    assert [asked for asked in world.system.asked if asked] == [{"id": "1"}]


@pytest.mark.parametrize("changes", [False, True], ids=["cursor", "changes"])
def test_an_item_whose_detail_is_missing_is_asked_for_again(world: World, changes: bool) -> None:
    world.system.rows = rows(1, 2)
    page = Answer(200, {"items": [*rows(1, 2)]})
    world.system.errors = [page, Answer(200, {"result": []})]
    with pytest.raises(Retry, match="1 of 2 items have no detail"):
        world.once(changes=changes, each=True)
    assert len(world.kept) == 1  # the other one does not wait
    assert "2" not in world.positions
    assert world.once(changes=changes, each=True) == 1
    assert len(set(world.kept)) == 2


def test_one_item_without_an_answer_does_not_hold_up_those_behind_it(world: World) -> None:
    world.system.rows = rows(1, 2, 3)
    world.system.errors = [Answer(200, {"items": [*rows(1, 2, 3)]}), Answer(404, {})]
    with pytest.raises(Retry, match="1 of 3 items have no detail"):
        world.once(each=True)
    assert len(world.kept) == 2
    assert world.positions == []


def test_a_system_that_answers_nothing_is_not_asked_for_the_whole_page(world: World) -> None:
    world.system.rows = rows(*range(1, 10))
    world.system.size = 9
    away = Retry("no connection", system=True)
    world.system.errors = [Answer(200, {"items": [*world.system.rows]}), away, away, away, away]
    with pytest.raises(Retry, match="no connection"):
        world.once(each=True)
    assert len(world.system.asked) == 1 + 3


def test_a_detail_that_never_comes_goes_to_a_person_and_the_list_goes_on(world: World) -> None:
    now = [0.0]
    world.system.rows = rows(1, 2, 3)
    world.system.gone = {"1"}
    poller = world.poller(each=True, clock=lambda: now[0])

    async def polled() -> int:
        return await poller.once()

    for _ in range(2):
        with pytest.raises(Retry, match="1 of 3 items have no detail"):
            asyncio.run(polled())
        now[0] += WAITS / 2
    assert world.positions == []
    assert asyncio.run(polled()) == 0
    assert world.positions[-1] == "3"
    assert world.acts == [("SET_ASIDE", "its detail did not come")]


@pytest.mark.parametrize(
    ("answer", "fits"),
    [
        ({"error_code": -1}, False),
        ({"error_code": -1, "items": []}, False),
        ({}, False),
        ({"error_code": "00"}, True),
        ({"error_code": 0, "items": []}, True),
    ],
)
def test_where_the_table_says_what_is_good_nothing_else_is_no_news(
    world: World, answer: Document, fits: bool
) -> None:
    world.system.errors = [Answer(200, answer)]
    poller = world.poller(good=Outcome({"error_code": {"integer": 0}}, "delivered"))
    if fits:
        assert asyncio.run(poller.once()) == 0
    else:
        with pytest.raises(Retry, match="counts as good"):
            asyncio.run(poller.once())


@pytest.mark.parametrize("answer", [{"error_code": -1}, {}, {"items": None}])
def test_without_a_word_in_the_table_the_list_itself_must_be_there(
    world: World, answer: Document
) -> None:
    world.system.errors = [Answer(200, answer), Answer(200, {"items": []})]
    with pytest.raises(Retry, match="counts as good"):
        world.once()
    assert world.once() == 0


@pytest.mark.parametrize(
    ("name", "answer", "then"),
    [
        ("postal", {"_size": 0, "_total_pages": 0, "_returned": 0}, "delivered"),
        ("postal", {"_returned": 1, "_embedded": {"rh:doc": [{}]}}, "delivered"),
        ("postal", {"fault": {"code": 900900}}, "retry"),
        ("ngsp", {"error_code": "00", "message": "Thành công"}, "delivered"),
        ("ngsp", {"error_code": -1, "message": "Lỗi hệ thống", "result": []}, "retry"),
    ],
)
def test_what_the_connectors_call_a_page(name: str, answer: Document, then: str) -> None:
    """The list is absent on an empty page of the NGSP route."""
    manifest = read_bundle(Path("connectors") / name, read_events(Path("schemas/avro"))).manifest
    (flow,) = [flow for flow in manifest.flows.values() if flow.poll]
    settings: dict[str, Value] = {"accepted": ["100"]}
    rows = compile_rows([*flow.outcomes, *manifest.outbound.outcomes], settings)
    assert judge(rows, Answer(200, answer), {}, {}, set()).then == then


def test_an_item_without_a_position_is_told(world: World) -> None:
    world.system.rows = rows(1)
    with pytest.raises(Reject, match="no position"):
        asyncio.run(world.poller(following="at").once())
    assert world.positions == []


def test_an_item_that_can_never_pass_is_set_aside_and_holds_up_nobody(world: World) -> None:
    world.system.rows = rows(1) + rows(2, note="never") + rows(3)
    assert world.once() == 2
    assert world.positions[-1] == "3"
    assert world.acts == [("SET_ASIDE", "note: can never pass")]


def test_a_change_that_can_never_pass_is_set_aside_once(world: World) -> None:
    world.system.rows = rows(1, note="never")
    assert [world.once(changes=True) for _ in "12"] == [0, 0]
    assert len(world.acts) == 1
    world.system.rows = rows(1, note="good")
    assert world.once(changes=True) == 1


def test_a_polled_secret_is_refused_on_record_without_its_name(world: World) -> None:
    world.system.rows = rows(1, doMat="C") + rows(2)
    assert world.once() == 1
    assert world.acts == [("SECRECY_REFUSED", "mark doMat")]


def test_a_poll_that_was_cancelled_does_not_cost_others_their_results(world: World) -> None:
    results: list[tuple[Done, Position | HubError]] = []
    positions = Positions(world.broker.writer(results.extend), {})

    async def cancelled() -> None:
        task = asyncio.create_task(positions.keep("k", "1"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for done, result in results:
            done(result)  # raises nothing
        assert len(results) == 1

    asyncio.run(cancelled())
    assert positions.get("k") is None


def test_failures_wait_longer_up_to_the_interval(world: World) -> None:
    poller = world.poller(every=30)
    assert [poller._pause(n) for n in (0, 1, 2, 3, 9)] == [
        30,
        AFTER_FAILURE,
        AFTER_FAILURE * 2,
        AFTER_FAILURE * 4,
        30,
    ]


def _ran(world: World, until: Callable[[], bool]) -> None:
    async def go() -> None:
        task = asyncio.create_task(world.poller(every=0.01).run())
        async with asyncio.timeout(10):
            while not until():
                await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(go())


def test_polling_goes_on_after_a_failure_and_a_bug(world: World) -> None:
    world.system.rows = rows(1, 2)
    world.system.errors = [Retry("away"), Answer(200, {"items": [{"no": "id"}]})]
    _ran(world, lambda: len(world.kept) == 2)
    assert world.positions[-1] == "2"


@pytest.mark.parametrize("body", [b"{", b"[]", b"{}", b'{"value": 5}', None])
def test_a_position_that_cannot_be_read_is_none(body: bytes | None) -> None:
    assert read_positions({b"k": body, b"good": b'{"value": "7"}'}) == {"good": "7"}
