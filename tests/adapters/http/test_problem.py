"""What a caller is told when something is refused."""

import orjson
import pytest

from adapters.http.messages import HttpResponse, Refusal
from adapters.http.problem import of_refusal, refusal_of
from hub.errors import Halt, HubError, Reject, Retry


def told(response: HttpResponse) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(response.body)
    return found


def test_a_refusal_becomes_a_problem_document() -> None:
    refusal = Refusal(
        400,
        "contract",
        "Not what the contract says",
        "a text is needed",
        "/a",
        headers=(("allow", "GET"),),
        errors=(("/a", "a text is needed"), ("/b", "is missing")),
    )
    response = of_refusal(refusal)
    assert (400, "GET") == (response.status, dict(response.headers)["allow"])
    assert "application/problem+json" == dict(response.headers)["content-type"]
    assert {
        "type": "/problems/contract",
        "title": "Not what the contract says",
        "status": 400,
        "detail": "a text is needed",
        "field": "/a",
        "errors": [
            {"field": "/a", "detail": "a text is needed"},
            {"field": "/b", "detail": "is missing"},
        ],
    } == told(response)


def test_what_is_empty_is_left_out() -> None:
    assert {"type", "title", "status"} == told(of_refusal(Refusal(401, "denied", "No"))).keys()


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (Reject("the code is unknown", where="/state"), 422, "/problems/rejected"),
        (Retry("the broker did not answer"), 503, "/problems/unavailable"),
        (Halt("the key file is gone", where="/etc/keys"), 503, "/problems/unavailable"),
        (HubError("?"), 500, "/problems/bug"),
    ],
)
def test_an_error_becomes_a_problem_document(error: HubError, status: int, kind: str) -> None:
    response = of_refusal(refusal_of(error))
    assert (status, kind) == (response.status, told(response)["type"])
    assert "/etc/keys" not in response.body.decode()


@pytest.mark.parametrize(("after", "header"), [(None, "5"), (0.2, "1"), (29.6, "30")])
def test_a_caller_is_told_when_to_come_back(after: float | None, header: str) -> None:
    assert header == dict(of_refusal(refusal_of(Retry("x", after=after))).headers)["retry-after"]


def test_a_rejection_names_its_field() -> None:
    assert (
        "/state"
        == told(of_refusal(refusal_of(Reject("the code is unknown", where="/state"))))["field"]
    )
