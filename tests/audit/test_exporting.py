"""Which rounds enclose an interval: nothing of its time may stand behind the last one."""

import pytest

from hub.audit.checkpoint import Round
from hub.audit.exporting import interval
from hub.errors import Retry
from tests.audit.evidence import SECOND, SPOTS, evidence


def rounds() -> list[Round]:
    """One each hour, with a quarter more of the leaves each time."""
    made = evidence()
    return [made.round(part / 4, SECOND + part * 3600) for part in range(1, 5)]


def ms(hours: float) -> int:
    return int((SECOND + hours * 3600) * 1000)


@pytest.mark.parametrize(
    ("since", "until", "begin", "end"),
    [
        (None, None, None, 4),
        (0.5, None, None, 4),
        (1, 2, 1, 2),
        (1.5, 2.5, 1, 3),
        (3.5, 3.6, 3, 4),
        (None, 0.1, None, 1),
    ],
)
def test_the_nearest_rounds_enclose_it(
    since: float | None, until: float | None, begin: int | None, end: int
) -> None:
    found = interval(
        rounds(), None if since is None else ms(since), None if until is None else ms(until), {}
    )
    told = [
        None if one is None else (one.seconds - SECOND) // 3600 for one in (found.begin, found.end)
    ]
    assert told == [begin, end]


def test_a_round_that_lags_behind_the_topics_is_no_end() -> None:
    """At the third hour the topics held more than the third round covers."""
    covered = rounds()[2].checkpoint(SPOTS[0])
    assert covered is not None
    found = interval(rounds(), ms(1), ms(3), {SPOTS[0]: covered.size + 1})
    assert found.end == rounds()[3]
    with pytest.raises(Retry, match="nothing was signed yet"):
        interval(rounds(), ms(1), ms(3), {SPOTS[0]: 10_000})


def test_what_was_never_signed_is_told() -> None:
    for made in ([], rounds()):
        with pytest.raises(Retry, match="nothing was signed yet"):
            interval(made, ms(1), ms(9), {})
