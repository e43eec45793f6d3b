"""The guard: every transition of the table passes, every other is reported with its records."""

from itertools import product

import pytest

from hub.audit.guard import Breach, Said, breaches
from hub.contract.types import Document
from hub.records import Position
from hub.views.timeline import NEXT

CODE = "H44.99.99-251013-0001"
AT = 1_760_321_100_000  # epoch ms
HOUR = 3_600_000
STATES: tuple[str, ...] = ("REGISTERED", "ACCEPTED", "REFUSED", "PROCESSING", "SUPPLEMENT_REQUIRED")
STATES += ("PAYMENT_REQUIRED", "WITHDRAWN", "STOPPED", "COMPLETED", "RESULT_RETURNED")

# The table of the dossier states, row by row
LEGAL = {
    "": {"REGISTERED", "ACCEPTED", "REFUSED"},
    "REGISTERED": {"ACCEPTED", "REFUSED", "WITHDRAWN"},
    "ACCEPTED": {
        "PROCESSING", "SUPPLEMENT_REQUIRED", "PAYMENT_REQUIRED", "WITHDRAWN", "STOPPED", "COMPLETED"
    },
    "PROCESSING": {
        "PROCESSING", "SUPPLEMENT_REQUIRED", "PAYMENT_REQUIRED", "WITHDRAWN", "STOPPED", "COMPLETED"
    },
    "SUPPLEMENT_REQUIRED": {"PROCESSING", "WITHDRAWN", "STOPPED"},
    "PAYMENT_REQUIRED": {"PROCESSING", "WITHDRAWN", "STOPPED"},
    "COMPLETED": {"RESULT_RETURNED"},
}  # fmt: skip


class Told:
    """A dossier's events, an hour apart."""

    def __init__(self) -> None:
        self.events: list[Said] = []

    def status(self, status: str, at: int | None = None, recorded: int | None = None) -> "Told":
        return self.said("dossier.v1.StatusChanged", {"status": status}, at, recorded)

    def said(
        self, name: str, change: Document, at: int | None = None, recorded: int | None = None
    ) -> "Told":
        number = len(self.events)
        moment = AT + number * HOUR
        record: Document = {"dossier_code": CODE, "at": moment if at is None else at, **change}
        place = Position("hub.dossier", 3, 10 + number)
        seen = moment if recorded is None else recorded
        self.events.append(Said(place, seen, f"e{number}", name, "onestop", record))
        return self

    @property
    def breaches(self) -> list[Breach]:
        return breaches(CODE, self.events)


def way_to(state: str) -> Told:
    """The shortest legal way to a state; for "" nothing was said."""
    ways: dict[str, tuple[str, ...]] = {"": ()}
    while state not in ways:
        for before, after in product(list(ways), STATES):
            if after in LEGAL.get(before, ()) and after not in ways:
                ways[after] = (*ways[before], after)
    told = Told()
    for one in ways[state]:
        told.status(one)
    return told


def test_the_table_is_the_domains() -> None:
    assert {state: set(after) for state, after in NEXT.items()} == LEGAL


@pytest.mark.parametrize("before", ["", *STATES])
@pytest.mark.parametrize("after", STATES)
def test_a_transition_is_reported_unless_the_table_has_it(before: str, after: str) -> None:
    told = way_to(before).status(after)
    if after in LEGAL.get(before, set()):
        assert told.breaches == []
        return
    (found,) = told.breaches
    assert (found.kind, found.dossier) == ("illegal", CODE)
    assert found.says == f"from {before or 'nothing'} to {after}"
    assert found.event is told.events[-1]
    assert found.after is (told.events[-2] if before else None)


@pytest.mark.parametrize("state", ["PROCESSING", "RESULT_RETURNED"])
def test_to_and_from_unknown_is_allowed_and_reported(state: str) -> None:
    told = way_to(state).status("UNKNOWN").status("STOPPED")
    assert [found.kind for found in told.breaches] == ["unknown", "unknown"]


def test_what_happened_before_the_last_state_is_regressive() -> None:
    told = way_to("PROCESSING").status("COMPLETED", at=AT - HOUR)
    (found,) = told.breaches
    assert found.kind == "regressive"
    assert found.event.place == Position("hub.dossier", 3, 12)
    assert found.after is told.events[-2]


def test_more_than_ten_minutes_ahead_is_impossible() -> None:
    ahead = AT + 600_000
    assert Told().status("ACCEPTED", at=ahead, recorded=AT).breaches == []
    (found,) = Told().status("ACCEPTED", at=ahead + 1, recorded=AT).breaches
    assert (found.kind, found.rule) == ("impossible", "future")


@pytest.mark.parametrize(
    ("rule", "times"),
    [
        ("submitted_after_accepted", {"submitted_at": AT + 1, "accepted_at": AT}),
        ("due_before_accepted", {"accepted_at": AT, "due_at": AT - 1}),
    ],
)
def test_times_of_the_header_that_cannot_be(rule: str, times: dict[str, int]) -> None:
    header: Document = {"procedure_code": "9.999901", **times}
    (found,) = Told().said("dossier.v1.Accepted", {"dossier": header}).breaches
    assert (found.kind, found.rule) == ("impossible", rule)


@pytest.mark.parametrize(
    ("rule", "times"),
    [
        ("accepted_after_finished", {"finished_at": AT - 1, "returned_at": AT}),
        ("finished_after_returned", {"finished_at": AT + HOUR + 1, "returned_at": AT + HOUR}),
    ],
)
def test_times_of_the_end_that_cannot_be(rule: str, times: dict[str, int]) -> None:
    header: Document = {"procedure_code": "9.999901", "accepted_at": AT}
    told = way_to("COMPLETED")
    told.said("dossier.v1.ResultReturned", {"dossier": header, **times})
    assert rule in [found.rule for found in told.breaches]


def test_the_same_fact_twice_is_one() -> None:
    told = way_to("COMPLETED")
    assert breaches(CODE, [*told.events, told.events[-1]]) == []


def test_events_without_a_state_change_nothing() -> None:
    told = way_to("PROCESSING").said("dossier.v1.EvaluationGiven", {"score": 5})
    assert told.status("PROCESSING").breaches == []
