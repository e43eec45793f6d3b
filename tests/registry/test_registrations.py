"""registrations.yaml: one bad entry is named and answers "not now"; the others serve."""

import shutil
from pathlib import Path

import pytest

from hub.errors import Halt
from hub.registry.event_types import Events, read_events
from hub.registry.live import Landscape, read_landscape

ROOT = Path(__file__).parents[2]
GOOD = """
  - connector: postal
    name: good
    endpoint: http://127.0.0.1:9
    settings: {customer_code: C1}
    secrets: {consumer_key: "env:A", consumer_secret: "env:B"}
"""


@pytest.fixture(scope="module")
def events() -> Events:
    return read_events(ROOT / "schemas" / "avro")


def _read(folder: Path, text: str, events: Events) -> Landscape:
    file = folder / "registrations.yaml"
    file.write_text(text, encoding="utf-8")
    connectors = folder / "connectors"
    for name in ("postal", "portal"):
        shutil.copytree(ROOT / "connectors" / name, connectors / name, dirs_exist_ok=True)
    return read_landscape(connectors, file, events)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ("  - {connector: portal, name: bad, endpoint: 'http://x', agenices: []}", "agenices"),
        ("  - {connector: portal, name: bad}", "endpoint"),
        ("  - {connector: portal, name: bad, endpoint: 7}", "endpoint"),
        ("  - {connector: portal, name: bad, endpoint: 'http://x', settings: {no: 1}}", "'no'"),
        ("  - {connector: portall, name: bad, endpoint: 'http://x'}", "portall"),
    ],
)
def test_a_bad_entry_is_down_and_named_and_takes_nobody_along(
    bad: str, says: str, tmp_path: Path, events: Events
) -> None:
    found = _read(tmp_path, f"registrations:{GOOD}{bad}\n", events)
    ((name, problems),) = found.problems.items()
    assert [live.name for live in found.live] == ["good"]
    assert found.down == {"bad"}
    assert "bad" in name
    assert says in f"{problems[0]}"


def test_a_bad_entry_is_named_with_its_line(tmp_path: Path, events: Events) -> None:
    found = _read(tmp_path, f"registrations:{GOOD}\n  - connector: portal\n    oops: 1\n", events)
    ((_, (problem,)),) = found.problems.items()
    assert problem.at.startswith("registrations.yaml:")
    assert problem.at != "registrations.yaml:1"


def test_a_name_that_stands_twice_serves_neither(tmp_path: Path, events: Events) -> None:
    found = _read(tmp_path, f"registrations:{GOOD}{GOOD}", events)
    assert found.live == ()
    assert found.down == {"good"}


@pytest.mark.parametrize("text", ["registrations: [", "registration: []", "registrations: [7]", ""])
def test_a_file_that_says_nothing_at_all_needs_a_person(
    text: str, tmp_path: Path, events: Events
) -> None:
    with pytest.raises(Halt) as caught:
        _read(tmp_path, text, events)
    assert caught.value.where.startswith("registrations.yaml")


def test_a_missing_folder_of_connectors_needs_a_person(tmp_path: Path, events: Events) -> None:
    with pytest.raises(Halt) as caught:
        read_landscape(tmp_path / "no", tmp_path / "registrations.yaml", events)
    assert "HUB_CONNECTORS" in caught.value.fix
