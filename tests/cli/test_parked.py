"""`hub parked`: dossiers that wait, and letting them go on."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from hub.cli.parked import _age
from hub.delivery.held import Held, Part
from hub.delivery.parking import closing_record, parked_record
from hub.delivery.tracker import OffsetTracker
from hub.dev import runfiles
from hub.records import Outgoing, Position, Record
from hub.surroundings import now_ms
from hub.topics import PARKED
from tests.cli.desk import BY, CODE, OTHER, Desk, open_desk

THIRD = "H44.99.99-251013-0003"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return open_desk(tmp_path, monkeypatch)


def park(
    desk: Desk,
    event: Record,
    *,
    registration: str = "portal",
    behind: bool = False,
    reason: str = "answered 404",
    since: int | None = None,
) -> None:
    """The event as the lane sets it aside."""
    held = Held(event, Part(OffsetTracker(0)), "", "")
    if not behind:
        held.failures, held.failing_since = 3, now_ms() if since is None else since
    settled = desk.settled(event, "PARKED", registration=registration, reason=reason, at=now_ms())
    desk.keep(parked_record(held, settled))


def close(desk: Desk, event: Record, registration: str = "portal") -> None:
    desk.keep(closing_record(registration, event.place))


def wait(desk: Desk, code: str, events: int = 1, **more: object) -> list[Record]:
    """A dossier that waits with so many events."""
    made = [desk.event(code) for _ in range(events)]
    for number, event in enumerate(made):
        park(desk, event, behind=number > 0, **more)  # type: ignore[arg-type]  # spread
    return made


def test_a_dossier_is_one_row_with_what_waits_behind(desk: Desk) -> None:
    wait(desk, CODE, 3, since=now_ms() - 7_500_000)
    (row,) = desk.rows("parked", "list")
    assert (row["registration"], row["dossier"], row["behind"]) == ("portal", CODE, 2)
    assert (row["reason"], row["type"], row["bundle"]) == ("answered 404", "StatusChanged", "b1")
    assert row["waits"] == "2 h 5 min"


def test_what_was_closed_waits_no_more(desk: Desk) -> None:
    first, second = wait(desk, CODE, 2)
    wait(desk, OTHER)
    close(desk, first)
    (row,) = [row for row in desk.rows("parked", "list") if row["dossier"] == CODE]
    assert (row["behind"], row["source"]) == (0, second.place.text)
    close(desk, second)
    assert [row["dossier"] for row in desk.rows("parked", "list")] == [OTHER]
    park(desk, second)
    assert len(desk.rows("parked", "list")) == 2, "parked again"


def test_one_dossier_waits_at_each_registration_for_itself(desk: Desk) -> None:
    (event,) = wait(desk, CODE)
    park(desk, event, registration="postal", reason="answered 409")
    assert len(desk.rows("parked", "list")) == 2
    (row,) = desk.rows("parked", "list", "--registration", "postal")
    assert row["registration"] == "postal"
    assert len(desk.rows("parked", "list", "--reason", "404")) == 1
    close(desk, event)
    assert [row["registration"] for row in desk.rows("parked", "list")] == ["postal"]


def test_what_the_hub_did_not_write_does_not_wait(desk: Desk) -> None:
    for key in (None, b"", b"portal", b"portal|hub.dossier|1", b"portal|hub.dossier|one|2"):
        desk.keep(Outgoing(PARKED, key, b"junk", (), 0))
    assert desk.rows("parked", "list") == []


@contextmanager
def views(home: Path, due: Mapping[str, str | None]) -> Iterator[None]:
    """Something that answers like the views: when each dossier is due; 404 for any other."""

    class Views(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code = self.path.removeprefix("/dossiers/")
            self.send_response(200 if code in due else 404)
            self.end_headers()
            self.wfile.write(json.dumps({"deadline": {"due": due.get(code)}}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Views) as server:
        thread = threading.Thread(target=server.serve_forever, name="views")
        thread.start()
        try:
            with runfiles.publish(home, "views", f"http://127.0.0.1:{server.server_port}"):
                yield
        finally:
            server.shutdown()
            thread.join()


def test_the_dossier_that_is_due_first_stands_on_top(desk: Desk) -> None:
    for number, code in enumerate((CODE, OTHER, THIRD, "H44.99.99-251013-0004")):
        wait(desk, code, since=now_ms() - 1_000_000 + number)
    due = {CODE: None, OTHER: "2025-10-20 17:00", THIRD: "2025-10-16 17:00"}
    with views(desk.home, due):
        rows = desk.rows("parked", "list")
    assert [row["due"] for row in rows] == ["2025-10-16 17:00", "2025-10-20 17:00", None, None]
    assert [row["dossier"] for row in rows][2:] == [CODE, "H44.99.99-251013-0004"]


def test_what_is_due_first_is_resumed_first(desk: Desk) -> None:
    for number, code in enumerate((CODE, OTHER, THIRD)):
        wait(desk, code, since=now_ms() - 1_000_000 + number)
    due = {OTHER: "2025-10-20 17:00", THIRD: "2025-10-16 17:00"}
    with views(desk.home, due):
        rows = desk.rows("parked", "resume", "--registration", "portal", "--all", *BY)
    assert [row["dossier"] for row in rows] == [THIRD, OTHER, CODE]


def test_without_the_views_what_waits_longest_stands_on_top(desk: Desk) -> None:
    wait(desk, CODE, since=now_ms() - 1_000)
    wait(desk, OTHER, since=now_ms() - 9_000)
    done = desk.hub("parked", "list", "--json", "-n", "1")
    assert json.loads(done.stdout)["dossier"] == OTHER
    assert "due dates are not known: the views do not run" in done.stderr
    assert "1 more" in done.stderr


def test_a_dossier_is_shown_in_the_order_in_which_it_will_go(desk: Desk) -> None:
    first, second = wait(desk, CODE, 2)
    close(desk, first)
    park(desk, first)  # resumed and parked again: it stands behind on the topic
    wait(desk, OTHER)
    done = desk.hub("parked", "show", CODE)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["source"] for row in rows] == [first.place.text, second.place.text]
    assert [row["behind"] for row in rows] == [False, True]
    assert rows[0]["event"]["officer_name"] == "T.T.T."
    assert "Trần" not in done.output


def test_personal_data_is_shown_with_the_right_and_a_reason(desk: Desk) -> None:
    wait(desk, CODE)
    assert desk.hub("parked", "show", CODE, "--unmask", "complaint").exit_code == 4
    desk.unmask = "yes"
    done = desk.hub("parked", "show", CODE, "--unmask", "complaint")
    assert json.loads(done.stdout)["event"]["officer_name"] == "Trần Thị Thử"
    assert CODE in (desk.home / "log" / "access.jsonl").read_text(encoding="utf-8")


def test_what_does_not_wait_cannot_be_shown(desk: Desk) -> None:
    assert desk.hub("parked", "show", CODE).exit_code == 1


def test_a_dossier_is_resumed_with_name_and_reason(desk: Desk) -> None:
    event, _ = wait(desk, CODE, 2)
    wait(desk, OTHER)
    wait(desk, CODE, registration="postal")
    (row,) = desk.rows("parked", "resume", "--registration", "portal", "--dossier", CODE, *BY)
    (command,) = desk.acts()
    assert (command.kind, command.registration, command.dossier) == ("RESUMED", "portal", CODE)
    assert (command.topic, command.partition, command.offset) == (*event.place[:2], -1)
    assert (command.by, command.because) == ("Trần Thị Thử", "bảng mã đã sửa")
    assert row["act"] == f"hub.act/{event.partition}/0"
    assert len(desk.rows("parked", "list")) == 3, "a worker carries it out"


@pytest.mark.parametrize(
    ("choice", "dossiers"),
    [
        (("--all",), {CODE, OTHER, THIRD}),
        (("--reason", "404"), {CODE, OTHER}),
        (("--dossier", THIRD), {THIRD}),
    ],
)
def test_many_are_resumed_by_what_they_have_in_common(
    desk: Desk, choice: tuple[str, ...], dossiers: set[str]
) -> None:
    wait(desk, CODE, 2)
    wait(desk, OTHER)
    wait(desk, THIRD, reason="answered 409")
    wait(desk, "H44.99.99-251013-0004", registration="postal")
    words = ("parked", "resume", "--registration", "portal", *choice, *BY)
    assert f"{len(dossiers)} would be" in desk.hub(*words, "--preview").stderr
    assert desk.acts() == []
    if len(dossiers) > 1:
        assert desk.hub(*words, "--most", str(len(dossiers) - 1)).exit_code == 1
    assert desk.hub(*words).exit_code == 0
    assert {command.dossier for command in desk.acts()} == dossiers
    assert len(desk.acts()) == len(dossiers)


def test_one_that_waits_is_discarded_with_name_and_reason(desk: Desk) -> None:
    first, second = wait(desk, CODE, 2)
    wait(desk, OTHER)
    done = desk.hub("parked", "discard", second.place.text, *BY, "--preview")
    assert (done.exit_code, desk.acts()) == (0, [])
    (row,) = desk.rows("parked", "discard", first.place.text, *BY)
    (command,) = desk.acts()
    assert (command.kind, command.registration, command.dossier) == ("DISCARDED", "portal", CODE)
    assert (command.topic, command.partition, command.offset) == first.place
    assert command.letter == Position(PARKED, first.partition, 0)
    assert (command.by, command.because) == ("Trần Thị Thử", "bảng mã đã sửa")
    assert row["act"] == f"hub.act/{first.partition}/0"


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (("--registration", "portal"), 4),
        (("--dossier", CODE), 3),
        (("--dossier", CODE, "--registration", "postal"), 1),
        (("--reason", "404"), 4),
        (("--type", "StatusChanged"), 5),
        (("e5", "--registration", "portal"), 1),
    ],
)
def test_many_that_wait_are_discarded_by_what_they_have_in_common(
    desk: Desk, words: tuple[str, ...], count: int
) -> None:
    wait(desk, CODE)
    wait(desk, CODE, registration="postal")
    wait(desk, CODE)
    wait(desk, OTHER)
    wait(desk, THIRD, reason="answered 409")
    assert len(desk.rows("parked", "discard", *words, *BY)) == count
    assert {command.kind for command in desk.acts()} == {"DISCARDED"}
    assert len(desk.acts()) == count


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), 2),
        (("--dossier", OTHER), 1),
        (("--type", "StatusChange_"), 2),
        (("--registration", "portals"), 2),
        (("nothing",), 1),
        (("e",), 1),
        (("--dossier", CODE, "--most", "1"), 1),
    ],
)
def test_what_is_not_clearly_meant_is_not_discarded(
    desk: Desk, words: tuple[str, ...], code: int
) -> None:
    wait(desk, CODE, 2)
    assert desk.hub("parked", "discard", *words, *BY).exit_code == code
    assert desk.acts() == []


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--registration", "portal", *BY), 2),
        (("--registration", "portal", "--all", "--dossier", CODE, *BY), 2),
        (("--all", *BY), 2),
        (("--registration", "portal", "--all"), 2),
        (("--registration", "portal", "--all", *BY[:2]), 2),
        (("--registration", "ngsp", "--all", *BY), 1),
        (("--registration", "portals", "--all", *BY), 2),
        (("--registration", "portal", "--dossier", OTHER, *BY), 1),
    ],
)
def test_what_is_not_said_clearly_is_not_done(
    desk: Desk, words: tuple[str, ...], code: int
) -> None:
    wait(desk, CODE)
    assert desk.hub("parked", "resume", *words).exit_code == code
    assert desk.acts() == []


@pytest.mark.parametrize(
    ("ms", "said"),
    [
        (-5, "0 s"),
        (999, "0 s"),
        (61_000, "1 min 1 s"),
        (3_600_000, "1 h 0 min"),
        (90_061_000, "1 d 1 h"),
    ],
)
def test_an_age_is_told_in_two_units(ms: int, said: str) -> None:
    assert _age(ms) == said
