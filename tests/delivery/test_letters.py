"""A dead letter, and the event that comes of it again."""

from dataclasses import replace

import pytest
from msgspec import structs

from hub.delivery.acts import Command
from hub.delivery.letters import State, decided, letters, next_series, revived, settled
from hub.delivery.receipts import Outcome, Settled, as_document, dead_letter
from hub.records import Position, Record

HEADERS = (("ce_id", b"e1"), ("ce_type", b"x.v1.Y"), ("hub_digest", b"00"), ("traceparent", b"t"))
EVENT = Record("hub.dossier", 2, 17, 5, b"H44", b"event", HEADERS)
SETTLED = Settled("DEAD_LETTERED", "e1", "x.v1.Y", "portal", EVENT, "b1", "s1", 9, "no such code")
WRITTEN = dead_letter(SETTLED)
LETTER = Record("hub.dead", 2, 3, 9, WRITTEN.key, WRITTEN.value, WRITTEN.headers)
REQUEUED = Command(
    "REQUEUED", "portal", "hub.dossier", 2, "H44", "Trần Thị Thử", "mended", 17, LETTER.place, act=8
)
EDITED = replace(REQUEUED, kind="EDITED", value=b"new")


def test_a_requeued_event_is_the_event_itself() -> None:
    assert revived(LETTER, REQUEUED) == EVENT._replace(timestamp=LETTER.timestamp)


def test_an_edited_event_has_a_key_of_its_own_and_names_the_other() -> None:
    new = revived(LETTER, EDITED)
    assert new is not None
    assert (new.value, new.key, new.place) == (b"new", b"H44", EVENT.place)
    headers = dict(new.headers)
    assert len(headers) == len(new.headers)
    number = headers.pop("ce_id")
    assert headers == {"ce_type": b"x.v1.Y", "traceparent": b"t", "hub_edits": b"e1"}
    assert number not in (b"e1", b"")
    assert new == revived(LETTER, EDITED), "also for who takes over"
    other = revived(LETTER, replace(EDITED, act=9))
    assert other is not None
    assert dict(other.headers)["ce_id"] != number


@pytest.mark.parametrize(
    ("letter", "command"),
    [
        (LETTER._replace(offset=4), REQUEUED),
        (LETTER, replace(REQUEUED, offset=18)),
        (LETTER, replace(REQUEUED, registration="postal")),
        (LETTER._replace(headers=HEADERS), REQUEUED),
        (LETTER, replace(REQUEUED, letter=None)),
    ],
)
def test_a_letter_that_is_not_meant_gives_nothing(letter: Record, command: Command) -> None:
    assert revived(letter, command) is None


@pytest.mark.parametrize(
    ("series", "act", "expected"), [(0, 0, 1), (7, 3, 8), (0, 8, 9), (9, 9, 10)]
)
def test_a_new_series_is_above_all_before_it(series: int, act: int, expected: int) -> None:
    written = dead_letter(structs.replace(SETTLED, series=series))
    letter = LETTER._replace(headers=written.headers)
    assert next_series(letter, replace(REQUEUED, act=act)) == expected


def test_the_last_letter_speaks_for_those_before() -> None:
    """Others keep their place in the order."""
    other = LETTER._replace(
        offset=4,
        headers=tuple((n, b"postal" if n.endswith("connector") else v) for n, v in LETTER.headers),
    )
    found = letters([LETTER, other, LETTER._replace(offset=5)])
    assert [(one.registration, one.place) for one in found] == [
        ("postal", other.place),
        ("portal", Position("hub.dead", 2, 5)),
    ]


@pytest.mark.parametrize(
    ("outcome", "series", "act", "state"),
    [
        ("DELIVERED", 9, 8, "delivered-late"),
        ("DELIVERED", 10, -1, "delivered-late"),  # it had parked, and went on by schedule
        ("NOTHING_TO_SEND", 10, 12, "settled-late"),  # it had parked, and somebody resumed it
        ("PARKED", 9, 8, "requeued"),
        ("DELIVERED", 0, -1, "requeued"),  # of the series that ended with the letter
    ],
)
def test_a_requeued_letter_ends_with_whatever_series_comes_to_its_end(
    outcome: Outcome, series: int, act: int, state: State
) -> None:
    requeued = decided(letters([LETTER]), [REQUEUED])
    end = as_document(structs.replace(SETTLED, outcome=outcome, series=series, act=act))
    assert [one.state for one in settled(requeued, [end])] == [state]
