"""`hub dead-letter`: what is there, and what people decide about it."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from hub.contract.types import Document
from hub.records import Outgoing
from hub.surroundings import now_ms
from hub.topics import DEAD, EVENT_BYTES
from tests.cli.desk import BY, CODE, OTHER, STATUS, Desk, open_desk
from tests.cli.test_receipts import step
from tests.events.records import STATUS_CHANGED


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return open_desk(tmp_path, monkeypatch)


def states(desk: Desk) -> dict[str, object]:
    return {str(row["letter"]): row["state"] for row in desk.rows("dead-letter", "list")}


def test_the_list_says_why_and_in_which_state(desk: Desk) -> None:
    event = desk.event()
    place = desk.letter(event)
    (row,) = desk.rows("dead-letter", "list")
    assert (row["letter"], row["state"], row["key"]) == (place, "open", CODE)
    assert (row["registration"], row["reason"]) == ("portal", "not in STATE")
    assert row["source"] == event.place.text


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ((), 3),
        (("--registration", "postal"), 1),
        (("--reason", "STATE"), 2),
        (("--type", "Status"), 3),
        (("--type", "Accepted"), 0),
        (("--registration", "ngsp"), 0),
        (("--dossier", OTHER), 1),
        (("--state", "open"), 2),
        (("--state", "discarded"), 1),
        (("-n", "1"), 1),
    ],
)
def test_the_list_is_narrowed(desk: Desk, words: tuple[str, ...], count: int) -> None:
    first = desk.letter(desk.event())
    desk.letter(desk.event(OTHER))
    desk.letter(desk.event(), registration="postal", reason="no such district")
    assert desk.hub("dead-letter", "discard", first, *BY).exit_code == 0
    assert len(desk.rows("dead-letter", "list", *words)) == count


@pytest.mark.parametrize("word", [("--registration", "portals"), ("--type", "StatusChange_")])
@pytest.mark.parametrize("verb", ["list", "requeue"])
def test_a_word_that_nothing_knows_is_refused(desk: Desk, verb: str, word: tuple[str, ...]) -> None:
    done = desk.hub("dead-letter", verb, *word, *(BY if verb == "requeue" else ()))
    assert (done.exit_code, "is not known; did you mean" in done.stderr) == (2, True)


def test_a_state_that_is_none_is_wrong_usage(desk: Desk) -> None:
    assert desk.hub("dead-letter", "list", "--state", "closed").exit_code == 2


def test_what_the_hub_did_not_write_is_no_dead_letter(desk: Desk) -> None:
    desk.keep(Outgoing(DEAD, b"H44", b"junk", (("hub_dead_source", b"a/b/c"),)))
    assert desk.rows("dead-letter", "list") == []


def test_one_is_discarded_with_name_and_reason(desk: Desk) -> None:
    event = desk.event()
    place = desk.letter(event)
    (row,) = desk.rows("dead-letter", "discard", place, *BY)
    (command,) = desk.acts()
    assert (command.kind, command.letter and command.letter.text) == ("DISCARDED", place)
    assert (command.by, command.because) == ("Trần Thị Thử", "bảng mã đã sửa")
    assert (command.registration, command.topic, command.offset) == ("portal", *event.place[::2])
    assert row["act"] == f"hub.act/{event.partition}/0", "at the event's partition number"
    assert states(desk) == {place: "discarded"}
    (shown,) = desk.rows("dead-letter", "list")
    assert shown["decision"] == {
        "kind": "DISCARDED",
        "by": "Trần Thị Thử",
        "because": "bảng mã đã sửa",
    }


def test_what_was_decided_is_not_decided_again(desk: Desk) -> None:
    place = desk.letter(desk.event())
    assert desk.hub("dead-letter", "requeue", place, *BY).exit_code == 0
    for verb in ("requeue", "discard"):
        done = desk.hub("dead-letter", verb, place, *BY)
        assert (done.exit_code, "requeued; Trần Thị Thử decided" in done.stderr) == (1, True)
    assert desk.hub("dead-letter", "requeue", "--registration", "portal", *BY).exit_code == 1
    assert len(desk.acts()) == 1


@pytest.mark.parametrize("outcome", ["DELIVERED", "NOTHING_TO_SEND", "DEAD_LETTERED", "PARKED"])
def test_a_requeued_one_shows_how_it_ended(desk: Desk, outcome: str) -> None:
    event = desk.event()
    place = desk.letter(event)
    desk.receipt(event, "DEAD_LETTERED")
    desk.hub("dead-letter", "requeue", place, *BY)
    assert states(desk) == {place: "requeued"}
    desk.receipt(event, outcome, series=1, act=0)  # type: ignore[arg-type]  # parametrized
    late = {"DELIVERED": "delivered-late", "NOTHING_TO_SEND": "settled-late"}
    assert states(desk) == {place: late.get(outcome, "requeued")}


def test_only_its_own_receipt_ends_a_requeue(desk: Desk) -> None:
    event, twin = desk.event(), desk.event()
    desk.receipt(event, "DELIVERED")  # of another time: before the letter
    place = desk.letter(event, series=1)
    desk.hub("dead-letter", "requeue", place, *BY)
    desk.receipt(twin, "DELIVERED", series=2, act=0)
    desk.receipt(event, "DELIVERED", series=2, act=0, registration="postal")
    assert states(desk) == {place: "requeued"}
    desk.receipt(event, "DELIVERED", series=3)  # it had parked, and went on by schedule
    assert states(desk) == {place: "delivered-late"}


def test_of_a_former_owner_a_letter_is_void_where_the_event_ended_otherwise(desk: Desk) -> None:
    late, later, own = (desk.event() for _ in "123")
    former = step(desk, "OWNER", late)
    desk.receipt(own, "DEAD_LETTERED", epoch=former)
    owner = step(desk, "OWNER", late)
    desk.receipt(late, "DELIVERED", epoch=owner)
    desk.receipt(late, "DEAD_LETTERED", epoch=former)
    desk.receipt(later, "DEAD_LETTERED", epoch=former)
    places = [desk.letter(event) for event in (late, later, own)]
    assert list(states(desk).values()) == ["void", "open", "open"], "nothing else is known yet"
    desk.receipt(later, "DELIVERED", epoch=owner)
    desk.receipt(own, "DELIVERED", epoch=owner)  # it had its end before, which counts
    assert list(states(desk).values()) == ["void", "void", "open"]
    assert len(desk.rows("dead-letter", "requeue", "--registration", "portal", *BY)) == 1
    done = desk.hub("dead-letter", "requeue", places[0], *BY)
    assert (done.exit_code, "is void" in done.stderr) == (1, True)


def test_open_ones_are_listed_whatever_their_age_and_decided_ones_for_a_while(desk: Desk) -> None:
    now, day = now_ms(), 86_400_000
    desk.broker.clock = lambda: now - 40 * day
    undecided, decided = desk.letter(desk.event()), desk.letter(desk.event())
    desk.hub("dead-letter", "requeue", decided, *BY)
    desk.broker.clock = lambda: now
    assert states(desk) == {undecided: "open"}
    done = desk.hub("dead-letter", "list", "--since", "41d", "--json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["state"] for row in rows] == ["open", "requeued"]
    assert "decisions and receipts since" in done.stderr
    assert desk.hub("dead-letter", "list", "--since", "a month").exit_code == 2


def test_one_that_failed_again_is_open_again(desk: Desk) -> None:
    event = desk.event()
    desk.hub("dead-letter", "requeue", desk.letter(event), *BY)
    again = desk.letter(event, reason="still not in STATE")
    (row,) = desk.rows("dead-letter", "list")
    assert (row["letter"], row["state"], row["reason"]) == (again, "open", "still not in STATE")
    assert desk.hub("dead-letter", "requeue", again, *BY).exit_code == 0
    assert states(desk) == {again: "requeued"}


def test_many_are_requeued_by_what_they_have_in_common(desk: Desk) -> None:
    for code in (CODE, OTHER, CODE):
        desk.letter(desk.event(code))
    desk.letter(desk.event(), reason="no such district")
    desk.letter(desk.event(), registration="postal")
    words = ("dead-letter", "requeue", "--registration", "portal", "--reason", "not in STATE", *BY)
    before = desk.hub(*words, "--preview")
    assert (before.exit_code, desk.acts()) == (0, [])
    assert "nothing was written; 3 would be" in before.stderr
    assert desk.hub(*words, "--most", "2").exit_code == 1
    assert desk.acts() == []
    assert len(desk.rows(*words)) == 3
    assert {command.kind for command in desk.acts()} == {"REQUEUED"}
    assert list(states(desk).values()).count("open") == 2


@pytest.mark.parametrize("verb", ["discard", "requeue"])
def test_all_of_them_must_be_meant(desk: Desk, verb: str) -> None:
    desk.letter(desk.event())
    assert desk.hub("dead-letter", verb, *BY).exit_code == 2
    assert desk.acts() == []


@pytest.mark.parametrize(
    "who",
    [
        (),
        ("--by", "Trần Thị Thử"),
        ("--because", "sent by hand"),
        ("--by", "", "--because", "sent by hand"),
        ("--by", "Trần Thị Thử", "--because", "  \n "),
        ("--by", "Trần Thị Thử", "--because", "x" * 301),
        ("--by", "Trần\x1b[2J", "--because", "sent by hand"),
    ],
)
def test_nobody_decides_without_name_and_reason(desk: Desk, who: tuple[str, ...]) -> None:
    place = desk.letter(desk.event())
    for verb in ("discard", "requeue"):
        assert desk.hub("dead-letter", verb, place, *who).exit_code == 2
    assert desk.acts() == []


def test_a_letter_is_named_by_its_place_its_event_or_its_event_id(desk: Desk) -> None:
    event = desk.event()
    place = desk.letter(event)
    for name in (place, event.place.text, f"e1-{CODE}", "e1"):
        done = desk.hub("dead-letter", "show", name)
        assert json.loads(done.stdout)["letter"] == place
    for name in ("hub.dead/0/99", "e9", ""):
        assert desk.hub("dead-letter", "show", name).exit_code == 1


def test_a_name_of_two_letters_asks_which(desk: Desk) -> None:
    event = desk.event()
    first, second = desk.letter(event), desk.letter(event, registration="postal")
    done = desk.hub("dead-letter", "discard", "e1", *BY)
    assert (done.exit_code, desk.acts()) == (1, [])
    assert f"{first} (portal), {second} (postal)" in done.stderr
    assert desk.hub("dead-letter", "discard", "e1", "--registration", "postal", *BY).exit_code == 0
    assert states(desk) == {first: "open", second: "discarded"}


def test_a_broker_that_does_not_take_it_is_told(desk: Desk) -> None:
    place = desk.letter(desk.event())

    desk.broker.down = True  # for writers; what stands there can be read
    done = desk.hub("dead-letter", "discard", place, *BY)
    assert (done.exit_code, "1 were not" in done.stderr) == (3, True)


def test_one_is_shown_masked_unless_the_right_is_there(desk: Desk) -> None:
    place = desk.letter(desk.event())
    masked = json.loads(desk.hub("dead-letter", "show", place).stdout)
    assert masked["event"]["officer_name"] == "T.T.T."
    assert desk.hub("dead-letter", "show", place, "--unmask", "complaint").exit_code == 4
    desk.unmask = "yes"
    whole = desk.hub("dead-letter", "show", place, "--unmask", "complaint")
    assert json.loads(whole.stdout)["event"]["officer_name"] == "Trần Thị Thử"


# edit


def shown(desk: Desk, place: str) -> Document:
    event: Document = json.loads(desk.hub("dead-letter", "show", place).stdout)["event"]
    return event


def edit(desk: Desk, place: str, document: object, *more: str) -> tuple[int, str]:
    file = desk.home / "new.json"
    raw = document if isinstance(document, bytes) else json.dumps(document).encode()
    file.write_bytes(raw)
    done = desk.hub("dead-letter", "edit", place, "--event", str(file), *BY, *more)
    return done.exit_code, done.output


def test_an_edited_event_keeps_what_its_editor_may_not_see(desk: Desk) -> None:
    place = desk.letter(desk.event(note="Chuyển phòng chuyên môn"))
    new = {**shown(desk, place), "status": "COMPLETED"}
    code, said = edit(desk, place, new, "--preview", "--json")
    assert (code, desk.acts()) == (0, [])
    assert json.loads(said.splitlines()[0])["changed"] == ["status"]
    assert "Chuyển phòng" not in said
    assert edit(desk, place, new)[0] == 0
    (command,) = desk.acts()
    assert command.kind == "EDITED"
    name, event = desk.codec.decode(command.value or b"")
    assert name == STATUS
    assert event == {**desk.codec.decode(desk.event().value or b"")[1], "status": "COMPLETED"}
    assert states(desk) == {place: "requeued"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"status": "GONE"}, "status"),
        ({"status": None}, "status"),
        ({"surprise": 1}, "surprise"),
        ({"dossier_code": OTHER}, "the key may not change"),
        ({"department": "•••"}, "department: a mask stands"),
        ({"note": "•••."}, "note: a mask stands"),
        ({}, "nothing is changed"),
        ({"note": "x" * EVENT_BYTES}, "larger than"),
    ],
)
def test_an_event_that_does_not_fit_is_refused(
    desk: Desk, change: Mapping[str, object], said: str
) -> None:
    place = desk.letter(desk.event())
    code, told = edit(desk, place, {**shown(desk, place), **change})
    assert (code, said in told) == (1, True), told
    assert desk.acts() == []


@pytest.mark.parametrize("written", [b"", b"[]", b"{", b'"x"'])
def test_a_file_without_a_document_is_refused(desk: Desk, written: bytes) -> None:
    assert edit(desk, desk.letter(desk.event()), written)[0] == 1


def test_an_event_that_cannot_be_read_is_written_anew(desk: Desk) -> None:
    place = desk.letter(desk.event(value=b"\x00\x00"))
    code, told = edit(desk, place, {**STATUS_CHANGED, "dossier_code": CODE})
    assert code == 0, told
    (command,) = desk.acts()
    assert desk.codec.decode(command.value or b"")[1]["officer_name"] == "Trần Thị Thử"


def test_decisions_are_listed_among_the_acts(desk: Desk) -> None:
    place = desk.letter(desk.event())
    edit(desk, place, {**shown(desk, place), "note": "số nhà 12"})
    (row,) = desk.rows("act", "list", "--registration", "portal")
    assert (row["kind"], row["by"], row["dossier"]) == ("EDITED", "Trần Thị Thử", CODE)
    assert (row["subject"], row["reason"]) == (place, "bảng mã đã sửa")
    assert row["value"] == "•••", "a person's data"
    assert desk.rows("act", "list", "--registration", "postal") == []
