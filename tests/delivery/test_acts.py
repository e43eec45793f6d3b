"""From what a person decided to what one lane is to carry out, once."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from hub.broker.producer import MESSAGE_BYTES
from hub.broker_memory import MemoryBroker
from hub.contract.types import Document
from hub.delivery.acts import Acts, Command, as_document, command_of, concerns, record_of
from hub.errors import Retry
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.events.schemas_memory import MemorySchemas
from hub.intake.acts import Act
from hub.intake.acts import as_document as hub_document
from hub.intake.acts import record_of as hub_record
from hub.records import Outgoing, Position, Record, Spot
from hub.topics import ACT_BYTES, EVENT_BYTES

SPOT = Spot("hub.dossier", 1)
CATALOGUE = load(Path("schemas/avro"))
CODEC = Codec(CATALOGUE, MemorySchemas())
RESUMED = Command(
    "RESUMED", "portal", *SPOT, "H44.99.99-251013-0001", by="Trần Thị Thử", because="mended"
)


def on_letter(offset: int, letter: int, **more: object) -> Command:
    place = Position("hub.dead", SPOT.partition, letter)
    made = replace(RESUMED, kind="REQUEUED", offset=offset, letter=place, event_id="e1")
    return replace(made, **more)  # type: ignore[arg-type]  # spread


def written(command: Command) -> Outgoing:
    return record_of(command, CODEC.encode("hub.v1.Act", as_document(command, 1_760_321_100_000)))


def on_topic(outgoing: Sequence[Outgoing]) -> list[Record]:
    """As they stand on `hub.act`; what has no partition of its own too."""
    broker = MemoryBroker()
    broker.ensure_topic("hub.act", 1, {})
    for one in outgoing:
        broker.keep(structs.replace(one, partition=0))
    return broker.since(Spot("hub.act", 0), 0)


def alone(outgoing: Outgoing) -> Record:
    (record,) = on_topic([outgoing])
    return record


def commands(acts: Acts, *given: Command) -> list[Command]:
    """What a lane is told of these."""
    found = [acts.read(record, CODEC) for record in on_topic([written(one) for one in given])]
    return [one for one in found if one is not None]


def fresh() -> Acts:
    return Acts("portal", SPOT)


@pytest.mark.parametrize(
    "command",
    [
        RESUMED,
        replace(RESUMED, dossier=""),
        on_letter(17, 3),
        on_letter(17, 3, kind="EDITED", value=b"\x00\x00\x00\x00\x01abc\xff"),
        on_letter(17, 3, kind="DISCARDED", event_id=None),
    ],
)
def test_what_was_written_is_read(command: Command) -> None:
    assert command_of(alone(written(command)), CODEC) == replace(command, act=0)
    assert written(command).partition == SPOT.partition, "where the event stands"


def test_the_largest_event_can_be_edited() -> None:
    largest = on_letter(17, 3, kind="EDITED", value=b"\xff" * EVENT_BYTES)
    assert written(largest).size < ACT_BYTES < MESSAGE_BYTES


def test_a_lane_is_told_what_concerns_it() -> None:
    told = commands(
        fresh(),
        replace(RESUMED, registration="postal"),
        replace(RESUMED, topic="hub.catalogue"),
        replace(RESUMED, partition=0),
        RESUMED,
        on_letter(17, 3),
    )
    assert [(one.kind, one.act) for one in told] == [("RESUMED", 3), ("REQUEUED", 4)]


class Silent(MemorySchemas):
    """A registry that nobody may ask."""

    def schema(self, number: int) -> str:
        raise Retry("the registry is asked", system=True)


def test_of_another_registration_nothing_is_decoded() -> None:
    blind = Codec(CATALOGUE, Silent())
    acts = fresh()
    foreign, ours = on_topic([written(replace(RESUMED, registration="postal")), written(RESUMED)])
    assert not concerns(foreign, "portal")
    assert acts.read(foreign, blind) is None
    with pytest.raises(Retry):
        acts.read(ours, blind)
    assert acts.position == 1, "it was not taken"
    assert acts.read(ours, CODEC) == replace(RESUMED, act=1)


def test_what_the_hub_refused_by_itself_is_no_command() -> None:
    act = Act("CONFLICT", "portal", "received", "H44", None, None)
    told = hub_record(act, CODEC.encode("hub.v1.Act", hub_document(act, 1)))
    assert fresh().read(alone(told), CODEC) is None


@pytest.mark.parametrize(
    "change",
    [
        {"by": None},
        {"reason": None},
        {"dossier": None},
        {"source_topic": None},
        {"source_partition": -1},
        {"source_offset": -1},
        {"subject": None},
        {"subject": "hub.dead/1/x"},
        {"kind": "EDITED"},
        {"kind": "EDITED", "value": "no base64!"},
        {"kind": "RESUMED"},
        {"value": "AAAA"},
    ],
)
def test_half_a_command_is_none(change: Document) -> None:
    whole = on_letter(17, 3)
    document = as_document(whole, 1)
    raw = CODEC.encode("hub.v1.Act", {**document, **change})
    assert command_of(alone(record_of(whole, raw)), CODEC) is None
    assert command_of(alone(written(whole)), CODEC) is not None


def test_what_cannot_be_read_is_no_command() -> None:
    assert fresh().read(alone(record_of(RESUMED, b"\x00\x00")), CODEC) is None


def test_the_first_act_on_a_dead_letter_counts() -> None:
    edited = on_letter(17, 3, kind="EDITED", value=b"new")
    told = commands(fresh(), on_letter(17, 3), on_letter(17, 3), edited, on_letter(18, 4))
    assert [(one.offset, one.act) for one in told] == [(17, 0), (18, 3)]


def test_what_was_discarded_is_closed() -> None:
    assert commands(fresh(), on_letter(17, 3, kind="DISCARDED"), on_letter(17, 3)) == []


def test_an_event_that_failed_again_is_another_letter() -> None:
    """After a crash the same letter can stand there twice: an act closes those before it too."""
    told = commands(fresh(), on_letter(17, 3), on_letter(17, 5), on_letter(17, 4))
    assert [one.act for one in told] == [0, 1]


def test_a_dossier_is_resumed_once_at_a_time() -> None:
    acts = fresh()
    first, second, other, third = on_topic(
        [written(one) for one in (RESUMED, RESUMED, replace(RESUMED, dossier="H44"), RESUMED)]
    )
    told = [acts.read(record, CODEC) for record in (first, second, other)]
    assert [one.act if one else None for one in told] == [0, None, 2]
    acts.carried_out(0)
    again = acts.read(third, CODEC)
    assert again is not None
    assert again.act == 3, "it may have parked again"


def test_what_the_journal_names_is_not_repeated_but_still_closes() -> None:
    acts = Acts("portal", SPOT, done=[0])
    assert commands(acts, on_letter(17, 3), on_letter(17, 3)) == []
    assert acts.position == 2


def test_a_crash_may_have_left_a_part_of_a_dossier() -> None:
    acts = Acts("portal", SPOT, done=[0])
    assert [one.act for one in commands(acts, RESUMED)] == [0]


KINDS = st.sampled_from(
    [RESUMED, replace(RESUMED, dossier="H44"), *(on_letter(o, n) for o in (1, 2) for n in (1, 2))]
)


@given(
    given=st.lists(KINDS, max_size=12),
    ended=st.sets(st.integers(0, 11)),
    crash=st.integers(0, 12),
)
def test_who_takes_over_goes_on_where_the_last_one_was(
    given: list[Command], ended: set[int], crash: int
) -> None:
    """Nothing that was not carried out is forgotten, and what waits is known from the position."""
    records = on_topic([written(one) for one in given])
    before = fresh()
    for record in records[:crash]:
        told = before.read(record, CODEC)
        if told is not None and told.act in ended:
            before.carried_out(told.act)
    after = Acts("portal", SPOT, start=before.position, done=ended)
    for record in records[before.position : crash]:
        after.read(record, CODEC)
    assert asked(before) <= asked(after)
    assert after.position == before.position


def asked(acts: Acts) -> set[tuple[str, Position | None]]:
    """What is to be carried out, whichever act says so."""
    return {(one.dossier, one.letter) for one in acts.waiting}


def test_a_record_that_comes_twice_counts_once() -> None:
    acts = Acts("portal", SPOT, start=1)
    old, new = on_topic([written(RESUMED), written(replace(RESUMED, dossier="H44"))])
    assert acts.read(old, CODEC) is None
    assert acts.read(new, CODEC) is not None
    assert acts.read(new, CODEC) is None
    acts.carried_out(1)
    assert (acts.waiting, acts.position) == ((), 2)


def test_a_letter_that_is_sent_again_does_not_stand_for_its_whole_dossier() -> None:
    acts = fresh()
    told = commands(acts, on_letter(17, 3), RESUMED, RESUMED)
    assert [one.kind for one in told] == ["REQUEUED", "RESUMED"]


class Asked(Acts):
    """Another thread asks for the position after every change."""

    def __init__(self) -> None:
        self.heard: list[int] = []
        super().__init__("portal", SPOT)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        with suppress(AttributeError):  # it is only being made
            self.heard.append(self.position)


def test_the_position_never_passes_an_act_that_is_still_to_be_carried_out() -> None:
    acts = Asked()
    acts.read(alone(written(RESUMED)), CODEC)
    assert set(acts.heard) == {0}
    acts.carried_out(0)
    assert acts.position == 1
