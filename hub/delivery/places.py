"""Places for calls in flight, shared by the lanes of a worker; who is asked when one is free."""

from collections.abc import Callable

from hub.delivery.fairness import FairShare


class Places:
    """The fair share of each lane; belongs to the event loop."""

    def __init__(self, total: int) -> None:
        """`total`: calls in flight that the process bears at once."""
        self._fair = FairShare(total)
        self._lanes: dict[str, Callable[[], None]] = {}

    def join(self, name: str, ask: Callable[[], None]) -> None:
        """A lane of this process; `ask` is called when a place may be free for it."""
        self._fair.join(name)
        self._lanes[name] = ask

    def leave(self, name: str) -> None:
        """The lane has ended; the others may have its share."""
        self._fair.leave(name)
        self._lanes.pop(name, None)
        self.ask_others()

    def may_start(self, name: str) -> bool:
        """Whether this lane, which has something to send, may start a call now."""
        return self._fair.may_start(name)

    def started(self, name: str) -> None:
        """A call of this lane starts."""
        self._fair.started(name)

    def ended(self, name: str) -> None:
        """A call of this lane has ended."""
        self._fair.ended(name)

    def ask_others(self) -> None:
        """Those that were refused, in their turn."""
        for name in self._fair.refused:
            self._lanes[name]()
