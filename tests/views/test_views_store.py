"""What is kept: whole batches, each offset once; begun anew when it cannot be trusted."""

import sqlite3
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from hub.contract.types import Document, Value
from hub.errors import Retry
from hub.events import Codec
from hub.records import Outgoing, Record, Spot
from hub.topics import CATALOGUE, DOSSIER, RECEIPT
from hub.views.asking import Asking, Wanted
from hub.views.store import Store
from tests.events.records import example
from tests.views.facts import event, late_over_tet, on_time, outgoing, paid, supplemented
from tests.views.kit import CLUSTER, Topics, filled

NOW = 1_800_000_000_000
CODE = "H44.99.99-251013-0001"


@pytest.fixture(scope="module")
def topics() -> Topics:
    made = Topics()
    events = made.tell(on_time(), supplemented(), paid(), late_over_tet())
    made.tell([("catalogue.v1.ProcedurePublished", example("catalogue.v1.ProcedurePublished"))])
    for record in events:
        made.settle(record, "portal", "DELIVERED")
        made.settle(record, "ngsp", "NOTHING_TO_SEND")
    for topic in (DOSSIER, RECEIPT, CATALOGUE):
        made.keep(Outgoing(topic, b"k", b"{}"))
        made.keep(Outgoing(topic, b"k", None))
    return made


def all_of(asking: Asking) -> object:
    dossiers = asking.dossiers(Wanted(limit=500), NOW)
    return [asking.dossier(one.code) for one in dossiers], asking.counts(NOW)


def answers(folder: Path, topics: Topics, batches: list[list[Record]]) -> object:
    folder.mkdir()
    for batch in batches:  # a process a batch: nothing but the file is remembered
        filled(folder, topics, batch).close()
    asking = filled(folder, topics, [])
    try:
        return all_of(asking)
    finally:
        asking.close()


