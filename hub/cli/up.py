"""`hub up`: every process of the hub on one machine, started together, watched, stopped.

Each waits by itself for what it needs (`hub.serving.run`), so nothing is gained by an order.
"""

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hub.cli.output import say
from hub.cli.probing import ready
from hub.dev import runfiles
from hub.dev.disk import alone
from hub.dev.process import owned_by_us
from hub.errors import Halt
from hub.settings import Settings, environment
from hub.surroundings import bootstrap

PROCESSES = ("registry", "auditor", "gateway", "worker", "views")
START = 180.0  # seconds until a process must serve, or at least come nearer to it
SHOW = 5.0  # seconds between two words about what a process waits for
STOP = 20.0  # seconds until a process must have ended
LOOK = 0.1  # seconds
PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)  # seconds until one that ended by itself is started again
WELL = 60.0  # seconds of life after which it counts as the first time again
LEFT = re.compile(r"\b(\d+) records\b")  # of what a process says of itself while it catches up
NEXT = "\nhub:           "  # a line of its own, under the address


@dataclass(frozen=True, slots=True)
class Program:
    """`hub <command>`, under a name of its own; `changes` to its environment."""

    name: str
    command: str
    changes: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Child:
    """A process that was started here."""

    program: Program
    process: subprocess.Popen[bytes]
    log: Path
    since: float = field(default_factory=time.monotonic)

    @property
    def name(self) -> str:
        """What it is called here."""
        return self.program.name

    def url(self, settings: Settings) -> str | None:
        """Where it serves, once it does."""
        for entry in runfiles.read_all(settings.home):
            if entry.pid == self.process.pid:
                return entry.url
        return None


class Patience:
    """How long a process may still take: START anew whenever it says that fewer records are left.

    An index that is rebuilt, or views that are, may take minutes; what does not move has failed.
    """

    def __init__(self, now: float) -> None:
        """`now`: seconds, as in every method."""
        self.said = "it does not answer"
        self._least: int | None = None
        self._deadline = now + START
        self._next_word = now + SHOW

    def heard(self, said: str, now: float) -> None:
        """What it said of why it is not ready; "" when it said nothing."""
        self.said = said or self.said
        left = [int(number) for number in LEFT.findall(said)]
        if left and (self._least is None or sum(left) < self._least):
            self._least = sum(left)
            self._deadline = now + START

    def over(self, now: float) -> bool:
        """Whether nothing got better for too long."""
        return now > self._deadline

    def word(self, now: float) -> str | None:
        """What the one who waits should see now, if anything."""
        if now < self._next_word:
            return None
        self._next_word = now + SHOW
        return self.said


def up(settings: Settings) -> None:
    """Start, wait, stop; what ends by itself later is started again.

    Raises Halt when a process does not come up, or another `hub up` runs here.
    """
    with alone(settings.home / "run" / "up.lock", "hub up"):
        _run(settings)


def _run(settings: Settings) -> None:
    ours = [Program(name, name) for name in PROCESSES if _ours(name, settings)]
    together(ours, settings)


def together(programs: Sequence[Program], settings: Settings) -> None:
    """Run these until SIGTERM or SIGINT. Raises Halt when one does not come up."""
    address = bootstrap(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    children: list[Child] = []
    try:
        children.extend(_start(program, settings, address) for program in programs)
        for child in children:
            _await(child, settings, stop)
        if not stop.is_set():
            say("hub: all processes serve; Ctrl-C stops them")
        _watch(children, lambda program: _start(program, settings, address), stop)
    finally:
        _end(children)


def _ours(name: str, settings: Settings) -> bool:
    """Whether it is started here: an outside registry is the only one, evidence may be off."""
    if name == "auditor":
        return settings.audit != "off"
    return name != "registry" or settings.registry_url is None


def _start(program: Program, settings: Settings, address: str) -> Child:
    log = settings.home / "log" / f"{program.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    host, port = settings.listen
    changes = {
        "HUB_HOME": str(settings.home),
        "HUB_BOOTSTRAP": address,
        "HUB_AUDIT": settings.audit or "required",
        "HUB_LISTEN": f"{host}:{port if program.command == 'gateway' else 0}",
        **program.changes,
    }
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own program
            owned_by_us([sys.executable, "-m", "hub.cli", program.command]),
            stdout=out,
            stderr=out,
            env=environment(changes),
        )
    return Child(program, process, log)


