"""What a simulated system received and did, in order, for the tests that look at it afterwards.

Calls and violations are kept in memory up to a bound. Effects go to a file, one JSON line each,
when a state folder is given; reading it back restores the system.
"""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import msgspec

from ops.systems.model import Effect, Json
from ops.systems.rules import Subject


class CallRecord(msgspec.Struct, frozen=True):
    """One call, in or out.

    `digest` is of the body as received; `content_digest` leaves out session and security header, so
    that it is the same for a byte-identical repeat after a new login. In `body` credentials are
    `***`.
    """

    number: int
    at: float
    operation: str
    verdict: str
    status: int | None
    direction: str = "in"
    service: str = ""
    dossier: str = ""
    key: str = ""
    method: str = ""
    path: str = ""
    query: str = ""
    rule: str = ""
    digest: str = ""
    content_digest: str = ""
    body: str = ""


@dataclass(slots=True)
class Journal:
    """Calls, violations and counters. `keep` bounds each list; `bodies`: whether to keep those."""

    keep: int = 100_000
    bodies: bool = True
    calls: deque[CallRecord] = field(default_factory=deque)
    violations: deque[Json] = field(default_factory=deque)
    counters: Counter[str] = field(default_factory=Counter)
    _number: int = 0
    _file: BinaryIO | None = None

    def record(self, call: CallRecord) -> None:
        """One more call."""
        self.calls.append(call)
        if len(self.calls) > self.keep:
            self.calls.popleft()

    def count(self, operation: str, verdict: str, direction: str = "in") -> int:
        """Count a call; returns its number, from 1."""
        self._number += 1
        self.counters[f"{direction}.{operation}.{verdict}"] += 1
        return self._number

    def violation(self, subject: Subject, what: str, at: float) -> None:
        """Something a well-behaved hub would not have done."""
        self.counters["violations"] += 1
        self.violations.append(
            {
                "at": at,
                "operation": subject.operation,
                "dossier": subject.dossier,
                "key": subject.key,
                "what": what,
            }
        )
        if len(self.violations) > self.keep:
            self.violations.popleft()

    def open(self, folder: Path) -> Iterator[Effect]:
        """The effects kept in `folder`, oldest first; afterwards new ones are appended there.

        A last line that a crash cut short is dropped from the file: its request was never answered.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "effects.jsonl"
        decoder = msgspec.json.Decoder(Effect)
        good = 0
        if path.exists():
            with path.open("rb") as lines:
                for line in lines:
                    if not line.endswith(b"\n"):
                        break
                    yield decoder.decode(line)
                    good += len(line)
        self._file = path.open("ab")
        self._file.truncate(good)

    def write(self, effect: Effect) -> None:
        """Keep an effect before its answer goes out."""
        if self._file is not None:
            self._file.write(msgspec.json.encode(effect) + b"\n")
            self._file.flush()

    def close(self) -> None:
        """Close the file of effects."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def reset(self) -> None:
        """Forget calls, violations and counters (not the state)."""
        self.calls.clear()
        self.violations.clear()
        self.counters.clear()