@given(st.data())
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_however_it_is_cut_and_read_again_the_answers_are_the_same(
    topics: Topics, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    whole = answers(tmp_path_factory.mktemp("whole") / "x", topics, [topics.records])
    end = len(topics.records)
    cuts = [0, *sorted(data.draw(st.lists(st.integers(0, end), max_size=4))), end]
    again = data.draw(st.integers(0, 20))
    batches = [topics.records[max(0, a - again) : b] for a, b in pairwise(cuts)]
    assert whole == answers(tmp_path_factory.mktemp("cut") / "x", topics, batches)


def test_events_and_receipts_may_come_in_any_order_of_topics(
    topics: Topics, tmp_path: Path
) -> None:
    by_topic = [[r for r in topics.records if r.topic == t] for t in (DOSSIER, CATALOGUE, RECEIPT)]
    one = answers(tmp_path / "one", topics, by_topic)
    other = answers(tmp_path / "other", topics, by_topic[::-1])
    assert one == other


def test_foreign_records_are_passed_and_counted(topics: Topics, tmp_path: Path) -> None:
    asking = filled(tmp_path, topics)
    counts = asking.counts(NOW)
    asking.close()
    assert {
        f"{topic} {reason}": 1
        for topic in (DOSSIER, RECEIPT, CATALOGUE)
        for reason in ("not-avro", "tombstone")
    } == counts["skipped"]
    assert {"ngsp": {"NOTHING_TO_SEND": 34}, "portal": {"DELIVERED": 34}} == counts["registration"]
    assert 1 == counts["procedures"]


def test_records_that_are_no_events_of_their_topic(tmp_path: Path) -> None:
    topics = Topics()
    (accepted,) = outgoing([event("Accepted", CODE, "2025-10-13 09:00")], topics.codec)
    procedure = topics.codec.encode(
        "catalogue.v1.ProcedurePublished", example("catalogue.v1.ProcedurePublished")
    )
    long = outgoing([event("Accepted", "X" * 101, "2025-10-13 09:00")], topics.codec)[0]
    topics.keep(Outgoing(RECEIPT, b"k", accepted.value, accepted.headers))
    topics.keep(Outgoing(DOSSIER, b"k", procedure, accepted.headers))
    topics.keep(Outgoing(CATALOGUE, b"k", accepted.value, accepted.headers))
    topics.keep(Outgoing(DOSSIER, b"k", accepted.value, ()))
    topics.keep(Outgoing(DOSSIER, b"k", accepted.value, (("ce_id", b"\xff"),)))
    topics.keep(Outgoing(DOSSIER, b"k", (accepted.value or b"")[:-3], accepted.headers))
    topics.keep(long)
    topics.keep(accepted)
    asking = filled(tmp_path, topics)
    counts = asking.counts(NOW)
    asking.close()
    assert {"ACCEPTED": 1} == counts["status"]
    assert {
        "hub.catalogue no-event": 1,
        "hub.dossier headers": 2,
        "hub.dossier no-event": 2,
        "hub.dossier truncated": 1,
        "hub.receipt no-receipt": 1,
    } == counts["skipped"]


@pytest.mark.parametrize("kind", ["OWNER", "MARK", "ATTEMPT"])
def test_steps_of_the_journal_of_receipts_are_nothing_odd(tmp_path: Path, kind: str) -> None:
    topics = Topics()
    step = {**example("hub.v1.Receipt"), "kind": kind, "key": "", "event_id": ""}
    topics.keep(Outgoing(RECEIPT, None, topics.codec.encode("hub.v1.Receipt", step)))
    with capture_logs() as logs:
        asking = filled(tmp_path, topics)
    counts = asking.counts(NOW)
    asking.close()
    assert counts["skipped"] == {}
    assert logs == []


def test_what_cannot_be_decoded_now_changes_nothing(tmp_path: Path) -> None:
    topics = Topics()
    topics.tell(on_time())
    store = Store(tmp_path / "views.db", CLUSTER)
    topics.registry.down = True
    fresh = Topics()
    fresh.codec._schemas = topics.registry
    with pytest.raises(Retry):
        store.apply(topics.records, fresh.codec)
    assert {} == store.positions()
    topics.registry.down = False
    assert 13 == store.apply(topics.records, fresh.codec)
    assert {Spot(DOSSIER, 0): 13} == store.positions()
    assert 0 == store.apply(topics.records, fresh.codec)
    store.close()


@pytest.mark.parametrize("harm", ["another cluster", "no database", "another layout"])
def test_a_file_that_cannot_be_trusted_is_begun_anew(
    topics: Topics, tmp_path: Path, harm: str
) -> None:
    filled(tmp_path, topics).close()
    file = tmp_path / "views.db"
    if harm == "no database":
        file.write_bytes(b"not a database" * 1000)
    store = Store(file, "cluster-2" if harm == "another cluster" else CLUSTER)
    if harm == "another layout":
        store._db.execute("UPDATE about SET value = '0' WHERE name = 'version'")
        store.close()
        store = Store(file, CLUSTER)
    assert {} == store.positions()
    store.close()


def test_topics_that_were_made_anew_are_read_anew(topics: Topics, tmp_path: Path) -> None:
    filled(tmp_path, topics).close()
    store = Store(tmp_path / "views.db", CLUSTER)
    spot = Spot(DOSSIER, 0)
    known = store.positions()[spot]
    assert not store.begin_at({spot: 0}, {spot: known})
    assert known == store.positions()[spot]
    assert store.begin_at({spot: 0}, {spot: known - 1})
    assert {spot: 0} == store.positions()
    store.close()
    asking = Asking(tmp_path / "views.db")
    assert [] == asking.dossiers(Wanted(), NOW)
    asking.close()


def test_reading_goes_on_behind_what_was_deleted(tmp_path: Path) -> None:
    store = Store(tmp_path / "views.db", CLUSTER)
    spot = Spot(DOSSIER, 0)
    store.begin_at({spot: 40}, {spot: 90})
    assert {spot: 40} == store.positions()
    store.close()


def test_a_dead_letter_that_is_requeued_counts_as_delivered(tmp_path: Path) -> None:
    topics = Topics()
    first = topics.tell(on_time())[0]
    topics.settle(first, "portal", "DEAD_LETTERED")
    store = Store(tmp_path / "views.db", CLUSTER)
    store.apply(topics.records, topics.codec)
    again = topics.settle(first, "portal", "DELIVERED")  # the same series: too late
    store.apply([again], topics.codec)
    asking = Asking(tmp_path / "views.db")
    assert {"portal": {"DEAD_LETTERED": 1}} == asking.counts(NOW)["registration"]
    asking.close()
    store.close()


@pytest.mark.parametrize("late", [None, True, False])
def test_a_list_reads_no_more_states_than_it_tells(tmp_path: Path, late: bool | None) -> None:
    """Which dossiers match, and how many, is answered from an index."""
    asking = filled(tmp_path, Topics())
    asked: list[str] = []
    asking._reader.set_trace_callback(asked.append)
    asking.dossiers(Wanted(status="ACCEPTED", agency="H44", late=late), NOW)
    asking.counts(NOW)
    asking._reader.set_trace_callback(None)
    questions = [question for question in asked if "FROM dossiers" in question]
    assert 4 == len(questions)
    for question in questions:
        plan = [row[3] for row in asking._reader.execute(f"EXPLAIN QUERY PLAN {question}")]
        touched = [step for step in plan if "dossiers" in step]
        beside = [step for step in touched if "COVERING INDEX by_code" not in step]
        assert len(beside) <= ("state" in question)  # the states of those that are told
        assert not [step for step in beside if "SCAN" in step], plan
    asking.close()


class Broken:
    """Gives one event that nobody can read."""

    def __init__(self, codec: Codec, field: str) -> None:
        self._codec = codec
        self._field = field

    def decode(self, raw: bytes) -> tuple[str, Document]:
        name, record = self._codec.decode(raw)
        if name.endswith(".FeePaid"):
            return name, _Angry(record, self._field)
        return name, record


class _Angry(dict[str, Value]):
    def __init__(self, record: Document, field: str) -> None:
        super().__init__(record)
        self._field = field

    def get(self, key: object, default: object = None) -> Value:
        if key == self._field:
            raise RuntimeError("PERSONAL")
        return self[str(key)] if key in self else None


@pytest.mark.parametrize("field", ["dossier_code", "total_vnd"], ids=["reading", "folding"])
def test_a_bug_costs_one_record_and_tells_no_value(tmp_path: Path, field: str) -> None:
    topics = Topics()
    topics.tell(paid())
    store = Store(tmp_path / "views.db", CLUSTER)
    with capture_logs() as told:
        store.apply(topics.records, Broken(topics.codec, field))
    asking = Asking(tmp_path / "views.db")
    counts = asking.counts(NOW)
    assert ({"RESULT_RETURNED": 1}, {"hub.dossier bug": 1}) == (
        counts["status"],
        counts["skipped"],
    )
    assert [("record_failed", 3)] == [(line["event"], line["offset"]) for line in told]
    assert "PERSONAL" not in repr(told)
    asking.close()
    store.close()


def test_offsets_that_are_not_there_are_told(tmp_path: Path) -> None:
    """Kafka gives hub topics no gaps: a gap would be something that the stream has lost."""
    topics = Topics()
    records = topics.tell(paid())
    store = Store(tmp_path / "views.db", CLUSTER)
    with capture_logs() as told:
        store.apply([records[0], records[4]], topics.codec)
    assert [("offsets_missing", 4, 1)] == [
        (line["event"], line["offset"], line["expected"]) for line in told
    ]
    store.close()


def test_a_batch_that_cannot_be_read_or_written_leaves_nothing(tmp_path: Path) -> None:
    topics = Topics()
    topics.tell(on_time())
    store = Store(tmp_path / "views.db", CLUSTER)
    store._db.execute(
        "CREATE TRIGGER full BEFORE INSERT ON dossiers BEGIN SELECT raise(FAIL, ''); END"
    )
    with pytest.raises(sqlite3.DatabaseError):
        store.apply(topics.records, topics.codec)
    assert {} == store.positions()
    store._db.execute("DROP TRIGGER full")
    assert 13 == store.apply(topics.records, topics.codec)
    store.close()
