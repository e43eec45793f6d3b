"""Rows about what stands on the topic and what is needed to read it."""

import time

from msgspec import structs

from hub.broker import KafkaBroker
from hub.errors import Retry
from hub.events.catalogue import load
from hub.events.codec import MAGIC, PREFIX
from hub.records import Outgoing
from hub.registry.schemas.client import RegistryClient
from hub.topics import DOSSIER
from ops.bench.messages import code
from ops.bench.processes import BenchError
from ops.bench.scene import ROOT
from tests.faults.evidence import Fact
from tests.faults.filling import fact
from tests.faults.manners import GOOD, LEISURELY
from tests.faults.table import Plan
from tests.faults.world import World

KIND = "dossier.v1.StatusChanged"
FOREIGN: tuple[bytes | None, ...] = (
    b"",
    b"{}",
    b"\0\0\0",
    b"\1\0\0\0\1rest",
    b"\0\0\0\0\1" + b"\xff" * 20,
    None,
)
SOON = 20.0  # seconds
MOST_IDS = 100  # schemas in a fresh registry: some forty


def foreign(world: World, plan: Plan) -> None:
    """Bytes of strangers between the facts, with the headers of an event and without."""
    writer = KafkaBroker(world.broker.bootstrap).writer()
    try:
        half = plan.events // 2
        world.fill(half)
        for number, value in enumerate(FOREIGN):
            for headers in ((), (("ce_type", KIND.encode()), ("ce_id", b"x%d" % number))):
                record = Outgoing(DOSSIER, b"stranger-%d" % number, value, headers)
                writer.send(record).result(SOON)
                world.strikes += 1
        world.fill(plan.events - half, first=half)
    finally:
        writer.close()
    world.worker()


def registry_down(world: World, plan: Plan) -> None:
    """The registry is killed, a worker that has read nothing yet starts without it."""
    world.behave(LEISURELY)
    world.fill(plan.events)
    worker = world.worker()
    world.reach(min(plan.moments()))
    # a receipt was read: so this side knows its schema, too
    world.until(lambda: world.done() or bool(world.topics.ended), SOON, "a receipt")
    world.kill(world.registry)
    world.reach(min(world.taken() + plan.events // 20, plan.events))  # what is known goes on
    world.processes.end(worker)
    world.worker()
    world.registry = world.processes.hub("registry")
    world.back(time.monotonic())


def schema_comes_late(world: World, plan: Plan) -> None:
    """A fact under a schema id that nobody knows yet holds its dossier until it is registered."""
    world.behave(GOOD)
    world.fill(plan.events)
    late, number = plan.events, _next_id(world.schemas)
    first, second = (fact(world.codec, KIND, late, step) for step in (0, 1))
    held = PREFIX.pack(MAGIC, number) + (first.value or b"")[PREFIX.size :]
    writer = KafkaBroker(world.broker.bootstrap).writer()
    try:
        writer.send(structs.replace(first, value=held)).result(SOON)
        writer.send(second).result(SOON)
    finally:
        writer.close()
    world.worker()
    world.reach(plan.events)
    world.quiet(2)
    facts = {Fact(code(late), step) for step in (0, 1)}
    if world.log.taken & facts:
        raise BenchError("a fact was told before the one that could not be read")
    text = load(ROOT / "schemas" / "avro").texts[KIND]
    if world.schemas.register(KIND, text.replace('"doc":"', '"doc":"Later: ', 1)) != number:
        raise BenchError("the registry gave another id than the next one")
    world.strikes += 1
    world.sent |= facts
    world.topics.read_later()
    world.back(time.monotonic())


def _next_id(schemas: RegistryClient) -> int:
    """The id that the next new schema will get."""
    for number in range(1, MOST_IDS):
        try:
            schemas.schema(number)
        except Retry:
            return number
    raise BenchError("the registry knows more schemas than it should")
