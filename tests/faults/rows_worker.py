"""Rows about the workers: killed, frozen, added, removed, replaced one by one."""

import signal

from confluent_kafka.admin import AdminClient

from tests.faults.manners import GOOD, Manner
from tests.faults.table import Plan
from tests.faults.world import World

LATE = Manner(delay=1.5)  # within the call's time limit: done, and nobody has heard of it yet
DEAD = 13.0  # seconds until a silent member's partitions are another's; its session is 10 s
ANSWER = 20.0  # seconds for an administrator's request


def killed(world: World, plan: Plan) -> None:
    """kill -9 at random moments under load; another one takes over."""
    world.behave(GOOD)
    world.fill(plan.events)
    worker = world.worker()
    for moment in plan.moments():
        world.reach(moment)
        since = world.kill(worker)
        worker = world.worker()
        world.back(since)


def killed_in_between(world: World, plan: Plan) -> None:
    """kill -9 when the peer has done it and not yet said so."""
    world.behave(GOOD)
    world.fill(plan.events)
    worker = world.worker()
    for moment in plan.moments():
        world.reach(moment)
        world.behave(LATE)
        world.reach(min(world.taken() + 8, plan.events))  # these calls wait for their answer
        since = world.kill(worker)
        world.behave(GOOD)
        worker = world.worker()
        world.back(since)


def frozen(world: World, plan: Plan) -> None:
    """SIGSTOP until all its partitions are another's and delivered; then it wakes up."""
    world.behave(GOOD)
    world.fill(plan.events)
    sleeper = world.worker(wait=True)
    world.worker(wait=True)
    world.reach(min(plan.moments()))
    sleeper.process.send_signal(signal.SIGSTOP)
    world.strikes += 1
    try:
        world.outage(DEAD)
        world.reach(plan.events)
    finally:
        sleeper.process.send_signal(signal.SIGCONT)
    world.until(lambda: world.processes.ready(sleeper), 30, "the worker that woke up")
    world.quiet(3)


def come_and_go(world: World, plan: Plan) -> None:
    """Workers are added and removed while there is work; one always stays."""
    world.behave(GOOD)
    world.fill(plan.events)
    workers = [world.worker(wait=True)]
    for moment in plan.moments():
        world.reach(moment)
        workers.append(world.worker(wait=True))
        world.reach(min(world.taken() + 50, plan.events))
        world.processes.end(workers.pop(plan.chance.randrange(len(workers))))
        world.strikes += 1


def rolling(world: World, plan: Plan) -> None:
    """One worker after the other is replaced, in order."""
    world.behave(GOOD)
    world.fill(plan.events)
    old = [world.worker(wait=True), world.worker(wait=True)]
    for worker in old:
        world.processes.end(worker)
        world.strikes += world.taken() < plan.events
        world.worker(wait=True)


def offsets_lost(world: World, plan: Plan) -> None:
    """The group's offsets are gone when the worker comes back."""
    world.behave(GOOD)
    world.fill(plan.events)
    worker = world.worker()
    world.reach(min(plan.moments()))
    world.processes.end(worker)
    admin = AdminClient({"bootstrap.servers": world.broker.bootstrap})
    group = f"hub.{world.registration}"
    for future in admin.delete_consumer_groups([group], request_timeout=ANSWER).values():
        future.result(ANSWER)
    world.strikes += world.taken() < plan.events
    world.worker()


def burst(world: World, plan: Plan) -> None:
    """Everything at once to a worker that had nothing to do."""
    world.worker(wait=True)
    world.fill(plan.events)
    world.strikes += 1
