"""First in, first out: what waits for its mark goes out in the order in which it was taken.

Marks of several partitions are acknowledged in any order; one that overtakes another releases
nothing before it. (A prototype that sent what was acknowledged first swapped steps of a dossier.)
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")


class Ticket(Generic[T]):
    """Things that were taken together, and how many acknowledgements they still wait for."""

    __slots__ = ("items", "missing")

    def __init__(self, items: Sequence[T], missing: int) -> None:
        self.items = list(items)
        self.missing = missing


class Line(Generic[T]):
    """Tickets in their order. Not thread-safe; decides, does not act."""

    def __init__(self) -> None:
        self._tickets: deque[Ticket[T]] = deque()
        self.waiting = 0  # things in the line

    def add(self, items: Sequence[T], missing: int) -> Ticket[T]:
        """Stand at the end; `missing` acknowledgements release it."""
        ticket = Ticket(items, missing)
        self._tickets.append(ticket)
        self.waiting += len(ticket.items)
        return ticket

    def acknowledged(self, ticket: Ticket[T]) -> list[T]:
        """One acknowledgement has come; what may go out now, in the order of the line."""
        ticket.missing -= 1
        released: list[T] = []
        while self._tickets and self._tickets[0].missing <= 0:
            released += self._tickets.popleft().items
        self.waiting -= len(released)
        return released

    def drop(self, gone: Callable[[T], bool]) -> list[T]:
        """Take out what has no business here any more; its ticket keeps its place."""
        dropped: list[T] = []
        for ticket in self._tickets:
            dropped += [item for item in ticket.items if gone(item)]
            ticket.items = [item for item in ticket.items if not gone(item)]
        self.waiting -= len(dropped)
        return dropped