def _await(child: Child, settings: Settings, stop: threading.Event) -> None:
    patience = Patience(time.monotonic())
    while not stop.is_set():
        if child.process.poll() is not None:
            raise Halt(
                f"ended while starting: {_tail(child.log)}",
                where=child.name,
                fix=f"see {child.log}",
            )
        url = child.url(settings)
        serves, said = ready(url) if url else (False, [])
        if serves:
            say(f"hub: {child.name:<9} {url}{''.join(f'{NEXT}{line}' for line in said)}")
            return
        _wait_on(child, patience, "; ".join(said))
        stop.wait(LOOK)


def _wait_on(child: Child, patience: Patience, said: str) -> None:
    """Take note of what it said. Raises Halt when it comes no nearer."""
    now = time.monotonic()
    patience.heard(said, now)
    if patience.over(now):
        raise Halt(
            f"is not ready, and came no nearer for {START:.0f} s: {patience.said}",
            where=child.name,
            fix=f"see {child.log}",
        )
    word = patience.word(now)
    if word is not None:
        say(f"hub: {child.name:<9} {word}")


class Returns:
    """When each process that ended by itself is started again: later and later, and always.

    The others work meanwhile: where the gateway cannot start, what was accepted is still delivered.
    """

    def __init__(self) -> None:
        self._times: dict[str, int] = {}
        self._due: dict[str, float] = {}

    def ended(self, name: str, lived: float, now: float) -> float:
        """It has ended after so many seconds; in how many it is to be started."""
        times = 0 if lived >= WELL else self._times.get(name, 0)
        self._times[name] = times + 1
        pause = PAUSES[min(times, len(PAUSES) - 1)]
        self._due[name] = now + pause
        return pause

    def waits(self, name: str) -> bool:
        """Whether its end is known."""
        return name in self._due

    def due(self, name: str, now: float) -> bool:
        """Whether it is to be started now; said once."""
        if self._due.get(name, now + 1) > now:
            return False
        del self._due[name]
        return True


def _watch(children: list[Child], start: Callable[[Program], Child], stop: threading.Event) -> None:
    returns = Returns()
    while not stop.wait(LOOK):
        now = time.monotonic()
        for place, child in enumerate(children):
            if returns.due(child.name, now):
                children[place] = start(child.program)
            elif child.process.poll() is not None and not returns.waits(child.name):
                pause = returns.ended(child.name, now - child.since, now)
                say(
                    f"hub: {child.name} ended by itself (exit {child.process.returncode}): "
                    f"{_tail(child.log)}; started again in {pause:.0f} s; see {child.log}"
                )


def _end(children: list[Child]) -> None:
    """Stop in the reverse order; what does not end in time is killed and named."""
    for child in reversed(children):
        child.process.terminate()
    deadline = time.monotonic() + STOP
    for child in reversed(children):
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            say(f"hub: {child.name} did not end within {STOP:.0f} s and was killed")
            child.process.kill()
            child.process.wait()


def _tail(log: Path) -> str:
    lines = log.read_bytes()[-2000:].decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else "it said nothing"


def workers(settings: Settings, number: int) -> None:
    """`hub worker --processes N`: so many workers on this machine, which share the partitions."""
    changes = {"HUB_WORKERS": str(max(number, settings.workers))}
    together([Program(f"worker{n}", "worker", changes) for n in range(number)], settings)
