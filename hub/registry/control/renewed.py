"""Secrets that were renewed where they lie, on record: whose, which one and when, never what.

The processes that use them take them up by themselves (`hub.landscapes`); this tells it for good,
as far as the control plane's machine holds the same files.
"""

from collections.abc import Callable

from hub.registry.control.acts import RENEWED, Act, Book
from hub.registry.control.shelf import Shelf
from hub.registry.ledger import SERVED, Registered
from hub.registry.renewals import Renewals

BY = "hub"


class Renewed:
    """Looks now and then. Belongs to one thread at a time. `clock`: epoch ms."""

    def __init__(
        self, shelf: Callable[[], Shelf], renewals: Renewals, book: Book, clock: Callable[[], int]
    ) -> None:
        self._shelf = shelf
        self._renewals = renewals
        self._book = book
        self._clock = clock

    def look(self) -> None:
        """Tell what was renewed since the last look. Raises Retry without the broker."""
        served = [one for one in self._shelf().all() if one.state in SERVED]
        self._renewals.know(reference for one in served for reference in _secrets(one).values())
        changed = self._renewals.look()
        for one in served:
            for name, reference in _secrets(one).items():
                if reference in changed:
                    words = f"secret {name} ({reference})"
                    why = "another content under the same reference"
                    self._book.tell(Act(RENEWED, one.name, words, BY, why, self._clock()))


def _secrets(registered: Registered) -> dict[str, str]:
    said = registered.entry.get("secrets")
    return {k: str(v) for k, v in said.items()} if isinstance(said, dict) else {}
