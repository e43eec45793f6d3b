"""Playing rows of the table: one fresh world per run, a verdict, a line in the results' file."""

import hashlib
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from hub.errors import HubError
from ops.bench.processes import BenchError
from ops.bench.scene import ROOT
from tests.faults.evidence import Evidence
from tests.faults.oracle import Finding, judge, repeats
from tests.faults.table import Plan, Row
from tests.faults.world import World, open_world

PRODUCT = ("hub", "adapters", "connectors", "schemas", "tests/faults")
BROKEN = "run"  # the invariant's place where a row could not be played to its end


class Result(msgspec.Struct, frozen=True):
    """A line of the results. `build`: digest of what ran. Times in seconds."""

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

    @property
    def run(self) -> tuple[str, int, int, str]:
        """What makes a run the same as another."""
        return self.row, self.seed, self.events, self.build


def play(row: Row, plan: Plan) -> Result:
    """One run in a world of its own."""
    began = time.monotonic()
    with TemporaryDirectory(prefix="hub-faults-") as folder:
        home = Path(folder)
        with open_world(home, row.registration, row.delivery) as world:
            trouble = _played(row, world, plan)
            evidence = world.evidence()
            logs = _suspicious(home) if trouble else []
    findings = trouble + judge(evidence, row.limits(plan)) + logs
    return _result(row, plan, evidence, findings, time.monotonic() - began)


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


def _result(
    row: Row, plan: Plan, evidence: Evidence, findings: list[Finding], seconds: float
) -> Result:
    failed = {finding.invariant for finding in findings}
    return Result(
        row=row.name,
        seed=plan.seed,
        events=plan.events,
        build=build(),
        passed=failed <= row.not_yet,
        findings=[(finding.invariant, finding.what) for finding in findings],
        not_yet=sorted(failed & row.not_yet),
        repeats=repeats(evidence),
        recovery=round(max(evidence.recoveries, default=0.0), 1),
        memory=round(max((use.memory for use in evidence.used.values()), default=0.0)),
        seconds=round(seconds, 1),
    )


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
