"""What a replay would do, written down before it does anything; its digest is what is approved.

A plan names every event and registration by place; it holds no event and no personal data beyond
dossier codes. It is made once: what is recorded after it is none of its business.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec

from hub.contract.types import Document
from hub.errors import Reject
from hub.records import Position

FORMAT = "hub-replay-plan/1"
MOST = 100_000  # items: some 40 MB of file
By: TypeAlias = Literal["REPLAYED", "REQUEUED", "RESUMED"]  # the act that sends it out again

# How an event that ended so is sent again. What parked goes on with its dossier, what is dead as a
# letter, each by the act by which a person would do it.
ACTS: Mapping[str, By] = {
    "DELIVERED": "REPLAYED",
    "NOTHING_TO_SEND": "REPLAYED",
    "DUPLICATE": "REPLAYED",
    "DEAD_LETTERED": "REQUEUED",
    "PARKED": "RESUMED",
}


class Selection(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which (event, registration) are meant; what is empty does not narrow. Times in epoch ms.

    `offsets`: of one partition, "hub.dossier/3", first and last.
    """

    dossiers: tuple[str, ...] = ()
    registrations: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    partition: str = ""
    offsets: tuple[int, int] | None = None

    def takes_event(self, event: Document) -> bool:
        """Whether an event is meant: `topic`, `partition`, `offset`, `type`, `dossier`, `at`."""
        at, place = event["at"], f"{event['topic']}/{event['partition']}"
        return (
            (not self.dossiers or event["dossier"] in self.dossiers)
            and (not self.types or event["type"] in self.types)
            and (self.since is None or (isinstance(at, int) and at >= self.since))
            and (self.until is None or (isinstance(at, int) and at < self.until))
            and (not self.partition or place == self.partition)
            and self._within(event["offset"])
        )

    def _within(self, offset: object) -> bool:
        if self.offsets is None:
            return True
        first, last = self.offsets
        return isinstance(offset, int) and first <= offset <= last

    def takes_end(self, registration: str, outcome: str) -> bool:
        """Whether what became of an event there is meant."""
        return (not self.registrations or registration in self.registrations) and (
            not self.outcomes or outcome in self.outcomes
        )


class Item(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event at a registration, and what became of it.

    `series`: the last one. `bundle`, `settings`: under which it ended. `request`: digest of what
    was said. `letter`: where its dead letter stands, where it is one.
    """

    topic: str
    partition: int
    offset: int
    event_id: str
    event_type: str
    dossier: str
    registration: str
    outcome: str
    series: int
    bundle: str
    settings: str
    request: str = ""
    letter: str = ""

    @property
    def place(self) -> Position:
        """Where the event stands."""
        return Position(self.topic, self.partition, self.offset)

    @property
    def act(self) -> By:
        """By which it is sent again."""
        return ACTS[self.outcome]


class Plan(msgspec.Struct, frozen=True):
    """What was asked for, by whom and why, and every item, in the order in which it goes."""

    format: str
    by: str
    because: str
    at: int
    selection: Selection
    items: tuple[Item, ...]

    @property
    def digest(self) -> str:
        """64 hex digits over everything in it: another plan is another approval."""
        return hashlib.sha256(written(self)).hexdigest()


def written(plan: Plan) -> bytes:
    """The plan as its file holds it: the same bytes for the same plan."""
    return msgspec.json.format(msgspec.json.encode(plan, order="deterministic"), indent=1)


def read_plan(text: bytes, where: str) -> Plan:
    """The plan in a file. Raises Reject where it is none, or of another format."""
    try:
        plan = msgspec.json.decode(text, type=Plan)
    except msgspec.DecodeError as error:
        raise Reject(f"is no plan: {error}", where=where, fix="hub replay plan") from error
    if plan.format != FORMAT:
        raise Reject(f"has the format {plan.format}, this hub reads {FORMAT}", where=where)
    unknown = {item.outcome for item in plan.items} - ACTS.keys()
    if unknown:
        raise Reject(f"knows outcomes that there are not: {', '.join(unknown)}", where=where)
    return plan


@dataclass(frozen=True, slots=True)
class Line:
    """So many events go to a registration in one way. `known`: its system has seen their keys."""

    registration: str
    outcome: str
    act: By
    bundle: str
    events: int
    dossiers: int
    known: bool

    def as_dict(self) -> dict[str, object]:
        """For tables and programs."""
        return {name: getattr(self, name) for name in self.__slots__}


def summary(items: Iterable[Item]) -> list[Line]:
    """Who gets how much, most first: what a person looks at before anything happens."""
    events: Counter[tuple[str, str, str]] = Counter()
    dossiers: dict[tuple[str, str, str], set[str]] = {}
    for item in items:
        key = item.registration, item.outcome, item.bundle
        events[key] += 1
        dossiers.setdefault(key, set()).add(item.dossier)
    return [
        Line(name, end, ACTS[end], bundle, count, len(dossiers[name, end, bundle]), _known(end))
        for (name, end, bundle), count in events.most_common()
    ]


def _known(outcome: str) -> bool:
    """Whether the system was told before, under the same key: it will see a duplicate."""
    return outcome in ("DELIVERED", "DUPLICATE")
