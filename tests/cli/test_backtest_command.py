"""`hub connector backtest` on the broker's twin: what is read, what is said, how it ends."""

import json
import shutil
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from hub.broker_memory import MemoryBroker
from hub.cli import backtest
from hub.cli.browse import Browser
from hub.cli.main import app
from hub.records import Outgoing
from hub.registry.bundle_files import digest_of, read_files
from hub.registry.ledger import Registered, bundle_record, registration_record
from hub.settings import load
from hub.topics import REGISTRY
from tests.backtest.backtest_kit import ROOT
from tests.cli.desk import MASKS, Desk
from tests.events.records import CATALOGUE

ENTRY = """registrations:
- connector: portal
  endpoint: http://peer.test:9
  settings: {client_id: T}
  secrets: {inbound_token: "env:NO", client_secret: "env:NO"}
"""


class Place:
    """A topic with events, a live version of the portal, and a folder with a new one."""

    def __init__(self, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.desk = Desk(home)
        (home / "registrations.yaml").write_text(ENTRY, encoding="utf-8")
        self.folder = home / "new" / "portal"
        shutil.copytree(ROOT / "connectors" / "portal", self.folder)
        connectors = str(ROOT / "connectors")
        self.environment = {**self.desk.environment, "HUB_CONNECTORS": connectors}
        browser = Browser(
            load(self.environment), self.desk.broker, CATALOGUE, self.desk.codec, MASKS
        )
        monkeypatch.setattr(backtest, "open_browser", lambda _: browser)

    def edit(self, old: str, new: str) -> None:
        file = self.folder / "mapping.py"
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new, 1), encoding="utf-8")

    def run(self, *words: str) -> Result:
        arguments = ["connector", "backtest", str(self.folder), *words]
        return CliRunner().invoke(app, arguments, env=self.environment)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return Place(tmp_path, monkeypatch)


def test_an_identical_version_shows_nothing_and_says_how_much_it_looked_at(place: Place) -> None:
    for number in range(5):
        place.desk.event(f"H44.99.99-251013-000{number}")
    done = place.run()
    assert (done.exit_code, done.stdout) == (0, "")
    assert "5 events" in done.stderr
    assert "5 concern it, 0 differ" in done.stderr
    assert "not compared: filed" in done.stderr


def test_a_changed_table_is_told_with_an_example(place: Place) -> None:
    event = place.desk.event()
    place.edit('"PROCESSING": "DANG_XU_LY"', '"PROCESSING": "KHONG_RO"')
    done = place.run()
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        "code table TO_STATUS: 1 dossier, progress trangThai DANG_XU_LY → KHONG_RO",
        f"    for example {event.place.text}",
    ]


def test_a_rejection_wants_confirmation(place: Place) -> None:
    place.desk.event()
    place.edit("trangThai=code(TO_STATUS, event.status)", 'trangThai=reject("not yet")')
    done = place.run("--json")
    said = json.loads(done.stdout)
    assert (done.exit_code, said["to_confirm"]) == (1, 1)
    assert said["groups"][0]["kind"] == "now rejected"
    assert "CONFIRM" in place.run().stdout


def test_only_the_last_ones_are_read_where_so_many_are_asked_for(place: Place) -> None:
    clock = iter(range(1_760_000_000_000, 1_760_000_100_000, 1_000))
    place.desk.broker.clock = lambda: next(clock)
    for number in range(50):
        place.desk.event(f"H44.99.99-251013-00{number:02}")
    assert json.loads(place.run("--last", "7", "--json").stdout)["read"] == 7
    assert json.loads(place.run("--last", "500", "--json").stdout)["read"] == 50
    assert json.loads(place.run("--since", "1d", "--json").stdout)["read"] == 0


def test_a_setting_of_the_new_version_may_be_given(place: Place) -> None:
    place.desk.event()
    done = place.run("--set", "client_id=other", "--json")
    assert (done.exit_code, json.loads(done.stdout)["differing"]) == (0, 0)
    done = place.run("--set", "client=other")
    assert (done.exit_code, "setting 'client' is not one" in done.stderr) == (1, True)
    assert place.run("--set", "client").exit_code == 2


def test_a_registration_that_there_is_not_is_named(place: Place) -> None:
    place.desk.event()
    done = place.run("--against", "nobody")
    assert (done.exit_code, "--against portal" in done.stderr) == (1, True)


def test_what_was_registered_while_running_is_what_it_is_compared_with(place: Place) -> None:
    event = place.desk.event()
    place.edit('"PROCESSING": "DANG_XU_LY"', '"PROCESSING": "KHONG_RO"')
    files = read_files(place.folder)
    entry = yaml.safe_load(ENTRY)["registrations"][0]
    registered = Registered("portal", "portal", digest_of(files), entry, "live", 1, "A", 1)
    for key, value in (bundle_record(files), registration_record(registered)):
        place.desk.keep(Outgoing(REGISTRY, key, value))
    assert (place.run().exit_code, place.run().stdout) == (0, "")
    shutil.rmtree(place.folder)
    shutil.copytree(ROOT / "connectors" / "portal", place.folder)
    assert place.run().stdout.splitlines() == [
        "code table TO_STATUS: 1 dossier, progress trangThai KHONG_RO → DANG_XU_LY",
        f"    for example {event.place.text}",
    ]


def test_a_folder_that_does_not_check_is_not_compared(place: Place) -> None:
    place.edit("event.officer_name", "event.officer")
    done = place.run()
    assert (done.exit_code, "hub connector check" in done.stderr) == (1, True)


def test_the_broker_is_only_read(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.desk.event()

    def refuse(*_: object) -> None:
        raise AssertionError("a backtest writes nothing")

    monkeypatch.setattr(MemoryBroker, "keep", refuse)
    monkeypatch.setattr(MemoryBroker, "writer", refuse)
    assert place.run().exit_code == 0
