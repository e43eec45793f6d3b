"""Rows about the machine: its clock is set, its disk is full."""

import resource
import time

from tests.faults.manners import GOOD
from tests.faults.table import Plan
from tests.faults.world import World

JUMPS = (600, -600, -3600)  # seconds: ten minutes either way, and an hour back
GONE = 30.0  # seconds until a broker that cannot write has ended itself
FULL = 5.0  # seconds that the disk stays full


def clock(world: World, plan: Plan) -> None:
    """The worker's clock is set; after each jump but the first another worker goes on by it."""
    world.behave(GOOD)
    world.fill(plan.events)
    world.set_clock(0)
    worker = world.worker(skewed=True)
    jumps = plan.chance.sample(JUMPS, len(JUMPS))
    low, high = plan.events // 20, plan.events * 17 // 20
    moments = sorted(plan.chance.randint(low, high) for _ in jumps)
    for number, (moment, jump) in enumerate(zip(moments, jumps, strict=True)):
        world.reach(moment)
        world.struck()
        world.set_clock(jump)
        since = time.monotonic()
        if number:
            since = world.kill(worker)
            worker = world.worker(skewed=True)
        world.back(since)


def disk_full(world: World, plan: Plan) -> None:
    """The broker's disk is full: it ends itself, as Kafka does; there is room, and it is started.

    No file of it may grow: to its writes that is as a full disk (setrlimit(2): EFBIG).
    """
    world.behave(GOOD)
    world.fill(plan.events)
    world.worker()
    for moment in plan.moments():
        world.reach(moment)
        world.struck()
        pid = world.broker.pid
        assert pid is not None
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        world.until(lambda: world.broker.pid is None, GONE, "the broker's end")
        world.outage(FULL)
        world.broker.start()
        world.back(time.monotonic())


def no_room(world: World, plan: Plan) -> None:
    """No file of the worker's may grow: its log, whatever it keeps in its home."""
    world.behave(GOOD)
    world.fill(plan.events)
    worker = world.worker(wait=True)
    for moment in plan.moments():
        world.reach(moment)
        world.struck()
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        world.road.reset()  # something to complain about
        world.outage(FULL)
        resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        world.back(time.monotonic())
