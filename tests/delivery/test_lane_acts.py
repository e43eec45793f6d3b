"""What people decide reaches the lane that owns the partition, and is carried out once."""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from adapters.http.messages import Answer
from hub import metrics
from hub.contract.types import Document
from hub.delivery.acts import Command, as_document, command_of, record_of
from hub.delivery.archive import Archive
from hub.delivery.letters import Letter, decided, letters
from hub.delivery.opening import GONE
from hub.delivery.versions import Terms
from hub.errors import Retry
from hub.records import Position, Record, Spot
from hub.registry.manifest_delivery import Delivery, RetryPolicy
from tests.delivery.test_lane import WITHDRAWN, World, done, settled
from tests.delivery.test_lane_recovery import busy, crashed, never, only, open_parked, tick

pytestmark = pytest.mark.process


async def refuse(operation: str, document: Document, key: str) -> Answer:
    return Answer(200, {"Ma": "02"})


def act(world: World, command: Command) -> None:
    value = world.codec.encode("hub.v1.Act", as_document(command, world.now))
    world.broker.keep(record_of(command, value))


def letter_act(world: World, kind: str, value: bytes | None = None) -> None:
    """Somebody decides about the one dead letter."""
    dead = [r for p in (0, 1) for r in world.broker.since(Spot("hub.dead", p), 0)]
    (letter,) = letters(dead)
    act(
        world,
        Command(
            kind,  # type: ignore[arg-type]
            "peer",
            letter.source.topic,
            letter.source.partition,
            letter.dossier,
            "Cán bộ Thử",
            "đã sửa",
            letter.source.offset,
            letter.place,
            letter.event_id,
            value,
        ),
    )


def delivered(world: World) -> list[Document]:
    return [r for r in world.receipts if r["outcome"] == "DELIVERED"]


def metadata(world: World) -> str:
    return " ".join(text for _, text in world.broker.offsets["hub.peer"].values())


def test_a_parked_dossier_is_resumed_by_a_person(world: World) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05, resume=3_600)
    world.peer.answer = only("A", busy)  # type: ignore[assignment]
    world.event("A", "1", partition=1)
    world.event("A", "2", partition=1)
    tick(world)
    world.go(settled(2))
    world.peer.answer = done
    resumed = Command("RESUMED", "peer", "hub.dossier", 1, "A", "Cán bộ Thử", "đã sửa")

    def asked(w: World) -> bool:
        if not w.broker.since(Spot("hub.act", 1), 0):
            act(w, resumed)
        return len(delivered(w)) == 2 and open_parked(w) == 0

    world.go(asked)
    assert world.notes["A"][-2:] == ["1", "2"]
    assert {receipt["act"] for receipt in delivered(world)} == {0}
    calls = len(world.peer.calls)
    world.event("B", "1")
    world.go(settled(len(world.receipts) + 1))
    assert len(world.peer.calls) == calls + 1, "an act is carried out once"


def test_a_dead_letter_goes_out_again_late_and_once(world: World) -> None:
    world.peer.answer = refuse
    world.event("A", "1")
    world.go(settled(1))
    world.peer.answer = done
    letter_act(world, "REQUEUED")
    letter_act(world, "REQUEUED")
    world.go(lambda w: len(delivered(w)) == 1)
    world.event("B", "1")
    world.go(lambda w: len(delivered(w)) == 2)
    assert world.notes == {"A": ["1", "1"], "B": ["1"]}
    assert len({key for code, _, key in world.peer.calls if code == "A"}) == 1
    late = next(r for r in delivered(world) if r["key"] == "A")
    assert (late["note"], late["act"], late["series"]) == ("late", 0, 1)


def test_an_edited_event_has_a_key_of_its_own(world: World) -> None:
    world.peer.answer = refuse
    world.event("A", "1")
    world.go(settled(1))
    world.peer.answer = done
    raw = world.broker.since(Spot("hub.dead", 0), 0) + world.broker.since(Spot("hub.dead", 1), 0)
    _, event = world.codec.decode(raw[0].value or b"")
    mended = world.codec.encode(WITHDRAWN, {**event, "reason": "mended"})
    letter_act(world, "EDITED", mended)
    world.go(lambda w: len(delivered(w)) == 1)
    assert world.notes == {"A": ["1", "mended"]}
    assert len({key for _, _, key in world.peer.calls}) == 2
    assert json.dumps(world.receipts[-1]["note"]) == '"late"'


