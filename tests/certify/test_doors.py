"""What is said of a connector without its system: cases, and our own door."""

from pathlib import Path

import pytest

from adapters.http.messages import HttpRequest, HttpResponse, Message, Refusal
from hub.certify.doors import at_home
from hub.contract.types import Document
from hub.errors import Halt
from hub.registry.certificates import Clause
from hub.registry.live import Live
from hub.surroundings import server_of
from tests.backtest.backtest_kit import Edits, live
from tests.certify.certify_kit import failures, with_secrets


def named(found: list[Clause], name: str) -> dict[str, str]:
    return {clause.flow: clause.outcome for clause in found if clause.name == name}


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_text("a-secret-of-a-test", encoding="utf-8")
    return f"file:{file}"


@pytest.mark.parametrize("name", ["onestop", "portal", "ngsp"])
def test_cases_hold_and_every_door_refuses_a_stranger(name: str, secret: str) -> None:
    made = live(name)
    made = with_secrets(made, dict.fromkeys(made.bundle.manifest.secrets, secret))
    found = list(at_home(made, server_of))
    flows = made.bundle.manifest.flows
    assert failures(found) == set()
    assert named(found, "cases-hold").keys() == flows.keys()
    receiving = {n for n, flow in flows.items() if flow.receive}
    assert named(found, "stranger-refused") == dict.fromkeys(receiving, "passed")


def test_a_case_that_differs_is_named_with_its_flow() -> None:
    edits: Edits = {"mapping.py": [('"PROCESSING": "DANG_XU_LY"', '"PROCESSING": "KHONG_RO"')]}
    assert failures(list(at_home(live("portal", edits), server_of))) == {("progress", "cases-hold")}


def test_a_door_that_does_not_open_here_is_not_judged() -> None:
    found = list(at_home(live("portal"), server_of))
    assert set(named(found, "stranger-refused").values()) == {"not_judged"}


class Open:
    """A door that takes whatever comes."""

    def __init__(self) -> None:
        self.asked: list[HttpRequest] = []

    def read(self, request: HttpRequest) -> Message:
        self.asked.append(request)
        return Message("x", {}, request)

    def answer(self, operation: str | None, status: int, body: Document | None) -> HttpResponse:
        raise AssertionError("only `read` is asked of this door")

    def refuse(self, refusal: Refusal, operation: str | None = None) -> HttpResponse:
        raise AssertionError("only `read` is asked of this door")

    def describe(self, request: HttpRequest) -> HttpResponse | None:
        raise AssertionError("only `read` is asked of this door")


@pytest.mark.parametrize(
    ("name", "path"),
    [("portal", "/ho-so"), ("onestop", "/MotCuaBaoCao"), ("postal_my", "/webhook")],
)
def test_a_door_that_takes_a_stranger_fails(name: str, path: str) -> None:
    door = Open()
    found = list(at_home(live(name), lambda _: door))
    assert set(named(found, "stranger-refused").values()) == {"failed"}
    assert path in {request.path for request in door.asked}
    assert not any("authorization" in request.headers for request in door.asked)


def test_a_connector_that_lets_everybody_in_is_not_judged() -> None:
    edits: Edits = {
        "connector.yaml": [("{kind: bearer, token: $secret.inbound_token}", "{kind: none}")]
    }

    def never(_: Live) -> Open:
        raise Halt("no door is needed")

    found = list(at_home(live("portal", edits), never))
    assert set(named(found, "stranger-refused").values()) == {"not_applicable"}
