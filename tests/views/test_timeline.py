"""A dossier as its events tell it: statuses, flags, consignments, and what the fold promises."""

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.contract.types import Document
from hub.events.masks import Masks
from hub.views.calendar import load
from hub.views.consignments import MOST_CONSIGNMENTS, MOST_STATES
from hub.views.deadline import judge
from hub.views.timeline import AHEAD, MOST_ENTRIES, MOST_FLAGS, Dossier, Fact, fold
from tests.events.records import CATALOGUE, example
from tests.views.facts import (
    MARKED,
    event,
    fact,
    facts_of,
    late_over_tet,
    ms,
    on_time,
    paid,
    story,
    supplemented,
)

CODE = "H44.99.99-251013-0001"
STORIES = (on_time(), supplemented(), paid(), late_over_tet())
EVENTS = [name for name in CATALOGUE.whole if not name.startswith(("hub.", "catalogue."))]
# the table of the product, written out again
ALLOWED = {
    "REGISTERED": "ACCEPTED REFUSED WITHDRAWN",
    "ACCEPTED": "PROCESSING SUPPLEMENT_REQUIRED PAYMENT_REQUIRED WITHDRAWN STOPPED COMPLETED",
    "PROCESSING": "PROCESSING SUPPLEMENT_REQUIRED PAYMENT_REQUIRED WITHDRAWN STOPPED COMPLETED",
    "SUPPLEMENT_REQUIRED": "PROCESSING WITHDRAWN STOPPED",
    "PAYMENT_REQUIRED": "PROCESSING WITHDRAWN STOPPED",
    "COMPLETED": "RESULT_RETURNED",
    "REFUSED": "",
    "WITHDRAWN": "",
    "STOPPED": "",
    "RESULT_RETURNED": "",
}


def codes(dossier: Dossier) -> list[str]:
    return [flag.code for flag in dossier.flags]


@pytest.mark.parametrize(
    ("short", "fields", "status"),
    [
        ("Received", {}, "REGISTERED"),
        ("Accepted", {}, "ACCEPTED"),
        ("Refused", {}, "REFUSED"),
        ("StatusChanged", {"status": "STOPPED"}, "STOPPED"),
        ("DeadlineExtended", {"status": "PROCESSING"}, "PROCESSING"),
        ("SupplementRequested", {}, "SUPPLEMENT_REQUIRED"),
        ("FeeRequested", {}, "PAYMENT_REQUIRED"),
        ("Withdrawn", {}, "WITHDRAWN"),
        ("ResultReady", {}, "COMPLETED"),
        ("ResultReturned", {}, "RESULT_RETURNED"),
        ("SupplementProvided", {}, ""),
        ("FeePaid", {}, ""),
        ("WithdrawalRequested", {}, ""),
        ("EvaluationGiven", {}, ""),
        ("ConsignmentOrdered", {}, ""),
        ("CancellationRequested", {}, ""),
        ("ConsignmentTracked", {}, ""),
        ("ConsignmentDelivered", {}, ""),
        ("DeliveryFailed", {}, ""),
        ("ConsignmentReturned", {}, ""),
    ],
)
def test_the_status_that_an_event_carries(short: str, fields: Document, status: str) -> None:
    _, record = event(short, CODE, "2025-10-13 09:00", **fields)
    dossier = story([Fact(0, ms("2025-10-13 09:00"), "id", short, "onestop", record)])
    assert status == dossier.status
    assert (ms("2025-10-13 09:00") if status else None) == dossier.since


@pytest.mark.parametrize(("before", "after"), [*product(ALLOWED, ALLOWED)])
def test_a_transition_that_is_not_in_the_table_is_flagged_and_made(before: str, after: str) -> None:
    dossier = fold(
        Dossier(CODE, status=before), fact("StatusChanged", "2025-10-13 09:00", 0, status=after)
    )
    assert after == dossier.status
    assert ([] if after in ALLOWED[before].split() else ["transition"]) == codes(dossier)


@pytest.mark.parametrize("after", ALLOWED)
def test_a_dossier_begins_registered_accepted_or_refused(after: str) -> None:
    dossier = story([fact("StatusChanged", "2025-10-13 09:00", 0, status=after)])
    allowed = after in ("REGISTERED", "ACCEPTED", "REFUSED")
    assert ([] if allowed else ["transition"]) == codes(dossier)


