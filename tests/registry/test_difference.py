"""Two landscapes side by side: what a running process takes up, and what it must not touch."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hub.registry.difference import Change, difference, rerouted, succeed
from hub.registry.event_types import read_events
from hub.registry.live import Landscape, Live, read_landscape

ROOT = Path(__file__).parents[2]
FILE = """
registrations:
  - connector: postal
    name: north
    endpoint: http://peer.test:9/north
    settings: {customer_code: C1}
    secrets: {consumer_key: "env:A", consumer_secret: "env:B"}
  - connector: postal
    name: south
    endpoint: http://peer.test:9/south
    settings: {customer_code: C1}
    secrets: {consumer_key: "env:A", consumer_secret: "env:B"}
"""


@pytest.fixture(scope="module")
def landscape(tmp_path_factory: pytest.TempPathFactory) -> Landscape:
    file = tmp_path_factory.mktemp("registered") / "registrations.yaml"
    file.write_text(FILE, encoding="utf-8")
    found = read_landscape(ROOT / "connectors", file, read_events(ROOT / "schemas" / "avro"))
    assert ["north", "south"] == [live.name for live in found.live], found.problems
    return found


def with_south(landscape: Landscape, change: Callable[[Live], Live]) -> Landscape:
    north, south = landscape.live
    return replace(landscape, live=(change(south), north))  # the order says nothing


def entry(**fields: object) -> Callable[[Live], Live]:
    return lambda live: Live(live.bundle, replace(live.registration, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "aspects"),
    [
        (lambda live: Live(replace(live.bundle, sha256="0" * 64), live.registration), ("bundle",)),
        (entry(settings={"customer_code": "C2"}), ("settings",)),
        (entry(agencies=frozenset({"H41.01"})), ("agencies",)),
        (entry(endpoint="http://peer.test:10"), ("way",)),
        (entry(secrets={"consumer_key": "env:X", "consumer_secret": "env:B"}), ("way",)),
        (entry(paused=True), ("paused",)),
        (
            entry(endpoint="http://peer.test:10", settings={}, paused=True),
            ("settings", "way", "paused"),
        ),
    ],
)
def test_what_changed_in_one_registration_is_named_and_the_other_is_left_alone(
    landscape: Landscape, change: Callable[[Live], Live], aspects: tuple[str, ...]
) -> None:
    (found,) = difference(landscape, with_south(landscape, change))
    assert ("south", aspects) == (found.name, found.aspects)


def test_there_and_back_again_is_the_other_side_of_the_same_change(landscape: Landscape) -> None:
    paused = with_south(landscape, entry(paused=True))
    (found,) = difference(paused, landscape)
    assert ("resumed",) == found.aspects


def test_the_same_has_no_difference_in_whatever_order(landscape: Landscape) -> None:
    assert () == difference(landscape, with_south(landscape, lambda live: live))


def test_what_comes_and_what_goes(landscape: Landscape) -> None:
    north, south = landscape.live
    alone = replace(landscape, live=(north,))
    assert (Change("south", None, south, ("new",)),) == difference(alone, landscape)
    assert (Change("south", south, None, ("gone",)),) == difference(landscape, alone)


def test_a_change_at_fault_leaves_what_is_live_and_its_problems_are_told(
    landscape: Landscape,
) -> None:
    north, south = landscape.live
    bad = replace(landscape, live=(north,), down=frozenset({"south", "never_was"}))
    kept = succeed(landscape, bad)
    assert (north, south) == kept.live
    assert {"never_was"} == kept.down
    assert () == difference(landscape, kept)


def test_what_is_retired_is_not_kept(landscape: Landscape) -> None:
    north, _ = landscape.live
    assert (north,) == succeed(landscape, replace(landscape, live=(north,))).live


def test_an_earlier_version_goes_the_present_way_with_its_own_body(landscape: Landscape) -> None:
    _, south = landscape.live
    changed = entry(
        endpoint="http://peer.test:10",
        settings={"customer_code": "C2"},
        secrets={"consumer_key": "env:X"},
    )(south)
    found = rerouted(south, changed).registration
    assert "http://peer.test:10" == found.endpoint
    assert {"consumer_key": "env:X", "consumer_secret": "env:B"} == dict(found.secrets)
    assert south.registration.settings == found.settings
    assert south.registration.agencies == found.agencies
