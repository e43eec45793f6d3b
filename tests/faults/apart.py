"""Runs of a campaign, each in a process of its own: what ends one of them ends no other.

    python -m tests.faults.apart <row> <seed> <events> <home>    plays it, and writes its Result

The logs of a run that failed are kept below `.hub/faults/failed/<row>-<seed>`, of the last few.
"""

import logging
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import msgspec

from hub.dev.process import owned_by_us
from hub.log import configure
from ops.bench.scene import ROOT
from tests.faults.campaign import Result, crashed, play
from tests.faults.rows import BY_NAME
from tests.faults.table import Plan

FAILED = ROOT / ".hub" / "faults" / "failed"
MOST_FAILED = 20  # folders
LAST_WORDS = 2_000  # characters
PATIENCE = 45.0  # seconds in which a run that is broken off ends its processes
VERDICT = "verdict.json"
PROGRAM = (sys.executable, "-m", "tests.faults.apart")


class Run(NamedTuple):
    """What is played."""

    row: str
    seed: int
    events: int


class Apart:
    """Runs side by side. `break_off` may be called from any thread."""

    def __init__(self, failed: Path = FAILED, program: Sequence[str] = PROGRAM) -> None:
        """`failed`: where logs are kept. `program`: what plays a run, and its first arguments."""
        self._failed = failed
        self._program = program
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._children: set[subprocess.Popen[bytes]] = set()

    def play(
        self, runs: Sequence[Run], jobs: int, begun: Callable[[Run], None]
    ) -> Generator[Result, None, None]:
        """Play them in this order, so many at once; the results as they come.

        `begun` is told in a thread of its own when a run begins. What was broken off has no result.
        """
        with ThreadPoolExecutor(jobs, "run") as pool:
            left: set[Future[Result | None]] = {pool.submit(self._one, run, begun) for run in runs}
            try:
                while left:
                    done, left = wait(left, return_when=FIRST_COMPLETED)
                    yield from filter(None, (future.result() for future in done))
            finally:
                self.break_off()  # nothing runs any more, unless the caller wants no more

    def break_off(self) -> None:
        """No other run begins; those that run end their processes and go."""
        self._over.set()
        with self._lock:
            children = list(self._children)
        for child in children:
            child.send_signal(signal.SIGINT)
        for child in children:
            try:
                child.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                child.kill()  # what it started goes with it (hub.dev.process)

    def _one(self, run: Run, begun: Callable[[Run], None]) -> Result | None:
        if self._over.is_set():
            return None
        begun(run)
        with TemporaryDirectory(prefix="hub-faults-", ignore_cleanup_errors=True) as folder:
            home = Path(folder)
            status = self._child(run, home)
            if self._over.is_set():
                return None
            result = _verdict(run, home, status)
            if not result.passed:
                keep_logs(home, self._failed / f"{run.row}-{run.seed}", result)
            return result

    def _child(self, run: Run, home: Path) -> int:
        """Its exit status."""
        words = (run.row, str(run.seed), str(run.events), str(home))
        (home / "log").mkdir()
        with (home / "log" / "run.log").open("wb") as out:
            with self._lock:
                child = subprocess.Popen(
                    owned_by_us([*self._program, *words]),
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=out,
                    start_new_session=True,  # a terminal's Ctrl-C comes through `break_off` alone
                )
                self._children.add(child)
            try:
                return child.wait()
            finally:
                with self._lock:
                    self._children.discard(child)


def _verdict(run: Run, home: Path, status: int) -> Result:
    file = home / VERDICT
    if status == 0 and file.exists():
        return msgspec.json.decode(file.read_bytes(), type=Result)
    said = (home / "log" / "run.log").read_text(encoding="utf-8", errors="replace")
    plan = Plan.of(run.row, run.events, run.seed)
    return crashed(run.row, plan, f"its process ended with {status}: {said[-LAST_WORDS:]}")


def keep_logs(home: Path, place: Path, result: Result) -> None:
    """What is needed to find out why: all logs, the peers' records, and the verdict.

    What an earlier run left at that place goes, and so do the oldest beyond MOST_FAILED.
    """
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for path in sorted((home / "log").glob("*")) + sorted(home.glob("*.jsonl")):
        if path.is_file():
            shutil.copy2(path, place / path.name)
    (place / VERDICT).write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    known = sorted((one for one in place.parent.iterdir() if one.is_dir()), key=_age)
    for old in known[:-MOST_FAILED]:
        shutil.rmtree(old, ignore_errors=True)


def _age(place: Path) -> float:
    return place.stat().st_mtime


def main(words: Sequence[str]) -> None:
    """Play one run."""
    row, seed, events, home = words
    result = play(BY_NAME[row], Plan.of(row, int(events), int(seed)), Path(home))
    (Path(home) / VERDICT).write_bytes(msgspec.json.encode(result))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # see Apart.break_off
    configure("faults", level=logging.WARNING)
    main(sys.argv[1:])
