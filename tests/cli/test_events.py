"""`hub event`: the facts that were kept, and a broker that falls silent while they are read."""

import json
from pathlib import Path

import pytest

from hub.broker_memory import MemoryReader
from hub.contract.types import Document
from hub.events import Codec
from hub.events.catalogue import Definition
from hub.events.catalogue import load as load_catalogue
from hub.events.masks import HIDDEN
from hub.events.schemas_memory import MemorySchemas
from hub.records import Record
from tests.cli.desk import BY, CODE, OTHER, Desk, open_desk

ROOT = Path(__file__).parents[2]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return open_desk(tmp_path, monkeypatch)


def test_an_event_is_named_by_the_beginning_of_its_id(desk: Desk) -> None:
    desk.event()
    desk.event(OTHER)
    shown = desk.hub("event", "show", "e2")
    assert (shown.exit_code, json.loads(shown.stdout)["key"]) == (0, OTHER)


BROUGHT: Definition = {
    "type": "record",
    "name": "MeterRead",
    "namespace": "waterco.v1",
    "fields": [
        {"name": "meter", "type": "string", "pii": "n"},
        {"name": "reader", "type": "string", "pii": "p", "mask": "initials"},
        {"name": "illness", "type": ["null", "string"], "default": None, "pii": "s"},
        {"name": "forgotten", "type": "string"},
        {
            "name": "place",
            "type": {
                "type": "record",
                "name": "Place",
                "fields": [
                    {"name": "district", "type": "string", "pii": "n"},
                    {"name": "street", "type": "string", "pii": "p"},
                ],
            },
            "pii": "p",
        },
    ],
}
READ: Document = {
    "meter": "M-1", "reader": "Nguyễn Thị Thử", "illness": "ốm", "forgotten": "?",
    "place": {"district": "Đống Đa", "street": "Ngõ Thử 1"},
}  # fmt: skip


def test_an_event_that_a_bundle_brought_is_masked_by_its_own_classes(desk: Desk) -> None:
    registered = MemorySchemas()
    registered.register("waterco.v1.MeterRead", json.dumps(BROUGHT))
    catalogue = load_catalogue(ROOT / "schemas" / "avro")
    catalogue.learn({"waterco.v1.MeterRead": BROUGHT})
    desk.codec._schemas = registered
    raw = Codec(catalogue, registered).encode("waterco.v1.MeterRead", READ)
    desk.event(value=raw, kind="waterco.v1.MeterRead")
    row = json.loads(desk.hub("event", "show", "e1").stdout)
    assert row["event"] == {
        "meter": "M-1",
        "reader": "N.T.T.",
        "illness": HIDDEN,
        "forgotten": HIDDEN,
        "place": {"district": "Đống Đa", "street": HIDDEN},
    }


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
