"""What becomes of an event that a lane has taken: its receipt, and what its partition is told.

An event is settled when its receipt is acknowledged; its dossier goes on as soon as the system has
answered.
"""

from collections.abc import Callable

from hub.delivery.aside import Aside
from hub.delivery.assigned import Assigned
from hub.delivery.dispatch import KeyedQueue
from hub.delivery.held import Held, Key
from hub.delivery.receipts import Outcome
from hub.delivery.settling import Receipts
from hub.delivery.versions import Versions


class Ends:
    """One lane's. Belongs to its event loop. `moved`: told of each that is not held any more."""

    def __init__(
        self,
        queue: KeyedQueue[Key, Held],
        assigned: Assigned,
        receipts: Receipts,
        versions: Versions,
        aside: Aside,
        moved: Callable[[], None],
    ) -> None:
        self._queue = queue
        self._assigned = assigned
        self._receipts = receipts
        self._versions = versions
        self._aside = aside
        self._moved = moved
        self.bytes = 0  # of the events taken and not settled

    def took(self, held: Held) -> None:
        """It is ours to bring to an end."""
        self.bytes += held.size

    def ended(self, key: Key, held: Held, outcome: Outcome | None, reason: str | None) -> None:
        """The end of the event in hand here: a receipt, and the dossier goes on.

        What happened at the system is written down even if the partition was handed on meanwhile:
        its new owner may read it yet. What did not happen is for the owner to say.
        """
        if outcome is None:
            self._close(held, None)
        elif self._assigned.is_ours(held) or outcome == "DELIVERED":
            self.settle(held, outcome, reason)
        else:
            self.forget(held)
        self._queue.done(key)

    def settle(self, held: Held, outcome: Outcome, reason: str | None) -> None:
        """Write the receipt; the event is closed when the broker has it."""
        self._receipts.end(
            held, outcome, reason, lambda: self._close(held, outcome), lambda: self.forget(held)
        )

    def _close(self, held: Held, outcome: Outcome | None) -> None:
        """The event needs nothing more from us. Its own assignment is told, not a later one."""
        self.forget(held)
        offset = held.record.offset
        if outcome == "PARKED":
            self._aside.shelved(held)
        elif held.parked:
            self._receipts.take_off(held)
        if held.late:
            held.part.unrevived(offset)
        elif not held.parked:
            held.part.settled(offset)
        if held.act >= 0 and held.part.acts is not None:
            held.part.acts.carried_out(held.act)

    def let_go(self, key: Key, held: Held) -> None:
        """In hand, but its partition is another worker's now, who has this event too."""
        self.forget(held)
        self._queue.done(key)

    def forget(self, held: Held) -> None:
        """It is not ours any more, or at its end."""
        self.bytes -= held.size
        self._versions.ended(held)
        self._moved()
