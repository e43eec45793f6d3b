"""All faults after each other under a steady load: `--events 135000` takes half an hour."""

import time
from collections.abc import Callable
from itertools import cycle

from ops.bench.processes import Child
from tests.faults.frames import OFFSET_COMMIT, PRODUCE
from tests.faults.manners import Manner
from tests.faults.proxy import Faults
from tests.faults.table import Plan
from tests.faults.world import IN_FLIGHT, World

STEADY = Manner(delay=0.3)  # the peer bears 32 calls / 0.3 s = 107 a second
RATE = 75  # facts a second: 70 of 100 of that
STRETCH = 10.0  # seconds; one fault in each
LASTS = 3.0  # seconds that a fault lasts which has to be ended
BACK = 60.0  # seconds for the next delivery, whatever it was
REPEATS = 7 * IN_FLIGHT  # for each 5,000 events: as many stretches, each with what was in flight


class Mix:
    """One run. Each fault is a method that begins and ends it."""

    def __init__(self, world: World, plan: Plan) -> None:
        self._world = world
        self._plan = plan
        self._worker: Child = world.worker()

    @property
    def faults(self) -> list[Callable[[], None]]:
        """All, in an order of the seed."""
        all_ = [
            self._worker_killed,
            self._worker_replaced,
            self._broker_killed,
            self._produce_answers_lost,
            self._commit_answers_lost,
            self._kafka_reset,
            self._peer_half_open,
            self._peer_away,
            self._peer_cut,
            *(self._manner(manner) for manner in MANNERS),
        ]
        self._plan.chance.shuffle(all_)
        return all_

    def _worker_killed(self) -> None:
        self._world.kill(self._worker)
        self._worker = self._world.worker()

    def _worker_replaced(self) -> None:
        old, self._worker = self._worker, self._world.worker(wait=True)
        self._world.processes.end(old)

    def _broker_killed(self) -> None:
        self._world.broker.kill()
        self._world.broker.start()

    def _produce_answers_lost(self) -> None:
        self._world.kafka.lose_answers(PRODUCE, 2, silently=self._plan.chance.random() < 0.5)

    def _commit_answers_lost(self) -> None:
        self._world.kafka.lose_answers(OFFSET_COMMIT, 2, silently=False)

    def _kafka_reset(self) -> None:
        self._world.kafka.reset()

    def _peer_half_open(self) -> None:
        self._world.road.half_open()

    def _peer_away(self) -> None:
        self._on_the_road(Faults(refuse=True))

    def _peer_cut(self) -> None:
        self._on_the_road(Faults(cut_answers=40))

    def _on_the_road(self, faults: Faults) -> None:
        self._world.road.faults = faults
        self._world.road.reset()
        self._world.outage(LASTS)
        self._world.road.faults = Faults()

    def _manner(self, manner: Manner) -> Callable[[], None]:
        def behave() -> None:
            self._world.behave(manner)
            self._world.outage(LASTS)
            self._world.behave(STEADY)

        return behave


MANNERS = (
    Manner(delay=2.0),
    Manner(says="busy"),
    Manner(says="fault"),
    Manner(says="html"),
    Manner(says="truncated"),
    Manner(says="unknown"),
    Manner(says="busy", one_in=10, delay=STEADY.delay),
    Manner(says="never", one_in=10, done=True, delay=STEADY.delay),
)


def mix(world: World, plan: Plan) -> None:
    """A steady load of 70 of 100 of what the peer bears; every ten seconds another fault."""
    world.behave(STEADY)
    play = Mix(world, plan)
    a_stretch = int(RATE * STRETCH)
    faults = cycle(play.faults)
    for first in range(0, plan.events, a_stretch):
        ends = time.monotonic() + STRETCH
        world.fill(min(a_stretch, plan.events - first), first=first)
        world.outage(plan.chance.uniform(0.0, STRETCH / 3))
        world.struck()
        next(faults)()
        world.back(time.monotonic(), BACK)
        world.outage(max(0.0, ends - time.monotonic()))
