"""`hub event`: the facts that were kept, and a broker that falls silent while they are read."""

import json
from pathlib import Path

import pytest

from hub.broker_memory import MemoryReader
from hub.records import Record
from tests.cli.desk import BY, CODE, OTHER, Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return open_desk(tmp_path, monkeypatch)


def test_an_event_is_named_by_the_beginning_of_its_id(desk: Desk) -> None:
    desk.event()
    desk.event(OTHER)
    shown = desk.hub("event", "show", "e2")
    assert (shown.exit_code, json.loads(shown.stdout)["key"]) == (0, OTHER)


def test_a_beginning_that_several_have_names_none_of_them(desk: Desk) -> None:
    desk.event()
    desk.event(OTHER)
    shown = desk.hub("event", "show", "e")
    assert (shown.exit_code, shown.stdout) == (1, "")
    assert "names 2 events" in shown.stderr
    assert f"e2-{OTHER}" in shown.stderr
    nothing = desk.hub("event", "show", "")
    assert (nothing.exit_code, nothing.stdout) == (1, "")


def test_of_a_fact_that_two_gateways_kept_the_first_is_shown(desk: Desk) -> None:
    first = desk.event()
    desk.events = 0
    desk.event()
    shown = desk.hub("event", "show", f"e1-{CODE}")
    assert json.loads(shown.stdout)["offset"] == first.offset


@pytest.mark.parametrize("words", [("event", "list"), ("receipt", "list"), ("act", "list")])
def test_a_part_is_never_shown_as_the_whole(
    desk: Desk, words: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    event = desk.event()
    desk.receipt(event, "DELIVERED")
    assert desk.hub("dead-letter", "discard", desk.letter(desk.event()), *BY).exit_code == 0

    def silent(_: MemoryReader, seconds: float) -> list[Record]:
        return []

    monkeypatch.setattr(MemoryReader, "poll", silent)
    found = desk.hub(*words)
    assert (found.exit_code, found.stdout) == (3, "")
    assert "the broker has given nothing for 10 s" in found.stderr


def test_of_many_events_the_last_are_listed_oldest_first(desk: Desk) -> None:
    for _ in range(9):
        desk.event()
        desk.event(OTHER)
    assert listed(desk) == [f"e17-{CODE}", f"e18-{OTHER}"]
    assert listed(desk, "--dossier", CODE) == [f"e15-{CODE}", f"e17-{CODE}"]
    assert listed(desk, "--type", "Published") == []


def listed(desk: Desk, *words: str) -> list[str]:
    found = desk.hub("event", "list", "--limit", "2", "--json", *words)
    return [json.loads(line)["id"] for line in found.stdout.splitlines()]
