"""What is wrong with a mapping, said so that its author can mend it at once.

A mapping is written by people who know their system, not this program. Each finding names the
place, underlines it, says what was expected and by whom, what was found, and what to write
instead. All findings of a file are reported together.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hub.nearest import nearest

_WIDEST = 160  # characters of a source line that are shown
_SUGGESTIONS = 30  # per file: comparing costs, and a reader mends a few at a time
_FINDINGS = 100  # per file


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """A stretch of source: lines from 1, columns in characters from 0, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `note` says where the expectation comes from (a contract's field, its words)."""

    file: str
    span: Span
    code: str  # short constant name of the kind: "unknown-field", "may-be-absent", …
    what: str
    fix: str = ""
    field: str = ""
    note: str = ""

    @property
    def at(self) -> str:
        """`mapping.py:14:15`, line and column from 1."""
        return f"{self.file}:{self.span.line}:{self.span.column + 1}"

    def __str__(self) -> str:
        subject = f"{self.field}: " if self.field else ""
        remedy = f"; {self.fix}" if self.fix else ""
        return f"{self.at}: {subject}{self.what}{remedy}"

    def as_dict(self) -> dict[str, str]:
        """The finding for machines: at, code, field, what, fix, note."""
        return {
            "at": self.at,
            "code": self.code,
            "field": self.field,
            "what": self.what,
            "fix": self.fix,
            "note": self.note,
        }

    def render(self, source: str) -> str:
        """The finding for a person, with the source line and the offending part underlined."""
        subject = f"{self.field}: " if self.field else ""
        lines = [f"{self.at}: {self.code}: {subject}{self.what}", *self._excerpt(source)]
        if self.note:
            lines.append(f"  expected by: {self.note}")
        if self.fix:
            lines.append(f"  instead: {self.fix}")
        return "\n".join(lines)

    def _excerpt(self, source: str) -> list[str]:
        lines = source.split("\n")
        if not 0 < self.span.line <= len(lines):
            return []
        text = lines[self.span.line - 1].rstrip("\r")
        start = min(self.span.column, len(text))
        end = self.span.end_column if self.span.end_line == self.span.line else len(text)
        shift = max(0, start - _WIDEST // 2)
        shown = _printable(text[shift : shift + _WIDEST])
        width = max(1, min(end, shift + _WIDEST) - start)
        number = str(self.span.line)
        return [
            f"  {number} | {shown}",
            f"  {' ' * len(number)} | {' ' * (start - shift)}{'^' * width}",
        ]


class MappingErrors(Exception):
    """A mapping that is refused, with every finding."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        super().__init__("\n".join(str(diagnostic) for diagnostic in diagnostics))
        self.diagnostics = diagnostics

    def render(self, source: str) -> str:
        """All findings, as a person reads them."""
        return "\n\n".join(diagnostic.render(source) for diagnostic in self.diagnostics)


@dataclass(slots=True)
class Report:
    """Collects the findings of one file."""

    file: str
    lines: Sequence[str]
    found: dict[tuple[Span, str], Diagnostic] = field(default_factory=dict)
    suggested: int = 0

    def span(self, node: ast.AST) -> Span:
        """Where a node stands, in characters (ast counts UTF-8 bytes)."""
        line = getattr(node, "lineno", 1)
        end_line = getattr(node, "end_lineno", None) or line
        column = self._characters(line, getattr(node, "col_offset", 0))
        end = self._characters(end_line, getattr(node, "end_col_offset", None) or 0)
        return Span(line, column, end_line, end)

    def _characters(self, line: int, offset: int) -> int:
        if not 0 < line <= len(self.lines):
            return 0
        text = self.lines[line - 1]
        if text.isascii():
            return offset
        return len(text.encode("utf-8", "replace")[:offset].decode("utf-8", "ignore"))

    def error(
        self,
        where: ast.AST | Span,
        code: str,
        what: str,
        *,
        fix: str = "",
        field: str = "",
        note: str = "",
    ) -> None:
        """Record a finding; the same one twice (a helper checked for two flows) counts once."""
        span = where if isinstance(where, Span) else self.span(where)
        finding = Diagnostic(self.file, span, code, what, fix, field, note)
        if len(self.found) < _FINDINGS:
            self.found.setdefault((span, what), finding)

    def replace(
        self, where: ast.AST, code: str, what: str, *, fix: str, field: str, note: str
    ) -> None:
        """Say more in a finding that was recorded already."""
        span = self.span(where)
        if (span, what) in self.found:
            self.found[span, what] = Diagnostic(self.file, span, code, what, fix, field, note)

    def did_you_mean(self, name: str, known: Iterable[str]) -> str:
        """`did you mean 'state'?` for the nearest of `known`, or "" if none is near."""
        self.suggested += 1
        near = nearest(name, known) if self.suggested <= _SUGGESTIONS else None
        return f"did you mean {near!r}?" if near is not None else ""

    @property
    def full(self) -> bool:
        """Whether enough was found: a reader mends a few at a time, and looking on costs."""
        return len(self.found) >= _FINDINGS

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All findings in the order of the source."""
        return tuple(sorted(self.found.values(), key=lambda d: (d.span, d.what)))

    def stop(self) -> None:
        """Raise MappingErrors if anything was found."""
        if self.found:
            raise MappingErrors(self.sorted())


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)
