"""What is known after a run, from outside: senders' yeses, topics, the peer's own record, /proc."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class Fact(NamedTuple):
    """What a sender got its yes for: the `step`-th fact (from 0) of a dossier."""

    dossier: str
    step: int


class Source(NamedTuple):
    """Where an event stands."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Kept:
    """An event on its topic."""

    source: Source
    event_id: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the peer noted it, before it answered.

    `at`: seconds of the machine's monotonic clock. `digest`: of the body. `taken`: it had its
    effect, whatever was answered; a refused call has none. `version`: the marker of the version
    that made it (tests.faults.versions). `says`: what it was answered (tests.faults.manners).
    """

    at: float
    key: str
    fact: Fact
    digest: str
    taken: bool
    version: str = ""
    says: str = "ok"


@dataclass(frozen=True, slots=True)
class Login:
    """A token that the peer gave. `left`: seconds for which one that it gave before still counted.

    `lifetime`: of the token, seconds.
    """

    at: float
    left: float
    lifetime: float


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of the run, on the machine's monotonic clock. `kind`: "well", "ill" or "minute"."""

    kind: str
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.end - self.begin

    def has(self, at: float) -> bool:
        """Whether a moment is in it."""
        return self.begin <= at < self.end


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a backlog: so many facts cost the worker so many processor seconds."""

    facts: int
    cost: float


@dataclass(frozen=True, slots=True)
class Answer:
    """What a sender at the gateway's door got while the hub could keep nothing.

    `status`: of HTTP, 0 for none. `after`: it was told when to come again. `seconds`: that it took.
    """

    status: int
    after: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class Told:
    """A record on `hub.receipt` about one event, or about a partition (OWNER).

    `offset`: its own, in the partition of its number. `epoch`: offset of the OWNER under which it
    was written; -1 where the writer knew of none. `marks`: source offsets that a MARK names.
    `doubt`: an OUTCOME that `hub receipt list --in-doubt` shows. `tries`: calls that the record
    names, questions left out.
    """

    offset: int
    kind: str
    source: Source
    outcome: str = "UNKNOWN"
    series: int = 0
    epoch: int = -1
    marks: frozenset[int] = frozenset()
    bundle: str = ""
    doubt: bool = False
    tries: int = 0


@dataclass(frozen=True, slots=True)
class Use:
    """The most that a process had. `memory`: resident, MB (10^6 bytes)."""

    memory: float = 0.0
    descriptors: int = 0
    threads: int = 0

    def most(self, other: "Use") -> "Use":
        """The larger of both, field by field."""
        return Use(
            max(self.memory, other.memory),
            max(self.descriptors, other.descriptors),
            max(self.threads, other.threads),
        )


START = 3.0  # seconds from a worker's start to its first call on an idle machine of two cores


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may cost. `repeats`: calls beyond the first that had their effect. `parked`:
    events that must end so. `vain`: calls without effect; None: as many as it takes. `skipped`:
    versions that told nothing, since another came before anybody took them up.

    `recovery`: seconds from a fault to the next delivery, where a worker delivers START seconds
    after it was started; on a slower machine twice what the first start took longer is added
    (`Evidence.slowness`), for a recovery has a start in it, and others run beside it. `disk`: MB of
    the hub's home without the broker's data. Memory: 200 MB is the target of a process after
    100,000 messages (README), and a quarter of it is left for what an interpreter does under
    faults.

    None or nothing where it is not judged: `doubles`: receipts behind a first one; else as many as
    repeats. `late`: calls of a worker that woke up (`Evidence.woke`). `tries`: calls for each
    event, beside the probes while the peer is ill. `keeps`: share of the rate of the well
    stretches that the ill ones keep. `drains`: share of what it told for each processor second at
    best that a worker tells in all. `minute`: facts that each minute must bring. `logins`: tokens
    that were fetched while another one counted. `asides`: dossiers that must have parked for a
    while. `turned_away`: answers at the gateway's door while the hub can keep nothing, at least.
    """

    repeats: int = 0
    parked: int = 0
    vain: int | None = None
    skipped: int = 0
    recovery: float = 15.0
    memory: float = 250.0
    descriptors: int = 400
    threads: int = 64
    disk: float = 200.0
    doubles: int | None = None
    late: int | None = None
    tries: float | None = None
    keeps: float | None = None
    drains: float | None = None
    minute: int | None = None
    logins: int | None = None
    asides: int | None = None
    turned_away: int | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a verdict is made of; `calls` in the order of their coming.

    `woke`: when a worker whose partitions are another's went on. `beside`: what is known of the
    second registration of the same worker, whose system is well all the time. `appended`: when the
    broker had acknowledged a fact, on the machine's monotonic clock.
    """

    sent: frozenset[Fact]
    kept: tuple[Kept, ...]
    calls: tuple[Call, ...]
    told: tuple[Told, ...]
    dead: frozenset[Source]
    foreign: frozenset[Source] = frozenset()  # bytes on the events' topic that are no event
    recoveries: tuple[float, ...] = ()
    used: dict[str, Use] = field(default_factory=dict)  # process -> its most
    disk: float = 0.0  # MB
    struck: int = 0  # how often the fault did strike
    start: float = 0.0  # seconds from the first worker's start to the first call
    versions: Mapping[str, str] = field(default_factory=dict)  # marker -> bundle, where they change
    causeless: frozenset[Source] = frozenset()  # dead letters that say no reason
    stretches: tuple[Stretch, ...] = ()
    logins: tuple[Login, ...] = ()
    answers: tuple[Answer, ...] = ()
    parts: tuple[Part, ...] = ()
    appended: Mapping[Fact, float] = field(default_factory=dict)
    woke: float | None = None
    beside: "Evidence | None" = None

    @property
    def slowness(self) -> float:
        """Seconds that are added to what may take a time, on a machine that is slow now."""
        return 2 * max(0.0, self.start - START)