def test_a_discarded_letter_is_not_sent(world: World) -> None:
    world.peer.answer = refuse
    world.event("A", "1")
    world.go(settled(1))
    letter_act(world, "DISCARDED")
    letter_act(world, "REQUEUED")
    world.event("B", "1")
    world.go(settled(2))
    assert len(world.peer.calls) == 2


async def first_fails(operation: str, document: Document, key: str) -> Answer:
    return await (busy if document["note"] == "1" else done)(operation, document, key)


def park_three(world: World) -> None:
    """A dossier of three events waits at a system that does not take the first."""
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05, resume=3_600)
    world.peer.answer = first_fails
    for note in "123":
        world.event("A", note, partition=1)
    tick(world)
    world.go(settled(3))
    assert open_parked(world) == 3


def discard(world: World, offset: int, position: int) -> None:
    place = Position("hub.parked", 1, position)
    told = Command("DISCARDED", "peer", "hub.dossier", 1, "A", "Cán bộ Thử", "gửi tay", offset)
    act(world, replace(told, letter=place))


def dead(world: World) -> list[Letter]:
    """The dead letters with what was decided about each."""
    found = letters(r for p in (0, 1) for r in world.broker.since(Spot("hub.dead", p), 0))
    acts = (command_of(r, world.codec) for r in world.broker.since(Spot("hub.act", 1), 0))
    return decided(found, [one for one in acts if one is not None])


def test_a_parked_event_is_discarded_and_its_dossier_goes_on(world: World) -> None:
    park_three(world)
    calls = world.notes["A"].count("1")
    discard(world, 0, 0)
    discard(world, 0, 0)
    world.go(lambda w: open_parked(w) == 0)
    assert world.notes["A"][calls:] == ["2", "3"], "and nobody is told of the first any more"
    ends = [(r["source_offset"], r["outcome"]) for r in world.receipts[3:]]
    assert ends == [(0, "DEAD_LETTERED"), (1, "DELIVERED"), (2, "DELIVERED")]
    assert (world.receipts[3]["reason"], world.receipts[3]["act"]) == ("discarded: gửi tay", 0)
    (letter,) = dead(world)
    assert (letter.state, letter.source.offset) == ("discarded", 0)
    world.event("B", "2")
    world.go(settled(7))
    assert " a2" in metadata(world), "both acts are done"


def test_one_that_waits_behind_is_discarded_when_its_turn_comes(world: World) -> None:
    park_three(world)
    discard(world, 1, 1)
    world.go(lambda w: len(dead(w)) == 1)
    assert open_parked(world) == 2, "the first has failed again, the third waits behind it"
    assert dead(world)[0].source.offset == 1
    world.peer.answer = done
    act(world, Command("RESUMED", "peer", "hub.dossier", 1, "A", "Cán bộ Thử", "đã sửa"))
    world.go(lambda w: open_parked(w) == 0)
    assert [r["source_offset"] for r in delivered(world)] == [0, 2]


def test_one_that_is_on_its_way_again_is_discarded_at_its_next_attempt(world: World) -> None:
    park_three(world)
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=3_600, resume=3_600)
    resumed = Command("RESUMED", "peer", "hub.dossier", 1, "A", "Cán bộ Thử", "thử lại")
    act(world, resumed)
    calls = len(world.peer.calls)

    def asked(w: World) -> bool:
        if len(w.peer.calls) > calls and len(w.broker.since(Spot("hub.act", 1), 0)) == 1:
            discard(w, 0, 0)
            w.lane.decided(1)
        return open_parked(w) == 0

    world.go(asked)
    assert [letter.state for letter in dead(world)] == ["discarded"]
    assert [r["source_offset"] for r in delivered(world)] == [1, 2]


