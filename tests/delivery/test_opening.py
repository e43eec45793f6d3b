"""Whether an event is for a registration: by its agency, as it was when the broker took it."""

from dataclasses import replace

import pytest

from hub.delivery.held import Held, Part
from hub.delivery.opening import open_job
from hub.delivery.tracker import OffsetTracker
from hub.records import Record
from hub.registry.selection import Selection
from tests.delivery.test_companies import PLAIN

FLOW = replace(
    PLAIN,
    serves="agency",
    agencies=frozenset({"H44.02"}),
    selected=(Selection(100, frozenset({"H44.01"})),),
)


@pytest.mark.parametrize(
    ("agency", "at", "ours"),
    [
        ("H44.01", 99, True),
        ("H44.01", 100, False),
        ("H44.02", 99, False),
        ("H44.02", 100, True),
    ],
)
def test_what_came_before_the_change_is_judged_by_what_was_registered_then(
    agency: str, at: int, ours: bool
) -> None:
    record = Record("hub.dossier", 0, 0, at, b"A", b"", ())
    held = Held(record, Part(OffsetTracker(0)), "id", PLAIN.event_type)
    job = open_job(held, PLAIN.event_type, {"agency": agency}, FLOW)
    assert ours == (job is not None)


def test_what_a_person_sends_out_is_judged_by_what_is_registered_now() -> None:
    record = Record("hub.dossier", 0, 0, 99, b"A", b"", ())
    held = Held(record, Part(OffsetTracker(0)), "id", PLAIN.event_type, late=True)
    assert open_job(held, PLAIN.event_type, {"agency": "H44.02"}, FLOW) is not None
