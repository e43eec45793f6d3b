"""The one home of RE2: patterns of contracts are evaluated in linear time.

A contract is a stranger's text, and so is every value that is matched against it; a backtracking
engine would let either of them stop the hub. What RE2 does not know (look-around, back-references)
is refused when the contract is read.
"""

import re
from collections.abc import Callable
from functools import lru_cache

import re2  # type: ignore[import-untyped]  # it ships no hints; its types stay in here

from hub.errors import Reject

Matcher = Callable[[str], bool]

_MEMORY = 4 << 20  # bytes of automaton per pattern; RE2's default of 8 MiB is more than enough
_LONGEST = 1_000  # characters of a pattern
# Characters and classes one after the other, each so many times: nothing that an engine could go
# back on, so Python's takes linear time as well, and a quarter of what the way into RE2 costs.
_FIXED = re.compile(r"(?:(?:[\w /:,@#-]|\\[d./-]|\[[\w.-]+\])(?:\{\d{1,3}\})?)+", re.ASCII)


@lru_cache(maxsize=4_096)
def matcher(pattern: str) -> Matcher:
    """A function that tells whether a whole text matches `pattern` (RE2 syntax).

    Raises Reject, without a place, if RE2 does not know the pattern or it is too large.
    """
    if len(pattern) > _LONGEST:
        raise Reject(f"a pattern of {len(pattern)} characters is too long", fix="shorten it")
    options = re2.Options()
    options.max_mem = _MEMORY
    options.log_errors = False
    try:
        search = re2.compile(rf"\A(?:{pattern})\z", options).search
        automaton = re2.Set.FullMatchSet(options)
        automaton.Add(pattern)
        automaton.Compile()
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise Reject(
            f"the pattern {pattern!r} is not supported: {reason}",
            fix="write it without look-around and back-references",
        ) from error

    if _FIXED.fullmatch(pattern) and "--" not in pattern:
        whole = re.compile(pattern, re.ASCII).fullmatch
        return lambda text: whole(text) is not None

    def matches(text: str) -> bool:
        # The automaton alone costs 0.7 µs against 4 µs, but says no when it runs out of memory.
        return automaton.Match(text) is not None or search(text) is not None

    return matches


def searched(pattern: str) -> str:
    """A pattern that may match anywhere in a text (ECMA 262), as one of the whole text."""
    anchored = rf"(?s:.*)(?:{pattern})(?s:.*)"
    if pattern.startswith("^") and pattern.endswith("$") and _plain(pattern[1:-1]):
        return pattern[1:-1]
    return anchored


def _plain(inner: str) -> bool:
    """Whether cutting ^ and $ off leaves the meaning: no alternative, no escaped dollar."""
    return "|" not in inner and not inner.endswith("\\")
