"""How many records attempts can make, and that none is lost from the count."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from hub.access.attempts import MINUTE, MOST, Attempt, Attempts

GUESS = Attempt("unknown", "DELETE /subjects/{subject}", "refused: the credential is nobody's")


def test_the_first_is_told_at_once_and_the_rest_when_the_minute_is_over() -> None:
    attempts = Attempts()
    assert attempts.note(GUESS, 100.0) == [GUESS]
    assert [] == [one for n in range(999) for one in attempts.note(GUESS, 100.0 + n / 100)]
    assert attempts.over(100.0 + MINUTE - 1) == []
    (counted,) = attempts.over(100.0 + MINUTE)
    assert (GUESS.by, GUESS.what, 999) == (counted.by, counted.what, counted.times)
    assert attempts.over(100.0 + 3 * MINUTE) == []
    assert attempts.note(GUESS, 100.0 + 3 * MINUTE) == [GUESS]


KINDS = st.tuples(st.integers(0, 200), st.booleans()).map(
    lambda p: Attempt(f"p{p[0]}", "GET /dossiers/x", "allowed" if p[1] else "refused: role")
)


@given(st.lists(st.tuples(KINDS, st.floats(0, 3)), max_size=400))
def test_every_attempt_is_in_exactly_one_record_and_a_minute_has_few(
    tried: list[tuple[Attempt, float]],
) -> None:
    attempts, now = Attempts(), 1_000.0
    told: list[tuple[float, Attempt]] = []
    for attempt, pause in tried:
        now += pause
        told += [(now, one) for one in attempts.note(attempt, now)]
    told += [(now, one) for one in attempts.rest()]
    assert sum(one.times for _, one in told) == len(tried)
    first = Counter((when - 1_000.0) // MINUTE for when, _ in told)
    assert all(count <= 4 * (MOST + 2) for count in first.values())
    refused = sum(one.times for _, one in told if one.result != "allowed")
    assert refused == sum(attempt.result != "allowed" for attempt, _ in tried)
