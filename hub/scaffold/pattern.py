"""A text that a pattern admits: of the patterns that contracts use, not of all there are.

Characters, classes, groups, alternatives and counts are read; the shortest text is written, with
the first member of each class. What comes out is held against the pattern by its caller.
"""

from dataclasses import dataclass
from typing import Final

from hub.contract.patterns import matcher

_CLASSES: Final = {"d": "0", "w": "a", "s": " ", "D": "a", "W": "-", "S": "a", "i": "a", "c": "a"}
_COUNTS: Final = {"*": 0, "+": 1, "?": 0}
_LONGEST: Final = 1_000


def matching(pattern: str, wished: str, least: int = 0) -> str:
    """`wished` where the pattern admits it, else a short text that it admits.

    Raises LookupError where none was found.
    """
    fits = matcher(pattern)
    candidates = [wished] if len(wished) >= least else []
    made = _Reader(pattern).read()
    if made is not None:
        candidates += [made, made.ljust(least, made[-1:] or "0")]
    for candidate in candidates:
        if len(candidate) >= least and fits(candidate):
            return candidate
    raise LookupError(pattern)


@dataclass(slots=True)
class _Reader:
    """Goes through a pattern once, from left to right."""

    pattern: str
    at: int = 0

    def read(self) -> str | None:
        try:
            found = self._alternatives()
        except (IndexError, ValueError):
            return None
        return found if self.at == len(self.pattern) and len(found) <= _LONGEST else None

    def _peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _next(self) -> str:
        self.at += 1
        return self.pattern[self.at - 1]

    def _alternatives(self) -> str:
        found = self._sequence()
        while self._peek() == "|":
            self.at += 1
            other = self._sequence()
            found = found or other
        return found

    def _sequence(self) -> str:
        parts: list[str] = []
        while self._peek() not in ("", "|", ")"):
            part = self._atom()
            parts.append(part * self._count())
            if sum(map(len, parts)) > _LONGEST:
                raise ValueError(self.pattern)
        return "".join(parts)

    def _atom(self) -> str:
        match self._next():
            case "(":
                if self._peek() == "?":
                    self.at = self.pattern.index(":", self.at) + 1  # (?: and (?s:
                inner = self._alternatives()
                self._next()
                return inner
            case "[":
                return self._class()
            case "\\":
                escaped = self._next()
                if escaped in "pP":
                    self.at = self.pattern.index("}", self.at) + 1
                    return "a"
                return _CLASSES.get(escaped, escaped)
            case ".":
                return "a"
            case "^" | "$":
                return ""
            case plain:
                return plain

    def _class(self) -> str:
        negated = self._peek() == "^"
        start = self.at
        first = self._next() if not negated else ""
        if first == "\\":
            escaped = self._next()
            first = _CLASSES.get(escaped, escaped)
        while True:
            here = self._next()
            if here == "\\":
                self.at += 1
            elif here == "]" and self.at - start > 1:
                break
        return "0" if negated else first

    def _count(self) -> int:
        mark = self._peek()
        if mark in _COUNTS and mark:
            self.at += 1
            least = _COUNTS[mark]
        elif mark == "{":
            end = self.pattern.index("}", self.at)
            least = int(self.pattern[self.at + 1 : end].partition(",")[0] or 0)
            self.at = end + 1
        else:
            return 1
        if self._peek() in ("?", "+") and self._peek():
            self.at += 1
        return min(least, _LONGEST)
