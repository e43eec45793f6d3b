"""What the demo's table says of the hub is computed from rows; and its stories fit together."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from ops.demo.evidence import Kept, counted, look_up, receipts
from ops.demo.stage import SYSTEMS, Stage
from ops.demo.stories import STORIES
from ops.demo.story import Step, Story
from ops.systems.rules import Script

CODE, OTHER = "H44.99.99-251013-0001", "H44.99.99-251014-0002"


def event(number: str, key: str = CODE, partition: int = 0) -> dict[str, Any]:
    return {"id": number, "key": key, "partition": partition}


def row(outcome: str, *calls: str, event: str = "Accepted", note: str = "") -> dict[str, Any]:
    return {
        "key": CODE,
        "event": event,
        "registration": "ngsp",
        "outcome": outcome,
        "attempts": [{"outcome": call} for call in calls],
        "note": note or None,
    }


def kept(events: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Kept:
    stage = Stage(Path(), "", "", {}, {}, lambda *_: None)
    return Kept(stage, events, rows, [])


def test_a_fact_that_stands_twice_counts_once_and_a_second_partition_is_seen() -> None:
    found = counted(
        kept([event("a"), event("a"), event("b", partition=1), event("c", OTHER)], []), (CODE,)
    )
    assert found == {"events": 2, "delivered": {}, "other": {}, "partitions": {CODE: 2}}


def test_outcomes_are_counted_by_what_they_are() -> None:
    rows = [row("DELIVERED"), row("DELIVERED"), row("NOTHING_TO_SEND"), row("PARKED")]
    found = counted(kept([], [*rows, {**row("DELIVERED"), "key": OTHER}]), (CODE,))
    assert (found["delivered"], found["other"]) == ({"ngsp": 2}, {"PARKED": 1})


def test_calls_that_came_to_the_same_are_told_once() -> None:
    rows = [
        row("DELIVERED", "unknown", "asked", note="was in doubt, found at the system"),
        row("PARKED", "retry", "retry", "retry", event="ResultReady"),
        row("DELIVERED", "retry", "delivered", event="ResultReady"),
    ]
    assert receipts(kept([], rows), CODE) == {
        "Accepted at ngsp": "DELIVERED: unknown, asked (was in doubt)",
        "ResultReady at ngsp": "PARKED: retry | DELIVERED: retry, delivered",
        "ends at ngsp": ["DELIVERED", "PARKED", "DELIVERED"],
    }


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("unit(08707, 2025-06-26)", "Phường Tích Sơn"),
        ("unit(08731, 2025-07-02)", None),
        ("successors(04957, 2025-06-27, 2025-07-08)", ["04924 PART", "04960 PART"]),
    ],
)
def test_units_are_looked_up_by_the_day(question: str, answer: object) -> None:
    assert look_up(question) == answer


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.number))
def test_a_story_speaks_of_its_own_dossiers_and_of_systems_there_are(story: Story) -> None:
    codes = {*story.dossiers, *story.beside}
    assert {holds.dossier for holds in story.holds} <= codes
    assert set(story.receipts) <= set(SYSTEMS)
    for act in story.acts:
        if isinstance(act, Step):
            assert act.dossier in codes
            assert {act.system, *(system for system, _ in act.calls)} <= set(SYSTEMS)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story.number))
def test_its_faults_are_of_the_form_that_systems_take(story: Story) -> None:
    for system, script in story.faults().items():
        assert system in SYSTEMS
        rules = msgspec.convert(script, Script).rules
        assert rules
        for rule in rules:
            assert rule.match.dossier in (None, *story.dossiers)
