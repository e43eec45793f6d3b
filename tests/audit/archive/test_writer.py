"""Writing the archive: whole or absent, nothing twice, wherever it is broken off."""

from io import BytesIO
from pathlib import Path

import fastavro
import pytest
from msgspec.structs import replace

from hub.audit.archive.lists import HEAD, INTENT, encode
from hub.audit.archive.reading import read_head, read_list, records, segments_of, steadily
from hub.audit.archive.store import Store, open_folder
from hub.audit.archive.writer import AGE, ERASING, MERGE, PACE, RECORDS
from hub.contract.types import Document
from hub.errors import Halt, Retry
from hub.intake.acts import SCHEMA
from hub.records import Record, Spot
from hub.topics import ACT, DOSSIER, DOSSIER_HEADER
from tests.audit.archive.kit import AT, CODE, DAY, Shelf

SPOT = Spot(DOSSIER, 0)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path)


def archived(shelf: Shelf, spot: Spot = SPOT) -> list[Record | None]:
    """Every record of a partition, as the legal copy gives it back."""
    head = read_head(shelf.store)
    segments = segments_of(shelf.store, head, spot)
    return [record for _, record in records(shelf.store, shelf.keys, segments, 0, 10**9)]


def test_what_was_sealed_is_read_back_as_it_was(shelf: Shelf) -> None:
    events = [shelf.event(n, f"{CODE[:-1]}{n % 3}") for n in range(250)]
    archive = shelf.archive()
    archive.append(events, AT)
    assert archive.seal(AT) == 250
    assert archived(shelf) == events
    rows = shelf.found(dossiers=(CODE,))
    assert [row.place for row in rows] == list(range(1, 250, 3))
    assert shelf.whole(rows) == events[1::3]


def test_nothing_counts_before_it_is_sealed(shelf: Shelf) -> None:
    archive = shelf.archive()
    archive.append([shelf.event(0)], AT)
    assert archive.next(SPOT) == 1
    assert shelf.archive().next(SPOT) is None
    assert shelf.found() == []


def test_what_is_in_it_already_changes_nothing(shelf: Shelf) -> None:
    archive = shelf.archive()
    events = [shelf.event(n) for n in range(6)]
    archive.append(events[:3], AT)
    archive.append(events[1:4], AT)
    archive.seal(AT)
    archive.append(events, AT)
    assert archive.seal(AT) == 2
    again = shelf.archive()
    again.append(events, AT)
    assert again.seal(AT) == 0
    assert archived(shelf) == events
    assert len(shelf.found()) == 6