def test_a_discarded_event_stays_so_when_its_owner_dies_before_it_leaves_the_topic(
    world: World,
) -> None:
    park_three(world)
    calls = world.notes["A"].count("1")
    discard(world, 0, 0)
    world.broker.refuse = lambda outgoing: outgoing.value is None  # no tombstone comes through
    world.go(lambda w: len(delivered(w)) == 2, drain=0.1)
    assert open_parked(world) == 3
    world.broker.refuse = lambda _: False
    world.event("B", "2")
    world.go(lambda w: len(delivered(w)) == 3 and open_parked(w) == 0)
    assert world.notes["A"][calls:] == ["2", "3"]
    assert len(dead(world)) == 1


def test_an_act_that_a_crash_cut_off_is_carried_out_by_the_next_owner(world: World) -> None:
    world.peer.answer = refuse
    world.event("A", "1")
    world.go(settled(1))
    letter_act(world, "REQUEUED")
    crashed(world)
    calls = len(world.peer.calls)
    world.peer.answer = done
    world.go(lambda w: len(delivered(w)) == 1)
    assert len(world.peer.calls) == calls + 1
    assert delivered(world)[0]["note"] in ("late", "late; was in doubt")
    world.event("B", "1")
    world.go(lambda w: len(delivered(w)) == 2)
    assert len(world.peer.calls) == calls + 2
    assert " a1" in metadata(world), "the commit has passed the act"


def test_a_resume_that_a_crash_cut_off_is_carried_out_by_the_next_owner(world: World) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05, resume=3_600)
    world.peer.answer = busy
    for reason in ("1", "2"):
        world.event("A", reason, partition=1)
    tick(world)
    world.go(settled(2))
    act(world, Command("RESUMED", "peer", "hub.dossier", 1, "A", "Cán bộ Thử", "đã sửa"))
    world.peer.answer = never
    calls = len(world.peer.calls)
    world.go(lambda w: len(w.peer.calls) > calls, drain=0.1)
    world.peer.under_way.clear()
    world.peer.answer = done
    world.go(lambda w: len(delivered(w)) == 2 and open_parked(w) == 0)
    assert world.notes["A"][-2:] == ["1", "2"]
    assert " a1" in metadata(world), "the commit has passed the act"


def test_a_resume_whose_events_cannot_be_read_now_goes_on_as_soon_as_they_can(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05, resume=3_600)
    world.peer.answer = busy
    world.event("A", "1", partition=1)
    tick(world)
    world.go(settled(1))
    world.peer.answer = done
    act(world, Command("RESUMED", "peer", "hub.dossier", 1, "A", "Cán bộ Thử", "đã sửa"))
    read, asked = Archive.parked, 0

    def parked(archive: Archive, spot: Spot, places: Mapping[int, int]) -> Mapping[int, Record]:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise Retry("the records could not be read in time")
        return read(archive, spot, places)

    monkeypatch.setattr(Archive, "parked", parked)
    monkeypatch.setattr("hub.delivery.aside.AGAIN", 0.01)
    world.go(lambda w: len(delivered(w)) == 1 and open_parked(w) == 0)
    assert [receipt["act"] for receipt in delivered(world)] == [0]
    assert " a1" in metadata(world), "the commit has passed the act"


def two_parked(world: World) -> None:
    """Two events of a dossier, and nothing takes them up again by itself."""
    world.retry = RetryPolicy(first=0.01, factor=1, longest=0.01, give_up=0.05, resume=3_600)
    world.peer.answer = busy
    world.event("A", "1", partition=1)
    world.event("A", "2", partition=1)
    tick(world)
    world.go(settled(2))
    world.peer.answer = done
    world.peer.calls.clear()


def taken_over() -> bool:
    """Whether the lane that runs knows of the parked dossier."""
    found = metrics.read(metrics.page()[0])
    return any(one.name == "hub_parked_dossiers" and one.value == 1 for one in found)


def delete(world: World, *topics: str) -> None:
    """All records of these topics' partition 1, as an administrator might."""
    spots = [Spot(topic, 1) for topic in topics]
    world.broker.delete_before({spot: world.broker.end(spot) for spot in spots})


def test_what_was_deleted_from_the_parked_ones_goes_out_from_its_own_topic(world: World) -> None:
    two_parked(world)
    delete(world, "hub.parked")
    world.go(lambda w: len(delivered(w)) == 2)
    assert world.notes == {"A": ["1", "2"]}


