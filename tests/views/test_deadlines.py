"""When a dossier is late: the rule, and four dossiers told whole."""

import pytest

from hub.contract.types import Document
from hub.views.calendar import load
from hub.views.deadline import judge
from tests.views.facts import (
    fact,
    facts_of,
    late_over_tet,
    ms,
    on_time,
    paid,
    story,
    supplemented,
)

CALENDAR = load()
NOW = ms("2026-11-20 08:00")


@pytest.mark.parametrize(
    ("events", "late", "days", "says"),
    [
        (on_time(), False, None, "on time (finished 2025-10-15 14:20, due 2025-10-16 17:00)"),
        (supplemented(), False, None, "on time (finished 2025-10-24 15:00, due 2025-10-27 17:00)"),
        (paid(), False, None, "on time (finished 2025-10-24 10:00, due 2025-10-27 17:00)"),
        (
            late_over_tet(),
            True,
            2,
            (
                "late by 2 working days (finished 2026-02-27 10:00, due 2026-02-25 17:00,"
                " promised since 2026-02-27 17:00)"
            ),
        ),
    ],
    ids=["scenario 1", "scenario 3", "scenario 4", "scenario 5"],
)
def test_scenarios(
    events: list[tuple[str, Document]], late: bool, days: int | None, says: str
) -> None:
    dossier = story(facts_of(events), str(events[0][1]["dossier_code"]))
    found = judge(dossier, CALENDAR, NOW)
    assert (late, days, says) == (found.late, found.working_days_late, found.says)
    assert () == dossier.flags
    assert "RESULT_RETURNED" == dossier.status


@pytest.mark.parametrize(
    ("reason", "late", "judged"),
    [
        ("LATE", True, "2025-10-16 17:00"),
        ("SUPPLEMENT", False, "2025-10-20 17:00"),
        ("OTHER", True, "2025-10-16 17:00"),
    ],
)
def test_only_a_supplement_moves_the_date_judged(reason: str, late: bool, judged: str) -> None:
    first, second = ms("2025-10-16 17:00"), ms("2025-10-20 17:00")
    taken: Document = {"due_at": first}
    dossier = story(
        [
            fact("Accepted", "2025-10-13 09:00", 0, dossier=taken),
            fact("StatusChanged", "2025-10-13 10:00", 1, status="PROCESSING"),
            fact(
                "DeadlineExtended",
                "2025-10-16 09:00",
                2,
                status="PROCESSING",
                previous_due_at=first,
                new_due_at=second,
                reason=reason,
            ),
            fact("ResultReady", "2025-10-17 09:00", 3, finished_at=ms("2025-10-17 09:00")),
        ]
    )
    found = judge(dossier, CALENDAR, NOW)
    assert (late, ms(judged), second) == (found.late, found.judged, found.due)


@pytest.mark.parametrize(
    ("now", "late", "says"),
    [
        ("2025-10-16 17:00", False, "running (due 2025-10-16 17:00)"),
        ("2025-10-16 17:01", True, "late by less than a working day so far (due 2025-10-16 17:00)"),
        ("2025-10-17 07:00", True, "late by 1 working day so far (due 2025-10-16 17:00)"),
        ("2025-10-20 07:00", True, "late by 2 working days so far (due 2025-10-16 17:00)"),
        (
            "2027-01-04 07:00",
            True,
            "late, by an unknown number of working days so far (due 2025-10-16 17:00)",
        ),
    ],
)
def test_what_is_not_finished_is_judged_now(now: str, late: bool, says: str) -> None:
    dossier = story(
        [fact("Accepted", "2025-10-13 09:00", 0, dossier={"due_at": ms("2025-10-16 17:00")})]
    )
    found = judge(dossier, CALENDAR, ms(now))
    assert (late, says) == (found.late, found.says)


@pytest.mark.parametrize(
    ("short", "status"),
    [
        ("Withdrawn", "WITHDRAWN"),
        ("StatusChanged", "STOPPED"),
        ("Refused", "REFUSED"),
    ],
)
def test_what_ended_without_a_result_is_not_judged(short: str, status: str) -> None:
    dossier = story(
        [
            fact("Accepted", "2025-11-10 09:20", 0, dossier={"due_at": ms("2025-11-17 17:00")}),
            fact(short, "2025-11-10 15:00", 1, status=status),
        ]
    )
    found = judge(dossier, CALENDAR, NOW)
    assert (None, f"not judged ({status})") == (found.late, found.says)


def test_waiting_for_the_post_never_counts() -> None:
    events = on_time()[:5]  # finished on the 15th; the post has it still a year later
    found = judge(story(facts_of(events)), CALENDAR, NOW)
    assert found.late is False


def test_a_result_that_only_a_status_tells_is_finished_then() -> None:
    dossier = story(
        [
            fact("Accepted", "2025-10-13 09:00", 0, dossier={"due_at": ms("2025-10-16 17:00")}),
            fact("StatusChanged", "2025-10-15 09:00", 1, status="COMPLETED"),
        ]
    )
    assert judge(dossier, CALENDAR, NOW).late is False
    assert ms("2025-10-15 09:00") == dossier.finished


def test_without_a_due_date_nothing_is_judged() -> None:
    dossier = story([fact("Received", "2025-10-13 09:00", 0)])
    assert (None, "no due date") == ((d := judge(dossier, CALENDAR, NOW)).late, d.says)