def test_an_unknown_word_is_kept_raw_allowed_and_reported() -> None:
    facts = [
        fact("Accepted", "2025-10-13 09:00", 0),
        fact("StatusChanged", "2025-10-13 10:00", 1, status="UNKNOWN", status_raw="xyz"),
        fact("StatusChanged", "2025-10-13 11:00", 2, status="COMPLETED", status_raw="releasing"),
    ]
    middle, end = story(facts[:2]), story(facts)
    assert ("UNKNOWN", "xyz", "UNKNOWN (xyz)") == (
        middle.status,
        middle.status_raw,
        middle.entries[-1].says,
    )
    assert ("COMPLETED", None) == (end.status, end.status_raw)
    assert ["unknown_status", "unknown_status"] == codes(end)


def test_since_is_when_the_status_began() -> None:
    facts = [
        fact("Accepted", "2025-10-13 09:00", 0),
        fact("StatusChanged", "2025-10-13 10:00", 1, status="PROCESSING"),
        fact("StatusChanged", "2025-10-14 10:00", 2, status="PROCESSING"),
    ]
    assert ms("2025-10-13 10:00") == story(facts).since


def test_an_extension_without_another_status_is_no_transition() -> None:
    first, second = ms("2025-10-16 17:00"), ms("2025-10-17 17:00")
    facts = [
        fact("Accepted", "2025-10-13 09:00", 0, dossier={"due_at": first}),
        fact(
            "DeadlineExtended",
            "2025-10-14 09:00",
            1,
            status="ACCEPTED",
            previous_due_at=first,
            new_due_at=second,
            reason="LATE",
        ),
    ]
    dossier = story(facts)
    assert [] == codes(dossier)
    assert (second, first) == (dossier.due, dossier.judged)


