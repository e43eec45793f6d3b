"""registrations.yaml: one bad entry is named and answers "not now"; the others serve."""

import shutil
from pathlib import Path

import pytest
from msgspec import convert

from hub.errors import Halt, Reject
from hub.registry.call_limits import CallLimits, Closed
from hub.registry.event_types import Events, read_events
from hub.registry.live import Landscape, read_landscape
from hub.registry.manifest import Manifest
from hub.registry.manifest_delivery import Delivery, RetryPolicy
from hub.registry.registration import RegistrationEntry, complete
from hub.registry.yaml_file import Plain

ROOT = Path(__file__).parents[2]
GOOD = """
  - connector: postal
    name: good
    endpoint: http://peer.test:9
    settings: {customer_code: C1}
    secrets: {consumer_key: "env:A", consumer_secret: "env:B"}
"""
RESTLESS = (
    "  - {connector: postal, name: bad, endpoint: 'http://x', settings: {customer_code: C,"
    " scan_every: 0}, secrets: {consumer_key: 'env:A', consumer_secret: 'env:B'}}"
)


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
        (RESTLESS, "'scan_every' is 0"),
        ("  - {connector: portal, name: bad, endpoint: 'http://x', start: noon}", "start is not"),
        (
            "  - {connector: portal, name: bad, endpoint: 'http://x', start: '2026-11-23T08:00'}",
            "start is not",
        ),
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


MANIFEST = {
    "hub": 1,
    "name": "bureau",
    "title": "A bureau",
    "owner": "The bureau",
    "adapter": "rest",
    "contract": "contract/bureau.openapi.yaml",
    "flows": {"told": {"on": "StatusChanged", "call": "POST /status"}},
    "delivery": {
        "in_flight": 8,
        "retry": {"first": 5},
        "limits": {"per_second": 50, "per_day": 1000, "closed": [{"from": "22:00", "to": "05:00"}]},
    },
}
NIGHT = Closed("22:00", "05:00")


def _terms(delivery: dict[str, Plain]) -> Delivery:
    entry = RegistrationEntry("bureau", "http://peer.test:9", "east", delivery=delivery)
    return complete(entry, convert(MANIFEST, Manifest)).delivery


@pytest.mark.parametrize(
    ("own", "limits"),
    [
        ({}, CallLimits(50, 1000, [NIGHT])),
        ({"limits": {}}, CallLimits(50, 1000, [NIGHT])),
        ({"limits": {"per_second": 5}}, CallLimits(5, 1000, [NIGHT])),
        ({"limits": {"per_day": None, "closed": []}}, CallLimits(50)),
        (
            {"limits": {"closed": [{"from": "11:30", "to": "13:30"}]}},
            CallLimits(50, 1000, [Closed("11:30", "13:30")]),
        ),
    ],
)
def test_a_registration_sets_its_own_limits_key_by_key(
    own: dict[str, Plain], limits: CallLimits
) -> None:
    assert _terms(own) == Delivery(in_flight=8, retry=RetryPolicy(first=5), limits=limits)


def test_other_terms_are_overridden_key_by_key_too() -> None:
    found = _terms({"timeout": 9, "retry": {"factor": 3}})
    assert (found.in_flight, found.timeout) == (8, 9)
    assert found.retry == RetryPolicy(first=5, factor=3)


@pytest.mark.parametrize(
    ("own", "says"),
    [
        ({"limits": {"per_day": 0}}, "limits.per_day: 0 is not between"),
        ({"limits": {"closed": [{"from": "05:00", "to": "05:00"}]}}, "limits.closed.0.to"),
        ({"limits": {"per_hour": 7}}, "per_hour"),
        ({"limits": 7}, "limits is a "),
        ({"retry": 7}, "retry is a "),
    ],
)
def test_terms_that_make_no_sense_are_named(own: dict[str, Plain], says: str) -> None:
    with pytest.raises(Reject) as caught:
        _terms(own)
    assert caught.value.where == "registration 'east'"
    assert caught.value.what.startswith("delivery: ")
    assert says in caught.value.what
