"""Rows whose verdict compares: a rate with a rate, a wait with a wait, logins with expiries."""

import time
from pathlib import Path

from msgspec import structs

from hub.dev.disk import write_whole
from hub.registry.bundle_files import read_files
from tests.faults.evidence import Part
from tests.faults.manners import GOOD, Manner
from tests.faults.measures import PARTS
from tests.faults.proxy import Faults
from tests.faults.rows_peer import FAR, HEAD, TEN, deliver
from tests.faults.table import Plan
from tests.faults.versions import CONNECTORS
from tests.faults.world import World

SOME = 100  # one in so many
BOUND = Manner(delay=0.2)  # the peer bears 32 / 0.2 s = 160 facts a second: less than the worker
PACE = 60  # facts a second
LIFETIME = 6.0  # seconds of a token
SLOW_LOGIN = 2.0  # seconds
SECRETS = ("second-secret", "third-secret")
SEEN = 6.0  # seconds: a secret that is written anew counts within five
WHOLE = 400.0  # seconds for a tenth of a burst
A_WHILE = 8.0  # seconds
TROUBLES: tuple[Manner | Faults | None, ...] = (
    Manner(delay=TEN),
    Manner(says="never"),
    Manner(says="busy"),
    Manner(says="unknown"),
    Manner(says="html"),
    Manner(says="busy", flaps=2.0, delay=GOOD.delay),
    Faults(refuse=True),
    Faults(black_hole=True),
    Faults(cut_answers=HEAD),
    None,
)


def rejects(world: World, plan: Plan) -> None:
    """One fact in a hundred is refused for ever, half of the time."""
    _in_turn(world, plan, Manner(says="refused", one_in=SOME, delay=BOUND.delay))


def some_park(world: World, plan: Plan) -> None:
    """One fact in a hundred fails half of the time; those dossiers park, a person resumes them."""
    _in_turn(world, plan, Manner(says="unknown", one_in=SOME, delay=BOUND.delay))
    world.until(world.done, FAR, "an end of every fact, or its place in a parked dossier")
    person = ("--by", "Trần Thị Thử", "--because", "the system knows them now")
    world.processes.command("parked", "resume", "--registration", "portal", "--all", *person)
    world.reach(plan.events)


def _in_turn(world: World, plan: Plan, manner: Manner) -> None:
    """Well and ill in turn, a tenth of the facts each, while there is more than it can take."""
    deliver(world, plan, BOUND)
    tenth = plan.events // 10
    world.reach(tenth // 2)
    for number in range(8):
        kind = "ill" if number % 2 else "well"
        world.behave(manner if number % 2 else BOUND)
        with world.stretch(kind):
            world.reach(world.taken() + tenth)
    world.behave(BOUND)


def one_refresh(world: World, plan: Plan) -> None:
    """Tokens end every few seconds, or earlier than they say; their endpoint is slow; the secret
    is changed: here while both are taken there, then there while it is unknown here."""
    reference = world.scene.hub["portal"]["secrets"]["client_secret"]
    secret = Path(reference.removeprefix("file:"))
    first = secret.read_text(encoding="utf-8")
    short = Manner(lifetime=LIFETIME, secret=first, delay=GOOD.delay)
    world.behave(short)
    world.worker(wait=True)
    with world.load(plan.events, PACE):
        world.reach(1)
        world.outage(4 * LIFETIME)
        world.behave(structs.replace(short, claims=10 * LIFETIME))
        world.outage(3 * LIFETIME)
        world.behave(structs.replace(short, login_delay=SLOW_LOGIN))
        world.outage(3 * LIFETIME)
        world.behave(structs.replace(short, secret=""))
        write_whole(secret, SECRETS[0].encode())
        world.outage(SEEN)
        world.behave(structs.replace(short, secret=SECRETS[0]))
        world.back(time.monotonic())
        world.behave(structs.replace(short, secret=SECRETS[1], token=1))
        world.outage(SEEN)
        write_whole(secret, SECRETS[1].encode())
        world.back(time.monotonic())


def beside(world: World, plan: Plan) -> None:
    """Ill in each way in turn, while another registration of the same worker goes on."""
    world.behave(GOOD)
    world.worker(wait=True)
    with world.load(plan.events, PACE):
        world.reach(1)
        for trouble in plan.chance.sample(TROUBLES, len(TROUBLES)):
            with world.stretch("well"):
                world.outage(A_WHILE)
            with world.stretch("ill"):
                _trouble(world, trouble)
            world.back(time.monotonic())


def _trouble(world: World, trouble: Manner | Faults | None) -> None:
    """It lasts for a while; None: all connections are dead, and nobody says so."""
    if isinstance(trouble, Manner):
        world.behave(trouble)
    elif trouble is None:
        world.road.half_open()
    else:
        world.road.faults = trouble
        world.road.reset()
    world.outage(A_WHILE)
    world.road.faults = Faults()
    world.behave(GOOD)


def burst(world: World, plan: Plan) -> None:
    """Everything at once to a worker that had nothing to do: paused until all stands there."""
    registrar = world.registrar("portal")
    registrar.register(dict(read_files(CONNECTORS / "portal")))
    worker = world.worker(wait=True)
    registrar.move("paused")
    world.fill(plan.events)
    world.struck()
    registrar.move("live")
    registrar.close()
    tenth = plan.events // PARTS
    for number in range(PARTS):
        had, spent = world.taken(), worker.cpu()
        world.reach((number + 1) * tenth, WHOLE)
        world.parts.append(Part(world.taken() - had, worker.cpu() - spent))
