"""`hub audit trim`: a plan first; then nothing goes that anybody still needs."""

from functools import partial
from pathlib import Path

import pytest

from hub.contract.types import Document
from hub.records import Spot
from hub.topics import ACT, CATALOGUE, DEAD, DOSSIER
from tests.cli.auditor import archive_all, sign_all
from tests.cli.desk import BY, OTHER, Desk, open_desk

NOW = 4_000_000_000_000  # epoch ms, of the last record: the twin's clock does not go back
DAY = 86_400_000
YES = ("--yes", "--backup", "tủ số 2", "--by", "Trần Thị Thử")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A dossier of four events, a month and a half old but for the last; one of them is dead."""
    desk = open_desk(tmp_path, monkeypatch)
    (tmp_path / "registrations.yaml").write_text("registrations: []\n", encoding="utf-8")
    monkeypatch.setattr("hub.cli.trimming.now_ms", lambda: NOW + DAY)
    for age in (45, 44, 43, 1):
        desk.broker.clock = partial(int, NOW - age * DAY)
        desk.receipt(desk.event(), "DELIVERED")
    sign_all(desk, NOW // 1000)
    archive_all(desk)
    return desk


def plan(desk: Desk, *words: str) -> dict[str, Document]:
    rows = desk.rows("audit", "trim", *words)
    return {
        str(row["log"]): row for row in rows if row.get("records") or "archive" in str(row["log"])
    }


def left(desk: Desk, topic: str) -> list[int]:
    return [r.offset for p in range(3) for r in desk.broker.since(Spot(topic, p), 0)]


def test_it_shows_what_may_go_and_deletes_nothing(desk: Desk) -> None:
    shown = plan(desk)
    assert {log.partition("/")[0] for log in shown} == {"hub.dossier", "hub.receipt"}
    assert {(row["first"], row["before"], row["then_kept_by"]) for row in shown.values()} == {
        (0, 3, "its age")
    }
    assert left(desk, DOSSIER) == [0, 1, 2, 3]


def test_what_may_go_goes_and_that_is_on_record(desk: Desk) -> None:
    before = desk.rows("audit", "search")
    assert desk.hub("audit", "trim", *YES).exit_code == 0
    assert left(desk, DOSSIER) == [3]
    (act,) = [r for p in range(3) for r in desk.broker.since(Spot(ACT, p), 0)]
    _, told = desk.codec.decode(act.value or b"")
    assert told["kind"] == "TRIMMED"
    assert "by Trần Thị Thử; tủ số 2" in str(told["reason"])
    after = [row for row in desk.rows("audit", "search") if row["kind"] != "act"]
    assert after == before, "the archive has it"


@pytest.mark.parametrize("lacking", ["archived", "signed"])
def test_what_is_not_safe_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str
) -> None:
    desk = open_desk(tmp_path, monkeypatch)
    (tmp_path / "registrations.yaml").write_text("registrations: []\n", encoding="utf-8")
    monkeypatch.setattr("hub.cli.trimming.now_ms", lambda: NOW)
    desk.broker.clock = lambda: NOW - 50 * DAY
    desk.event()
    if lacking == "archived":
        sign_all(desk, NOW // 1000)
    else:
        archive_all(desk)
    assert plan(desk) == {}


def test_a_registration_that_has_not_come_so_far_keeps_it(desk: Desk) -> None:
    """One that is paused, or broken, counts like a live one."""
    (desk.home / "registrations.yaml").write_text(
        "registrations: [{connector: portal, endpoint: 'https://portal.example.test'}]\n",
        encoding="utf-8",
    )
    assert plan(desk) == {}
    spots = [Spot(topic, p) for topic in (DOSSIER, CATALOGUE) for p in range(3)]
    desk.broker.offsets["hub.portal"] = dict.fromkeys(spots, (2, "r1 e0 a0"))
    shown = plan(desk)
    assert {log.partition("/")[0]: row["before"] for log, row in shown.items()} == {
        "hub.dossier": 2,
        "hub.receipt": 1,
    }
    assert "portal would recover" in str(next(iter(shown.values()))["then_kept_by"])


def test_an_open_dead_letter_keeps_itself_and_its_event(desk: Desk) -> None:
    event = [r for p in range(3) for r in desk.broker.since(Spot(DOSSIER, p), 0)][1]
    place = desk.letter(event)
    desk.event(OTHER)
    sign_all(desk, NOW // 1000 + 1)
    archive_all(desk)
    shown = plan(desk)
    assert shown[f"hub.dossier/{event.partition}"]["before"] == 1
    assert place in str(shown[f"hub.dossier/{event.partition}"]["then_kept_by"])
    desk.rows("dead-letter", "discard", place, *BY)
    assert plan(desk)[f"hub.dossier/{event.partition}"]["before"] == 3
    assert left(desk, DEAD) == [0]


def test_days_of_the_archive_go_after_a_year(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.cli.trimming.now_ms", lambda: NOW + 350 * DAY)
    days = [log for log in plan(desk) if log.startswith("archive ")]
    assert len(days) == 3
    assert desk.hub("audit", "trim", *YES).exit_code == 0
    assert [row["archived"] for row in desk.rows("audit", "search") if row["kind"] == "event"] == [
        True
    ]
    assert [log for log in plan(desk) if log.startswith("archive ")] == []


@pytest.mark.parametrize("words", [("--yes",), ("--archive-days", "30"), ("--days", "0")])
def test_it_is_not_done_by_mistake(desk: Desk, words: tuple[str, ...]) -> None:
    assert desk.hub("audit", "trim", *words).exit_code == 2
    assert left(desk, DOSSIER) == [0, 1, 2, 3]
