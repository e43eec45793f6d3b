"""The hub's processes under test: started, killed, stopped for a while, and watched in /proc."""

import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from adapters.http.simple import fetch
from hub.dev import runfiles
from hub.dev.process import owned_by_us
from hub.errors import HubError
from ops.bench.processes import PAGE, BenchError, Child, until
from tests.faults.evidence import Use

HUB = ("hub.cli",)
START = 180.0  # seconds until a process is ready: a crowded machine is slow
STOP = 30.0  # seconds for an orderly end; a worker takes up to eleven
LOOK_EVERY = 0.25  # seconds between two looks at /proc


class Processes:
    """Every process of one run. They end with the block, or with this process."""

    def __init__(self, home: Path, variables: Mapping[str, str]) -> None:
        self._home = home
        self._variables = dict(variables)
        self._running: dict[int, Child] = {}
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, name="proc", daemon=True)
        self.used: dict[str, Use] = {}  # name -> the most of any process of that name

    def __enter__(self) -> Self:
        self._watch.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._watch.join()
        for child in self.running[::-1]:
            self.end(child)

    @property
    def running(self) -> list[Child]:
        """What runs now, in the order of its start."""
        return list(self._running.values())

    def hub(
        self,
        name: str,
        *,
        listen: str = "127.0.0.1:0",
        wait: bool = True,
        program: Sequence[str] = HUB,
        tree: Path | None = None,
        **more: str,
    ) -> Child:
        """`hub <name>`; with `wait` once it is ready. `more`: variables of its own.

        `program`: the module that plays the hub, and its own arguments. `tree`: another version's
        code, in place of this one's.
        """
        words = ["-m", *program, name, "--listen", listen]
        child = self.python(name, words, tree=tree, **more)
        if wait:
            until(lambda: self.ready(child), START, f"hub {name}", [child])
        return child

    def command(self, *words: str) -> None:
        """`hub <words>`, as a person says it. Raises BenchError with its answer if it fails."""
        done = subprocess.run(
            [sys.executable, "-m", *HUB, *words],
            env=self._variables,
            capture_output=True,
            text=True,
            timeout=START,
            check=False,
        )
        if done.returncode:
            raise BenchError(f"hub {words[0]} ended with {done.returncode}: {done.stderr[-500:]}")

    def python(
        self, name: str, arguments: Sequence[str], *, tree: Path | None = None, **more: str
    ) -> Child:
        """`python <arguments>`, in the folder `tree` if one is given: its modules come first."""
        log = self._home / "log" / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as out:
            process = subprocess.Popen(
                owned_by_us([sys.executable, *arguments]),
                env=self._variables | more,
                cwd=tree,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        child = Child(name, process, log)
        self._running[child.pid] = child
        return child

    def end(self, child: Child, how: signal.Signals = signal.SIGTERM) -> None:
        """Signal it and wait for its end; by force when it takes longer than STOP."""
        self._running.pop(child.pid, None)
        child.process.send_signal(how)
        try:
            child.process.wait(STOP)
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()

    def url(self, child: Child) -> str | None:
        """Where it serves, once it says so."""
        entries = runfiles.read_all(self._home)
        return next((entry.url for entry in entries if entry.pid == child.pid), None)

    def ready(self, child: Child) -> bool:
        """Whether it says that it can do its work."""
        url = self.url(child)
        try:
            return url is not None and fetch("GET", f"{url}/health/ready", timeout=2.0)[0] == 200
        except HubError:
            return False

    def _look(self) -> None:
        while not self._over.wait(LOOK_EVERY):
            for child in self.running:
                found = use_of(child.pid)
                if found is not None:
                    self.used[child.name] = self.used.get(child.name, Use()).most(found)


def use_of(pid: int) -> Use | None:
    """What a process has now; None if it is gone."""
    folder = Path(f"/proc/{pid}")
    try:
        pages = int((folder / "statm").read_text(encoding="ascii").split()[1])
        descriptors = len(list((folder / "fd").iterdir()))
        threads = len(list((folder / "task").iterdir()))
    except (OSError, IndexError):
        return None
    return Use(pages * PAGE / 1e6, descriptors, threads)


def disk_of(folder: Path) -> float:
    """MB that the files below a folder take; what goes away meanwhile counts nothing."""
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.lstat().st_blocks * 512  # stat(2): in units of 512 bytes
        except FileNotFoundError:
            continue
    return total / 1e6
