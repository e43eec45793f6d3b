"""What the microseconds of a translation go to, stage by stage.

    python -m ops.bench.stages [WORD ...]      # cases whose name holds one of the words; all

A timer of processor time interrupts the running case, and where the interpreter stands then is
counted. Nothing is wrapped or slowed down, so each stage costs what it costs among the others:
alone in a loop it takes a third less, because the processor's caches then hold it whole.
"""

import signal
import statistics
import sys
from collections import Counter
from dataclasses import dataclass
from types import FrameType

from ops.bench.figures import machine
from ops.bench.scene import ROOT
from ops.bench.translate import Case, batch, cases

TICK = 0.001  # seconds of processor time; the kernel may make it 4 ms
SAMPLES = 600  # of a case: a share of 20 % is then right to 3 %
MOST = 400  # batches

# A file, or a function of one, and its stage. The outermost frame that is here decides.
STAGES = {
    "hub/contract/xml.py:parse": "parse",
    "adapters/rest/server.py:body": "parse",
    "adapters/rest/routes.py:find": "address, envelope",
    "adapters/soap/inbound.py:open_envelope": "address, envelope",
    "adapters/soap/inbound.py:check_understood": "address, envelope",
    "adapters/soap/guard.py:check": "credential",
    "adapters/http/proofs.py:check": "credential",
    "adapters/rest/rsa_fields.py:verify": "credential",
    "hub/contract/xmlschema.py:validate": "check",
    "adapters/rest/server.py:document": "check",
    "adapters/soap/tree.py:read": "document",
    "hub/intake/inflow.py:items_of": "secrecy",
    "hub/mapping/flow.py:__call__": "mapping",
    "hub/intake/item.py:digest": "id and digest",
    "hub/events/identity.py:event_id": "id and digest",
    "hub/events/codec.py:encode": "Avro",
    "hub/events/codec.py:decode": "Avro",
    "adapters/rest/client.py:call": "render",
    "adapters/soap/client.py:call": "render",
}
REST = "between"


@dataclass(frozen=True, slots=True)
class Profile:
    """One case: microseconds an event (the median batch), and the shares of its stages."""

    name: str
    total: float
    shares: dict[str, float]  # largest first; they add up to 1

    def line(self) -> str:
        """For people."""
        parts = (f"{stage} {share * self.total:.0f}" for stage, share in self.shares.items())
        return f"{self.name:34} {self.total:6.1f} µs: {', '.join(parts)}"


def profile(case: Case) -> Profile:
    """Run a case until enough was seen of it."""
    batch(case)
    seen: Counter[str] = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        seen[_stage(frame)] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, TICK, TICK)
    times: list[float] = []
    try:
        while seen.total() < SAMPLES and len(times) < MOST:
            times.append(batch(case))
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
    shares = {stage: count / seen.total() for stage, count in seen.most_common()}
    return Profile(case.name, statistics.median(times), shares)


def _stage(frame: FrameType | None) -> str:
    found = REST
    while frame is not None:
        file = frame.f_code.co_filename.removeprefix(f"{ROOT}/")
        found = STAGES.get(f"{file}:{frame.f_code.co_name}", found)
        frame = frame.f_back
    return found


def main(words: list[str]) -> None:
    """Write a line per case."""
    sys.stdout.write(f"{machine().line()}\n")
    for case in cases():
        if not words or any(word in case.name for word in words):
            sys.stdout.write(f"{profile(case).line()}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
