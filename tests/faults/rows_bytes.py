"""Rows about what stands on the topic and what is needed to read it."""

import time

from hub.broker import KafkaBroker
from hub.records import Outgoing
from hub.topics import DOSSIER
from tests.faults.manners import GOOD
from tests.faults.table import Plan
from tests.faults.world import World

KIND = b"dossier.v1.StatusChanged"
FOREIGN: tuple[bytes | None, ...] = (
    b"",
    b"{}",
    b"\0\0\0",
    b"\1\0\0\0\1rest",
    b"\0\0\0\0\1" + b"\xff" * 20,
    None,
)
SOON = 20.0  # seconds


def foreign(world: World, plan: Plan) -> None:
    """Bytes of strangers between the facts, with the headers of an event and without."""
    writer = KafkaBroker(world.broker.bootstrap).writer()
    try:
        half = plan.events // 2
        world.fill(half)
        for number, value in enumerate(FOREIGN):
            for headers in ((), (("ce_type", KIND), ("ce_id", b"x%d" % number))):
                record = Outgoing(DOSSIER, b"stranger-%d" % number, value, headers)
                writer.send(record).result(SOON)
                world.strikes += 1
        world.fill(plan.events - half, first=half)
    finally:
        writer.close()
    world.worker()


def registry_down(world: World, plan: Plan) -> None:
    """The registry is killed, a worker that has read nothing yet starts without it."""
    world.behave(GOOD)
    world.fill(plan.events)
    worker = world.worker()
    world.reach(min(plan.moments()))
    world.kill(world.registry)
    world.reach(min(world.taken() + plan.events // 20, plan.events))  # what is known goes on
    world.processes.end(worker)
    world.worker()
    world.registry = world.processes.hub("registry")
    world.back(time.monotonic())