@pytest.mark.parametrize(
    ("facts", "flag"),
    [
        (
            [
                fact(
                    "Accepted",
                    "2025-10-13 09:00",
                    0,
                    dossier={
                        "submitted_at": ms("2025-10-14 09:00"),
                        "accepted_at": ms("2025-10-13 09:00"),
                    },
                )
            ],
            "submitted_after_accepted",
        ),
        (
            [
                fact(
                    "Accepted",
                    "2025-10-13 09:00",
                    0,
                    dossier={
                        "accepted_at": ms("2025-10-13 09:00"),
                        "due_at": ms("2025-10-12 09:00"),
                    },
                )
            ],
            "due_before_accepted",
        ),
        (
            [
                fact(
                    "Accepted",
                    "2025-10-13 09:00",
                    0,
                    dossier={"accepted_at": ms("2025-10-13 09:00")},
                ),
                fact("ResultReady", "2025-10-14 09:00", 1, finished_at=ms("2025-10-12 09:00")),
            ],
            "accepted_after_finished",
        ),
        (
            [
                fact("Accepted", "2025-10-13 09:00", 0),
                fact("ResultReady", "2025-10-14 09:00", 1, finished_at=ms("2025-10-14 09:00")),
                fact(
                    "ResultReturned",
                    "2025-10-15 09:00",
                    2,
                    finished_at=None,
                    returned_at=ms("2025-10-13 10:00"),
                ),
            ],
            "finished_after_returned",
        ),
        (
            [
                fact("Accepted", "2025-10-13 09:00", 0),
                fact("StatusChanged", "2025-10-12 09:00", 1, status="PROCESSING"),
            ],
            "regression",
        ),
        (
            [
                fact("Accepted", "2025-10-13 09:00", 0, dossier={"due_at": ms("2025-10-16 17:00")}),
                fact(
                    "ResultReady",
                    "2025-10-14 09:00",
                    1,
                    dossier={"due_at": ms("2025-10-20 17:00")},
                    finished_at=ms("2025-10-14 09:00"),
                ),
            ],
            "due_date_without_extension",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_is_flagged_once_and_never_refused(facts: list[Fact], flag: str) -> None:
    dossier = story(facts)
    assert [flag] == codes(dossier)
    assert len(facts) == len(dossier.entries)
    again = fold(dossier, fact("EvaluationGiven", "2025-10-20 09:00", 9, score=5))
    assert [flag] == codes(again)


@pytest.mark.parametrize(("ahead", "flags"), [(AHEAD, []), (AHEAD + 1, ["future"])])
def test_ten_minutes_ahead_of_its_recording_is_the_most(ahead: int, flags: list[str]) -> None:
    _, record = event("Received", CODE, "2025-10-13 09:00")
    recorded = ms("2025-10-13 09:00") - ahead
    assert flags == codes(story([Fact(0, recorded, "id", "Received", "portal", record)]))


def test_what_a_mapping_flagged_is_shown() -> None:
    _, record = event("Received", CODE, "2025-10-13 09:00")
    flagged = Fact(0, ms("2025-10-13 09:00"), "id", "Received", "portal", record, ("odd_code",))
    assert ["said_odd_code"] == codes(story([flagged]))


def test_the_post_of_scenario_1() -> None:
    (one,) = story(facts_of(on_time())).consignments
    assert (CODE, "EB990001015VN", "RETURN", 50) == (
        one.order,
        one.item,
        one.direction,
        one.weight_grams,
    )
    assert (ms("2025-10-15 14:30"), ms("2025-10-16 10:15"), 0) == (
        one.ordered,
        one.delivered,
        one.failures,
    )
    states = "ORDERED CREATED COLLECTED AT_DELIVERY_OFFICE OUT_FOR_DELIVERY DELIVERED"
    assert states.split() == [state.state for state in one.states]


def test_failed_then_came_back_leaves_the_dossier_completed() -> None:
    facts = [
        fact("Accepted", "2025-10-13 09:00", 0),
        fact("ResultReady", "2025-10-14 09:00", 1, finished_at=ms("2025-10-14 09:00")),
        fact("ConsignmentOrdered", "2025-10-14 10:00", 2, order_number="O-1"),
        fact("DeliveryFailed", "2025-10-15 10:00", 3, order_number="O-1"),
        fact("DeliveryFailed", "2025-10-16 10:00", 4, order_number="O-1"),
        fact("ConsignmentReturned", "2025-10-20 10:00", 5, order_number="O-1"),
        fact("CancellationRequested", "2025-10-20 11:00", 6, order_number="O-2"),
    ]
    dossier = story(facts)
    first, second = dossier.consignments
    assert (2, ms("2025-10-20 10:00"), None) == (first.failures, first.came_back, first.delivered)
    assert ["CANCELLATION_REQUESTED"] == [state.state for state in second.states]
    assert "COMPLETED" == dossier.status
    assert [] == codes(dossier)


def test_consignments_and_their_states_are_bounded() -> None:
    dossier = Dossier(CODE)
    for offset in range(MOST_CONSIGNMENTS + 3):
        one = fact("ConsignmentTracked", "2025-10-14 10:00", offset, order_number=f"O-{offset}")
        dossier = fold(dossier, one)
    assert MOST_CONSIGNMENTS == len(dossier.consignments)
    dossier = Dossier(CODE)
    for offset in range(MOST_STATES + 3):
        one = fact("ConsignmentTracked", "2025-10-14 10:00", offset, order_number="O")
        dossier = fold(dossier, one)
    assert [MOST_STATES] == [len(one.states) for one in dossier.consignments]


def test_a_header_gives_the_newest_words() -> None:
    """Scenario 7: the agency's code changes in mid-life; the code of the dossier never does."""
    facts = [
        fact("Accepted", "2025-06-26 09:00", 0, dossier={"agency_code": "H62.99.99"}),
        fact("ResultReady", "2025-07-08 15:00", 1, finished_at=ms("2025-07-08 15:00")),
        fact("ConsignmentOrdered", "2025-07-08 15:10", 2, agency_code="H00"),
    ]
    assert ["H62.99.99", "H44.99.99", "H44.99.99"] == [
        story(facts[: n + 1]).agency for n in range(3)
    ]


@pytest.mark.parametrize("events", STORIES, ids=["1", "3", "4", "5"])
def test_folding_again_changes_nothing(events: list[tuple[str, Document]]) -> None:
    facts = facts_of(events)
    once = story(facts)
    assert once == story([*facts, *facts])
    assert len(facts) == len(once.entries)


@settings(deadline=None)
@given(st.data())
def test_what_is_read_again_counts_once(data: st.DataObject) -> None:
    """As after a crash: from anywhere behind, in order, any number of times."""
    facts = facts_of(data.draw(st.sampled_from(STORIES)))
    read: list[Fact] = []
    reached = 0
    for _ in range(data.draw(st.integers(0, 4))):
        start = data.draw(st.integers(0, reached))
        end = data.draw(st.integers(start, len(facts)))
        read += facts[start:end]
        reached = max(reached, end)
    assert story(facts) == story([*read, *facts[data.draw(st.integers(0, reached)) :]])


def test_the_same_event_at_another_offset_counts_once() -> None:
    first = fact("Accepted", "2025-10-13 09:00", 0)
    again = Fact(7, first.recorded, first.event_id, first.kind, first.source, first.record)
    once, twice = story([first]), story([first, again])
    assert (1, 7) == (len(twice.entries), twice.offset)
    assert (once.status, once.flags) == (twice.status, twice.flags)


@pytest.mark.parametrize("events", STORIES, ids=["1", "3", "4", "5"])
def test_every_prefix_is_consistent(events: list[tuple[str, Document]]) -> None:
    facts = facts_of(events)
    calendar = load()
    for end in range(1, len(facts) + 1):
        dossier = story(facts[:end])
        assert end == len(dossier.entries)
        assert facts[end - 1].offset == dossier.offset
        found = judge(dossier, calendar, facts[end - 1].recorded)
        assert (found.late is None) == (dossier.judged is None)


def test_a_timeline_and_its_flags_are_bounded() -> None:
    dossier = Dossier(CODE)
    for offset in range(MOST_ENTRIES + 10):
        dossier = fold(
            dossier, fact("StatusChanged", "2025-10-13 09:00", offset, status="REGISTERED")
        )
    assert (MOST_ENTRIES, 10, MOST_FLAGS) == (
        len(dossier.entries),
        dossier.more,
        len(dossier.flags),
    )


@pytest.mark.parametrize("name", EVENTS)
@pytest.mark.parametrize("whole", [True, False], ids=["full", "least"])
def test_no_personal_value_has_any_effect(name: str, whole: bool) -> None:
    """The fold of a masked event is the fold of the event: what is masked is never read."""
    short = name.rpartition(".")[2]
    record = example(name, full=whole) | {"dossier_code": CODE, "at": ms("2025-10-13 09:00")}
    masked = Masks(CATALOGUE).mask(name, record)
    if whole:
        assert (masked == record) == (short in ("ConsignmentReturned", "FeeRequested"))
    made = [
        story([Fact(0, ms("2025-10-13 09:00"), "id", short, "onestop", one)])
        for one in (record, masked)
    ]
    assert made[0] == made[1]
    assert made[0].entries[0].says != ""


def test_marked_persons_are_in_the_events_and_not_in_the_views() -> None:
    for events in STORIES:
        said = repr(story(facts_of(events)))
        assert not [mark for mark in MARKED if mark in said]
    told = repr(STORIES)
    assert [] == [mark for mark in MARKED if mark not in told]


@pytest.mark.parametrize("at", [-1, 0, 2**63 - 1, -(2**63)])
def test_times_beyond_all_reason_break_nothing(at: int) -> None:
    _, record = event("Accepted", CODE, "2025-10-13 09:00", dossier={"due_at": at})
    dossier = story([Fact(0, at, "id", "Accepted", "onestop", {**record, "at": at})])
    assert judge(dossier, load(), ms("2026-01-01 00:00")).says


@pytest.mark.parametrize("end", ["COMPLETED", "RESULT_RETURNED", "REFUSED", "WITHDRAWN", "STOPPED"])
def test_what_happened_before_the_end_takes_no_status_back(end: str) -> None:
    facts = [
        fact("Accepted", "2025-10-13 09:00", 0),
        fact("StatusChanged", "2025-10-15 09:00", 1, status="PROCESSING"),
        fact("StatusChanged", "2025-10-16 09:00", 2, status=end),
    ]
    late = fact("StatusChanged", "2025-10-14 09:00", 3, status="PROCESSING")
    ended, told = story(facts), story([*facts, late])
    assert (told.status, told.since) == (end, ended.since)
    assert codes(told) == [*codes(ended), "regression"]
    assert [entry.offset for entry in told.entries] == [0, 1, 2, 3], "the timeline shows it"
    newer = fact("StatusChanged", "2025-10-17 09:00", 3, status="PROCESSING")
    assert story([*facts, newer]).status == "PROCESSING", "the one-stop has the last word"


def test_a_late_result_tells_when_it_was_finished() -> None:
    ready, returned = ms("2025-10-15 09:00"), ms("2025-10-16 09:00")
    facts = [
        fact("Accepted", "2025-10-13 09:00", 0),
        fact("ResultReturned", "2025-10-16 09:00", 1, finished_at=None, returned_at=returned),
        fact("ResultReady", "2025-10-15 09:00", 2, finished_at=ready),
    ]
    told = story(facts)
    assert (told.status, told.finished, told.returned) == ("RESULT_RETURNED", ready, returned)
