"""Rows: what is searched of each kind of record, and that nothing personal is in it."""

from pathlib import Path

import pytest

from hub.audit.archive.rows import Row
from hub.contract.types import Value
from hub.records import Outgoing, Position, Record, Spot
from hub.topics import ACT, DEAD, DOSSIER, RECEIPT
from tests.audit.archive.kit import Shelf
from tests.cli.desk import CODE, MASKS, Desk, open_desk
from tests.events.records import CATALOGUE, example


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return open_desk(tmp_path, monkeypatch)


def rows(desk: Desk, topic: str) -> list[Row]:
    shelf = Shelf(desk.home, codec=desk.codec)
    found = [r for p in range(3) for r in desk.broker.since(Spot(topic, p), 0)]
    return [shelf.row_of(record) for record in found]


def test_an_event_says_who_what_and_of_which_procedure(desk: Desk) -> None:
    desk.event()
    (row,) = rows(desk, DOSSIER)
    assert (row.kind, row.dossier, row.system) == ("event", CODE, "onestop")
    assert (row.type, row.says) == ("dossier.v1.StatusChanged", "PROCESSING")


def test_the_procedure_stands_in_the_header_of_a_dossier(shelf: Shelf) -> None:
    name = "dossier.v1.Accepted"
    raw = shelf.codec.encode(name, example(name))
    record = Record(DOSSIER, 0, 0, 0, CODE.encode(), raw, (("ce_type", name.encode()),))
    assert shelf.row_of(record).procedure == "chữ"


def test_a_receipt_says_for_whom_and_how_it_ended(desk: Desk) -> None:
    desk.receipt(desk.event(), "PARKED", series=2, note="asked again", reason="404")
    (row,) = rows(desk, RECEIPT)
    assert (row.kind, row.system, row.outcome) == ("receipt", "portal", "PARKED")
    assert (row.dossier, row.says) == (CODE, "404 · asked again · series 2")


def test_a_letter_says_of_which_event_it_is(desk: Desk) -> None:
    event = desk.event()
    desk.letter(event, reason="not in STATE")
    (row,) = rows(desk, DEAD)
    assert (row.kind, row.system, row.outcome) == ("letter", "portal", "DEAD_LETTERED")
    assert row.says == f"not in STATE · of {event.place.text}"


def test_what_cannot_be_read_is_a_row_as_well(desk: Desk) -> None:
    for topic in (DOSSIER, RECEIPT, DEAD, ACT):
        assert isinstance(desk.keep(Outgoing(topic, b"\xff", b"no avro", partition=0)), Position)
        (row,) = rows(desk, topic)
        assert (row.topic, row.place) == (topic, 0)


@pytest.mark.parametrize("name", sorted(CATALOGUE.whole))
def test_no_row_holds_a_personal_value(shelf: Shelf, name: str) -> None:
    """Every text is a mark of its own; one that people see masked is personal."""
    marked = _marked(example(name), "")
    assert isinstance(marked, dict)
    masked = MASKS.mask(name, marked)
    personal = _texts(marked) - _texts(masked)
    raw = shelf.codec.encode(name, marked)
    headers = (("ce_type", name.encode()),)
    for topic in (DOSSIER, RECEIPT, ACT):
        row = shelf.row_of(Record(topic, 0, 0, 0, CODE.encode(), raw, headers))
        shown = " ".join(str(value) for value in row)
        assert not [text for text in personal if text in shown]


def _marked(value: Value, path: str) -> Value:
    """The record, each free text as the path that leads to it."""
    if isinstance(value, dict):
        return {name: _marked(part, f"{path}<{name}>") for name, part in value.items()}
    if isinstance(value, list):
        return [_marked(part, f"{path}<0>") for part in value]
    return path if value == "chữ" else value


def _texts(value: Value) -> set[str]:
    if isinstance(value, dict):
        return {text for part in value.values() for text in _texts(part)}
    if isinstance(value, list):
        return {text for part in value for text in _texts(part)}
    return {value} if isinstance(value, str) else set()
