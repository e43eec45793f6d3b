"""One uploaded connector is told what another one says: checked, proved and taken up by it."""

import pytest

from hub.registry.brought import brought, with_brought
from hub.registry.bundle_files import digest_of
from hub.registry.check import check
from hub.registry.event_types import Events, read_events
from hub.registry.ledger import Ledger, Registered, State, Version
from hub.registry.live import Landscape
from hub.registry.present import present
from tests.registry.test_own_events import LISTENER, LISTENING, NAME, SCHEMAS, files, schema, whole

ENTRY = {"endpoint": "http://peer.test:9"}
LISTENS = {
    **{path: body for path, body in files().items() if not path.startswith("cases/")},
    "connector.yaml": LISTENER.encode(),
    "mapping.py": LISTENING.encode(),
    "cases/read/one.in.json": (
        b'{"type": "waterco.v1.MeterRead", "event": {"meter": "M1", "reading": 7}}'
    ),
    "cases/read/one.out.json": (
        b'{"operation": "POST /readings", "request": {"meter": "M1", "reading": 1}}'
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def events() -> Events:
    return read_events(SCHEMAS)


def ledger(state: State = "live") -> Ledger:
    """Both are registered; the one that brings the event is in this state."""
    says, told = digest_of(whole()), digest_of(LISTENS)
    return Ledger(
        {
            "water": Registered("water", "waterco", says, dict(ENTRY), state, 1, "An", 1),
            "archive": Registered("archive", "archive", told, dict(ENTRY), "live", 1, "An", 2),
        },
        {says: whole(), told: LISTENS},
    )


def test_without_the_other_the_event_is_unknown_and_with_it_all_holds(events: Events) -> None:
    assert "MeterRead" in str(check("archive", LISTENS, events).problems)
    known = with_brought(events, brought(ledger()).items())
    found = check("archive", LISTENS, known)
    assert (found.problems, found.cases) == ((), 1)


@pytest.mark.parametrize("state", ["live", "draft", "retired"])
def test_a_process_takes_both_up_also_where_the_one_that_says_it_has_gone(
    events: Events, state: State
) -> None:
    nothing = Landscape({}, (), frozenset(), {}, events)
    found = present(nothing, ledger(state))
    assert found.problems == {}
    assert "archive" in {one.name for one in found.live}
    assert "MeterRead" in found.events.full_names


def test_of_several_versions_the_newest_counts_and_an_earlier_event_stays() -> None:
    older = files(**{NAME: schema(), "waterco.v1.Gone.avsc": schema("Gone")})
    newer = files(**{NAME: schema() + b" "})
    first, second = digest_of(older), digest_of(newer)
    before = (Version(1, first, dict(ENTRY), "live", "An", 1),)
    now = Registered("water", "waterco", second, dict(ENTRY), "live", 2, "An", 2, before=before)
    found = brought(Ledger({"water": now}, {first: older, second: newer}))
    assert found == {
        "waterco": {
            f"schemas/{NAME}": schema() + b" ",
            "schemas/waterco.v1.Gone.avsc": schema("Gone"),
        }
    }


def test_what_is_wrong_with_ones_schema_takes_nobody_along(events: Events) -> None:
    known = with_brought(events, [("waterco", {f"schemas/{NAME}": b"{"}), ("x", {})])
    assert known == events
