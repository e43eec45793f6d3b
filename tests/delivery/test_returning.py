"""Which of several parked dossiers goes on first."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from hub.delivery.returning import DueDates, Return, Returning
from hub.delivery.shelf import read_shelf
from hub.registry.manifest_delivery import RetryPolicy
from tests.delivery.test_lane import World, done, settled
from tests.delivery.test_lane_recovery import busy, open_parked, tick

pytestmark = pytest.mark.process
DUE = {"B": "2025-10-20 17:00", "C": "2025-10-16 17:00"}


def one(code: str, since: int = 0) -> Return:
    return Return(("hub.dossier", 0, code.encode()), since, -1, None)


async def order(due: DueDates | None, *given: Return) -> str:
    """The codes in the order in which they go."""
    returning = Returning(due)
    for each in given:
        returning.add(each)
    found = ""
    while (each_ := await returning.next()) is not None:
        found += each_.key[2].decode()
    return found


def test_the_one_that_is_due_first_goes_first_then_the_one_that_failed_first() -> None:
    given = (one("A", 4), one("B", 3), one("D", 2), one("C", 1))
    assert asyncio.run(order(lambda _: DUE, *given)) == "CBDA"
    assert asyncio.run(order(lambda _: {}, *given)) == "CDBA"
    assert asyncio.run(order(None, *given)) == "CDBA"


def test_those_that_wait_longest_are_asked_about_first_and_one_alone_not_at_all() -> None:
    asked: list[Sequence[str]] = []

    def due(codes: Sequence[str]) -> Mapping[str, str]:
        asked.append(codes)
        return {}

    asyncio.run(order(due, one("A", 9)))
    asyncio.run(order(due, one("A", 9), one("B", 3)))
    assert asked == [["B", "A"]]


def test_one_that_comes_later_and_is_due_before_others_passes_them() -> None:
    async def come() -> list[bytes]:
        returning = Returning(lambda _: DUE)
        for code in ("A", "B", "D"):
            returning.add(one(code))
        first = await returning.next()
        returning.add(one("C"))
        others = [await returning.next() for _ in range(3)]
        return [each.key[2] for each in (first, *others) if each is not None]

    assert asyncio.run(come()) == [b"B", b"C", b"A", b"D"]


@pytest.mark.parametrize(("due", "expected"), [(DUE, ["C", "B", "A"]), ({}, ["A", "B", "C"])])
def test_a_new_bundle_resumes_them_in_that_order(
    world: World, due: Mapping[str, str], expected: list[str]
) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05, resume=3_600)
    world.peer.answer = busy
    tick(world)
    for number, code in enumerate("ABC"):
        world.event(code, "1", partition=0)
        world.go(settled(number + 1))
    assert open_parked(world) == 3
    world.peer.answer = done
    world.peer.calls.clear()
    world.bundle, world.due = "mended", lambda _: due
    world.go(lambda w: open_parked(w) == 0, in_flight=1)
    assert list(world.notes) == expected


def test_the_first_failure_is_known_to_the_next_owner(world: World) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05, resume=3_600)
    world.peer.answer = busy
    tick(world)
    world.event("A", "1", partition=0)
    world.go(settled(1))
    (shelved,) = read_shelf(world.broker, "peer", [0])
    assert 0 < world.now - shelved.since < 60_000
    assert shelved.since < world.receipts[0]["at"]  # type: ignore[operator]


def test_due_dates_that_cannot_be_understood_cost_nobody_his_turn() -> None:
    def due(codes: Sequence[str]) -> Mapping[str, str]:
        raise KeyError("deadline")

    assert asyncio.run(order(due, one("A", 9), one("B", 3))) == "BA"