def test_a_segment_is_of_one_day(shelf: Shelf) -> None:
    archive = shelf.archive()
    archive.append([shelf.event(n, at=AT + n * DAY // 2) for n in range(4)], AT)
    archive.seal(AT)
    head = read_head(shelf.store)
    assert sorted(head.days) == ["2025-10-13", "2025-10-14"]
    assert [one.records for one in head.days.values()] == [2, 2]
    assert len(shelf.found(since=AT + DAY)) == 2
    assert len(shelf.found(until=AT + DAY)) == 2


def test_it_is_due_when_it_is_old_or_much(shelf: Shelf) -> None:
    archive = shelf.archive()
    assert not archive.due(AT)
    archive.append([shelf.event(0)], AT)
    assert not archive.due(AT + AGE - 1)
    assert archive.due(AT + AGE)
    archive.seal(AT)
    assert not archive.due(AT + AGE)
    archive.append([shelf.event(n) for n in range(1, RECORDS + 1)], AT)
    assert archive.due(AT)


def order_to_erase(shelf: Shelf, offset: int) -> Record:
    """The act by which a dossier is erased."""
    document: Document = {
        "kind": "ERASED", "registration": "", "subject": None, "reason": "12/QD-STN",
        "event_ids": [], "at": AT, "by": "Trần Thị Thử", "source_topic": DOSSIER,
        "source_partition": 0, "source_offset": 9, "dossier": CODE, "value": None,
        "series": -1, "digest": None,
    }  # fmt: skip
    headers = (
        ("ce_type", SCHEMA.encode()),
        ("hub_act", b"ERASED"),
        (DOSSIER_HEADER, CODE.encode()),
    )
    return Record(ACT, 0, offset, AT, b"", shelf.codec.encode(SCHEMA, document), headers)


def test_after_an_order_to_erase_it_is_due_soon_for_a_while(shelf: Shelf) -> None:
    """What stood beside the order may be read after it: who gave it waits for that as well."""
    archive = shelf.archive()
    archive.append([order_to_erase(shelf, 0)], AT)
    assert archive.due(AT)
    archive.seal(AT)
    assert not archive.due(AT + PACE), "nothing is buffered"
    archive.append([shelf.event(0)], AT + 200)
    assert (archive.due(AT + 200), archive.due(AT + PACE)) == (False, True)
    archive.seal(AT + ERASING)
    archive.append([shelf.event(1)], AT + ERASING + 1)
    assert (archive.due(AT + ERASING + PACE), archive.due(AT + ERASING + 1 + AGE)) == (False, True)


def test_an_erased_dossier_is_found_and_says_nothing(shelf: Shelf) -> None:
    archive = shelf.archive()
    other = f"{CODE[:-1]}2"
    archive.append([shelf.event(0), shelf.event(1, other), shelf.event(2)], AT)
    archive.seal(AT)
    shelf.keys.destroy(f"dossier/{CODE}")
    assert [row.place for row in shelf.found(dossiers=(CODE,))] == [0, 2]
    assert shelf.whole(shelf.found()) == [None, shelf.event(1, other), None]


def test_no_personal_value_lies_in_the_open(shelf: Shelf) -> None:
    archive = shelf.archive()
    archive.append(
        [shelf.event(n, officer_name="Trần Thị Thử", note="gọi 0300000022") for n in (0, 1)], AT
    )
    archive.seal(AT)
    for name in shelf.files():
        raw = (shelf.folder / "archive" / name).read_bytes()
        assert "Trần Thị Thử".encode() not in raw
        assert b"0300000022" not in raw


def test_a_day_becomes_one_file_when_it_is_over(shelf: Shelf) -> None:
    archive = shelf.archive()
    for n in range(5):
        archive.append([shelf.event(n)], AT)
        archive.seal(AT)
    assert len(read_head(shelf.store).days["2025-10-13"].search) == 5
    archive.append([shelf.event(5, at=AT + DAY)], AT)
    archive.seal(AT + DAY)
    assert len(read_head(shelf.store).days["2025-10-13"].search) == 1
    assert [row.place for row in shelf.found()] == list(range(6))
    assert len([name for name in shelf.files() if name.endswith(".parquet")]) == 2
    assert len([name for name in shelf.files() if name.endswith(".rows")]) == 2


def test_a_day_from_before_there_were_lookups_is_searched_whole(shelf: Shelf) -> None:
    archive = shelf.archive()
    archive.append([shelf.event(0)], AT)
    archive.seal(AT)
    day = replace(archive.head.days["2025-10-13"], lookup=())
    shelf.store.put(HEAD, encode(replace(archive.head, days={"2025-10-13": day})))
    again = shelf.archive()
    for n in (1, 2):
        again.append([shelf.event(n)], AT)
        again.seal(AT)
    again.append([shelf.event(3, at=AT + DAY)], AT)
    again.seal(AT + DAY)
    assert [row.place for row in shelf.found(dossiers=(CODE,))] == [0, 1, 2, 3]


def test_the_files_of_a_long_day_are_bounded(shelf: Shelf) -> None:
    archive = shelf.archive()
    for n in range(MERGE + 3):
        archive.append([shelf.event(n)], AT)
        archive.seal(AT)
    assert len(read_head(shelf.store).days["2025-10-13"].search) <= MERGE
    assert [row.place for row in shelf.found()] == list(range(MERGE + 3))


def test_a_day_that_is_dropped_leaves_nothing_and_is_not_taken_in_again(shelf: Shelf) -> None:
    archive = shelf.archive()
    events = [shelf.event(0), shelf.event(1, at=AT + DAY)]
    archive.append(events, AT)
    archive.seal(AT)
    assert archive.drop(["2025-10-13", "2025-10-10"]) == 1
    archive.append(events, AT)
    assert archive.seal(AT) == 0
    assert archived(shelf) == events[1:]
    assert not [name for name in shelf.files() if "2025-10-13" in name]


class Broken(Store):
    """A folder whose disk takes only so many more calls."""

    calls = 0

    def __init__(self, whole: Store, left: int) -> None:
        self.__dict__.update(whole.__dict__)
        self.left = left

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Retry("the disk is full", system=True)

    def put(self, name: str, raw: bytes) -> None:
        self._count()
        super().put(name, raw)

    def delete(self, name: str) -> None:
        self._count()
        super().delete(name)


@pytest.mark.parametrize("left", range(18))
def test_a_seal_that_is_broken_off_is_whole_or_absent(shelf: Shelf, left: int) -> None:
    """Two days and two partitions, behind a first seal; the process ends at each call in turn."""
    first = [shelf.event(n) for n in range(3)]
    archive = shelf.archive()
    archive.append(first, AT)
    archive.seal(AT)
    later = [shelf.event(n, at=AT + (n > 4) * DAY) for n in range(3, 7)]
    beside = [shelf.event(n, partition=1) for n in range(2)]
    broken = shelf.archive(Broken(shelf.store, left))
    broken.append([*later, *beside], AT)
    try:
        broken.seal(AT)
        ended = True
    except Retry:
        ended = False
    counts = {len(archived(shelf)), len(shelf.found()) - len(archived(shelf, Spot(DOSSIER, 1)))}
    assert counts in ({3}, {7})
    assert not ended or counts == {7}

    again = shelf.archive()
    again.append([*first, *later, *beside], AT)
    again.seal(AT)
    assert archived(shelf) == first + later
    assert archived(shelf, Spot(DOSSIER, 1)) == beside
    assert len(shelf.found()) == 9
    assert shelf.whole(shelf.found(since=AT + DAY)) == later[2:]
    assert shelf.files() == referenced(shelf)


def referenced(shelf: Shelf) -> set[str]:
    """The files that the head needs, itself and the last intent included."""
    head = read_head(shelf.store)
    names = {HEAD, INTENT}
    for day in head.days.values():
        names |= {*day.files}
        names |= {segment.name for segment in read_list(shelf.store, day.list)}
    return names


def test_what_could_not_be_sealed_is_sealed_later(shelf: Shelf) -> None:
    store = Broken(shelf.store, 2)
    archive = shelf.archive(store)
    archive.append([shelf.event(0)], AT)
    with pytest.raises(Retry):
        archive.seal(AT)
    store.left = 1000
    assert archive.seal(AT) == 1
    assert archived(shelf) == [shelf.event(0)]


@pytest.mark.parametrize("name", ["head.json", "days"])
def test_a_damaged_list_is_told(shelf: Shelf, name: str) -> None:
    archive = shelf.archive()
    archive.append([shelf.event(0)], AT)
    archive.seal(AT)
    (found,) = [one for one in shelf.files() if one.startswith(name)]
    (shelf.folder / "archive" / found).write_bytes(b"{")
    with pytest.raises(Halt, match="damaged"):
        archived(shelf)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("x", encoding="utf-8")
    with pytest.raises(Halt):
        open_folder(tmp_path / "archive")


def a_day(shelf: Shelf) -> tuple[list[Record], list[Record]]:
    """A day of two partitions in three seals, and one event of the next day."""
    archive = shelf.archive()
    mine = [shelf.event(n) for n in range(6)]
    beside = [shelf.event(n, partition=1) for n in range(3)]
    for number in range(3):
        archive.append([*mine[2 * number : 2 * number + 2], beside[number]], AT)
        archive.seal(AT)
    return [*mine, shelf.event(6, at=AT + DAY)], beside


def test_small_segments_of_a_day_become_one_and_say_the_same(shelf: Shelf) -> None:
    mine, beside = a_day(shelf)
    later = shelf.archive()
    later.append(mine, AT)
    later.seal(AT + DAY)
    listed = read_list(shelf.store, later.head.days["2025-10-13"].list)
    assert [(one.partition, one.first, one.next, one.records) for one in listed] == [
        (0, 0, 6, 6),
        (1, 0, 3, 3),
    ]
    assert archived(shelf) == mine
    assert archived(shelf, Spot(DOSSIER, 1)) == beside
    everything = [*mine[:6], *beside, mine[6]]
    for found in (shelf.found(), shelf.found(dossiers=(CODE,))):  # by Parquet, and looked up
        assert sorted(map(repr, shelf.whole(found))) == sorted(map(repr, everything))
    assert shelf.files() == referenced(shelf)
    for one in listed:
        raw = shelf.store.get(one.name) or b""
        assert len(list(fastavro.reader(BytesIO(raw)))) == one.records, "a stock reader reads it"
    shelf.keys.destroy(f"dossier/{CODE}")
    assert shelf.whole(shelf.found()) == [None] * 10


CALLS = 26  # six of a seal, seven of a join, thirteen files that are of no use any more


@pytest.mark.parametrize("left", [*range(14), 17, 21, CALLS - 1, CALLS])
def test_a_join_that_is_broken_off_is_whole_or_absent(shelf: Shelf, left: int) -> None:
    mine, beside = a_day(shelf)
    store = Broken(shelf.store, CALLS)
    broken = shelf.archive(store)
    broken.append(mine, AT)
    store.left = left
    try:
        broken.seal(AT + DAY)
    except Retry:
        assert left < CALLS
    else:
        assert left == CALLS
    again = shelf.archive()
    assert archived(shelf)[:6] == mine[:6]
    assert len(shelf.whole(shelf.found())) >= 9
    again.append([*mine, shelf.event(7, at=AT + DAY)], AT)
    again.seal(AT + DAY)
    assert archived(shelf) == [*mine, shelf.event(7, at=AT + DAY)]
    assert archived(shelf, Spot(DOSSIER, 1)) == beside
    assert None not in shelf.whole(shelf.found(dossiers=(CODE,)))
    assert shelf.files() == referenced(shelf)


def test_who_reads_while_segments_are_joined_reads_on(shelf: Shelf) -> None:
    mine, _ = a_day(shelf)
    segments = segments_of(shelf.store, read_head(shelf.store), SPOT)
    reading = records(shelf.store, shelf.keys, segments, 1, 6)
    first = next(reading)
    later = shelf.archive()
    later.append(mine, AT)
    later.seal(AT + DAY)
    assert [record for _, record in [first, *reading]] == mine[1:6]


def test_a_question_that_meets_a_join_is_asked_again(shelf: Shelf) -> None:
    mine, _ = a_day(shelf)
    asked: list[int] = []

    def ask() -> list[Record | None]:
        rows = shelf.found(dossiers=(CODE,))
        if not asked:
            later = shelf.archive()
            later.append(mine, AT)
            later.seal(AT + DAY)
        asked.append(len(rows))
        return shelf.whole(rows)

    assert None not in steadily(shelf.store, ask)
    assert asked == [9, 10]
    (
        shelf.folder / "archive" / segments_of(shelf.store, read_head(shelf.store), SPOT)[0].name
    ).unlink()
    with pytest.raises(Halt, match="is missing"):
        steadily(shelf.store, lambda: shelf.whole(shelf.found(dossiers=(CODE,))))


def test_a_segment_that_was_changed_is_not_sealed_over(shelf: Shelf) -> None:
    mine, beside = a_day(shelf)
    changed = segments_of(shelf.store, read_head(shelf.store), SPOT)[1]
    file = shelf.folder / "archive" / changed.name
    file.write_bytes(file.read_bytes()[:-40] + bytes(40))
    later = shelf.archive()
    later.append(mine, AT)
    later.seal(AT + DAY)
    assert changed in read_list(shelf.store, later.head.days["2025-10-13"].list)
    assert archived(shelf, Spot(DOSSIER, 1)) == beside
