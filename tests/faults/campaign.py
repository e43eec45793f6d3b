"""Playing rows of the table: one fresh world per run, a verdict, a line in the results' file."""

import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec

from hub.errors import HubError
from ops.bench.processes import BenchError
from ops.bench.scene import ROOT
from tests.faults.opening import open_world
from tests.faults.oracle import Finding, judge, repeats
from tests.faults.table import Plan, Row
from tests.faults.world import World

PRODUCT = ("hub", "adapters", "connectors", "schemas", "tests/faults")
BROKEN = "run"  # the invariant's place where a row could not be played to its end


class Result(msgspec.Struct, frozen=True):
    """A line of the results. `build`: digest of what ran. Times in seconds.

    `load`: the machine's at the start of the run, as uptime(1) tells it. `commit`: what was checked
    out, in short; empty where that is no working copy.
    """

    row: str
    seed: int
    events: int
    build: str
    passed: bool
    findings: list[tuple[str, str]]  # invariant, what
    not_yet: list[str]  # invariants that failed and are known to
    repeats: int = 0
    recovery: float = 0.0  # the longest
    memory: float = 0.0  # MB, of the process that had most
    seconds: float = 0.0
    load: float = 0.0
    commit: str = ""

    @property
    def run(self) -> tuple[str, int, int, str]:
        """What makes a run the same as another."""
        return self.row, self.seed, self.events, self.build


def play(row: Row, plan: Plan, home: Path) -> Result:
    """One run in a world of its own, in the empty folder `home`."""
    began, load = time.monotonic(), os.getloadavg()[0]
    code, commit = build(), checked_out()
    with open_world(home, row.registration, row.delivery, second=row.second) as world:
        trouble = _played(row, world, plan)
        evidence = world.evidence()
        logs = _suspicious(home) if trouble else []
    findings = trouble + judge(evidence, row.limits(plan)) + logs
    failed = {finding.invariant for finding in findings}
    return Result(
        row=row.name,
        seed=plan.seed,
        events=plan.events,
        build=code,
        passed=failed <= row.not_yet,
        findings=[(finding.invariant, finding.what) for finding in findings],
        not_yet=sorted(failed & row.not_yet),
        repeats=repeats(evidence),
        recovery=round(max(evidence.recoveries, default=0.0), 1),
        memory=round(max((use.memory for use in evidence.used.values()), default=0.0)),
        seconds=round(time.monotonic() - began, 1),
        load=round(load, 1),
        commit=commit,
    )


def crashed(row: str, plan: Plan, why: str) -> Result:
    """What is said of a run whose process ended without a verdict."""
    return Result(
        row=row,
        seed=plan.seed,
        events=plan.events,
        build=build(),
        passed=False,
        findings=[(BROKEN, why)],
        not_yet=[],
        commit=checked_out(),
    )


def _played(row: Row, world: World, plan: Plan) -> list[Finding]:
    """What kept the row from its end. What came of it is judged either way."""
    trouble: list[Finding] = []
    steps: tuple[Callable[[], None], ...] = (partial(row.play, world, plan), world.drain)
    for step in steps:
        try:
            step()
        except (BenchError, HubError, OSError) as error:
            trouble.append(Finding(BROKEN, str(error)))
    return trouble


def _suspicious(home: Path) -> list[Finding]:
    """The end of the worker's log, for who has to find out."""
    log = home / "log" / "worker.log"
    if not log.exists():
        return []
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:]
    return [Finding(BROKEN, line) for line in lines]


def build() -> str:
    """Names the code that runs: 12 hex digits over the files of the product and of this suite."""
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _sources() -> Iterator[Path]:
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path


def checked_out() -> str:
    """The commit, in short; empty where git does not know one."""
    done = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip()


class Results:
    """The lines of `.hub/faults/results.jsonl`, kept between runs."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def keep(self, result: Result) -> None:
        """Append a line."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("ab") as file:
            file.write(msgspec.json.encode(result) + b"\n")

    def read(self) -> list[Result]:
        """Every line that can be read; one that was broken off by a kill is left out."""
        found: list[Result] = []
        lines = self._file.read_bytes().splitlines() if self._file.exists() else []
        for line in lines:
            try:
                found.append(msgspec.json.decode(line, type=Result))
            except msgspec.DecodeError:
                continue
        return found
