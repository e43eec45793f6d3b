"""Rows about what is registered: changed and taken back under load, paused, at fault."""

import time

from hub.dev.node import free_port
from ops.bench.processes import BenchError, Child
from tests.faults.filling import facts
from tests.faults.manners import Manner
from tests.faults.senders import Senders
from tests.faults.table import Plan
from tests.faults.versions import Registrar, other, version
from tests.faults.world import World

RATE = 300  # events a second
QUICK = Manner(delay=0.02)
SLOW = Manner(delay=0.5)  # so that calls are under way when a worker is killed
SILENT = Manner(says="never")  # it hears, does nothing and says nothing
UNDER_WAY = 8  # calls
STEPS = 100  # 50 changes and 50 ways back, of a run that is long enough
DOOR_CHANGES = 50  # of a gateway's registration
A_CHANGE_FOR = 200  # events: 0.7 s
HURRIED = 20  # events between two changes that follow each other before the first is taken up
SOON = 20.0  # seconds: a version that is taken up at all; I6 judges how soon
FIRST = "v0"
STRETCH = 100  # calls in a row under the new version: both workers have made some of them
KILLS = 3


def changed(world: World, plan: Plan) -> None:
    """Changed and rolled back in turn; two workers take it up, each at its own moment."""
    world.behave(QUICK)
    registrar = _first(world)
    for _ in range(2):
        world.worker(wait=True)
    with world.load(plan.events, RATE):
        steps = _steps(plan, STEPS)
        for number in range(1, steps + 1):
            world.reach(_moment(plan, number, steps))
            _change(world, registrar, number)
    registrar.close()


def hurried(world: World, plan: Plan) -> None:
    """Changed and rolled back faster than anybody can take it up; the last one counts."""
    world.behave(QUICK)
    registrar = _first(world)
    for _ in range(2):
        world.worker(wait=True)
    steps = min(STEPS, plan.events // (2 * HURRIED))
    begin = plan.chance.randint(50, plan.events // 4)
    with world.load(plan.events, RATE):
        for number in range(1, steps):
            world.reach(begin + number * HURRIED)
            _register(world, registrar, number)
        _change(world, registrar, steps + (steps + 1) % 2)
    registrar.close()


def killed(world: World, plan: Plan) -> None:
    """kill -9 right behind each change: what was sent under the one before is said again so.

    In turn the system has done what it was told, and not said so yet, or has never done it.
    """
    world.behave(SLOW)
    registrar = _first(world)
    worker = world.worker(wait=True)
    world.fill(plan.events)
    moments = sorted(plan.chance.randint(50, plan.events * 4 // 5) for _ in range(KILLS))
    for number, moment in enumerate(moments, 1):
        world.reach(moment)
        if number % 2:
            world.behave(SILENT)
            _calls_come_in(world)
        _register(world, registrar, number)
        since = world.kill(worker)
        world.behave(SLOW)
        worker = world.worker()
        world.back(since)
    world.behave(QUICK)
    registrar.close()


def _calls_come_in(world: World) -> None:
    """Wait until some are under way that will never be answered."""
    before = len(world.log.calls)

    def some() -> bool:
        world.log.follow()
        return len(world.log.calls) >= before + UNDER_WAY

    world.until(some, SOON, "calls under way")


def paused(world: World, plan: Plan) -> None:
    """Paused under load: nothing is told meanwhile; resumed it goes on where it was."""
    world.behave(QUICK)
    registrar = _first(world)
    world.worker(wait=True)
    with world.load(plan.events, RATE):
        for moment in plan.moments():
            world.reach(moment)
            world.struck()
            registrar.move("paused")
            world.quiet(1.0)
            since = time.monotonic()
            registrar.move("live")
            world.back(since)
    registrar.close()


def at_fault(world: World, plan: Plan) -> None:
    """A version that cannot be proved: it is refused, and the one before goes on."""
    world.behave(QUICK)
    registrar = _first(world)
    worker = world.worker(wait=True)
    with world.load(plan.events, RATE):
        for number, moment in enumerate(plan.moments(), 1):
            world.reach(moment)
            world.struck()
            bad = {**version(f"bad{number}"), "mapping.py": b"def progress(event):\n"}
            before = _refused(worker)
            registrar.register(bad)
            world.until(lambda n=before: _refused(worker) > n, SOON, "the refusal")  # type: ignore[misc]  # bound now
            since = time.monotonic()
            world.back(since)
            registrar.register(version(FIRST), FIRST)
    registrar.close()


def doors(world: World, plan: Plan) -> None:
    """The one-stop's registration changes at a gateway while its messages come in."""
    world.behave(QUICK)
    port = free_port()
    gateway = world.gateway(port)
    world.worker(wait=True)
    world.until(lambda: world.processes.ready(gateway), SOON, "the gateway")
    registrar = world.registrar("onestop")
    bundles = [other("onestop", number) for number in range(2)]
    registrar.register(bundles[0])
    wanted = facts(0, plan.events)
    senders = Senders(world.scene.sender(), port)
    with senders.send(wanted):
        steps = _steps(plan, DOOR_CHANGES)
        for number in range(1, steps + 1):
            world.reach(_moment(plan, number, steps))
            world.strikes += 1
            registrar.register(bundles[number % 2])
        world.until(lambda: len(senders.acknowledged) == len(wanted), 200, "every yes")
    world.sent |= senders.acknowledged
    if senders.again:
        raise BenchError(f"{senders.again} messages had to be sent again")
    registrar.close()


def _steps(plan: Plan, most: int) -> int:
    return max(2, min(most, plan.events // A_CHANGE_FOR))


def _moment(plan: Plan, number: int, steps: int) -> int:
    """After how many facts the `number`-th change comes; behind the last one enough are left."""
    return number * plan.events * 17 // (20 * steps)


def _first(world: World) -> Registrar:
    """The first version that tells its name stands on hub.registry before a worker starts."""
    registrar = world.registrar("portal")
    registrar.register(version(FIRST), FIRST)
    world.versions = registrar.bundles
    return registrar


def _register(world: World, registrar: Registrar, number: int) -> str:
    """Another version, or back to the first one in turn; its marker."""
    marker = f"v{number}" if number % 2 else FIRST
    world.strikes += 1
    registrar.register(version(marker), marker)
    return marker


def _change(world: World, registrar: Registrar, number: int) -> None:
    """Change, and note when the version before has made its last call."""
    marker = _register(world, registrar, number)
    since = time.monotonic()

    def taken_up() -> bool:
        world.log.follow()
        return all(call.version == marker for call in world.log.calls[-STRETCH:])

    world.until(taken_up, SOON, f"version {marker}")
    last = max(call.at for call in world.log.calls if call.version != marker)
    world.recoveries.append(max(0.0, last - since))


def _refused(worker: Child) -> int:
    """How often a worker has told that a version cannot be live."""
    return worker.log.read_text(encoding="utf-8", errors="replace").count('"not_live"')
