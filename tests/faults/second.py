"""A second registration on the same workers, whose system is well all the time.

What it feels of the first one's troubles is judged by tests.faults.measures.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.faults.evidence import Evidence, Fact
from tests.faults.reading import PeerLog, Topics

NAME = "second"


@dataclass(frozen=True, slots=True)
class Second:
    """What is known of it."""

    topics: Topics
    log: PeerLog

    def follow(self) -> None:
        """Read everything that has come."""
        while self.topics.follow():
            pass
        self.log.follow()

    def done(self, sent: int) -> bool:
        """Whether so many facts have come to an end there, as far as one more poll tells."""
        self.topics.follow()
        return len(self.topics.ended) >= sent

    def evidence(self, sent: Iterable[Fact]) -> Evidence:
        """Everything that is known of it at the end."""
        return Evidence(
            sent=frozenset(sent),
            kept=tuple(self.topics.kept),
            calls=tuple(self.log.calls),
            told=tuple(self.topics.told),
            dead=frozenset(self.topics.dead),
        )
