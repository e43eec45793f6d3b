"""Rows about the workers: killed, stopped, frozen, added and removed."""

from tests.faults.manners import Manner
from tests.faults.table import Plan
from tests.faults.world import World

UNHURRIED = Manner(delay=0.02)  # seconds: so that calls are in flight whenever the fault strikes


def killed(world: World, plan: Plan) -> None:
    """kill -9 at random moments under load; another one takes over."""
    world.behave(UNHURRIED)
    world.fill(plan.events)
    worker = world.worker()
    for moment in plan.moments():
        world.reach(moment)
        since = world.kill(worker)
        worker = world.worker()
        world.back(since)
