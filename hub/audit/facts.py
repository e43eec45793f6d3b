"""What is known of a dossier and of those who should know of it, as `hub.audit.why` judges it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from hub.records import Position

Wanted: TypeAlias = Literal["yes", "own", "type", "agency"]
State: TypeAlias = Literal["live", "paused", "retired", "waiting", "broken", "absent"]


@dataclass(frozen=True, slots=True)
class Event:
    """An event of the dossier. `at`: when it was recorded, epoch ms.

    `unserved`: the kinds of connectors that should have had it, though no registration served it.
    """

    place: Position
    at: int
    event_id: str
    type: str  # short name
    source: str
    unserved: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class End:
    """A receipt's outcome at a registration, in the series that came last."""

    outcome: str
    at: int
    place: Position
    series: int = 0
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Tried:
    """Calls that were not the end: how many, and the last of them. `at`: epoch ms."""

    count: int
    at: int
    place: Position
    reason: str
    in_doubt: bool = False  # nobody knows whether the last one had its effect


@dataclass(frozen=True, slots=True)
class Mark:
    """It was sent, or about to be, and there is no word of it since. `at`: epoch ms."""

    at: int


@dataclass(frozen=True, slots=True)
class Waiting:
    """It is parked. `first`: not behind another event of its dossier, but for a reason of its own.

    `since`: its first failure, epoch ms.
    """

    place: Position
    since: int
    reason: str
    first: bool


@dataclass(frozen=True, slots=True)
class Letter:
    """Its dead letter. `state` as in `hub.delivery.letters`; `by`: who decided."""

    place: Position
    at: int
    state: str
    reason: str
    by: str = ""
    because: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """What became of one event at one registration."""

    wanted: Wanted = "yes"
    end: End | None = None
    tried: Tried | None = None
    mark: Mark | None = None
    waiting: Waiting | None = None
    letter: Letter | None = None
    begun: bool = True  # the registration has committed offsets: it was live once
    passed: bool = False  # the committed offset lies behind it
    before: int = 0  # events of its partition that stand between the committed offset and it


@dataclass(frozen=True, slots=True)
class Standing:
    """A registration. `worker` None: it cannot be seen from here whether one runs.

    `opens`: when its hours begin again, epoch ms; None if they are not closed.
    """

    name: str
    state: State = "live"
    problem: str = ""  # why it is not live, or who paused it
    worker: bool | None = True
    halted: str | None = None
    broken: str | None = None
    opens: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A message that gave no event, or none of its own. `at`: epoch ms."""

    place: Position
    at: int
    registration: str
    kind: str
    reason: str


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known. `courses` by event's place and registration."""

    code: str
    events: tuple[Event, ...]  # in the order of recording, each id once
    standings: tuple[Standing, ...]
    courses: Mapping[tuple[Position, str], Course]
    refusals: tuple[Refusal, ...] = ()
    erased: str | None = None  # the order by which it was erased
