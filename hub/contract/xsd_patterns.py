r"""Patterns of XML Schema as patterns of RE2.

They look alike and differ: in XML Schema a pattern is always the whole value, "^" and "$" are plain
characters, \d is every decimal digit of Unicode, \i and \c are XML's name characters.
"""

from typing import Final

from hub.errors import Reject

_ESCAPES: Final = {"d": r"\p{Nd}", "D": r"\P{Nd}", "s": r"[ \t\n\r]", "S": r"[^ \t\n\r]"}
_IN_CLASS: Final = {"d": r"\p{Nd}", "D": r"\P{Nd}", "s": r" \t\n\r"}
_KEPT: Final = "nrt\\|.?*+(){}-[]^"


def translate(pattern: str) -> str:
    """The same pattern for RE2. Raises Reject, without a place, for what has no equivalent."""
    out: list[str] = []
    depth = 0  # of character classes: 0 or 1
    rest = iter(range(len(pattern)))
    for index in rest:
        char = pattern[index]
        if char == "\\":
            escape = pattern[index + 1 : index + 2]
            next(rest, None)
            out.append(_escape(escape, in_class=depth > 0))
        elif char == "[":
            if depth:
                raise _refuse("a character class subtraction")
            depth = 1
            out.append(char)
        elif char == "]":
            depth = 0
            out.append(char)
        elif char in "^$" and not (depth and out[-1] == "[" and char == "^"):
            out.append("\\" + char)
        else:
            out.append(char)
    return "".join(out)


def _escape(letter: str, *, in_class: bool) -> str:
    if letter in {"p", "P"} or (letter and letter in _KEPT):
        return "\\" + letter  # \p{IsThai} and its like are refused by RE2 itself
    known = (_IN_CLASS if in_class else _ESCAPES).get(letter)
    if known is None:
        raise _refuse(f"\\{letter}")
    return known


def _refuse(what: str) -> Reject:
    return Reject(f"{what} in a pattern is not supported", fix="write the characters out")
