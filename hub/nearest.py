"""Which known word a misspelt one most likely meant: for "did you mean" in every refusal."""

from collections.abc import Iterable
from itertools import islice

_LOOKED_AT = 500  # words compared: comparing costs
_LONGEST = 40  # characters of a word that are compared


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that a typist most likely meant, by edit distance without regard to case.

    None if none is near: more than a third of the word would have to be typed anew.
    """
    wanted = word.casefold()[:_LONGEST]
    limit = max(1, len(wanted) // 3)
    close = [
        (_distance(wanted, candidate.casefold()), candidate)
        for candidate in islice(known, _LOOKED_AT)
        if abs(len(candidate) - len(wanted)) <= limit
    ]
    best = min(close, default=(limit + 1, ""))
    return best[1] if best[0] <= limit else None


def _distance(left: str, right: str) -> int:
    """Levenshtein's distance, with a transposition of neighbours counted as one."""
    before: list[int] = []
    last = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        row = [i]
        for j, b in enumerate(right, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
