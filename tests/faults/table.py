"""What a row of the fault table is, and the seeded plan by which it is played."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from tests.faults.evidence import Limits
from tests.faults.world import DELIVERY, IN_FLIGHT, World

A_FAULT_FOR = 5_000  # events
NOTHING_ELSE = Limits()


@dataclass(frozen=True, slots=True)
class Plan:
    """One run: how many events, and everything random drawn from the row's name and the seed."""

    events: int
    seed: int
    chance: random.Random = field(repr=False, compare=False)

    @classmethod
    def of(cls, row: str, events: int, seed: int) -> "Plan":
        """The same for the same arguments."""
        return cls(events, seed, random.Random(f"{row}/{seed}"))

    @property
    def faults(self) -> int:
        """How often the fault strikes: once, and again for each A_FAULT_FOR events."""
        return 1 + self.events // A_FAULT_FOR

    def moments(self) -> list[int]:
        """When: after so many delivered facts, between 5 and 85 of 100, in order."""
        low, high = self.events // 20, self.events * 17 // 20
        return sorted(self.chance.randint(low, high) for _ in range(self.faults))


Play: TypeAlias = Callable[[World, Plan], None]


@dataclass(frozen=True, slots=True)
class Row:
    """A fault and what must hold under it.

    `each`: repeats that one strike of the fault may cost. `parked`: events that must be.
    `vain`: calls that one strike may cost a system that cannot take them. `skipped`: versions that
    may have told nothing. `not_yet`: names of
    invariants (tests.faults.oracle) that this row is known to break today; they are shown, and do
    not fail it.
    `delivery`: time limits and retries of the registration. `long`: it lasts minutes, whatever the
    size of the run. `events`: the size that it needs to say something; None: any. `second`: the
    same system is registered twice, and the other one is well. `judged`: what else it may cost.
    """

    name: str
    title: str
    play: Play
    each: int = IN_FLIGHT
    registration: str = "portal"
    parked: int = 0
    vain: int | None = None
    skipped: int = 0
    recovery: float = 15.0  # seconds
    judged: Limits = NOTHING_ELSE
    long: bool = False
    events: int | None = None
    second: bool = False
    not_yet: frozenset[str] = frozenset()
    delivery: Mapping[str, object] = field(default_factory=lambda: dict(DELIVERY))

    def limits(self, plan: Plan) -> Limits:
        """What a run of this row may cost."""
        return replace(
            self.judged,
            repeats=self.each * plan.faults,
            parked=self.parked,
            skipped=self.skipped,
            vain=None if self.vain is None else self.vain * plan.faults,
            recovery=self.recovery,
        )
