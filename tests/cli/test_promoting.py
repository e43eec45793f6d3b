"""Before a version takes the place of a live one, somebody confirms what would be lost by it."""

from pathlib import Path

import msgspec
import pytest
import yaml

from hub.cli import promoting
from hub.cli.browse import Browser
from hub.cli.output import Usage
from hub.cli.promoting import confirmed
from hub.errors import Retry
from hub.registry.registration import RegistrationEntry
from hub.settings import Settings, load
from tests.backtest.backtest_kit import ROOT, Edits, edited, files_of
from tests.cli.desk import MASKS, Desk
from tests.cli.test_backtest_command import ENTRY
from tests.events.records import CATALOGUE

ENTRY_OF = msgspec.convert(yaml.safe_load(ENTRY)["registrations"][0], RegistrationEntry)
REFUSAL: Edits = {
    "mapping.py": [("trangThai=code(TO_STATUS, event.status)", 'trangThai=reject("not yet")')]
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Desk, Settings]:
    desk = Desk(tmp_path)
    (tmp_path / "registrations.yaml").write_text(ENTRY, encoding="utf-8")
    settings = load({**desk.environment, "HUB_CONNECTORS": str(ROOT / "connectors")})
    browser = Browser(settings, desk.broker, CATALOGUE, desk.codec, MASKS)
    monkeypatch.setattr(promoting, "open_browser", lambda _: browser)
    return desk, settings


def test_events_that_would_no_longer_arrive_are_confirmed_or_nothing_happens(
    here: tuple[Desk, Settings],
) -> None:
    desk, settings = here
    desk.event()
    files = edited(files_of("portal"), REFUSAL)
    with pytest.raises(Usage, match="--confirm"):
        confirmed(settings, files, ENTRY_OF, sure=False)
    said = confirmed(settings, files, ENTRY_OF, sure=True)
    assert said == "confirmed what differs in 1 of 1 past events"


def test_what_is_explained_is_told_and_wants_nothing(
    here: tuple[Desk, Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    desk, settings = here
    desk.event()
    edits: Edits = {"mapping.py": [('"PROCESSING": "DANG_XU_LY"', '"PROCESSING": "KHONG_RO"')]}
    assert confirmed(settings, edited(files_of("portal"), edits), ENTRY_OF, sure=False) == ""
    assert "code table TO_STATUS" in capsys.readouterr().err


def test_a_new_name_has_nothing_to_compare_with(here: tuple[Desk, Settings]) -> None:
    desk, settings = here
    desk.event()
    entry = msgspec.structs.replace(ENTRY_OF, name="another")
    assert confirmed(settings, edited(files_of("portal"), REFUSAL), entry, sure=False) == ""


def test_where_no_broker_is_known_that_is_said(
    here: tuple[Desk, Settings],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def nobody(_: Settings) -> Browser:
        raise Retry("no schema registry is known")

    monkeypatch.setattr(promoting, "open_browser", nobody)
    assert confirmed(here[1], files_of("portal"), ENTRY_OF, sure=False) == ""
    assert "past events were not compared: no schema registry" in capsys.readouterr().err
