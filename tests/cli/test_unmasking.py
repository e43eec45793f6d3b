"""Reading unmasked where a second person has to permit it."""

import getpass
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.cli import topics, unmasking
from hub.cli.browse import Browser
from hub.cli.main import app
from hub.settings import load
from hub.surroundings import now_ms
from tests.cli.desk import CODE, MASKS, Desk
from tests.events.records import CATALOGUE

ME = getpass.getuser()


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    found = Desk(tmp_path, unmask="second")
    (tmp_path / "registrations.yaml").write_text("registrations: []\n", encoding="utf-8")
    browser = Browser(load(found.environment), found.broker, CATALOGUE, found.codec, MASKS)
    for module in (topics, unmasking):
        monkeypatch.setattr(module, "open_browser", lambda _: browser)
    return found


def hub(desk: Desk, *words: str) -> Result:
    return CliRunner().invoke(app, list(words), env=desk.environment)


def permit(desk: Desk, what: str, to: str, by: str) -> Result:
    return hub(desk, "access", "permit", what, "--to", to, "--by", by, "--because", "vụ việc 12")


def lines(desk: Desk) -> list[dict[str, object]]:
    log = desk.home / "log" / "access.jsonl"
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def test_a_purpose_alone_is_not_enough(desk: Desk) -> None:
    event = desk.event(CODE, officer_name="Cán bộ Thử")
    number = dict(event.headers)["ce_id"].decode()
    asked = ("event", "show", number, "--unmask", "khiếu nại 12")
    what = f"event {number}"

    refused = hub(desk, *asked)
    assert (refused.exit_code, f"hub access permit '{what}'" in refused.stderr) == (4, True)
    assert lines(desk)[-1]["what"] == f"refused: {what}"

    assert permit(desk, what, ME, f" {ME.upper()}").exit_code == 1, "not by oneself"
    for to, other in (("somebody", what), (ME, "event e9")):
        assert permit(desk, other, to, "Lê Văn Thử").exit_code == 0
        assert hub(desk, *asked).exit_code == 4, "another person, or another thing"

    assert permit(desk, what, ME, "Lê Văn Thử").exit_code == 0
    shown = hub(desk, *asked)
    assert (shown.exit_code, "Cán bộ Thử" in shown.stdout) == (0, True)
    assert (lines(desk)[-1]["who"], lines(desk)[-1]["permitted_by"]) == (ME, "Lê Văn Thử")


def test_a_permission_holds_for_a_day(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    event = desk.event(CODE)
    number = dict(event.headers)["ce_id"].decode()
    assert permit(desk, f"event {number}", ME, "Lê Văn Thử").exit_code == 0
    later = now_ms() + unmasking.HOLDS + 1
    monkeypatch.setattr(unmasking, "now_ms", lambda: later)
    assert hub(desk, "event", "show", number, "--unmask", "khiếu nại 12").exit_code == 4
