"""`hub receipt list`: how deliveries ended."""

import json
from io import StringIO
from pathlib import Path

import pytest

from hub.cli import browse
from hub.delivery.journal import IN_DOUBT, NOT_SENT
from hub.delivery.receipts import Step, step_document, step_record
from hub.dev.progress import CLEAR, Progress
from hub.records import Outgoing, Record, Spot
from hub.surroundings import now_ms
from hub.topics import DOSSIER, RECEIPT
from tests.cli.desk import AT, BY, CODE, OTHER, Desk, open_desk
from tests.cli.test_parked import park


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return open_desk(tmp_path, monkeypatch)


def test_ends_are_listed_and_no_steps(desk: Desk) -> None:
    event = desk.event()
    desk.keep(Outgoing(RECEIPT, None, b"a mark", (("hub_kind", b"MARK"),), event.partition))
    desk.receipt(event, "DELIVERED")
    (row,) = desk.rows("receipt", "list")
    assert (row["key"], row["registration"], row["outcome"]) == (CODE, "portal", "DELIVERED")


def test_what_cannot_be_read_is_told(desk: Desk) -> None:
    desk.keep(Outgoing(RECEIPT, b"H44", b"junk", (), 0))
    (row,) = desk.rows("receipt", "list")
    assert row["outcome"] == "(unreadable)"


@pytest.mark.parametrize(
    ("words", "dossiers"),
    [
        ((), [CODE, OTHER, OTHER]),
        (("--in-doubt",), [OTHER]),
        (("--in-doubt", "--registration", "postal"), []),
        (("--registration", "postal"), [OTHER]),
        (("--outcome", "DEAD_LETTERED"), [OTHER]),
        (("--dossier", CODE), [CODE]),
        (("-n", "1"), [OTHER]),
    ],
)
def test_the_list_is_narrowed(desk: Desk, words: tuple[str, ...], dossiers: list[str]) -> None:
    desk.receipt(desk.event(), "DELIVERED")
    desk.receipt(desk.event(OTHER), "DELIVERED", note="was in doubt, found at the system")
    desk.receipt(desk.event(OTHER), "DEAD_LETTERED", registration="postal")
    assert [row["key"] for row in desk.rows("receipt", "list", *words)] == dossiers


def test_only_what_is_recent_is_read_and_that_is_told(desk: Desk) -> None:
    now, day = now_ms(), 86_400_000
    desk.broker.clock = lambda: now - 31 * day
    desk.receipt(desk.event(), "DELIVERED")
    desk.broker.clock = lambda: now
    desk.receipt(desk.event(OTHER), "DELIVERED")
    done = desk.hub("receipt", "list", "--json")
    assert [json.loads(line)["key"] for line in done.stdout.splitlines()] == [OTHER]
    assert "receipts since" in done.stderr
    assert len(desk.rows("receipt", "list", "--since", "32d")) == 2
    assert desk.hub("receipt", "list", "--since", "-1d").exit_code == 2


