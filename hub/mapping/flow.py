"""One compiled function of a mapping."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from hub.contract.types import Document
from hub.errors import Reject
from hub.mapping.places import Places

Emitted: TypeAlias = list[tuple[str, Document]]
Called: TypeAlias = tuple[str, Document] | None

_BUDGET = 5_000_000  # turns of lists times what each does, for one message: about a second


@dataclass(frozen=True, slots=True)
class Flow:
    """One compiled function. Call it; it keeps no state."""

    name: str
    run: Callable[..., Emitted | Called]
    parameters: int
    places: Places = field(repr=False)

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
                self.places.explain(error)
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