def mend_once(world: World, deleted: Callable[[], None]) -> None:
    """When the lane knows of what is parked: this is deleted, then another version taken up."""
    if taken_over() and world.bundle != "mended":
        world.bundle = "mended"
        deleted()
        delivery = Delivery(timeout=0.2, retry=world.retry)
        flows = {WITHDRAWN: world.flow}
        terms = Terms("peer", flows, delivery, world.bundle, world.settings)
        world.lane.take_up(terms, world.peer)


def test_so_does_what_is_deleted_while_its_owner_runs(world: World) -> None:
    two_parked(world)

    def mended(w: World) -> bool:
        mend_once(w, lambda: delete(w, "hub.parked"))
        return len(delivered(w)) == 2

    world.go(mended)
    assert world.notes == {"A": ["1", "2"]}


def test_what_is_deleted_everywhere_is_a_dead_letter_that_holds_nobody_up(world: World) -> None:
    two_parked(world)

    def lost() -> None:
        delete(world, "hub.parked")
        world.broker.delete_before({Spot("hub.dossier", 1): 1})

    def mended(w: World) -> bool:
        mend_once(w, lost)
        return len(delivered(w)) == 1

    world.go(mended)
    (dead,) = [r for r in world.receipts if r["outcome"] == "DEAD_LETTERED"]
    assert (dead["source_offset"], dead["key"], dead["reason"]) == (0, "A", GONE)
    assert world.notes == {"A": ["2"]}


def replay(world: World, spot: Spot, offset: int, series: int = 0, dossier: str = "A") -> None:
    place = Position(*spot, offset)
    act(
        world,
        Command(
            "REPLAYED",
            "peer",
            *spot,
            dossier,
            "Cán bộ Thử",
            "kiểm tra lại",
            offset,
            place,
            f"id-{offset + 1}",
            series=series,
            plan="p" * 64,
        ),
    )


def test_one_that_is_slow_to_read_is_not_overtaken_by_its_dossiers_next(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for dossier, step in ("A1", "A2", "B3"):
        world.event(dossier, step, partition=1)
    world.go(settled(3))
    read, gate = Archive.letter, threading.Event()

    def slowly(archive: Archive, place: Position) -> Record | None:
        if place.offset == 0:
            gate.wait(0.5)  # the rest has the time to be read before it
        return read(archive, place)

    monkeypatch.setattr(Archive, "letter", slowly)
    spot = Spot("hub.dossier", 1)

    def asked(w: World) -> bool:
        if not w.broker.since(Spot("hub.act", 1), 0):
            for offset, dossier in enumerate("AAB"):
                replay(w, spot, offset, dossier=dossier)
        if len(delivered(w)) > 3:
            gate.set()
        return len(delivered(w)) == 6

    world.go(asked)
    assert [call[:2] for call in world.peer.calls[3:]] == [("B", "3"), ("A", "1"), ("A", "2")]


def test_what_was_delivered_is_replayed_in_order_under_its_own_key(world: World) -> None:
    for step in "12":
        world.event("A", step, partition=1)
    world.go(settled(2))
    keys = {note: key for _, note, key in world.peer.calls}
    spot = Spot("hub.dossier", 1)

    def asked(w: World) -> bool:
        if not w.broker.since(Spot("hub.act", 1), 0):
            for offset in (0, 1):
                replay(w, spot, offset)
            replay(w, spot, 7)  # nothing stands there
        return len(delivered(w)) == 4

    world.go(asked)
    assert [(note, key) for _, note, key in world.peer.calls[2:]] == [(s, keys[s]) for s in "12"]
    again = delivered(world)[2:]
    assert [(r["act"], r["series"], r["source_offset"]) for r in again] == [(0, 1, 0), (1, 2, 1)]
    assert {r["note"] for r in again} == {"replay to live"}
    assert again[0]["request"] == delivered(world)[0]["request"]
    calls = len(world.peer.calls)
    world.event("B", "3", partition=1)
    world.go(settled(5))
    assert len(world.peer.calls) == calls + 1, "acts are carried out once"
