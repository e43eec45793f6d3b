"""The side-by-side runs compare like with like, and void a run that did not do the work."""

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from lxml import etree

from hub.events.catalogue import load
from hub.records import Record
from hub.registry.bundle import read_bundle
from hub.registry.event_types import read_events
from ops.bench import board
from ops.bench.peer import Book, Counts
from ops.bench.processes import BenchError
from ops.bench.rivals.checks import check_board, check_topic
from ops.bench.rivals.compare import label
from ops.bench.rivals.contenders import CONNECTORS
from ops.bench.rivals.contest import KIND, Run, Terms
from ops.bench.rivals.facts import note, schedule, status, told
from ops.bench.rivals.handwritten import read_soap, soap
from ops.bench.rivals.jobs import WORKLOADS
from ops.bench.rivals.measured import read
from ops.bench.rivals.page import COLUMNS, write
from ops.bench.rivals.plain_faust import soap_reader
from ops.bench.rivals.settled import Settled
from ops.bench.rivals.translation import Schema, reported
from ops.bench.rivals.translation import told as by_hand
from ops.bench.scene import ROOT


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    file: Path = tmp_path_factory.mktemp("schema") / "event.avsc"
    file.write_text(load(ROOT / "schemas" / "avro").texts[KIND], encoding="utf-8")
    return Schema(str(file), 7)


@pytest.mark.parametrize("size", [150, 320, 500, 10_000, 100_000])
def test_an_event_has_the_size_that_was_asked_for(schema: Schema, size: int) -> None:
    raw = schema.encode(status(12, 3, note(size)))
    assert abs(len(raw) - size) <= 2  # a length of 64 bytes and more takes a second byte


def test_no_event_is_smaller_than_its_fields() -> None:
    with pytest.raises(ValueError, match="150"):
        note(149)


def test_the_schedule_is_the_same_each_time_and_in_order() -> None:
    facts = schedule(1_000, 50)
    assert facts == schedule(1_000, 50)
    assert facts[:500] == schedule(500, 50)
    for dossier in range(50):
        steps = [step for one, step in facts if one == dossier]
        assert list(range(len(steps))) == steps
    assert any(one[0] == two[0] for one, two in pairwise(facts))  # neighbours of one dossier


def test_what_the_rivals_tell_is_what_the_contract_says(schema: Schema) -> None:
    words = by_hand(schema.decode(schema.encode(status(12, 3, "a < b & c"))), "e1")
    assert board.read_json(msgspec.json.encode(words)) == msgspec.convert(words, board.Told)
    assert words["at"] == "2025-10-13T10:30:03+07:00"
    assert read_soap(soap(words)) == words
    assert board.read_soap(soap(words)).step == "3"
    wsdl = CONNECTORS / "soap_out" / "contract" / "board.wsdl"
    assert soap_reader(str(wsdl))(soap(words)) == words


@pytest.mark.parametrize("wire", ["rest", "soap"])
def test_the_hub_tells_the_same_as_the_rivals(schema: Schema, wire: str) -> None:
    events = read_events(ROOT / "schemas" / "avro")
    out = read_bundle(CONNECTORS / f"{wire}_out", events).program.flow("told")
    into = read_bundle(CONNECTORS / f"{wire}_in", events).program.flow("told")
    event = status(12, 3, "a < b & c")
    words = by_hand(schema.decode(schema.encode(event)), "e1")
    sent = out(event, None, {}, [])
    assert isinstance(sent, tuple)
    document = sent[1].get("body", sent[1])
    assert {name: words[name] for name in board.FIELDS if name != "id"} == document
    emitted = into(words, 0, {}, [])
    assert isinstance(emitted, list)
    ((kind, again),) = emitted
    assert (KIND, schema.encode(event)) == (kind, schema.encode(again))


def test_there_and_back_is_the_same_event(schema: Schema) -> None:
    event = schema.decode(schema.encode(status(12, 3, "x")))
    again = schema.decode(schema.encode(reported(by_hand(event, "e1"))))
    assert again == event


@pytest.mark.parametrize(
    "broken",
    [
        b'{"id":"e1"}',
        b"no json",
        board.write_json(told(1, 0, "x")).replace(b"DANG_XU_LY", b"PROCESSING"),
        board.write_json(told(1, 0, "x")).replace(b"+07:00", b"Z"),
        board.write_json(told(1, 0, "")),
    ],
)
def test_the_board_refuses_what_is_not_translated(broken: bytes) -> None:
    with pytest.raises(board.MisfitError):
        board.read_json(broken)


