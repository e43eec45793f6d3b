"""Where in a mapping an error comes from, and which field of the message is to blame.

Generated code carries the mapping's own lines and columns, so the traceback tells; the good path
pays nothing for it.
"""

from dataclasses import dataclass
from types import CodeType, TracebackType

from hub.errors import Reject
from hub.mapping.diagnostics import Span

Named = tuple[tuple[Span, str], ...]


@dataclass(frozen=True, slots=True)
class Places:
    """Of one mapping: which expressions make which `fields`, and what each path `reads`."""

    file: str
    fields: Named
    reads: Named

    def explain(self, error: Reject) -> None:
        """Set its place, `mapping.py:14:15 state`, and its field, where one path was read there."""
        spans = self._passed(error.__traceback__)
        if not spans:
            error.where = self.file
            return
        names = (_innermost(self.fields, span) for span in spans)
        name = next(filter(None, names), "")
        error.where = f"{self.file}:{spans[0].line}:{spans[0].column + 1} {name}".rstrip()
        read = next(filter(None, (_read_in(self.reads, span) for span in spans)), frozenset())
        if not error.field and len(read) == 1:
            (error.field,) = read

    def _passed(self, trace: TracebackType | None) -> list[Span]:
        """Where in the mapping an error passed: in a helper first, then where that is called."""
        found = []
        while trace is not None:
            code = trace.tb_frame.f_code
            if code.co_filename == self.file:
                found.append(_span(code, trace.tb_lasti, trace.tb_lineno))
            trace = trace.tb_next
        return found[::-1]


def _span(code: CodeType, instruction: int, line: int) -> Span:
    """Where in the source an instruction comes from."""
    for position, place in enumerate(code.co_positions()):
        if position == instruction // 2:
            start, end, column, end_column = place
            return Span(start or line, column or 0, end or line, end_column or 0)
    return Span(line, 0, line, 0)


def _within(inner: Span, outer: Span) -> bool:
    starts = (outer.line, outer.column) <= (inner.line, inner.column)
    return starts and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)


def _innermost(fields: Named, place: Span) -> str:
    """The name of the field whose expression encloses a place most tightly."""
    best: tuple[tuple[int, int], str] | None = None
    for span, name in fields:
        size = (span.end_line - span.line, span.end_column - span.column)
        if _within(place, span) and (best is None or size < best[0]):
            best = (size, name)
    return best[1] if best is not None else ""


def _read_in(reads: Named, place: Span) -> frozenset[str]:
    """The paths that are read there, each whole: of `doc.DiaChi.MaXa` not `doc.DiaChi` too."""
    inside = [(span, name) for span, name in reads if _within(span, place)]
    # the longer of two that begin together comes first, and what lies in it is passed over
    inside.sort(key=lambda read: (*_start(read[0]), -read[0].end_line, -read[0].end_column))
    whole: list[tuple[Span, str]] = []
    for span, name in inside:
        if not whole or not _within(span, whole[-1][0]):
            whole.append((span, name))
    return frozenset(name for _, name in whole)


def _start(span: Span) -> tuple[int, int]:
    return span.line, span.column
