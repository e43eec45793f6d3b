"""Items that nothing proves: what their system confirms counts, what it does not is set aside."""

import asyncio
from dataclasses import replace

import pytest

from adapters.http.messages import Answer
from hub import metrics
from hub.contract.types import Document
from hub.errors import Halt, HubError, Reject, Retry
from hub.events.headers import read_headers
from hub.intake.confirming import Confirmer
from hub.intake.intake import Taken
from tests.intake.confirming_kit import CONFIRMATION, System, of_state
from tests.intake.intake_kit import World, row


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


def test_items_that_are_not_confirmed_are_counted(doubtful: World) -> None:
    doubtful.inflow = replace(doubtful.inflow, registration="counted")
    doubtful.take(row(6, "A"), row(14, "B"), row(14, "C"), confirmer=Confirmer(System()))
    line = 'hub_unconfirmed_items_total{flow="scans",registration="counted"} 2.0'
    assert line in metrics.page()[0].decode().splitlines()


def test_what_another_message_kept_meanwhile_is_known(doubtful: World) -> None:
    async def main() -> Taken:
        loop = asyncio.get_running_loop()
        asked, denied = asyncio.Event(), loop.create_future()
        system = System()

        def pace(_: str) -> "asyncio.Future[None]":
            asked.set()
            return denied

        system.pace = pace
        first: Document = {"data": [row(6, "A"), row(14, "B")]}
        signed: Document = {"data": [row(14, "B")]}
        confirmer = Confirmer(system)
        doubting = asyncio.create_task(doubtful.intake.take(doubtful.inflow, first, {}, confirmer))
        await asked.wait()
        await doubtful.intake.take(doubtful.inflow, signed, {}, confirmer)
        denied.set_result(None)
        return await doubting

    assert asyncio.run(main()) == Taken("accepted", 1, 0)
    assert (len(doubtful.kept), doubtful.acts) == (3, [])


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


def test_an_answer_that_breaks_the_contract_confirms_nothing(doubtful: World) -> None:
    broken = Answer(200, {"odd": True, "body": [{"results": [of_state(14)]}]}, valid=False)
    confirmer = Confirmer(System({}, iter([broken])))
    assert doubtful.take(row(6, "A"), row(14, "B"), confirmer=confirmer).events == 1


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
