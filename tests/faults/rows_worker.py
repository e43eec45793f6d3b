"""Rows about the workers: killed, frozen, added, removed, replaced one by one."""

import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from hub.broker import KafkaBroker
from hub.records import every_spot
from hub.topics import EVENT_TOPICS
from ops.bench.processes import BenchError
from ops.bench.scene import ROOT
from tests.faults.manners import GOOD, LEISURELY, Manner
from tests.faults.table import Plan
from tests.faults.versions import without_question
from tests.faults.world import World
from tests.freezing import freeze

LATE = Manner(delay=1.5)  # within the call's time limit: done, and nobody has heard of it yet
WHOLE = 400.0  # seconds for all facts at that pace
DEAD = 13.0  # seconds until a silent member's partitions are another's; its session is 10 s
MINUTES = 5
EVERY = 5.0  # seconds
LEAVING = 8  # workers that end at the same time, at most
LEISURELY_RATE = 100  # facts a second: what one worker can tell at that pace, nearly
BACK = 100  # commits
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


def killed_unasked(world: World, plan: Plan) -> None:
    """The same, at a system that cannot be asked what became of a call."""
    registrar = world.registrar("portal")
    registrar.register(without_question())
    registrar.close()
    killed_in_between(world, plan)


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
        world.woke = time.monotonic()
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


def every_few_seconds(world: World, plan: Plan) -> None:
    """A worker comes or goes every five seconds, for five minutes; one is always there."""
    world.behave(LEISURELY)
    workers = [world.worker(wait=True)]
    pace = plan.events / (MINUTES * 60)
    with ThreadPoolExecutor(LEAVING, "leaving") as leaving, world.load(plan.events, pace):
        for minute in range(MINUTES):
            with world.stretch("minute"):
                for number in range(int(60 / EVERY)):
                    world.struck()
                    if (minute + number) % 2 and len(workers) > 1:
                        one = workers.pop(plan.chance.randrange(len(workers)))
                        leaving.submit(world.processes.end, one)
                    else:
                        workers.append(world.worker())
                    world.outage(EVERY)


def upgraded(world: World, plan: Plan) -> None:
    """Workers of an earlier version are replaced one by one; for a time both versions work."""
    world.behave(LEISURELY)
    earlier = _earlier(world.home / "earlier")
    old = [world.worker(wait=True, tree=earlier) for _ in range(2)]
    with world.load(plan.events, LEISURELY_RATE):
        for worker in old:
            world.reach(min(world.taken() + plan.events // 8, plan.events // 2))
            world.struck()
            world.worker(wait=True)
            world.reach(min(world.taken() + plan.events // 8, plan.events // 2))
            world.processes.end(worker)


def _earlier(tree: Path) -> Path:
    """The product as it stood BACK commits ago. Raises BenchError where git does not know it."""
    tree.mkdir()
    words = ["git", "-C", str(ROOT), "archive", f"HEAD~{BACK}", "hub", "adapters", "schemas"]
    packed = subprocess.run(words, capture_output=True, check=False)
    if packed.returncode:
        raise BenchError(f"no earlier version: {packed.stderr.decode(errors='replace')}")
    subprocess.run(["tar", "-x", "-C", str(tree)], input=packed.stdout, check=True)
    return tree


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
