"""What may be deleted: only what nothing holds; each hold alone is enough."""

import pytest

from hub.audit.archive.retention import (
    ARCHIVE_DAYS,
    DAY_MS,
    Cut,
    Hold,
    Stock,
    cuts,
    expired,
    recovery_holds,
)
from hub.records import Spot

SPOT, OTHER = Spot("hub.dossier", 0), Spot("hub.dossier", 1)
NOW = 1_760_321_100_000  # 2025-10-13, epoch ms
WHOLE = Stock(SPOT, begin=10, old=100, archived=100, signed=100)


def cut(stock: Stock, *holds: Hold) -> Cut:
    (found,) = cuts([stock], holds)
    return found


def test_what_nothing_holds_may_go() -> None:
    assert cut(WHOLE) == Cut(SPOT, 10, 100, "it is not archived")
    assert cut(WHOLE).count == 90


@pytest.mark.parametrize(
    ("stock", "why"),
    [
        (Stock(SPOT, 10, old=40, archived=100, signed=100), "its age"),
        (Stock(SPOT, 10, old=100, archived=40, signed=100), "it is not archived"),
        (Stock(SPOT, 10, old=100, archived=100, signed=40), "it is not signed for"),
    ],
)
def test_each_condition_alone_keeps_it(stock: Stock, why: str) -> None:
    assert cut(stock) == Cut(SPOT, 10, 40, why)


def test_the_lowest_hold_of_its_partition_counts() -> None:
    holds = [Hold(SPOT, 70, "portal"), Hold(SPOT, 50, "an open letter"), Hold(OTHER, 0, "ngsp")]
    assert cut(WHOLE, *holds) == Cut(SPOT, 10, 50, "an open letter")


def test_what_is_gone_already_is_not_deleted_again() -> None:
    assert cut(WHOLE, Hold(SPOT, 3, "portal")).count == 0


def test_a_registration_holds_what_it_would_recover_from() -> None:
    commits = {"portal": {SPOT: (60, 7, 3)}, "ngsp": {SPOT: (90, 9, 2), OTHER: (5, 4, 1)}}
    found = recovery_holds(commits, [SPOT, OTHER], "hub.receipt", "hub.act")
    lowest = {spot: min(h.offset for h in found if h.spot == spot) for spot, _, _ in found}
    assert lowest == {
        SPOT: 60,
        OTHER: 0,  # the portal has committed nothing there: it reads all of it
        Spot("hub.receipt", 0): 7,
        Spot("hub.receipt", 1): 0,
        Spot("hub.act", 0): 2,
        Spot("hub.act", 1): 0,
    }


DAYS = ["2024-10-11", "2024-10-12", "2024-10-13", "2025-10-13"]


def test_a_day_of_the_archive_is_kept_for_twelve_months() -> None:
    assert expired(DAYS, NOW, None, ARCHIVE_DAYS) == ["2024-10-11"]
    assert expired(DAYS, NOW + DAY_MS, None, ARCHIVE_DAYS) == ["2024-10-11", "2024-10-12"]
    assert expired(DAYS, NOW, None, 1_000) == []
    with pytest.raises(ValueError, match="366 days at least"):
        expired(DAYS, NOW, None, 30)


def test_a_failure_that_nobody_has_closed_keeps_its_time() -> None:
    later = NOW + 3_000 * DAY_MS
    assert expired(DAYS, later, NOW, ARCHIVE_DAYS) == DAYS[:3]
    assert expired(DAYS, later, 0, ARCHIVE_DAYS) == []
    assert expired(DAYS, later, None, ARCHIVE_DAYS) == DAYS
