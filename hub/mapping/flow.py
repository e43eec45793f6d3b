"""One compiled function of a mapping, and the place in the source that an error comes from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import CodeType, TracebackType
from typing import TypeAlias

from hub.contract.types import Document
from hub.errors import Reject
from hub.mapping.diagnostics import Span

Emitted: TypeAlias = list[tuple[str, Document]]
Called: TypeAlias = tuple[str, Document] | None

_BUDGET = 5_000_000  # turns of lists times what each does, for one message: about a second


@dataclass(frozen=True, slots=True)
class Flow:
    """One compiled function. Call it; it keeps no state."""

    name: str
    run: Callable[..., Emitted | Called]
    parameters: int
    file: str
    fields: tuple[tuple[Span, str], ...] = field(repr=False)

    def __call__(
        self,
        argument: object,
        answer: object,
        settings: Mapping[str, object],
        flags: list[str],
    ) -> Emitted | Called:
        """Translate one message. Raises Reject, with the place in the mapping, and nothing else."""
        arguments = (argument, answer)[: self.parameters]
        try:
            return self.run(*arguments, settings, flags, [_BUDGET])
        except Reject as error:
            if not error.where:
                error.where = self._place(error.__traceback__)
            raise

    def emit(self, argument: object, settings: Mapping[str, object], flags: list[str]) -> Emitted:
        """As a call, for a flow that emits."""
        found = self(argument, None, settings, flags)
        return found if isinstance(found, list) else []

    def call(
        self,
        argument: object,
        answer: object,
        settings: Mapping[str, object],
        flags: list[str],
    ) -> Called:
        """As a call, for a flow that calls."""
        found = self(argument, answer, settings, flags)
        return None if isinstance(found, list) else found

    def value(self, argument: object, settings: Mapping[str, object], flags: list[str]) -> object:
        """As a call, for a function that returns a plain value."""
        return self(argument, None, settings, flags)

    def _place(self, trace: TracebackType | None) -> str:
        """`mapping.py:14:15 state`, of the innermost frame that is the mapping's."""
        found = None
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == self.file:
                found = trace
            trace = trace.tb_next
        if found is None:
            return self.file
        span = _span(found.tb_frame.f_code, found.tb_lasti, found.tb_lineno)
        name = _innermost(self.fields, span)
        return f"{self.file}:{span.line}:{span.column + 1} {name}".rstrip()


def spend(budget: list[int], of: Sequence[object], weight: int) -> None:
    """Pay for going through a list (or making a text); too much is refused, in bounded time."""
    budget[0] -= len(of) * (weight + 1)
    if budget[0] < 0:
        raise Reject(
            "this message would take too long to translate",
            fix="shorten its lists",
            code="too_large",
        )


def measure(budget: list[int], *parts: str | int) -> None:
    """Pay for a text before it is made of its parts."""
    spend(budget, range(sum(len(part) for part in parts if isinstance(part, str))), 0)


def _span(code: CodeType, instruction: int, line: int) -> Span:
    """Where in the source an instruction comes from."""
    for position, place in enumerate(code.co_positions()):
        if position == instruction // 2:
            start, end, column, end_column = place
            return Span(start or line, column or 0, end or line, end_column or 0)
    return Span(line, 0, line, 0)


def _innermost(fields: tuple[tuple[Span, str], ...], place: Span) -> str:
    """The name of the field whose expression encloses a place most tightly."""
    best: tuple[tuple[int, int], str] | None = None
    for span, name in fields:
        starts = (span.line, span.column) <= (place.line, place.column)
        ends = (place.end_line, place.end_column) <= (span.end_line, span.end_column)
        size = (span.end_line - span.line, span.end_column - span.column)
        if starts and ends and (best is None or size < best[0]):
            best = (size, name)
    return best[1] if best is not None else ""
