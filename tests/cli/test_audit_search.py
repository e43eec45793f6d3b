"""`hub audit search`: from the archive and what is behind it, as one; masked; on record."""

import json
from pathlib import Path

import pytest

from hub.audit.opening import open_keys
from hub.contract.types import Document
from hub.delivery.exchange import Attempt
from hub.intake.acts import Act, as_document, record_of
from hub.records import Record
from hub.settings import load
from tests.cli.auditor import archive_all
from tests.cli.desk import AT, CODE, OTHER, Desk, open_desk
from tests.events.records import example

ACCEPTED = "dossier.v1.Accepted"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return open_desk(tmp_path, monkeypatch)


def story(desk: Desk) -> None:
    """Two events of a dossier and one of another; one delivered, one parked, one dead-lettered."""
    first, other, second = desk.event(), desk.event(OTHER), desk.event()
    desk.receipt(first, "DELIVERED")
    desk.receipt(other, "DEAD_LETTERED", registration="postal")
    desk.letter(other, registration="postal")
    refused = Attempt(AT, "PUT", "retry", 404, "gọi 0300000022")
    desk.receipt(second, "PARKED", attempts=(refused,))


def told(rows: list[Document]) -> list[str]:
    return [f"{row['kind']} {row['system']} {row['outcome']}".strip() for row in rows]


OF_ONE = ["event onestop", "event onestop", "receipt portal DELIVERED", "receipt portal PARKED"]


def test_it_is_the_same_whether_archived_or_not(desk: Desk) -> None:
    story(desk)
    before = desk.rows("audit", "search", "--dossier", CODE)
    assert told(before) == OF_ONE
    assert archive_all(desk) == 7
    after = desk.rows("audit", "search", "--dossier", CODE)
    assert [row["archived"] for row in after] == [True] * 4
    assert [{**row, "archived": False} for row in after] == before


def test_what_came_after_the_archive_stands_behind_it(desk: Desk) -> None:
    story(desk)
    archive_all(desk)
    desk.event()
    rows = desk.rows("audit", "search", "--dossier", CODE)
    assert told(rows) == [*OF_ONE, "event onestop"]
    assert [row["archived"] for row in rows] == [True] * 4 + [False]
    assert rows == sorted(rows, key=lambda row: str(row["at"]))


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("--system", "postal"), ["receipt postal DEAD_LETTERED", "letter postal DEAD_LETTERED"]),
        (("--outcome", "PARKED"), ["receipt portal PARKED"]),
        (("--limit", "1"), ["receipt portal PARKED"]),
        (("--from", "2999-01-01"), []),
        (("--to", "1999-01-01T00:00+07:00"), []),
        (("--procedure", "9.999909"), []),
    ],
)
def test_it_is_narrowed(
    desk: Desk, words: tuple[str, ...], found: list[str], *, archived: bool
) -> None:
    story(desk)
    if archived:
        archive_all(desk)
    assert told(desk.rows("audit", "search", *words)) == found


@pytest.mark.parametrize("archived", [1, 2, 3])
def test_a_procedure_means_its_dossiers_whole(desk: Desk, archived: int) -> None:
    """The event that names the procedure may be archived while those behind it are not yet."""
    for count in (1, 2, 3):
        if count == 1:
            _accepted(desk)
        else:
            desk.event(OTHER if count == 2 else CODE)
        if count == archived:
            archive_all(desk)
    rows = desk.rows("audit", "search", "--procedure", "9.999901")
    assert [(row["dossier"], row["type"]) for row in rows] == [
        (CODE, "Accepted"),
        (CODE, "StatusChanged"),
    ]


