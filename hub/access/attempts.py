"""What is recorded of attempts: each one, in a number of records that nobody can drive up. Pure.

The first attempt of somebody at something with one result is recorded at once; the same again
within a minute is counted, and the count is recorded when the minute is over. Beyond `MOST`
different ones in a minute the rest is counted together, so that neither a thief who guesses
tokens nor a loop that has gone wild can fill `hub.act`: at most 2 * (`MOST` + 2) records a minute
from one process.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

MINUTE = 60.0
MOST = 64


@dataclass(frozen=True, slots=True)
class Attempt:
    """Somebody tried something. `by`: a proved name, or "unknown". `connector`: "" if none.

    `what`: method and path. `result`: "allowed", or why it was refused. `peer`: from which address.
    """

    by: str
    what: str
    result: str
    connector: str = ""
    peer: str = ""
    times: int = 1


class Attempts:
    """Decides which attempts become records, and when. Not thread-safe."""

    def __init__(self) -> None:
        self._begun = 0.0
        self._counts: dict[Attempt, int] = {}  # how often after the record

    def note(self, attempt: Attempt, now: float) -> list[Attempt]:
        """What is to be recorded now; `now` in seconds that never go back."""
        over = self.over(now)
        if attempt not in self._counts and len(self._counts) >= MOST:
            allowed = attempt.result == "allowed"
            attempt = Attempt("several", "several", "allowed" if allowed else "refused")
        if attempt in self._counts:
            self._counts[attempt] += 1
            return over
        self._counts[attempt] = 0
        return [*over, attempt]

    def over(self, now: float) -> list[Attempt]:
        """What was counted, once its minute is over."""
        if now - self._begun < MINUTE:
            return []
        found = [*self.rest()]
        self._begun = now
        return found

    def rest(self) -> Iterator[Attempt]:
        """What was counted so far; it is forgotten then. For the end."""
        counts, self._counts = self._counts, {}
        return (replace(one, times=count) for one, count in counts.items() if count)
