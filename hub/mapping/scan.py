"""Bounds on a mapping's text, before Python's own parser sees it.

A mapping comes from the network. `ast.parse` takes a quarter of a megabyte of brackets or of
`a,a,a` without complaint, and memory with it; so the text is first cut into words and signs by one
linear pass, counted, and refused where it has what no mapping needs: deep brackets, huge literals,
control characters, odd escapes (which would make the parser warn), other kinds of texts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from hub.mapping.diagnostics import Report, Span

SOURCE_BYTES = 262_144
TOKENS = 200_000  # words, signs and the spaces between; a table of 20,000 rows has 160,000
WORDS = 30_000  # tokens that are no literal, comma, colon or space: no table needs them
SIGNS = 2_000  # operators: long sums are deep trees
BRANCHES = 2_000  # `elif`: each nests in the one before
NESTING = 40
LITERAL = 4_096  # characters

# The tokens tile the text, so that a position is the sum of the lengths before it. A text that does
# not end takes everything behind it: to look for its end again and again would be quadratic.
_TOKEN = re.compile(
    r"""[A-Za-z]{0,3}(?:'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''|'''.*"""
    r'''|"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""|""".*'''
    r"""|'[^'\\\n]*(?:\\.[^'\\\n]*)*'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"|['"].*)"""
    r"""|\#[^\n]*|\d\w*(?:\.\d\w*)?|\w+|[ \r\n]+|.""",
    re.DOTALL,
)
_TEXT = re.compile(r"""[A-Za-z]{0,3}['"]""")
_WHOLE_TEXT = re.compile(
    r"""[A-Za-z]{0,3}(?:'''(?:[^\\]|\\.)*'''|'(?!'')(?:[^'\\\n]|\\.)*'"""
    r'''|"""(?:[^\\]|\\.)*"""|"(?!"")(?:[^"\\\n]|\\.)*"|\'\'|"")''',
    re.DOTALL,
)
_NUMBER = re.compile(r"\d{1,18}(?:\.\d{1,18})?", re.ASCII)
_ESCAPE = re.compile(r"\\(?![\\'\"nt]|u(?![dD][89A-Fa-f])[0-9A-Fa-f]{4})")
_CONTROL = re.compile(  # with those that hide or turn round what stands there (CVE-2021-42574)
    "[\x00-\x09\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff]"
    "|\r(?!\n)"
)
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_FREE = frozenset("'\"#,: \n\r0123456789")
_SIGNS = frozenset("+-*/%@^|&~<>!")


@dataclass(frozen=True, slots=True)
class _Wrong:
    code: str
    what: str
    fix: str
    last: bool = False  # nothing after it can be read, or not in linear time


def scan(source: str, report: Report) -> None:
    """Report what makes the text unfit for parsing, in time linear in its length."""
    size = len(source) if source.isascii() else len(source.encode("utf-8", "replace"))
    if size > SOURCE_BYTES:
        what = f"the mapping has {size} bytes; at most {SOURCE_BYTES} are read"
        report.error(Span(1, 0, 1, 1), "too-big", what, fix="move long tables to settings")
        return
    control = _CONTROL.search(source)
    if control is not None:
        what = f"character U+{ord(control.group()[0]):04X} does not belong in a mapping"
        span = _span(source, *control.span())
        report.error(span, "character", what, fix="use spaces and printable characters")
        return
    tokens = _TOKEN.findall(source)
    if _too_many(tokens, report):
        return
    _each(source, tokens, report)


def _too_many(tokens: Sequence[str], report: Report) -> bool:
    first = [token[0] for token in tokens]
    counts = (
        ("words and signs", len(tokens), TOKENS),
        ("words", sum(1 for c in first if c not in _FREE), WORDS),
        ("operators", sum(1 for c in first if c in _SIGNS), SIGNS),
        ("elif", sum(1 for token in tokens if token == "elif"), BRANCHES),  # noqa: S105  a word
    )
    for name, found, limit in counts:
        if found > limit:
            what = f"the mapping has {found} {name}; at most {limit} are read"
            report.error(Span(1, 0, 1, 1), "too-big", what, fix="split the mapping")
            return True
    return False


def _each(source: str, tokens: Sequence[str], report: Report) -> None:
    depth = 0
    offset = 0
    for token in tokens:
        sign = token[0]
        if sign in "([{" and len(token) == 1:
            depth += 1
            if depth > NESTING:
                what = f"brackets nest deeper than {NESTING}"
                span = _span(source, offset, offset + 1)
                report.error(span, "too-deep", what, fix="use helper functions")
                return
        elif sign in ")]}":
            depth -= 1
        elif sign not in " \n,:.=#" and not _is_plain_text(token):
            wrong = _wrong(token)
            if wrong is not None:
                span = _span(source, offset, offset + len(token))
                report.error(span, wrong.code, wrong.what, fix=wrong.fix)
                if wrong.last or report.full:
                    return
        offset += len(token)


def _is_plain_text(token: str) -> bool:
    """A short text on one line without escapes: nearly all of them, seen at a glance."""
    quote = token[0]
    return (
        quote in "'\""
        and len('"a"') <= len(token) < LITERAL
        and quote == token[-1] != token[1]
        and "\\" not in token
        and "\n" not in token
    )


def _span(source: str, begin: int, end: int) -> Span:
    line = source.count("\n", 0, begin) + 1
    start = source.rfind("\n", 0, begin) + 1
    stop = source.find("\n", begin, end)
    width = (end if stop < 0 else stop) - begin
    return Span(line, begin - start, line, begin - start + max(1, width))


def _wrong(token: str) -> _Wrong | None:
    """What is wrong with one token."""
    if _TEXT.match(token) is not None:
        return _wrong_text(token)
    if token[0].isalnum() or token[0] == "_":
        return _wrong_word(token)
    if token == "\\":  # noqa: S105  a sign of the mapping's text
        return _Wrong("syntax", "a backslash outside a text", "break lines inside brackets")
    return None


def _wrong_word(token: str) -> _Wrong | None:
    if token[0].isdecimal():
        if _NUMBER.fullmatch(token) is not None:
            return None
        what = f"{token[:40]!r} is not a plain number"
        return _Wrong("number", what, "write at most 18 decimal digits; codes are texts, in quotes")
    if _NAME.fullmatch(token) is not None:
        return None
    what = f"the name {token[:40]!r} is not made of A-Z, a-z, 0-9 and _"
    return _Wrong("name", what, "write names with plain letters, at most 100")


def _wrong_text(token: str) -> _Wrong | None:
    if _WHOLE_TEXT.fullmatch(token) is None:
        what = "a text that does not end"
        return _Wrong("open-text", what, "close the quote on the same line", last=True)
    prefix = token[: token.index(token[-1])]
    if prefix not in ("", "f"):
        return _Wrong("not-allowed", f"the prefix {prefix!r} before a text", "write it plainly")
    if len(token) > LITERAL:
        return _Wrong("too-big", f"a text of more than {LITERAL} characters", "shorten it")
    if "\\" in token and _ESCAPE.search(token.replace("\\\\", "")) is not None:
        what = "an escape other than \\\\ \\' \\\" \\n \\t \\uXXXX"
        return _Wrong("escape", what, "write the character itself, or \\uXXXX")
    return None