@pytest.mark.parametrize("archived", [0, 1, 2, 3])
def test_a_procedure_counts_wherever_and_whenever_it_is_named(desk: Desk, archived: int) -> None:
    """What was recorded before the event that names it, in the archive or not; and its receipts."""
    desk.event(CODE)
    if archived == 1:
        archive_all(desk)
    accepted = _accepted(desk)
    if archived == 2:
        archive_all(desk)
    desk.receipt(accepted, "DELIVERED")
    desk.event(OTHER)
    if archived == 3:
        archive_all(desk)
    rows = desk.rows("audit", "search", "--procedure", "9.999901")
    assert [row["type"] for row in rows if row["kind"] == "event"] == ["StatusChanged", "Accepted"]
    (row,) = desk.rows("audit", "search", "--procedure", "9.999901", "--outcome", "DELIVERED")
    assert row["dossier"] == CODE
    later = desk.rows("audit", "search", "--from", str(row["at"]), "--procedure", "9.999901")
    assert later == [row], "also where the event that names it was before that time"


def _accepted(desk: Desk) -> Record:
    document = example(ACCEPTED)
    header = document["dossier"]
    assert isinstance(header, dict)
    header["procedure_code"] = "9.999901"
    return desk.event(kind=ACCEPTED, value=desk.codec.encode(ACCEPTED, document))


def test_personal_values_are_masked_and_the_look_is_on_record(desk: Desk) -> None:
    story(desk)
    archive_all(desk)
    done = desk.hub("audit", "search", "--dossier", CODE, "--json")
    assert "Trần Thị Thử" not in done.stdout
    assert "0300000022" not in done.stdout
    assert "•••" in done.stdout
    (line,) = accesses(desk)
    assert (line["what"], line["reason"]) == (f"evidence: dossiers {CODE}", None)


def test_who_has_the_right_and_a_reason_sees_all(desk: Desk) -> None:
    story(desk)
    archive_all(desk)
    words = ("audit", "search", "--dossier", CODE, "--json", "--unmask", "thanh tra 12/2025")
    assert desk.hub(*words).exit_code == 4
    assert accesses(desk) == []
    desk.unmask = "yes"
    assert "gọi 0300000022" in desk.hub(*words).stdout
    assert [line["reason"] for line in accesses(desk)] == ["thanh tra 12/2025"]


def test_an_erased_dossier_is_found_without_its_content(desk: Desk) -> None:
    story(desk)
    archive_all(desk)
    keys = open_keys(load(desk.environment))
    keys.destroy(f"dossier/{CODE}", "QĐ 1/2025", 0)
    keys.close()
    rows = desk.rows("audit", "search", "--dossier", CODE)
    assert told(rows) == OF_ONE
    assert [(row.get("erased"), row["content"]) for row in rows] == [(True, None)] * 4


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--outcome", "DELIVRED"), 2),
        (("--system", "posttal"), 2),
        (("--from", "gestern"), 2),
        (("--unmask", "why"), 2),
    ],
)
def test_a_wrong_word_is_told(desk: Desk, words: tuple[str, ...], code: int) -> None:
    story(desk)
    assert desk.hub("audit", "search", *words).exit_code == code


def accesses(desk: Desk) -> list[Document]:
    file = desk.home / "log" / "access.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.mark.parametrize("archived", [False, True])
def test_what_nobody_has_read_is_perhaps_about_a_dossier(desk: Desk, *, archived: bool) -> None:
    desk.event()
    for subject in (f"perhaps {CODE}", None, OTHER):
        act = Act("REFUSED", "portal", "", subject, "unread, unproved: denied", None)
        desk.keep(record_of(act, desk.codec.encode("hub.v1.Act", as_document(act, AT))))
    if archived:
        archive_all(desk)
    rows = desk.rows("audit", "search", "--dossier", CODE)
    assert told(rows) == ["event onestop", "act portal REFUSED"]
    assert str(rows[1]["says"]).startswith(f"perhaps {CODE}")
    assert "unproved" in str(rows[1]["says"])
    assert len(desk.rows("audit", "search", "--refused")) == 3
    assert desk.rows("audit", "search", "--refused", "--from", "2999-01-01") == []
    assert desk.rows("audit", "search", "--refused", "--dossier", CODE) == rows[1:]
    both = desk.hub("audit", "search", "--refused", "--outcome", "DELIVERED")
    assert (both.exit_code, "leave out --refused" in both.stderr) == (2, True)
