"""Rows about the system that is delivered to: slow, silent, broken, refusing, lying."""

import time
from collections.abc import Sequence
from zlib import crc32

from tests.faults.manners import GOOD, Manner, Says
from tests.faults.proxy import Faults
from tests.faults.table import Plan
from tests.faults.world import World

STRANGE: tuple[Says, ...] = ("fault", "code", "html", "truncated", "charset", "busy")
STRANGE_REST: tuple[Says, ...] = ("fault", "html", "truncated", "charset", "busy")
CLAIMS_NOTHING = ("html", "truncated")  # bytes that are no answer: the effect may be there
OUTAGE = 5.0  # seconds
ILL = 50  # one in so many
FAR = 90.0  # seconds
HEAD = 40  # bytes: in the middle of an answer's headers
TEN = 10.0  # seconds


def slow(world: World, plan: Plan) -> None:
    """Each answer takes a second."""
    _while(world, plan, Manner(delay=1.0))


def never_answers(world: World, plan: Plan) -> None:
    """One call in ten has its effect and no answer."""
    _while(world, plan, Manner(says="never", one_in=10, done=True, delay=GOOD.delay))


def very_slow(world: World, plan: Plan) -> None:
    """Each answer takes ten seconds, and the hub waits for it."""
    _for_a_time(world, plan, Manner(delay=TEN), 2.5 * TEN)


def overdue(world: World, plan: Plan) -> None:
    """Each answer takes ten seconds, and the hub waits for three; the deed is done."""
    _for_a_time(world, plan, Manner(delay=TEN), 2.5 * TEN)


def flaps(world: World, plan: Plan) -> None:
    """Five seconds it takes what comes, five seconds it does not, in turn."""
    with world.stretch("ill"):
        deliver(world, plan, Manner(says="busy", flaps=5.0, delay=0.1))
        world.reach(plan.events // 2, 4 * FAR)
        world.behave(GOOD)
    world.back(time.monotonic())


def half_open(world: World, plan: Plan) -> None:
    """All connections to it are dead, and nobody says so."""
    deliver(world, plan)
    for moment in plan.moments():
        world.reach(moment)
        with world.stretch("ill"):
            world.road.half_open()
            world.back(time.monotonic())


def cut(world: World, plan: Plan) -> None:
    """Answers are cut off in their middle."""
    _on_the_road(world, plan, Faults(cut_answers=HEAD))


def away(world: World, plan: Plan) -> None:
    """Nobody listens."""
    _on_the_road(world, plan, Faults(refuse=True))


def black_hole(world: World, plan: Plan) -> None:
    """What is sent disappears."""
    _on_the_road(world, plan, Faults(black_hole=True))


def strange_answers(world: World, plan: Plan) -> None:
    """To everybody for a while: Fault, error code, HTML, half a document, other charset, 503."""
    _strange(world, plan, STRANGE)


def strange_rest(world: World, plan: Plan) -> None:
    """The same of a REST system, whose codes are its statuses."""
    _strange(world, plan, STRANGE_REST)


def _strange(world: World, plan: Plan, answers: Sequence[Says]) -> None:
    deliver(world, plan)
    stretch = plan.events // (len(answers) + 1)
    for number, says in enumerate(plan.chance.sample(answers, len(answers)), 1):
        done = says in CLAIMS_NOTHING and plan.chance.random() < 0.5
        world.reach(number * stretch)
        world.behave(Manner(says=says, done=done, delay=GOOD.delay))
        world.outage(OUTAGE / 2)
        world.behave(GOOD)
        world.back(time.monotonic())


def some_ill(world: World, plan: Plan) -> None:
    """One fact in fifty gets 503 whenever it comes; every dossier without one goes on."""
    deliver(world, plan, Manner(says="busy", one_in=ILL, delay=GOOD.delay))
    world.until(lambda: world.done() or len(world.topics.kept) == plan.events, FAR, "the load")
    ill = {one.fact.dossier for one in world.topics.kept if not crc32(one.event_id.encode()) % ILL}
    well = {one.fact for one in world.topics.kept} - {
        fact for fact in world.sent if fact.dossier in ill
    }
    try:
        world.until(lambda: world.taken() > 0 and well <= world.log.taken, FAR, "the others")
    finally:
        world.behave(GOOD)


def credential(world: World, plan: Plan) -> None:
    """The token is revoked; then again, while no new one is to be had."""
    deliver(world, plan)
    for number, moment in enumerate(plan.moments(), 1):
        world.reach(moment)
        world.behave(Manner(token=2 * number - 1, delay=GOOD.delay))
        world.reach(min(world.taken() + 50, plan.events))
        world.behave(Manner(token=2 * number, login=False, delay=GOOD.delay))
        world.outage(OUTAGE)
        world.behave(Manner(token=2 * number, delay=GOOD.delay))
        world.back(time.monotonic())


def dressed(world: World, plan: Plan) -> None:
    """Its back end is down, and it calls that "dossier unknown", for everybody."""
    deliver(world, plan)
    for moment in plan.moments():
        world.reach(moment)
        world.behave(Manner(says="unknown"))
        world.outage(2 * OUTAGE)
        world.behave(GOOD)
        world.back(time.monotonic())


def one_dossier(world: World, plan: Plan) -> None:
    """One dossier cannot be taken, all others can."""
    world.fill(plan.events)
    unlucky = sorted(world.sent)[plan.chance.randrange(len(world.sent))].dossier
    world.behave(Manner(says="unknown", dossier=unlucky))
    world.worker()
    others = sum(fact.dossier != unlucky for fact in world.sent)
    world.reach(others)


def deliver(world: World, plan: Plan, manner: Manner = GOOD) -> None:
    """Everything stands on the topic, and a worker begins with it."""
    world.behave(manner)
    world.fill(plan.events)
    world.worker()


def _while(world: World, plan: Plan, manner: Manner) -> None:
    """It behaves so for a hundred facts, now and then."""
    deliver(world, plan)
    for moment in plan.moments():
        world.reach(moment)
        with world.stretch("ill"):
            world.behave(manner)
            world.reach(min(world.taken() + 100, plan.events))
            world.behave(GOOD)
        world.back(time.monotonic())


def _for_a_time(world: World, plan: Plan, manner: Manner, seconds: float) -> None:
    """It behaves so for so long, now and then."""
    deliver(world, plan)
    for moment in plan.moments():
        world.reach(moment)
        with world.stretch("ill"):
            world.behave(manner)
            world.outage(seconds)
            world.behave(GOOD)
        world.back(time.monotonic())


def _on_the_road(world: World, plan: Plan, faults: Faults) -> None:
    """The road is so for a while, now and then."""
    deliver(world, plan)
    for moment in plan.moments():
        world.reach(moment)
        with world.stretch("ill"):
            world.road.faults = faults
            world.road.reset()
            world.outage(OUTAGE)
            world.road.faults = Faults()
        world.back(time.monotonic())
