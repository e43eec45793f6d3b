"""The answer before this one, and what it was understood as.

Most systems say yes in the same words each time, so what came last is what comes next. To see that
two answers are the same takes a third of a microsecond; to read one, and to hold it against its
contract, took 10 (JSON) and 25 (SOAP) of the 185 that an event cost a worker's loop.
"""

from typing import Generic, TypeVar

from adapters.http.connection import RawAnswer

T = TypeVar("T")
MOST = 4_096  # bytes of a body that is remembered: the words of a yes, no list of items


class Known(Generic[T]):
    """Remembers one answer of one operation. What is given back is shared: nobody may change it."""

    __slots__ = ("_raw", "_understood")

    def __init__(self) -> None:
        self._raw: RawAnswer | None = None
        self._understood: T | None = None

    def of(self, raw: RawAnswer) -> T | None:
        """What this very answer (status, headers, body) was understood as last; None: look."""
        return self._understood if raw == self._raw else None

    def keep(self, raw: RawAnswer, understood: T) -> T:
        """Remember it, unless it is large."""
        if len(raw.body) <= MOST:
            self._raw, self._understood = raw, understood
        return understood
