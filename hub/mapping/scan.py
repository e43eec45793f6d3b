"""Bounds on a mapping's text, before Python's own parser sees it.

A mapping comes from the network. `ast.parse` takes a quarter of a megabyte of brackets or of
`a,a,a` without complaint, and memory with it; so the text is first read by one linear scan that
counts, and refuses what no mapping needs: deep brackets, huge literals, control characters, odd
escapes (which would make the parser warn), other kinds of string.
"""

import re
from dataclasses import dataclass

from hub.mapping.diagnostics import Report, Span

SOURCE_BYTES = 262_144
TOKENS = 100_000  # a table of 20,000 rows has 80,000
NESTING = 40
LITERAL = 4_096  # characters

_TOKEN = re.compile(
    r"""(?P<string>(?P<prefix>[A-Za-z]{0,3})(?:'''(?:[^\\]|\\.)*?'''|\"\"\"(?:[^\\]|\\.)*?\"\"\""""
    r"""|'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"))"""
    r"""|(?P<comment>\#[^\n]*)|(?P<number>\d\w*(?:\.\d\w*)?)|(?P<word>\w+)|(?P<open>[(\[{])"""
    r"""|(?P<close>[)\]}])|(?P<space>[ \n\r]+)|(?P<other>.)""",
    re.DOTALL,
)
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?")
_ESCAPE = re.compile(r"\\(?![\\'\"nt]|u[0-9A-Fa-f]{4})")
_CONTROL = re.compile("[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufeff]|\r(?!\n)")
_HOPELESS = frozenset(
    {"too-deep", "open-text"}
)  # what follows cannot be read, or not in linear time
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


@dataclass(slots=True)
class _Place:
    """Finds the line and column of ever later offsets."""

    source: str
    line: int = 1
    start: int = 0  # offset at which the line begins

    def span(self, begin: int, end: int) -> Span:
        newline = self.source.find("\n", self.start, begin)
        while newline >= 0:
            self.line, self.start = self.line + 1, newline + 1
            newline = self.source.find("\n", self.start, begin)
        stop = self.source.find("\n", begin, end)
        width = (end if stop < 0 else stop) - begin
        column = begin - self.start
        return Span(self.line, column, self.line, column + max(1, width))


def scan(source: str, report: Report) -> None:
    """Report what makes the text unfit for parsing, in time linear in its length."""
    size = len(source) if source.isascii() else len(source.encode("utf-8", "replace"))
    if size > SOURCE_BYTES:
        what = f"the mapping has {size} bytes; at most {SOURCE_BYTES} are read"
        report.error(Span(1, 0, 1, 1), "too-big", what, fix="move long tables to settings")
        return
    place = _Place(source)
    control = _CONTROL.search(source)
    if control is not None:
        span = place.span(control.start(), control.end())
        what = f"character U+{ord(control.group()):04X} does not belong in a mapping"
        report.error(span, "character", what, fix="use spaces and printable characters")
        return
    _tokens(source, place, report)


def _tokens(source: str, place: _Place, report: Report) -> None:
    depth = 0
    for count, token in enumerate(_TOKEN.finditer(source)):
        if count > TOKENS:
            span = place.span(*token.span())
            report.error(span, "too-big", f"the mapping has more than {TOKENS} words and signs")
            return
        kind = token.lastgroup
        if kind == "open":
            depth += 1
        elif kind == "close":
            depth -= 1
        wrong = _wrong(token, depth)
        if wrong:
            code, what, fix = wrong
            report.error(place.span(*token.span()), code, what, fix=fix)
            if code in _HOPELESS:
                return


def _wrong(token: re.Match[str], depth: int) -> tuple[str, str, str] | None:
    """Code, text and remedy of what is wrong with one token."""
    match token.lastgroup:
        case "open" if depth > NESTING:
            return "too-deep", f"brackets nest deeper than {NESTING}", "use helper functions"
        case "string":
            return _wrong_string(token)
        case "word" if _NAME.fullmatch(token.group()) is None:
            what = f"the name {token.group()[:40]!r} is not made of A-Z, a-z, 0-9 and _"
            return "name", what, "write names with plain letters, at most 100"
        case "number" if _NUMBER.fullmatch(token.group()) is None:
            what = f"{token.group()[:40]!r} is not a plain number"
            return "number", what, "write at most 18 decimal digits; codes are texts, in quotes"
        case "other" if token.group() in "\\\"'":
            return _stray(token.group())
        case _:
            return None


def _stray(sign: str) -> tuple[str, str, str]:
    if sign == "\\":
        return "syntax", "a backslash outside a text", "break lines inside brackets"
    return "open-text", "a text that does not end", "close the quote on the same line"


def _wrong_string(token: re.Match[str]) -> tuple[str, str, str] | None:
    text = token.group("string")
    if token.group("prefix") not in ("", "f"):
        what = f"the prefix {token.group('prefix')!r} before a text"
        return "not-allowed", what, "write a plain text, or an f-text"
    if text in ("''", '""') and token.string.startswith(text[0], token.end()):
        return "open-text", "a long text that does not end", "close the three quotes"
    if len(text) > LITERAL:
        return "too-big", f"a text of more than {LITERAL} characters", "shorten it"
    if _ESCAPE.search(text.replace("\\\\", "")) is not None:
        what = "an escape other than \\\\ \\' \\\" \\n \\t \\uXXXX"
        return "escape", what, "write the character itself, or \\uXXXX"
    return None
