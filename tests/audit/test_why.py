"""Why has this not arrived? Each cause by its facts; what an answer names is where it stands."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from hub.audit.facts import (
    Course,
    End,
    Event,
    Facts,
    Letter,
    Mark,
    Refusal,
    Standing,
    Tried,
    Waiting,
)
from hub.audit.why import DOUBTFUL, Answer, about, why
from hub.records import Position

CODE = "H44.99.99-251013-0001"
NOW = 1_760_321_100_000  # epoch ms
LIVE = Standing("portal")


def event(number: int, **more: object) -> Event:
    place = Position("hub.dossier", 3, 10 + number)
    one = Event(place, NOW - 900_000 + number, f"e{number}", f"Step{number}", "onestop")
    return replace(one, **more)  # type: ignore[arg-type]  # spread


def receipt(number: int) -> Position:
    return Position("hub.receipt", 3, 100 + number)


def facts(*courses: Course, standing: Standing = LIVE, **more: object) -> Facts:
    """One registration; the events' courses in their order."""
    events = tuple(event(number) for number in range(len(courses)))
    known = {(e.place, standing.name): c for e, c in zip(events, courses, strict=True)}
    return Facts(CODE, events, (standing,), known, **more)  # type: ignore[arg-type]  # spread


def ended(outcome: str, **more: object) -> Course:
    return Course(end=End(outcome, NOW - 5, receipt(0), **more))  # type: ignore[arg-type]  # spread


def dead(state: str, reason: str = "not in STATE") -> Course:
    letter = Letter(Position("hub.dead", 3, 7), NOW, state, reason, "Trần Thị Thử", "thay bằng .R2")
    return Course(end=End("DEAD_LETTERED", NOW, receipt(0), reason=reason), letter=letter)


def parked(*, first: bool, reason: str = "answered 404") -> Course:
    waiting = Waiting(Position("hub.parked", 3, 5), NOW - 60_000, reason, first)
    return Course(end=End("PARKED", NOW, receipt(0)), waiting=waiting)


TRIED = Course(tried=Tried(4, NOW - 100, receipt(1), "answered 500"))
DELIVERED = ended("DELIVERED")
CLOSED = Standing("portal", opens=NOW + 3_600_000)
REFUSED = Refusal(Position("hub.act", 0, 2), NOW, "portal", "REFUSED", "maTTHC: is missing")

CASES: Mapping[str, tuple[Facts, str]] = {
    "never_received": (facts(), "never received"),
    "refused": (facts(refusals=(REFUSED,)), "maTTHC: is missing"),
    "erased": (facts(erased="QĐ 1/2025"), "QĐ 1/2025"),
    "own": (facts(Course("own")), "came from portal"),
    "not_wanted": (facts(Course("type")), "no flow for Step0"),
    "before_start": (facts(Course(passed=True)), "begins behind it"),
    "delivered": (facts(DELIVERED), "was delivered"),
    "delivered_late": (facts(ended("DELIVERED", note="late")), "after all"),
    "nothing_to_send": (facts(ended("NOTHING_TO_SEND")), "nothing to send"),
    "duplicate": (facts(ended("DUPLICATE")), "told the same fact before"),
    "dead_letter": (facts(dead("open")), "dead letter: not in STATE"),
    "discarded": (facts(dead("discarded")), "Trần Thị Thử discarded it: thay bằng .R2"),
    "requeued": (facts(dead("requeued")), "on its way"),
    "parked": (facts(parked(first=True)), "parked: answered 404"),
    "not_registered": (facts(Course(), standing=Standing("portal", "absent")), "no registration"),
    "not_live": (
        facts(Course(), standing=Standing("portal", "broken", "2 problems")),
        "2 problems",
    ),
    "not_begun": (facts(Course(begun=False)), "has never begun"),
    "retired": (facts(Course(), standing=Standing("portal", "retired", "old")), "retired: old"),
    "paused": (facts(Course(), standing=Standing("portal", "paused", "import")), "paused: import"),
    "worker_not_running": (
        facts(Course(before=7), standing=Standing("portal", worker=False)),
        "no worker runs; 7 events stand before it",
    ),
    "halted": (facts(Course(), standing=Standing("portal", halted="401")), "a person: 401"),
    "system_down": (facts(TRIED, standing=Standing("portal", broken="503")), "is down: 503"),
    "closed_hours": (facts(Course(), standing=CLOSED), "at this hour"),
    "in_doubt": (facts(Course(mark=Mark(NOW - DOUBTFUL - 1))), "nobody knows"),
    "under_way": (facts(Course(mark=Mark(NOW - 10))), "under way"),
    "retrying": (facts(TRIED), "4 calls failed, the last: answered 500"),
    "backlog": (facts(Course(before=12)), "12 events stand before it"),
}


