"""An erased dossier: whatever waits of it ends without its bytes, and is told to nobody."""

import pytest

from hub.delivery.acts import Command
from hub.records import Record, Spot
from hub.registry.manifest_delivery import RetryPolicy
from tests.delivery.test_lane import World, done, settled
from tests.delivery.test_lane_acts import act, dead, delivered, letter_act, metadata, park_three
from tests.delivery.test_lane_acts import refuse as refusing
from tests.delivery.test_lane_recovery import busy, only, open_parked, parked

pytestmark = pytest.mark.process
REASON = "erased: order QĐ 1/2025"


def erase(world: World, before: int) -> None:
    act(world, Command("ERASED", "", "hub.dossier", 1, "A", "Cán bộ Thử", "QĐ 1/2025", before))


def letters(world: World) -> list[Record]:
    return world.broker.since(Spot("hub.dead", 1), 0)


def ends(world: World) -> list[tuple[object, object]]:
    return [(r["source_offset"], r["outcome"]) for r in world.receipts]


def test_what_is_parked_ends_without_its_bytes(world: World) -> None:
    park_three(world)
    calls = len(world.peer.calls)
    erase(world, 3)
    world.go(lambda w: open_parked(w) == 0)
    assert len(world.peer.calls) == calls
    assert ends(world)[3:] == [(n, "DEAD_LETTERED") for n in range(3)]
    assert {r["reason"] for r in world.receipts[3:]} == {REASON}
    assert [letter.value for letter in letters(world)] == [None] * 3
    assert [letter.state for letter in dead(world)] == ["erased"] * 3
    assert set(parked(world).values()) == {None}


def test_what_comes_later_is_another_matter(world: World) -> None:
    park_three(world)
    erase(world, 3)
    world.go(lambda w: open_parked(w) == 0)
    world.event("A", "4", partition=1)
    world.event("B", "5", partition=1)
    world.go(lambda w: len(delivered(w)) == 2)
    assert [r["source_offset"] for r in delivered(world)] == [3, 4]
    assert " a1" in metadata(world), "the commit has passed the act"


def test_what_is_tried_again_ends_at_its_next_attempt(world: World) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=3_600, resume=3_600)
    world.peer.answer = only("A", busy)  # type: ignore[assignment]
    world.event("A", "1", partition=1)
    world.event("A", "2", partition=1)
    world.event("B", "3", partition=1)

    def asked(w: World) -> bool:
        if len(w.peer.calls) > 3 and not w.broker.since(Spot("hub.act", 1), 0):
            erase(w, 2)
            w.lane.decided(1)
        return len(w.receipts) == 3

    world.go(asked)
    assert sorted(ends(world)) == [(0, "DEAD_LETTERED"), (1, "DEAD_LETTERED"), (2, "DELIVERED")]


def test_what_the_lane_has_not_read_yet_is_not_sent(world: World) -> None:
    """As for a registration that begins later, with all that stands on the topics."""
    for note in "12":
        world.event("A", note, partition=1)
    world.event("B", "3", partition=1)
    erase(world, 2)
    world.go(settled(3))
    assert world.notes == {"B": ["3"]}
    assert [letter.value for letter in letters(world)] == [None, None]


def test_an_order_outlives_its_worker(world: World) -> None:
    """Its tombstones do not come through; the next owner does the rest, and tells nobody."""
    park_three(world)
    calls = len(world.peer.calls)
    erase(world, 3)
    world.broker.refuse = lambda outgoing: outgoing.value is None and outgoing.topic == "hub.parked"
    world.go(lambda w: len(w.receipts) == 6, drain=0.1)
    assert open_parked(world) == 3
    world.broker.refuse = lambda _: False
    world.event("B", "2", partition=1)
    world.go(lambda w: len(delivered(w)) == 1 and open_parked(w) == 0)
    assert len(world.peer.calls) == calls + 1
    assert world.notes["B"] == ["2"]


def test_a_letter_of_an_erased_dossier_is_sent_to_nobody(world: World) -> None:
    world.peer.answer = refusing
    world.event("A", "1", partition=1)
    world.go(settled(1))
    world.peer.answer = done
    erase(world, 1)
    letter_act(world, "REQUEUED")
    world.go(settled(2))
    assert len(world.peer.calls) == 1
    assert ends(world)[1] == (0, "DEAD_LETTERED")
    assert {letter.state for letter in dead(world)} == {"erased"}


def test_another_dossier_of_the_partition_is_not_touched(world: World) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=3_600, resume=3_600)
    world.event("B", "1", partition=1)
    erase(world, 10)
    world.go(settled(1))
    assert [r["outcome"] for r in world.receipts] == ["DELIVERED"]
