"""Child processes of a measurement: started on given cores, watched, ended by their pid."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STOP = 20.0  # seconds
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
TAIL = 1_500  # bytes of a log that are shown


class BenchError(Exception):
    """A measurement that does not count: which, why."""


@dataclass(frozen=True, slots=True)
class Cores:
    """`measured`: what the process under measurement may use; `others`: everything else."""

    measured: frozenset[int]
    others: frozenset[int]

    @property
    def apart(self) -> bool:
        """Whether the two have nothing in common."""
        return not self.measured & self.others


def cores() -> Cores:
    """The first core for what is measured, the others for the rest; with one core, all share it."""
    have = sorted(os.sched_getaffinity(0))
    return Cores(frozenset(have[:1]), frozenset(have[1:] or have))


@dataclass(frozen=True, slots=True)
class Child:
    """A process and its log."""

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def cpu(self) -> float:
        """Processor seconds that it has used, of all its threads."""
        stat = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii", errors="replace")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident(self) -> float:
        """Resident memory in MB (10^6 bytes)."""
        fields = Path(f"/proc/{self.pid}/statm").read_text(encoding="ascii").split()
        return int(fields[1]) * PAGE / 1e6

    def peak(self) -> float:
        """The most resident memory that it ever had, in MB (10^6 bytes): VmHWM of proc(5)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii", errors="replace")
        kilobytes = status.partition("VmHWM:")[2].split()[0]
        return int(kilobytes) * 1024 / 1e6

    def threads(self) -> int:
        """How many it has now."""
        return len(list(Path(f"/proc/{self.pid}/task").iterdir()))

    def tail(self) -> str:
        """The end of its log."""
        return self.log.read_bytes()[-TAIL:].decode(errors="replace")


@contextmanager
def child(
    name: str,
    arguments: Sequence[str],
    log: Path,
    environment: Mapping[str, str],
    on: frozenset[int],
    *,
    program: str = sys.executable,
    folder: Path | None = None,
) -> Iterator[Child]:
    """Run `<program> <arguments>` in `folder` on these cores until the block ends."""
    log.parent.mkdir(parents=True, exist_ok=True)
    mine = os.sched_getaffinity(0)
    with log.open("ab") as out:
        os.sched_setaffinity(0, on)  # a child inherits them before its first instruction
        try:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [program, *arguments],
                cwd=folder,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        finally:
            os.sched_setaffinity(0, mine)
    try:
        yield Child(name, process, log)
    finally:
        process.terminate()
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def until(
    holds: Callable[[], bool], seconds: float, what: str, children: Sequence[Child] = ()
) -> None:
    """Look every 20 ms until it holds. Raises BenchError after `seconds` or when a child ended."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not holds():
        for one in children:
            if one.process.poll() is not None:
                raise BenchError(f"{one.name} ended: {one.tail()}")
        if time.monotonic() > deadline:
            raise BenchError(f"{what} did not come within {seconds:.0f} s")
        pause.wait(0.02)
