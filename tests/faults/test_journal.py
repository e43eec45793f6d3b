"""The fold of receipts: who was the owner decides what counts (decision 0012)."""

from tests.faults.evidence import Source, Told
from tests.faults.journal import fold

EVENT = Source("hub.dossier", 0, 7)
OTHER = Source("hub.dossier", 0, 8)


def owner(offset: int, partition: int = 0) -> Told:
    return Told(offset, "OWNER", Source("hub.dossier", partition, -1), epoch=offset)


def mark(offset: int, epoch: int, *marks: int) -> Told:
    return Told(offset, "MARK", Source("hub.dossier", 0, -1), epoch=epoch, marks=frozenset(marks))


def end(
    offset: int, epoch: int, outcome: str = "DELIVERED", series: int = 0, of: Source = EVENT
) -> Told:
    return Told(offset, "OUTCOME", of, outcome, series, epoch)


def outcome(*told: Told) -> str | None:
    return fold(told)[EVENT].outcome


def test_without_owners_the_first_end_counts() -> None:
    found = fold([end(2, -1, "DEAD_LETTERED"), end(1, -1)])[EVENT]
    assert found.outcome == "DELIVERED"
    assert found.surplus == ["DEAD_LETTERED"]
    assert found.contradicts


def test_what_an_old_owner_wrote_behind_a_new_one_is_void() -> None:
    assert EVENT not in fold([owner(0), owner(5), end(6, 0)])
    assert outcome(owner(0), end(4, 0), owner(5)) == "DELIVERED"
    assert outcome(owner(0), owner(5), end(6, 0, "DEAD_LETTERED"), end(7, 5)) == "DELIVERED"


def test_an_old_owners_answer_to_its_own_mark_counts() -> None:
    assert outcome(owner(0), mark(1, 0, EVENT.offset), owner(5), end(6, 0)) == "DELIVERED"


def test_a_mark_that_an_old_owner_made_too_late_is_void_with_its_answer() -> None:
    assert EVENT not in fold([owner(0), owner(5), mark(6, 0, EVENT.offset), end(7, 0)])


def test_a_mark_of_another_event_or_epoch_does_not_help() -> None:
    assert EVENT not in fold([owner(0), mark(1, 0, OTHER.offset), owner(5), end(6, 0)])
    late = [owner(0), mark(1, 0, EVENT.offset), owner(2), owner(5), end(6, 2)]
    assert EVENT not in fold(late)


def test_an_owner_of_another_partition_changes_nothing() -> None:
    assert outcome(owner(0), owner(5, partition=1), end(6, 0)) == "DELIVERED"


def test_parked_is_no_end_and_the_last_series_decides() -> None:
    assert outcome(end(1, -1, "PARKED")) == "PARKED"
    assert outcome(end(1, -1, "PARKED"), end(2, -1, series=1)) == "DELIVERED"
    resumed = (end(1, -1, "PARKED"), end(2, -1, series=1), end(3, -1, series=1))
    assert fold(resumed)[EVENT].surplus == ["DELIVERED"]


def test_an_attempt_alone_ends_nothing() -> None:
    assert fold([Told(1, "ATTEMPT", EVENT, "UNKNOWN", epoch=-1)]) == {}