def test_the_board_refuses_soap_that_leaves_a_field_out() -> None:
    whole = board.write_soap(told(1, 0, "x"))
    assert board.read_soap(whole).note == "x"
    with pytest.raises(board.MisfitError):
        board.read_soap(whole.replace(b"<officer>", b"<other>"))


def test_the_peer_notes_when_a_fact_came_first() -> None:
    book = Book()
    book.told(told(1, 0, "x"))
    first = dict(book.arrivals)
    book.told(told(1, 0, "x"))
    assert first == book.arrivals
    assert (2, 1, 1) == (book.counts.calls, book.counts.repeated, book.counts.out_of_order)


@pytest.mark.parametrize(
    "seen",
    [
        Counts(calls=9),
        Counts(calls=11, repeated=1),
        Counts(calls=10, out_of_order=1),
        Counts(calls=10, errors=1),
    ],
)
def test_a_run_that_is_not_whole_does_not_count(seen: Counts) -> None:
    check_board(Counts(calls=10), 10)
    with pytest.raises(BenchError):
        check_board(seen, 10)


def test_a_topic_counts_only_whole_and_in_order(schema: Schema) -> None:
    def record(step: int) -> Record:
        return Record("t", 0, step, 0, b"k", schema.encode(status(1, step, "x")), ())

    check_topic([record(0), record(1)], schema, 2)
    for wrong in ([record(0)], [record(1), record(0)], [record(0), record(0)]):
        with pytest.raises(BenchError):
            check_topic(wrong, schema, 2)


def test_only_a_settled_prefix_is_committed() -> None:
    settled = Settled()
    for offset in (5, 6, 9):  # compaction leaves gaps
        settled.arrived(offset)
    committed = []
    for offset in (6, 5, 9):
        settled.done(offset)
        committed.append(settled.next)
    assert [None, 7, 10] == committed


def file(folder: Path, name: str, rates: dict[str, list[float]]) -> Path:
    """What `--out` writes, with the same runs for every figure."""
    figures = [
        {"bench": "W1", "name": f"{who}: {what}", "unit": "", "runs": runs}
        for who, runs in rates.items()
        for what, _ in COLUMNS
    ]
    machine = {"cpu": "Some CPU", "cores": 2, "python": "3.11.7", "load": 1.0}
    path = folder / name
    said = {"machine": machine, "terms": {"events": 10_000}, "figures": figures}
    path.write_bytes(msgspec.json.encode(said))
    return path


def test_rounds_are_put_together_on_one_page(tmp_path: Path) -> None:
    rounds = [
        file(tmp_path, "1.json", {"us & ours": [100.0], "them": [50.0]}),
        file(tmp_path, "2.json", {"us & ours": [300.0], "them": [50.0]}),
    ]
    write(read(rounds), tmp_path)
    rows = (tmp_path / "results.md").read_text(encoding="utf-8").splitlines()
    assert rows[-2].startswith("| W1 | us & ours | 200 (100–300) | 200 |")
    assert rows[-1].startswith("| W1 | them | 50 (50–50) |")
    assert "Some CPU" in rows[2]
    assert "* W1: events 10,000" == rows[4]
    drawn = etree.fromstring((tmp_path / "chart.svg").read_bytes())
    name = "{http://www.w3.org/2000/svg}"
    bars = [float(one.get("width", "")) for one in drawn.iter(f"{name}rect")][1:]  # first: ground
    assert [200.0, 50.0] * 2 == bars  # the longest run is 300 pixels wide
    texts = {one.text for one in drawn.iter(f"{name}text")}
    assert {"W1", "us & ours", "them", "200", "50"} <= texts


def test_terms_other_than_usual_are_named() -> None:
    (w1, *_) = WORKLOADS
    assert "W1" == label(w1, Terms(events=10))
    given = Terms(warm=500, delay=0.1, in_flight=256)
    assert "W1, warm 500, delay 0.1, in_flight 256" == label(w1, given)


def test_99_of_a_hundred_did_not_exceed_the_99th_percentile() -> None:
    run = Run(1.0, 1.0, 1.0, 1.0, tuple(ms / 1_000 for ms in range(1, 101)))
    assert [50.0, 99.0, 100.0] == [round(run.percentile(share), 6) for share in (0.5, 0.99, 1.0)]
