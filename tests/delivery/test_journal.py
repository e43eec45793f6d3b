"""The fold of a lane's journal: what a new owner knows, whatever earlier owners wrote when."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from hub.contract.types import Document
from hub.delivery.journal import ENDS, IN_DOUBT, NOT_SENT, Entry, Journal, entry_of
from hub.delivery.line import Line


def fold(*entries: Entry, floor: int = 0, also: frozenset[int] = frozenset()) -> Journal:
    journal = Journal(floor, also)
    for entry in entries:
        journal.read(entry)
    return journal


def owner(position: int) -> Entry:
    return Entry(position, "OWNER", -1, (), 1)


def mark(position: int, epoch: int, *offsets: int) -> Entry:
    return Entry(position, "MARK", epoch, offsets, 1)


def end(
    position: int, epoch: int, offset: int, outcome: str = "DELIVERED", series: int = 0
) -> Entry:
    return Entry(position, "OUTCOME", epoch, (offset,), 1, series, outcome)


def tried(position: int, epoch: int, offset: int, note: str = "") -> Entry:
    return Entry(position, "ATTEMPT", epoch, (offset,), 1, note=note)


def test_a_mark_without_an_answer_is_doubted_and_one_with_an_end_is_not() -> None:
    journal = fold(owner(0), mark(1, 0, 5, 6, 7), end(2, 0, 6), tried(3, 0, 7, NOT_SENT))
    assert (set(journal.doubtful), journal.ended) == ({5}, {6: 0})
    assert journal.failing == {}


def test_a_failure_that_was_told_is_no_doubt_and_one_that_was_not_is() -> None:
    journal = fold(
        owner(0), mark(1, 0, 5, 6), tried(2, 0, 5), tried(3, 0, 6, IN_DOUBT), mark(4, 0, 5),
        tried(5, 0, 5),
    )  # fmt: skip
    assert set(journal.doubtful) == {6}
    assert journal.failing[5].failures == 2


def test_what_an_older_owner_writes_behind_a_newer_one_is_void_but_for_answers_to_its_marks() -> (
    None
):
    journal = fold(
        owner(0), mark(1, 0, 5), owner(2), mark(3, 0, 6), end(4, 0, 5), end(5, 0, 6), end(6, 0, 7)
    )
    assert journal.ended == {5: 0}
    assert journal.doubtful == {}
    assert journal.epoch == 2


def test_the_older_owners_answer_comes_first_and_counts() -> None:
    journal = fold(
        owner(0),
        mark(1, 0, 5),
        owner(2),
        mark(3, 2, 5),
        end(4, 0, 5),
        end(5, 2, 5, "DEAD_LETTERED"),
    )
    assert journal.ended == {5: 0}


def test_parked_is_a_state_and_a_later_series_ends_it() -> None:
    parked = (owner(0), mark(1, 0, 5), tried(2, 0, 5), end(3, 0, 5, "PARKED"))
    assert fold(*parked).parked == {5: 0}
    assert fold(*parked).knows_end(5)
    journal = fold(*parked, end(4, 0, 5, "DELIVERED", series=1))
    assert (journal.parked, journal.ended) == ({}, {5: 1})


def test_what_the_commit_has_passed_is_forgotten_unless_it_is_parked() -> None:
    entries = (owner(0), end(1, 0, 4), end(2, 0, 5, series=1), end(3, 0, 9))
    assert fold(*entries, floor=9).ended == {9: 0}
    assert fold(*entries, floor=9, also=frozenset({5})).ended == {5: 1, 9: 0}


def test_what_its_own_records_call_parked_is_remembered_until_its_end_and_then_not_at_all() -> None:
    waits = fold(owner(0), end(1, 0, 4, "PARKED"), mark(2, 0, 4), floor=9)
    assert (waits.parked, set(waits.first), waits.is_over(4)) == ({4: 0}, {4}, False)
    over = fold(owner(0), end(1, 0, 4, "PARKED"), end(2, 0, 4, series=1), floor=9)
    assert (over.parked, over.ended, over.first) == ({}, {}, {})


def test_an_answer_that_was_appended_anew_behind_the_next_mark_does_not_close_it() -> None:
    first, second = replace(mark(1, 0, 5), at=10), replace(mark(2, 0, 5), at=30)
    late = replace(tried(3, 0, 5), at=20)
    assert fold(owner(0), first, second, late).doubt(5) is not None
    assert fold(owner(0), first, replace(late, position=2)).doubt(5) is None


def test_an_entry_is_read_from_its_document() -> None:
    document: Document = {
        "kind": "MARK",
        "epoch": 3,
        "offsets": [4, 5],
        "source_offset": -1,
        "at": 8,
    }
    assert entry_of(7, document) == Entry(7, "MARK", 3, (4, 5), 8)
    old: Document = {
        "kind": "OUTCOME",
        "source_offset": 4,
        "outcome": "DELIVERED",
        "series": 0,
        "at": 8,
    }
    assert entry_of(7, old) == Entry(7, "OUTCOME", -1, (4,), 8, 0, "DELIVERED")
    assert entry_of(7, {"kind": "UNKNOWN"}) is None


class Naive:
    """The whole history, judged at the end in the plainest words."""

    def __init__(self, entries: list[Entry]) -> None:
        self.entries = entries

    def valid(self, entry: Entry, offset: int) -> bool:
        before = [e for e in self.entries if e.position < entry.position]
        owners = [e.position for e in before if e.kind == "OWNER"]
        if entry.epoch == max(owners, default=-1):
            return True
        answered = [
            e for e in before if e.epoch == entry.epoch and offset in e.offsets and e.kind != "MARK"
            and self.valid(e, offset) and not (e.kind == "ATTEMPT" and e.note == IN_DOUBT)
        ]  # fmt: skip
        marks = [
            e for e in before
            if e.kind == "MARK" and e.epoch == entry.epoch and offset in e.offsets
            and self.valid(e, offset) and not any(a.position > e.position for a in answered)
        ]  # fmt: skip
        return entry.kind != "MARK" and bool(marks)

    def ends(self, offset: int) -> list[Entry]:
        return [
            e for e in self.entries
            if e.kind == "OUTCOME" and offset in e.offsets and self.valid(e, offset)
        ]  # fmt: skip


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Owners come and go; late ones go on writing for a while."""
    entries: list[Entry] = [owner(0)]
    epochs = [0]
    for position in range(1, draw(st.integers(1, 25))):
        kind = draw(st.sampled_from(["OWNER", "MARK", "ATTEMPT", "OUTCOME"]))
        if kind == "OWNER":
            entries.append(owner(position))
            epochs.append(position)
            continue
        epoch, offset = draw(st.sampled_from(epochs[-2:])), draw(st.integers(0, 2))
        if kind == "MARK":
            entries.append(mark(position, epoch, offset))
        elif kind == "ATTEMPT":
            note = draw(st.sampled_from(["", IN_DOUBT, NOT_SENT]))
            entries.append(tried(position, epoch, offset, note))
        else:
            entries.append(end(position, epoch, offset, draw(st.sampled_from(ENDS))))
    return entries


@given(histories())
def test_of_several_ends_the_first_valid_one_counts(entries: list[Entry]) -> None:
    journal, naive = fold(*entries), Naive(entries)
    for offset in range(3):
        ends = naive.ends(offset)
        assert (offset in journal.ended) == bool(ends), offset
        if ends:
            assert journal.doubt(offset) is None


@given(st.lists(st.integers(1, 4), min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_what_was_marked_goes_out_in_the_order_in_which_it_was_taken(
    sizes: list[int], random: Random
) -> None:
    """Acknowledgements come in any order, and none is forgotten."""
    line: Line[int] = Line()
    tickets, number = [], 0
    for size in sizes:
        tickets += [line.add(range(number, number + size), size)] * size
        number += size
    random.shuffle(tickets)
    out: list[int] = []
    for ticket in tickets:
        out += line.acknowledged(ticket)
    assert out == list(range(number))
    assert line.waiting == 0


def test_a_mark_that_overtakes_releases_nothing_before_it() -> None:
    line: Line[str] = Line()
    first, second = line.add(["a"], 1), line.add(["b"], 1)
    assert line.acknowledged(second) == []
    assert line.drop(lambda item: item == "b") == ["b"]
    assert line.acknowledged(first) == ["a"]
