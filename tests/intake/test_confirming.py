"""Items that nothing proves: what their system confirms counts, what it does not is set aside."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

import pytest

from adapters.http.messages import Answer
from hub.contract.types import Document
from hub.delivery.outcomes import ITEM, compile_rows, compile_when
from hub.errors import Halt, HubError, Reject, Retry
from hub.events.headers import read_headers
from hub.intake import confirming
from hub.intake.confirming import Confirmation, Confirmer, Question
from hub.intake.intake import Taken
from hub.registry.manifest import Outcome
from tests.intake.intake_kit import World, row

ROWS = compile_rows([Outcome({"busy": True}, "retry")], {})


@dataclass
class System:
    """A system that knows the state of its items; `script` answers before it does."""

    states: dict[str, int | str] = field(default_factory=dict)
    script: Iterator[Answer | HubError] = field(default_factory=lambda: iter(()))
    asked: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    renewed: int = 0
    under_way: int = 0
    most: int = 0
    pace: Callable[[str], "asyncio.Future[None] | None"] = lambda _: None

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        assert operation == "GET /one"
        code = str(document["code"])
        self.asked.append(code)
        self.keys.append(key)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        try:
            await (self.pace(code) or asyncio.sleep(0))
        finally:
            self.under_way -= 1
        told = next(self.script, None)
        if isinstance(told, HubError):
            raise told
        state = self.states.get(code)
        return told or Answer(200, {"body": [{"results": [] if state is None else [_of(state)]}]})

    async def renew(self) -> None:
        self.renewed += 1

    async def close(self) -> None: ...


def _of(state: int | str) -> Document:
    return {"status": state}


def asking(item: Document, first: bool) -> Document | None:
    """Everything but the first row is asked about."""
    return None if first else {"code": item["item"]}


CONFIRMATION = Confirmation(
    operation="GET /one",
    make=asking,
    found=compile_when({"body.results.status": {"text": "$item.status"}}, {}, "found", ITEM),
    rows=ROWS,
)


@pytest.fixture
def doubtful(world: World) -> World:
    """An intake whose flow asks about every row after the first."""
    world.inflow = replace(world.inflow, confirm=CONFIRMATION)
    return world


def test_what_the_system_says_too_is_kept(doubtful: World) -> None:
    system = System({"B": 14, "C": "12"})
    rows = (row(6, "A"), row(14, "B"), row(12, "C"))
    assert doubtful.take(*rows, confirmer=Confirmer(system)) == Taken("accepted", 4, 0)
    assert sorted(system.asked) == ["B", "C"]
    ids = [read_headers(record.headers).id for record in doubtful.kept]
    assert sorted(system.keys) == sorted([ids[1], ids[3]]), "the question bears the event's id"
    assert doubtful.acts == []


@pytest.mark.parametrize("states", [{}, {"B": 12}], ids=["unknown", "in another state"])
def test_what_the_system_does_not_say_is_set_aside_and_the_rest_goes_on(
    doubtful: World, states: dict[str, int | str]
) -> None:
    confirmer = Confirmer(System({**states, "C": 6}))
    rows = (row(6, "A"), row(14, "B"), row(6, "C"))
    assert doubtful.take(*rows, confirmer=confirmer) == Taken("accepted", 2, 0)
    (act,) = doubtful.acts
    assert (act["kind"], act["subject"], act["reason"]) == (
        "UNCONFIRMED",
        "B 14",
        "its system does not confirm it",
    )
    assert isinstance(act["event_ids"], list)
    assert len(act["event_ids"]) == 2
    kept = {read_headers(record.headers).id for record in doubtful.kept}
    assert not kept & {str(number) for number in act["event_ids"]}


def test_a_message_of_which_nothing_counts_is_accepted_all_the_same(world: World) -> None:
    all_asked = replace(CONFIRMATION, make=lambda item, _: {"code": item["item"]})
    world.inflow = replace(world.inflow, confirm=all_asked)
    assert world.take(row(6), confirmer=Confirmer(System())) == Taken("nothing", 0, 0)
    assert [act["kind"] for act in world.acts] == ["UNCONFIRMED"]


def test_what_was_set_aside_may_be_confirmed_when_it_comes_again(doubtful: World) -> None:
    system = System()
    confirmer = Confirmer(system)
    doubtful.take(row(6, "A"), row(14, "B"), confirmer=confirmer)
    system.states["B"] = 14
    again = doubtful.take(row(6, "A"), row(14, "B"), confirmer=confirmer)
    assert again == Taken("accepted", 2, 0)


NO_ANSWER: list[Answer | HubError] = [
    Retry("no connection", system=True),
    Halt("the login was refused"),
    Answer(503, {}),
    Answer(429, {}),
    Answer(403, {}),
    Answer(200, {}, valid=False),
    Answer(500, {}, fault="Server"),
    Answer(200, {"busy": True}),
]


@pytest.mark.parametrize("told", NO_ANSWER, ids=repr)
def test_without_an_answer_nothing_of_the_message_is_kept(
    doubtful: World, told: Answer | HubError
) -> None:
    system = System({"B": 14}, iter([told]))
    with pytest.raises((Retry, Halt)):
        doubtful.take(row(6, "A"), row(14, "B"), confirmer=Confirmer(system))
    assert (doubtful.kept, doubtful.acts) == ([], [])
    repeat = doubtful.take(row(6, "A"), row(14, "B"), confirmer=Confirmer(system))
    assert repeat == Taken("accepted", 3, 0)


@pytest.mark.parametrize(
    "told",
    [Answer(404, {}), Answer(400, {}), Answer(500, {}, fault="Client"), Reject("unwritable")],
    ids=repr,
)
def test_a_refusal_is_an_answer(doubtful: World, told: Answer | HubError) -> None:
    confirmer = Confirmer(System({"B": 14}, iter([told])))
    taken = doubtful.take(row(6, "A"), row(14, "B"), confirmer=confirmer)
    assert taken == Taken("accepted", 1, 0)
    assert [act["kind"] for act in doubtful.acts] == ["UNCONFIRMED"]


def test_a_refused_credential_is_renewed_once(doubtful: World) -> None:
    system = System({"B": 14}, iter([Answer(401, {})]))
    taken = doubtful.take(row(6, "A"), row(14, "B"), confirmer=Confirmer(system))
    assert (taken.events, system.renewed) == (3, 1)
    again = System({"C": 14}, iter([Answer(401, {}), Answer(401, {})]))
    with pytest.raises(Retry):
        doubtful.take(row(6, "A"), row(14, "C"), confirmer=Confirmer(again))
    assert again.renewed == 1


def test_what_is_known_is_not_asked_again(doubtful: World) -> None:
    doubtful.take(row(6, "A"), row(14, "B"), confirmer=Confirmer(System({"B": 14})))
    silent = System()
    repeat = doubtful.take(row(6, "A"), row(14, "B"), confirmer=Confirmer(silent))
    assert (repeat, silent.asked) == (Taken("duplicate", 0, 0), [])


def test_what_is_known_in_part_is_completed_without_a_question(doubtful: World) -> None:
    doubtful.take(row(6, "A"), row(14, "B"), confirmer=Confirmer(System({"B": 14})))
    first = read_headers(doubtful.kept[1].headers)
    fresh = World(doubtful.catalogue, doubtful.folder / "fresh")
    fresh.inflow = doubtful.inflow
    fresh.index.follow([(first.id, bytes.fromhex(first.digest or ""))], {})
    silent = System()
    taken = fresh.take(row(6, "A"), row(14, "B"), confirmer=Confirmer(silent))
    assert (taken, silent.asked) == (Taken("accepted", 2, 0), [])
    fresh.index.close()


def test_a_row_that_stands_twice_is_one_question_and_a_foreign_one_none(doubtful: World) -> None:
    system = System({"B": 6})
    rows = (row(6, "A"), row(6, "A"), row(6, "B"), row(6, "B"), row(99, "C"))
    taken = doubtful.take(*rows, confirmer=Confirmer(system))
    assert (taken, system.asked) == (Taken("accepted", 2, 0), ["B"])


def test_another_statement_of_a_doubted_row_is_asked_for_itself(doubtful: World) -> None:
    system = System({}, iter([Answer(200, {"body": []}), Answer(200, {"body": []})]))
    rows = (row(6, "A"), row(6, "B"), row(6, "B", note="other"))
    assert doubtful.take(*rows, confirmer=Confirmer(system)) == Taken("accepted", 1, 0)
    assert [act["kind"] for act in doubtful.acts] == ["UNCONFIRMED", "UNCONFIRMED"]


def test_what_was_confirmed_is_not_asked_again_when_the_broker_was_away(doubtful: World) -> None:
    system = System({"B": 14})
    confirmer = Confirmer(system)
    doubtful.broker.down = True
    with pytest.raises(Retry):
        doubtful.take(row(6, "A"), row(14, "B"), confirmer=confirmer)
    doubtful.broker.down = False
    system.states.clear()  # it has moved on meanwhile
    assert doubtful.take(row(6, "A"), row(14, "B"), confirmer=confirmer).events == 3
    assert system.asked == ["B"]


def test_without_a_way_to_ask_what_needs_no_question_still_comes_in(doubtful: World) -> None:
    assert doubtful.take(row(6, "A")) == Taken("accepted", 1, 0)
    with pytest.raises(Retry, match="cannot be asked"):
        doubtful.take(row(12, "A"), row(14, "B"))
    assert len(doubtful.kept) == 1


def questions(count: int) -> list[Question]:
    return [Question((f"id-{n}", "digest"), row(6, str(n)), {"code": str(n)}) for n in range(count)]


def test_a_system_is_asked_a_few_questions_at_once() -> None:
    system = System({str(n): 6 for n in range(50)})
    assert asyncio.run(Confirmer(system).doubted(CONFIRMATION, questions(50))) == frozenset()
    assert (len(system.asked), system.most) == (50, confirming.AT_ONCE)


def test_after_a_time_out_only_the_rest_is_asked() -> None:
    async def main() -> tuple[list[str], list[str]]:
        loop = asyncio.get_running_loop()
        system = System({str(n): 6 for n in range(12)})
        system.pace = lambda code: loop.create_future() if int(code) >= 5 else None
        confirmer = Confirmer(system)
        hasty = replace(CONFIRMATION, timeout=0.05)
        with pytest.raises(Retry, match=r"no confirmation within 0\.05 s"):
            await confirmer.doubted(hasty, questions(12))
        first = list(system.asked)
        assert system.under_way == 0, "no call outlives its message"
        system.pace = lambda _: None
        assert await confirmer.doubted(hasty, questions(12)) == frozenset()
        return first, system.asked[len(first) :]

    first, second = asyncio.run(main())
    assert [str(n) for n in range(5)] == first[:5]
    assert [str(n) for n in range(5, 12)] == second


def test_one_failure_ends_the_questions_of_its_message() -> None:
    async def main() -> System:
        loop = asyncio.get_running_loop()
        system = System(script=iter([Retry("down", system=True)]))
        system.pace = lambda code: None if code == "0" else loop.create_future()
        with pytest.raises(Retry, match="down"):
            await Confirmer(system).doubted(CONFIRMATION, questions(4))
        return system

    assert asyncio.run(main()).under_way == 0


def test_only_so_many_messages_wait_for_a_system() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        system = System({"0": 6})
        silent = loop.create_future()
        system.pace = lambda _: silent
        confirmer = Confirmer(system)
        async with asyncio.TaskGroup() as waiting:
            asked = [
                waiting.create_task(confirmer.doubted(CONFIRMATION, questions(1)))
                for _ in range(confirming.MESSAGES)
            ]
            await asyncio.sleep(0)
            with pytest.raises(Retry, match="too many"):
                await confirmer.doubted(CONFIRMATION, questions(1))
            silent.set_result(None)
        assert {task.result() for task in asked} == {frozenset()}
        assert await confirmer.doubted(CONFIRMATION, questions(1)) == frozenset()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("wanted", "status", "same"),
    [
        ({"text": "$item.status"}, 14, True),
        ({"text": "$item.status"}, "14", True),
        ({"text": "$item.status"}, " 14 ", True),
        ({"text": "$item.status"}, 140, False),
        ({"text": "$item.status"}, None, False),
        ({"text": "$item.gone"}, "", False),
        ("$item.status", 14, True),
        ("$item.status", "14", False),
        ("$item.gone", None, False),
    ],
    ids=repr,
)
def test_an_answer_is_compared_with_the_item(
    wanted: str | dict[str, object], status: int | str | None, same: bool
) -> None:
    (test,) = compile_when({"results.status": wanted}, {}, "found", ITEM)  # type: ignore[dict-item]  # plain data
    answer = Answer(200, {"results": [{"status": 1}, {"status": status}]})
    assert test(answer, {"status": 14}) is same
