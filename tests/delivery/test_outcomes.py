import pytest

from adapters.http.messages import Answer
from hub.contract.types import Document
from hub.delivery.outcomes import codes_said, compile_rows, compile_when, judge
from hub.errors import Reject
from hub.registry.manifest_flow import Outcome

DVCQG = compile_rows(
    [
        Outcome({"error_code": {"integer": 0}}, "delivered"),
        Outcome(
            {"error_code": {"integer": [3, -3]}, "message": {"contains": "đã tồn tại"}},
            "again",
            {"body.isUpdating": "True"},
        ),
        Outcome({"message": {"contains": "phiên làm việc"}}, "login"),
    ],
    {},
)
REQUEST: Document = {"body": {"isUpdating": "False"}}


def then(answer: Answer, request: Document = REQUEST, used: frozenset[int] = frozenset()) -> str:
    return judge(DVCQG, answer, request, {}, set(used)).then


@pytest.mark.parametrize("code", [0, "0", "00", " 0 "], ids=repr)
def test_three_spellings_of_success_are_one(code: str | int) -> None:
    assert then(Answer(200, {"error_code": code, "message": "Thành công"})) == "delivered"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"error_code": "-3", "message": "Hồ sơ ĐÃ TỒN TẠI"}, "again"),
        ({"error_code": 3, "message": "Hồ sơ đã tồn tại"}, "again"),
        ({"error_code": "-3", "message": "lỗi khác"}, "retry"),
        ({"error_code": "-1", "message": "Phiên làm việc không hợp lệ"}, "login"),
        ({"error_code": "-99"}, "retry"),
        ({"error_code": False}, "retry"),
        ({"error_code": "0x0"}, "retry"),
        ({"message": "thành công"}, "retry"),
        ({}, "retry"),
    ],
)
def test_codes_and_messages_decide(document: Document, expected: str) -> None:
    assert then(Answer(200, document)) == expected


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"error_code": -99, "message": "Nguyễn Văn Thử không có hồ sơ"}, "error_code -99"),
        ({"error_code": " "}, ""),
        ({"error_code": "001099000001"}, ""),
        ({}, ""),
    ],
)
def test_a_reason_names_codes_and_no_persons(document: Document, said: str) -> None:
    assert codes_said(DVCQG, Answer(200, document)) == said


def test_a_row_again_has_one_turn_and_needs_its_field() -> None:
    exists = Answer(200, {"error_code": "-3", "message": "đã tồn tại"})
    assert then(exists, used=frozenset({1})) == "retry"
    assert then(exists, {"body": {"service": "CapNhatTienDoHoSoMC"}}) == "retry"


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, "delivered"), (202, "delivered"), (500, "system"), (404, "reject"), (302, "retry")],
)
def test_a_code_for_success_counts_with_a_status_of_success_only(
    status: int, expected: str
) -> None:
    assert then(Answer(status, {"error_code": 0})) == expected


def test_a_row_that_names_its_status_or_fault_means_it() -> None:
    rows = compile_rows(
        [
            Outcome({"status": 409, "ma": "DA_NHAN"}, "delivered"),
            Outcome({"fault": "DaNhan"}, "delivered"),
        ],
        {},
    )
    for answer in (Answer(409, {"ma": "DA_NHAN"}), Answer(500, {}, fault="DaNhan")):
        assert judge(rows, answer, {}, {}, set()).then == "delivered"


def test_an_answer_that_breaks_its_contract_is_never_a_delivery() -> None:
    assert then(Answer(200, {"error_code": 0}, valid=False)) == "system"
    assert then(Answer(200, {}, valid=False)) == "system"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(500, {}), "system"),
        (Answer(503, {}), "system"),
        (Answer(429, {}), "system"),
        (Answer(408, {}), "system"),
        (Answer(401, {}), "login"),
        (Answer(403, {}), "halt"),
        (Answer(404, {}), "reject"),
        (Answer(500, {}, fault="Server"), "retry"),
        (Answer(500, {}, fault="Client"), "reject"),
        (Answer(500, {}, fault="Client", valid=False), "reject"),
        (Answer(302, {}), "retry"),
    ],
)
def test_what_the_table_does_not_say_has_a_default(answer: Answer, expected: str) -> None:
    assert then(answer) == expected


@pytest.mark.parametrize("status", [100, "100", True, "TRUE"], ids=repr)
def test_success_may_be_a_setting(status: str | int) -> None:
    rows = compile_rows(
        [Outcome({"Status": {"text": "$setting.accepted"}}, "delivered")],
        {"accepted": ["100", "101", "true"]},
    )
    assert judge(rows, Answer(200, {"Status": status}), {}, {}, set()).then == "delivered"
    assert judge(rows, Answer(200, {"Status": 1}), {}, {}, set()).then == "retry"


def test_a_condition_may_cross_lists_and_compare_with_the_event() -> None:
    tests = compile_when({"results.code": "$event.order_number"}, {}, "found")
    answer = Answer(200, {"results": [{"code": "A"}, {"code": "B"}, {}]})
    assert all(test(answer, {"order_number": "B"}) for test in tests)
    assert not all(test(answer, {"order_number": "C"}) for test in tests)
    assert not all(test(Answer(200, {"results": []}), {"order_number": "B"}) for test in tests)


@pytest.mark.parametrize(
    ("document", "present"),
    [({"r": [{"a": 1}]}, True), ({"r": []}, False), ({"r": None}, False), ({}, False)],
)
def test_an_empty_list_is_not_present(document: Document, present: bool) -> None:
    (yes,) = compile_when({"r": {"present": True}}, {}, "w")
    (no,) = compile_when({"r": {"present": False}}, {}, "w")
    assert (yes(Answer(200, document), {}), no(Answer(200, document), {})) == (present, not present)


def test_status_classes_headers_and_faults() -> None:
    (status,) = compile_when({"status": [404, "5XX"]}, {}, "w")
    assert [status(Answer(s, {}), {}) for s in (404, 503, 400, 200)] == [True, True, False, False]
    (header,) = compile_when({"header.X-Kind": "gone"}, {}, "w")
    assert header(Answer(200, {}, headers={"x-kind": "gone"}), {})
    (fault,) = compile_when({"fault": ["FailedAuthentication", "Server"]}, {}, "w")
    assert fault(Answer(500, {}, fault="Server"), {})
    assert not fault(Answer(500, {}), {})


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (Outcome({}, "delivered"), "no condition"),
        (Outcome({"status": 200}, "again"), "needs `set`"),
        (Outcome({"status": 200}, "retry", {"a": 1}), "needs `set`"),
        (Outcome({"status": "OK"}, "retry"), "is no status"),
        (Outcome({"a": {"like": "x"}}, "retry"), "is not a condition"),
        (Outcome({"a": {"integer": "x"}}, "retry"), "is not a condition"),
        (Outcome({"a": {"integer": 1, "contains": "x"}}, "retry"), "not one condition"),
    ],
)
def test_a_row_that_makes_no_sense_is_refused(row: Outcome, what: str) -> None:
    with pytest.raises(Reject, match=what) as refused:
        compile_rows([row], {})
    assert refused.value.where.startswith("outcomes[0]")
