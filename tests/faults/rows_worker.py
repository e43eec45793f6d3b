"""Rows about the workers: killed, frozen, added, removed, replaced one by one."""

import signal

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from hub.broker import KafkaBroker
from hub.records import every_spot
from hub.topics import EVENT_TOPICS
from tests.faults.manners import GOOD, LEISURELY, Manner
from tests.faults.table import Plan
from tests.faults.world import World
from tests.freezing import freeze

LATE = Manner(delay=1.5)  # within the call's time limit: done, and nobody has heard of it yet
WHOLE = 400.0  # seconds for all facts at that pace
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


def killed_twice(world: World, plan: Plan) -> None:
    """kill -9, and again soon after another one has taken over."""
    world.behave(GOOD)
    world.fill(plan.events)
    worker = world.worker()
    for moment in (plan.events // 3, plan.events // 3 + 50):
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
    world.behave(LEISURELY)
    sleeper = world.worker(wait=True)
    world.worker(wait=True)
    world.fill(plan.events)
    world.reach(min(plan.moments()))
    freeze(sleeper.process.pid)
    world.struck()
    try:
        world.outage(DEAD)
        world.reach(plan.events, WHOLE)
    finally:
        sleeper.process.send_signal(signal.SIGCONT)
    world.until(lambda: world.processes.ready(sleeper), 30, "the worker that woke up")
    world.quiet(3)


def come_and_go(world: World, plan: Plan) -> None:
    """Workers are added and removed while there is work; one always stays."""
    world.behave(LEISURELY)
    workers = [world.worker(wait=True)]
    for number in range(2 * plan.faults):
        _fill_part(world, plan, number, 2 * plan.faults)
        world.struck()
        if number % 2 == 0:
            workers.append(world.worker(wait=True))
        else:
            world.processes.end(workers.pop(plan.chance.randrange(len(workers))))


def rolling(world: World, plan: Plan) -> None:
    """One worker after the other is replaced, in order, while there is work."""
    world.behave(LEISURELY)
    for number, worker in enumerate([world.worker(wait=True), world.worker(wait=True)]):
        _fill_part(world, plan, number, 2)
        world.struck()
        world.processes.end(worker)
        world.worker(wait=True)


def _fill_part(world: World, plan: Plan, number: int, parts: int) -> None:
    """The `number`-th (from 0) of so many equal parts of the load, of dossiers of its own."""
    count = plan.events // parts
    world.fill(count, first=number * count)


def offsets_lost(world: World, plan: Plan) -> None:
    """The group's offsets are gone when the worker comes back."""
    admin, group = _left(world, plan)
    for future in admin.delete_consumer_groups([group], request_timeout=ANSWER).values():
        future.result(ANSWER)
    world.struck()
    world.worker()


def offsets_strange(world: World, plan: Plan) -> None:
    """A stranger has committed the topics' ends for the group when the worker comes back."""
    admin, group = _left(world, plan)
    broker = KafkaBroker(world.broker.bootstrap)
    reader = broker.reader(every_spot(broker, EVENT_TOPICS))
    ends = [TopicPartition(spot.topic, spot.partition, end) for spot, end in reader.end().items()]
    reader.close()
    wish = ConsumerGroupTopicPartitions(group, ends)
    for future in admin.alter_consumer_group_offsets([wish], request_timeout=ANSWER).values():
        future.result(ANSWER)
    world.struck()
    world.worker()


def _left(world: World, plan: Plan) -> tuple[AdminClient, str]:
    """The worker has ended in the middle; an administrator, and the name of its group."""
    world.behave(GOOD)
    world.fill(plan.events)
    worker = world.worker()
    world.reach(min(plan.moments()))
    world.processes.end(worker)
    return AdminClient({"bootstrap.servers": world.broker.bootstrap}), f"hub.{world.registration}"


def burst(world: World, plan: Plan) -> None:
    """Everything at once to a worker that had nothing to do."""
    world.worker(wait=True)
    world.fill(plan.events)
    world.struck()
