"""Each clause as a table: what was seen, and what is said of it."""

from dataclasses import replace

import pytest

from adapters.http.messages import Answer
from hub.certify import clauses
from hub.certify.clauses import CLAUSES, Provoked, Seen, Trial
from hub.contract.types import Document, Operation, Record, RestWire
from hub.delivery.outcomes import compile_rows
from hub.delivery.outflow import Outflow
from hub.errors import Halt, HubError, Reject, Retry
from hub.registry.manifest_flow import Outcome

OK = Answer(200, {"ma": "OK", "so": "A1"})
AGAIN = Answer(409, {"ma": "DA_NHAN"})
FAULT = Answer(200, {}, fault="Client")
ODD = Answer(200, {}, valid=False)
ERROR = Answer(422, {"ma": "SAI"})
REFUSED = Reject("the system refuses it: answered 422")
SILENT = Retry("no answer", system=True, sent=True)
FLOW = Outflow(
    "r",
    "told",
    "dossier.v1.X",
    lambda *_: None,
    compile_rows(
        [
            Outcome({"status": 200}, "delivered"),
            Outcome({"status": 409, "ma": "DA_NHAN"}, "delivered"),
        ],
        {},
    ),
    {},
)


def seen(answer: Answer | None, error: HubError | None = None, seconds: float = 0.1) -> Seen:
    return Seen("POST /a", {"ma": "x"}, answer, error, seconds)


def trial(answer: Answer | None, failure: HubError | None = None, *, sent: bool = True) -> Trial:
    return Trial((seen(answer, failure if answer is None else None),), failure, sent)


@pytest.mark.parametrize(
    ("given", "happy", "success"),
    [
        (trial(OK), "passed", "passed"),
        (trial(AGAIN), "passed", "not_judged"),
        (trial(ERROR, REFUSED), "failed", "not_judged"),
        (trial(FAULT, REFUSED), "not_judged", "failed"),
        (trial(FAULT), "passed", "failed"),
        (trial(OK, Reject("says 02")), "not_judged", "failed"),
        (trial(ODD, Retry("could not take it")), "not_judged", "passed"),
        (trial(None, SILENT), "not_judged", "not_judged"),
        (trial(None, Retry("refused", system=True)), "failed", "not_judged"),
        (trial(OK, sent=False), "not_judged", "passed"),
        (Trial((), Halt("no token"), sent=False), "failed", "not_judged"),
        (Trial((), Reject("mapping"), sent=False), "not_judged", "not_judged"),
    ],
)
def test_a_case_is_taken_and_what_looks_like_success_is_one(
    given: Trial, happy: str, success: str
) -> None:
    assert (clauses.happy("f", given).outcome, clauses.success("f", given).outcome) == (
        happy,
        success,
    )


@pytest.mark.parametrize(
    ("again", "changed", "outcome"),
    [
        (trial(AGAIN), None, "passed"),
        (trial(OK), trial(AGAIN), "passed"),
        (trial(OK), trial(ERROR), "passed"),
        (trial(OK), trial(OK), "failed"),
        (trial(OK), None, "not_judged"),
        (trial(ERROR, REFUSED), None, "failed"),
        (trial(None, SILENT), None, "failed"),
        (trial(Answer(200, {"ma": "OK", "so": "A2"})), trial(ERROR), "failed"),
    ],
)
def test_a_key_counts_where_a_repeat_shows_it(
    again: Trial, changed: Trial | None, outcome: str
) -> None:
    assert clauses.repeated(FLOW, {}, seen(OK), again, changed).outcome == outcome


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("2026-11-23T10:00:00Z", "2026-11-23T10:00:01Z"),
        ("23/11/2026 10:00:00", "23/11/2026 10:00:01"),
        (1_795_000_000, 1_795_000_001),
        (1_795_000_000_123, 1_795_000_001_123),
    ],
)
def test_another_time_in_the_answer_is_no_second_effect(one: object, two: object) -> None:
    first, again = ({"ma": "OK", "luc": moment} for moment in (one, two))
    found = clauses.repeated(
        FLOW, {}, seen(Answer(200, first)), trial(Answer(200, again)), trial(ERROR)  # type: ignore[arg-type]  # JSON
    )  # fmt: skip
    assert found.outcome == "passed"


def test_the_place_of_a_second_effect_is_named() -> None:
    first: Document = {"ma": "OK", "rows": [{"id": "7"}]}
    again: Document = {"ma": "OK", "rows": [{"id": "8"}]}
    found = clauses.repeated(FLOW, {}, seen(Answer(200, first)), trial(Answer(200, again)), None)
    assert "another id" in found.why


def test_the_slowest_answer_decides_and_is_named() -> None:
    both = [seen(OK, seconds=0.2), seen(OK, seconds=1.5)]
    late = clauses.in_time("f", both, 1.0)
    assert (late.outcome, late.why) == ("failed", "POST /a took 1.50 s, declared are 1 s")
    assert clauses.in_time("f", both, 1.5).outcome == "passed"
    assert clauses.in_time("f", [], 1.0).outcome == "not_judged"


@pytest.mark.parametrize(
    ("found", "wanted", "asked", "outcome"),
    [
        (True, True, 1, "passed"),
        (False, False, 1, "passed"),
        (True, False, 1, "failed"),
        (False, True, 1, "failed"),
        (False, True, 0, "not_judged"),
        (Retry("the question has no answer"), False, 1, "failed"),
    ],
)
def test_a_question_is_judged_by_what_it_must_say(
    found: bool | HubError, wanted: bool, asked: int, outcome: str
) -> None:
    calls = [seen(OK)] * asked
    assert clauses.asked("f", "n", found=found, asked=calls, wanted=wanted).outcome == outcome


def test_declared_errors_are_told_as_seen_or_not_provoked() -> None:
    record = Record("R", ())
    wire = RestWire("POST", "/a", (), None)
    op = Operation("POST /a", record, {"200": record, "409": record, "422": record}, wire)
    found = clauses.errors("f", [op], [seen(OK), seen(AGAIN)])
    assert (found.outcome, found.why) == ("passed", "seen: 409; not provoked: 422")
    assert clauses.errors("f", [op], [seen(OK)]).outcome == "not_judged"
    nothing = Operation("POST /a", record, {"200": record}, wire)
    assert clauses.errors("f", [nothing], [seen(OK)]).outcome == "not_applicable"
    wanted = Provoked("wrong_district", "422", seen(ERROR))
    found = clauses.errors("f", [op], [seen(OK)], [wanted])
    assert (found.outcome, found.why) == ("passed", "seen: 422; not provoked: 409")
    for other in (seen(AGAIN), seen(None, SILENT), None):
        found = clauses.errors("f", [op], [seen(AGAIN)], [replace(wanted, seen=other)])
        assert (found.outcome, "wrong_district should provoke 422" in found.why) == ("failed", True)


def test_a_wrong_credential_passes_only_where_it_is_refused() -> None:
    assert clauses.refused(trial(None, Halt("no token: status 401"))).outcome == "passed"
    assert clauses.refused(trial(OK)).outcome == "failed"


def test_every_clause_is_explained() -> None:
    assert all(what for what in CLAUSES.values())
    assert len(CLAUSES) == 12