@pytest.mark.parametrize("cause", CASES)
def test_a_cause_is_told_by_its_facts(cause: str) -> None:
    given, says = CASES[cause]
    answer = why(given, NOW, "portal" if given.events else None)
    wanted = "not_live" if cause == "not_begun" else cause
    assert (answer.cause, says in answer.says) == (wanted, True), answer


def test_the_first_that_is_open_is_what_the_others_wait_for() -> None:
    answer = why(facts(DELIVERED, TRIED, Course()), NOW)
    assert (answer.cause, answer.event) == ("retrying", event(1))
    assert [link.place for link in answer.chain] == [event(1).place, receipt(1)]


def test_behind_what_is_parked_the_answer_names_both() -> None:
    given = facts(parked(first=True), parked(first=False, reason="waits behind"))
    assert why(given, NOW).cause == "parked"
    behind = _of(given, 1)
    assert behind.cause == "behind_parked"
    assert "Step0, which is parked: answered 404" in behind.says
    assert behind.chain[0].place == event(1).place


def test_behind_what_is_tried_again_the_chain_leads_there() -> None:
    behind = _of(facts(TRIED, Course()), 1)
    assert behind.cause == "behind_earlier"
    assert "waits behind Step0: it is tried again" in behind.says
    assert [link.place for link in behind.chain] == [event(1).place, event(0).place, receipt(1)]


@pytest.mark.parametrize("first", [dead("open"), ended("DUPLICATE"), Course("agency")])
def test_what_has_left_the_queue_holds_nobody_up(first: Course) -> None:
    assert _of(facts(first, Course(before=1)), 1).cause == "backlog"


def _of(given: Facts, number: int) -> Answer:
    return about(given, given.events[number], given.standings[0], NOW)


def test_a_later_word_counts_for_more_than_an_earlier_mark() -> None:
    course = Course(mark=Mark(NOW - DOUBTFUL * 2), tried=TRIED.tried)
    assert why(facts(course), NOW).cause == "retrying"


def test_a_call_whose_effect_is_not_known_is_in_doubt() -> None:
    course = Course(tried=Tried(1, NOW, receipt(1), "time-out", in_doubt=True))
    assert why(facts(course), NOW).cause == "in_doubt"


def test_an_agency_that_nobody_serves_is_open() -> None:
    one = event(0, unserved=("postal",))
    served = Facts(CODE, (event(0),), (LIVE,), {(event(0).place, "portal"): Course("agency")})
    unserved = Facts(CODE, (one,), (LIVE,), {(one.place, "portal"): Course("agency")})
    assert why(served, NOW, "portal").cause == "not_served"
    assert why(unserved, NOW).cause == "not_served"
    assert why(unserved, NOW).fix != ""


def test_one_system_may_be_asked_about() -> None:
    other = Standing("ngsp")
    given = facts(DELIVERED)
    known = {**given.courses, (event(0).place, "ngsp"): parked(first=True)}
    both = Facts(CODE, given.events, (LIVE, other), known)
    assert why(both, NOW).registration == "ngsp"
    assert why(both, NOW, "portal").cause == "delivered"
    assert why(both, NOW, "nobody").cause == "not_registered"


def test_of_a_registration_that_is_gone_what_it_left_is_told() -> None:
    gone = Standing("portal", "absent")
    given = facts(Course(), dead("open"), Course(), standing=gone)
    assert (why(given, NOW, "portal").cause, why(given, NOW).event) == ("dead_letter", event(1))
    assert why(facts(Course(), standing=gone), NOW, "portal").cause == "not_registered"


def test_what_came_before_a_registration_began_is_not_open() -> None:
    late = Standing("postal")
    given = facts(DELIVERED)
    known = {**given.courses, (event(0).place, "postal"): Course(passed=True)}
    both = Facts(CODE, given.events, (LIVE, late), known)
    assert why(both, NOW).cause == "delivered"
    assert why(both, NOW, "postal").cause == "before_start"


def test_without_any_registration_there_is_an_answer_too() -> None:
    assert why(Facts(CODE, (event(0),), (), {}), NOW).cause == "not_registered"


def test_a_message_that_was_refused_after_all_arrived_is_the_answer() -> None:
    assert why(facts(DELIVERED, refusals=(REFUSED,)), NOW).cause == "refused"
    earlier = Refusal(REFUSED.place, 0, "portal", "REFUSED", "old")
    assert why(facts(DELIVERED, refusals=(earlier,)), NOW).cause == "delivered"


def test_what_cannot_be_seen_from_here_is_said() -> None:
    answer = why(facts(Course(), standing=Standing("portal", worker=None)), NOW)
    assert "cannot be seen from here" in answer.says
