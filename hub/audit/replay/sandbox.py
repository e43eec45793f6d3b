"""A plan carried out without a way out: what would be said, beside what was said then.

What was said is not kept; its keyed digest is, in the receipt. So the version of that time makes
each request again, and the digest tells whether it is the one that went out. Where another version
is asked, its requests are compared with those, field by field, each difference with its cause.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from hub.audit.replay.plan import Item
from hub.backtest.report import Report
from hub.backtest.run import Backtest
from hub.backtest.version import Version
from hub.contract.types import Document
from hub.delivery.receipts import request_digest
from hub.errors import Reject
from hub.records import Position, Record

# What a request that is made again says of the receipt.
SAME = "same"  # it is what was sent
OTHER = "other"  # it is not: log, bundle or receipt were changed, or the hub has a bug
NOTHING = "nothing was said"  # refused by the mapping, or not for this system
UNKNOWN = "no digest"  # of a receipt that names none
ASKED = "the system was asked first"  # and what it answered is not kept
NO_VERSION = "its version is not kept"
GONE = "the event is gone"
MOST_OTHERS = 100  # items that are told one by one


@dataclass(frozen=True, slots=True)
class Reading:
    """How events are read, and the key of the digests of what was said."""

    decode: Callable[[bytes], tuple[str, Document]]
    key: bytes = field(repr=False)


@dataclass(slots=True)
class Played:
    """What came of the items of one registration that ended under one version."""

    registration: str
    bundle: str
    verdicts: Counter[str] = field(default_factory=Counter)
    others: list[Item] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)  # what sandboxes said; empty: none
    report: Report | None = None  # beside the other version; None: none was asked

    def note(self, item: Item, verdict: str) -> None:
        """One item, and what its request is beside that of then."""
        self.verdicts[verdict] += 1
        if verdict == OTHER and len(self.others) < MOST_OTHERS:
            self.others.append(item)

    @property
    def unexplained(self) -> int:
        """Requests that are not what was sent, and differences that no change explains."""
        groups = self.report.groups if self.report else []
        return self.verdicts[OTHER] + sum(g.events for g in groups if not g.cause.explained)

    def as_dict(self) -> Document:
        """For programs."""
        return {
            "registration": self.registration,
            "bundle": self.bundle,
            "requests": dict(self.verdicts),
            "outcomes": dict(self.outcomes),
            "others": [item.place.text for item in self.others],
            "unexplained": self.unexplained,
            "beside": self.report.as_dict() if self.report else None,
        }


def play(
    items: Sequence[Item],
    records: Iterable[Record],
    then: Version | None,
    beside: Backtest | None,
    reading: Reading,
) -> Played:
    """These items, of one registration and version, in the order of their records.

    `records`: the events at the items' places. `then`: their version; None where it is not kept.
    `beside`: what compares it with another. Raises Retry where no schema explains an event.
    """
    played = Played(items[0].registration, items[0].bundle)
    waiting = {item.place: item for item in items}
    checked = _checked(waiting, records, then, reading, played)
    if beside is not None:
        played.report = beside.run(checked)
    for _ in checked:  # all of it, also where nothing is compared
        pass
    if waiting:
        played.verdicts[GONE] = len(waiting)
    return played


def _checked(
    waiting: dict[Position, Item],
    records: Iterable[Record],
    then: Version | None,
    reading: Reading,
    played: Played,
) -> Iterator[Record]:
    for record in records:
        item = waiting.pop(record.place, None)
        if item is None or record.value is None:
            continue
        verdict = NO_VERSION
        if then is not None:
            verdict = _said(then, *reading.decode(record.value), item.request, reading.key)
        played.note(item, verdict)
        yield record


def _said(version: Version, name: str, event: Document, request: str, key: bytes) -> str:
    """What the request of that time is, beside the digest that the receipt names."""
    flow = version.flows.get(name)
    if flow is None or not flow.takes(event):
        return OTHER if request else NOTHING
    if flow.ask is not None:
        return ASKED
    try:
        made = flow.make(event, None, flow.settings, [])
    except Reject:
        made = None
    if made is None:
        return OTHER if request else NOTHING
    if not request:
        return UNKNOWN
    return SAME if request_digest(*made, key) == request else OTHER
