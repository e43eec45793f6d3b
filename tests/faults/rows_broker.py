"""Rows about the broker: killed, its answers lost; and about a gateway killed between the two."""

import time
from functools import partial

from hub.dev.node import free_port
from tests.faults.filling import facts
from tests.faults.frames import OFFSET_COMMIT, PRODUCE
from tests.faults.manners import GOOD
from tests.faults.senders import Senders, knocking
from tests.faults.table import Plan
from tests.faults.world import World

SOON = 30.0  # seconds
READY = 120.0  # seconds until a gateway serves, on a crowded machine
GONE = 300.0  # seconds


def killed(world: World, plan: Plan) -> None:
    """SIGKILL and a new start."""
    world.behave(GOOD)
    world.fill(plan.events)
    world.worker()
    for moment in plan.moments():
        world.reach(moment)
        world.struck()
        world.broker.kill()
        world.broker.start()
        world.back(time.monotonic())


def produce_answers_lost(world: World, plan: Plan) -> None:
    """Receipts are kept, and the worker does not hear of it."""
    _answers_lost(world, plan, PRODUCE)


def commit_answers_lost(world: World, plan: Plan) -> None:
    """Offsets are committed, and the worker does not hear of it."""
    _answers_lost(world, plan, OFFSET_COMMIT)


def _answers_lost(world: World, plan: Plan, api: int) -> None:
    world.behave(GOOD)
    world.fill(plan.events)
    world.worker()
    for moment in plan.moments():
        world.reach(moment)
        before = world.kafka.lost
        world.kafka.lose_answers(api, 2, silently=plan.chance.random() < 0.5)
        world.until(partial(_lost_or_done, world, before), SOON, "a lost answer")
        world.back(time.monotonic())


def _lost_or_done(world: World, before: int) -> bool:
    """Whether another answer was lost, or nothing is left that could have one."""
    return world.kafka.lost > before or world.done()


def gateway_killed(world: World, plan: Plan) -> None:
    """The broker has it, the sender has no answer, the gateway is dead; the sender comes again."""
    port = free_port()
    gateway = world.gateway(port)
    world.worker(quiet=True)
    senders = Senders(world.scene.sender(), port)
    with senders.send(facts(0, plan.events)):
        for moment in plan.moments():
            _acknowledged(world, senders, moment)
            before = world.kafka.lost
            world.kafka.lose_answers(PRODUCE, 1, silently=True)
            world.until(lambda before=before: world.kafka.lost > before, SOON, "a lost answer")  # type: ignore[misc]  # bound now
            since, had = world.kill(gateway), len(senders.acknowledged)
            gateway = world.gateway(port)
            _acknowledged(world, senders, had + 1)
            world.recoveries.append(time.monotonic() - since)
        _acknowledged(world, senders, plan.events)
    world.sent |= senders.acknowledged


def gone(world: World, plan: Plan) -> None:
    """Five minutes without a broker: all who come are told to come again; then all goes on."""
    world.behave(GOOD)
    port = free_port()
    gateway = world.gateway(port)
    world.worker()
    world.until(lambda: world.processes.ready(gateway), READY, "the gateway")
    senders = Senders(world.scene.sender(), port, patience=2 * GONE)
    with senders.send(facts(0, plan.events)):
        _acknowledged(world, senders, plan.chance.randint(plan.events // 10, plan.events // 2))
        world.strikes += 1
        world.broker.kill()
        with knocking(world.scene.sender(), port, world.answers):
            world.outage(GONE)
        had = len(senders.acknowledged)
        world.broker.start()
        since = time.monotonic()
        world.back(since)
        _acknowledged(world, senders, had + 1)
        world.recoveries.append(time.monotonic() - since)
        _acknowledged(world, senders, plan.events)
    world.sent |= senders.acknowledged


def _acknowledged(world: World, senders: Senders, count: int) -> None:
    world.until(lambda: len(senders.acknowledged) >= count, 240, f"yes number {count}")
