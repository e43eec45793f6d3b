"""Files and ledger put together: the ledger's word replaces the file's, name by name."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from hub.errors import Reject
from hub.registry.bundle_files import digest_of, read_files
from hub.registry.entries import read_entry
from hub.registry.event_types import Events, read_events
from hub.registry.ledger import Entry, Ledger, Registered, State
from hub.registry.live import Landscape, read_landscape
from hub.registry.present import present

ROOT = Path(__file__).parents[2]
FILES = read_files(ROOT / "connectors" / "postal")
SHA256 = digest_of(FILES)
ENTRY: Entry = {
    "endpoint": "http://peer.test:9",
    "settings": {"customer_code": "C2"},
    "secrets": {"consumer_key": "env:A", "consumer_secret": "env:B"},
}
SEED = """registrations:
  - {connector: postal, name: north, endpoint: 'http://n', settings: {customer_code: C1},
     secrets: {consumer_key: "env:A", consumer_secret: "env:B"}}
  - {connector: postal, name: bad, endpoint: 'http://b'}
"""


@pytest.fixture(scope="module")
def events() -> Events:
    return read_events(ROOT / "schemas" / "avro")


@pytest.fixture(scope="module")
def seed(events: Events, tmp_path_factory: pytest.TempPathFactory) -> Landscape:
    """A folder with the one connector, and a file that registers it rightly and wrongly."""
    folder = tmp_path_factory.mktemp("seed")
    (folder / "connectors").mkdir()
    (folder / "connectors" / "postal").symlink_to(ROOT / "connectors" / "postal")
    file = folder / "registrations.yaml"
    file.write_text(SEED, encoding="utf-8")
    return read_landscape(folder / "connectors", file, events)


@pytest.fixture(scope="module")
def nothing(events: Events) -> Landscape:
    return Landscape({}, (), frozenset(), {}, events)


def ledger(*registered: Registered, files: bool = True) -> Ledger:
    return Ledger({one.name: one for one in registered}, {SHA256: FILES} if files else {})


def registered(name: str, state: State = "live", entry: Entry = ENTRY) -> Registered:
    return Registered(name, "postal", SHA256, entry, state, 1, "An", 0)


def test_without_a_ledger_the_files_are_what_is_live(seed: Landscape) -> None:
    assert present(seed, Ledger()) == seed


def test_the_ledger_adds_and_proves_nothing_twice(seed: Landscape) -> None:
    found = present(seed, ledger(registered("south")))
    assert [live.name for live in found.live] == ["north", "south"]
    assert found.live[0].bundle is found.live[1].bundle
    assert found.problems == seed.problems


@pytest.mark.parametrize("state", ["draft", "certified", "retired"])
def test_what_the_ledger_does_not_serve_is_gone_though_a_file_names_it(
    seed: Landscape, state: State
) -> None:
    found = present(seed, ledger(registered("north", state)))
    assert not found.live
    assert "north" not in found.down  # an answer "not now" would promise too much


def test_a_paused_one_keeps_its_door(seed: Landscape) -> None:
    (live,) = present(seed, ledger(registered("north", "paused"))).live
    assert live.registration.paused
    assert live.registration.settings["customer_code"] == "C2"


def test_the_ledger_mends_what_a_file_has_wrong(seed: Landscape) -> None:
    found = present(seed, ledger(registered("bad")))
    assert [live.name for live in found.live] == ["north", "bad"]
    assert (found.down, found.problems) == (frozenset(), {})


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({**ENTRY, "endpiont": "x"}, "endpiont"),
        ({**ENTRY, "settings": {}}, "customer_code"),
        ({**ENTRY, "connector": "portal"}, "connector is 'portal'"),
        ({**ENTRY, "name": "other"}, "name is 'other'"),
    ],
)
def test_a_wrong_entry_is_down_and_named_and_takes_nobody_along(
    seed: Landscape, entry: Entry, says: str
) -> None:
    found = present(seed, ledger(registered("south", entry=entry), registered("west")))
    assert [live.name for live in found.live] == ["north", "west"]
    assert "south" in found.down
    assert says in str(found.problems["registration 'south'"][0])


def test_a_bundle_comes_from_the_ledger_once(nothing: Landscape) -> None:
    both = ledger(registered("south"), registered("west"))
    found = present(nothing, both)
    assert [live.bundle.sha256 for live in found.live] == [SHA256, SHA256]
    assert found.live[0].bundle is found.live[1].bundle
    again = present(nothing, ledger(*both.registrations.values(), files=False), found)
    assert again.live[0].bundle is found.live[0].bundle


def test_a_bundle_that_is_nowhere_is_named(nothing: Landscape) -> None:
    found = present(nothing, ledger(registered("south"), files=False))
    assert "not on hub.registry" in str(found.problems["registration 'south'"][0])


def test_a_bundle_of_another_connector_is_not_taken_for_this_one(nothing: Landscape) -> None:
    wrong = replace(registered("south"), connector="portal")
    assert "portal" in str(present(nothing, ledger(wrong)).problems["registration 'south'"])


def test_an_entry_need_not_repeat_whose_it_is() -> None:
    assert read_entry("south", "postal", ENTRY).connector == "postal"
    with pytest.raises(Reject, match="endpoint"):
        read_entry("south", "postal", {})
