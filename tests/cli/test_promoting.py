"""Before a version takes the place of a live one, somebody confirms what would be lost by it."""

from pathlib import Path

import msgspec
import pytest
import yaml

from hub.cli import promoting
from hub.cli.browse import Browser
from hub.cli.output import Usage
from hub.cli.promoting import Promotion, Side, seen
from hub.contract.types import Document
from hub.errors import Reject, Retry
from hub.registry.seen import Backtest
from hub.settings import Settings, load
from tests.backtest.backtest_kit import ROOT, Edits, edited, files_of
from tests.cli.desk import MASKS, Desk
from tests.cli.test_backtest_command import ENTRY
from tests.events.records import CATALOGUE

ENTRY_OF = yaml.safe_load(ENTRY)["registrations"][0]
REFUSAL: Edits = {
    "mapping.py": [("trangThai=code(TO_STATUS, event.status)", 'trangThai=reject("not yet")')]
}
EXPLAINED: Edits = {"mapping.py": [('"PROCESSING": "DANG_XU_LY"', '"PROCESSING": "KHONG_RO"')]}
COMPARE: Document = {"bundle": "b", "entry": ENTRY_OF, "old": "1" * 64, "new": "2" * 64}
WANTED = Promotion("portal", "portal", "lan", "contract 12/2026")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Desk, Settings]:
    """A desk with one event, and a hub that keeps the portal's bundle."""
    desk = Desk(tmp_path)
    (tmp_path / "registrations.yaml").write_text(ENTRY, encoding="utf-8")
    settings = load({**desk.environment, "HUB_CONNECTORS": str(ROOT / "connectors")})
    browser = Browser(settings, desk.broker, CATALOGUE, desk.codec, MASKS)
    monkeypatch.setattr(promoting, "open_browser", lambda _: browser)
    monkeypatch.setattr(promoting, "fetch_bundle", lambda *_: files_of("portal"))
    desk.event()
    return desk, settings


def new(edits: Edits) -> Side:
    return Side(edited(files_of("portal"), edits), ENTRY_OF)


def test_events_that_would_no_longer_arrive_are_confirmed_or_nothing_happens(
    here: tuple[Desk, Settings],
) -> None:
    with pytest.raises(Usage, match="--confirm"):
        seen(here[1], WANTED, COMPARE, new(REFUSAL))
    sure = Promotion("portal", "portal", "lan", "contract 12/2026", confirm=True)
    said = seen(here[1], sure, COMPARE, new(REFUSAL))
    found = msgspec.convert(said["backtest"], Backtest)
    assert (found.read, found.differing, found.unexplained) == (1, 1, 1)
    assert (found.old, found.new, found.by) == ("1" * 64, "2" * 64, "lan")
    assert "now rejected, 1" in found.causes[0]
    assert said["confirm"] == "contract 12/2026"


def test_what_is_explained_is_told_and_wants_nothing(
    here: tuple[Desk, Settings], capsys: pytest.CaptureFixture[str]
) -> None:
    said = seen(here[1], WANTED, COMPARE, new(EXPLAINED))
    assert "code table TO_STATUS" in capsys.readouterr().err
    assert "confirm" not in said
    assert msgspec.convert(said["backtest"], Backtest).unexplained == 0


def test_where_nothing_is_replaced_nothing_is_compared(here: tuple[Desk, Settings]) -> None:
    assert seen(here[1], WANTED, None, new(REFUSAL)) == {}


def test_where_no_broker_is_known_a_person_says_why_it_goes_live_all_the_same(
    here: tuple[Desk, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(_: Settings) -> Browser:
        raise Retry("no schema registry is known")

    monkeypatch.setattr(promoting, "open_browser", nobody)
    with pytest.raises(Reject, match=r"no schema registry is known.*--uncompared"):
        seen(here[1], WANTED, COMPARE, new(REFUSAL))
    without = Promotion("portal", "portal", "lan", "x", uncompared="the broker is far away")
    assert seen(here[1], without, COMPARE, new(REFUSAL)) == {"uncompared": "the broker is far away"}
