"""What the parts of a lane ask of the lane: whose an event is, and what becomes of it."""

from collections.abc import Coroutine
from typing import Protocol

from hub.delivery.held import Held, Key, Part
from hub.delivery.receipts import Outcome


class Host(Protocol):
    """A lane, as its parts see it. All methods belong to the event loop."""

    @property
    def halted(self) -> str | None:
        """Why nothing is sent until a person acts, or None."""
        ...

    def put(self, held: Held) -> None:
        """Queue an event behind the others of its dossier."""
        ...

    def pump(self) -> None:
        """Send what may go."""
        ...

    def task(self, work: Coroutine[object, object, None]) -> None:
        """Run it until the lane closes."""
        ...

    def may_go_on(self, held: Held) -> bool:
        """Whether its partition is ours, and stays so."""
        ...

    def part_of(self, key: Key) -> Part | None:
        """The dossier's partition, if it is ours and stays so."""
        ...

    def let_go(self, key: Key, held: Held) -> None:
        """It is in hand, but another worker's now: forget it."""
        ...

    def ended(self, key: Key, held: Held, outcome: Outcome | None, reason: str | None) -> None:
        """It is in hand and at its end (None: not for us): its receipt, and the dossier goes on."""
        ...

    def settle(self, held: Held, outcome: Outcome, reason: str | None) -> None:
        """Write its receipt; the event is closed when the broker has it."""
        ...
