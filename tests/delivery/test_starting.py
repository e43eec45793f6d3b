"""Where a registration starts: new ones, ones that lost their offsets, ones that were retired."""

import pytest
from structlog.testing import capture_logs

from hub.delivery.held import Place, place_of
from hub.delivery.starting import ensure_offsets, start_anew
from hub.records import Spot
from tests.delivery.test_lane import World, settled

pytestmark = pytest.mark.process
DOSSIER = ["hub.dossier"]


def offsets(world: World, group: str) -> int:
    return sum(offset for offset, _ in world.broker.committed(group).values())


def places(world: World, group: str) -> set[Place]:
    return {place_of(metadata) for _, metadata in world.broker.committed(group).values()}


def test_a_new_registration_starts_where_it_says(world: World) -> None:
    for code in "ABCD":
        world.event(code, "old")
    ensure_offsets(world.broker, "hub.late", DOSSIER, "now")
    ensure_offsets(world.broker, "hub.early", DOSSIER, "beginning")
    assert (offsets(world, "hub.late"), offsets(world, "hub.early")) == (4, 0)
    world.event("A", "new")
    ensure_offsets(world.broker, "hub.late", DOSSIER, "now")
    assert offsets(world, "hub.late") == 4


def test_a_registration_starts_at_a_time_and_one_registered_anew_does_so_again(
    world: World,
) -> None:
    now = [0]
    world.broker.clock = lambda: now[0]
    for now[0] in (1_000, 2_000, 3_000):
        world.event("A", str(now[0]))
    ensure_offsets(world.broker, "hub.then", DOSSIER, "1970-01-01T00:00:02+00:00")
    assert offsets(world, "hub.then") == 1
    start_anew(world.broker, "hub.then", DOSSIER, "now")
    assert offsets(world, "hub.then") == 3


def test_who_is_new_need_not_read_what_others_were_told(world: World) -> None:
    for code in "ABCD":
        world.event(code, "1")
    world.go(settled(4))
    start_anew(world.broker, "hub.new", DOSSIER, "beginning")
    ends = world.broker.reader([Spot("hub.receipt", n) for n in (0, 1)]).end()
    assert {Place(end, acts=0) for end in ends.values()} == places(world, "hub.new")
    ensure_offsets(world.broker, "hub.lost", DOSSIER, "beginning")
    assert {Place()} == places(world, "hub.lost"), "all is read: the offsets may have been lost"


def test_one_whose_offsets_expired_goes_on_where_it_was_and_not_where_it_would_start_now(
    world: World,
) -> None:
    """A broker forgets the offsets of a group that was away for seven days."""
    world.event("A", "1", partition=0)
    world.go(settled(1))
    for number in ("2", "3"):
        world.event("A", number, partition=0)
    del world.broker.offsets["hub.peer"]
    ensure_offsets(world.broker, "hub.peer", ["hub.dossier", "hub.catalogue"], "now")
    world.go(settled(3))
    assert world.notes == {"A": ["1", "2", "3"]}


def test_one_that_was_retired_goes_on_now_and_nobody_takes_that_for_a_strangers_offset(
    world: World,
) -> None:
    world.event("A", "1", partition=0)
    world.go(settled(1))
    world.event("A", "meanwhile", partition=0)
    start_anew(world.broker, "hub.peer", ["hub.dossier", "hub.catalogue"], "now")
    world.event("A", "2", partition=0)
    with capture_logs() as said:
        world.go(settled(2))
    assert {"A": ["1", "2"]} == world.notes
    assert "offsets_of_another" not in {line["event"] for line in said}


def test_one_that_starts_at_the_beginning_again_is_not_told_again_what_it_was_told(
    world: World,
) -> None:
    world.event("A", "1", partition=0)
    world.go(settled(1))
    start_anew(world.broker, "hub.peer", ["hub.dossier", "hub.catalogue"], "beginning")
    world.event("A", "2", partition=0)
    world.go(settled(2))
    assert {"A": ["1", "2"]} == world.notes