def test_on_a_terminal_it_is_shown_how_far_reading_has_come(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = StringIO()
    monkeypatch.setattr(browse, "to_stderr", lambda: Progress(out, live=True))
    for _ in range(3):
        desk.receipt(desk.event(), "DELIVERED")
    desk.rows("receipt", "list")
    assert "reading hub.receipt: 3 of 3 records" in out.getvalue()
    assert out.getvalue().endswith(CLEAR), "nothing of it stays"


# in doubt


def step(
    desk: Desk, kind: str, *events: Record, registration: str = "portal", **more: object
) -> int:
    """A record of the journal as the lane writes it; its position."""
    spot = Spot(DOSSIER, events[0].partition)
    offsets = tuple(event.offset for event in events)
    made = Step(kind, registration, spot, AT, offsets=offsets, **more)  # type: ignore[arg-type]  # spread
    raw = desk.codec.encode("hub.v1.Receipt", step_document(made))
    return desk.keep(step_record(made, raw)).offset


def committed(desk: Desk, event: Record, offset: int, metadata: str = "r0 e-1 a0") -> None:
    """What the registration's group has committed for the event's partition."""
    desk.broker.offsets["hub.portal"][Spot(DOSSIER, event.partition)] = (offset, metadata)


def in_doubt(desk: Desk, *words: str) -> list[object]:
    return [row["event_id"] for row in desk.rows("receipt", "list", "--in-doubt", *words)]


def test_a_mark_without_an_end_is_in_doubt(desk: Desk) -> None:
    ended, unsent, failed, lost = (desk.event() for _ in "1234")
    committed(desk, ended, 0)
    epoch = step(desk, "OWNER", ended)
    step(desk, "MARK", ended, unsent, failed, lost, epoch=epoch)
    step(desk, "ATTEMPT", unsent, epoch=epoch, note=NOT_SENT)
    step(desk, "ATTEMPT", failed, epoch=epoch)
    step(desk, "ATTEMPT", lost, epoch=epoch, note=IN_DOUBT)
    desk.receipt(ended, "DELIVERED", epoch=epoch)
    (row,) = desk.rows("receipt", "list", "--in-doubt")
    assert (row["event_id"], row["key"], row["event"]) == (f"e4-{CODE}", CODE, "StatusChanged")
    assert (row["registration"], row["source"]) == ("portal", list(lost.place))
    assert str(row["note"]).startswith("in doubt")
    desk.receipt(lost, "DELIVERED", epoch=epoch, note="was in doubt, found at the system")
    (row,) = desk.rows("receipt", "list", "--in-doubt")
    assert row["outcome"] == "DELIVERED", "now it has a receipt that says so"


def test_what_is_in_doubt_is_narrowed(desk: Desk) -> None:
    event, other = desk.event(), desk.event(OTHER)
    committed(desk, event, 0)
    epoch = step(desk, "OWNER", event)
    step(desk, "MARK", event, other, epoch=epoch)
    step(desk, "MARK", event, registration="postal", epoch=epoch)  # its group has committed nothing
    assert len(in_doubt(desk)) == 2
    assert in_doubt(desk, "--dossier", OTHER) == [f"e2-{OTHER}"]
    assert len(in_doubt(desk, "--registration", "portal")) == 2
    assert in_doubt(desk, "--registration", "ngsp") == []
    assert in_doubt(desk, "--outcome", "DELIVERED") == []


def test_the_commit_says_what_is_over_and_from_where_to_read(desk: Desk) -> None:
    over, parked, new = (desk.event() for _ in "123")
    committed(desk, over, 0)
    epoch = step(desk, "OWNER", over)
    step(desk, "MARK", over, parked, epoch=epoch)
    position = step(desk, "MARK", new, epoch=epoch)
    park(desk, parked)
    committed(desk, over, new.offset)
    assert in_doubt(desk) == [f"e2-{CODE}", f"e3-{CODE}"], "what waits on hub.parked is not over"
    committed(desk, over, new.offset, f"r{position} e{epoch} a0")
    assert in_doubt(desk) == [f"e3-{CODE}"]


def test_a_dead_letter_that_goes_out_again_can_be_in_doubt(desk: Desk) -> None:
    event = desk.event()
    place = desk.letter(event)
    committed(desk, event, event.offset + 1)
    step(desk, "MARK", event, epoch=step(desk, "OWNER", event), series=1)
    assert in_doubt(desk) == [], "the commit has passed it"
    assert desk.hub("dead-letter", "requeue", place, *BY).exit_code == 0
    assert in_doubt(desk) == [f"e1-{CODE}"]


def test_marks_of_a_former_owner_are_void(desk: Desk) -> None:
    event = desk.event()
    committed(desk, event, 0)
    former = step(desk, "OWNER", event)
    step(desk, "OWNER", event)
    step(desk, "MARK", event, epoch=former)
    assert in_doubt(desk) == []


def test_an_event_that_is_gone_is_still_named_by_its_place(desk: Desk) -> None:
    event = desk.event()
    gone = event._replace(offset=99)
    committed(desk, event, 0)
    step(desk, "MARK", gone, epoch=step(desk, "OWNER", event))
    (row,) = desk.rows("receipt", "list", "--in-doubt")
    assert (row["key"], row["source"]) == (None, list(gone.place))
