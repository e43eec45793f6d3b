"""Whether what was said of a dossier can be: its states in an order that there is, possible times.

The one-stop's word is the fact. So nothing is refused or held back here; what does not fit is
reported, with the records that say so. The table of states is the timeline's
(`hub.views.timeline.NEXT`), which folds the same events.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from hub.contract.types import Document
from hub.records import Position
from hub.views.timeline import Dossier, Fact, Flag, fold

Kind: TypeAlias = Literal["illegal", "regressive", "impossible", "unknown"]
# What of the timeline's flags is reported; the rest (a due date that changed without an extension,
# what a sender flagged itself) is no transition and no time.
KINDS: dict[str, Kind] = {
    "transition": "illegal",
    "unknown_status": "unknown",
    "regression": "regressive",
    "future": "impossible",
    "submitted_after_accepted": "impossible",
    "accepted_after_finished": "impossible",
    "finished_after_returned": "impossible",
    "due_before_accepted": "impossible",
}


@dataclass(frozen=True, slots=True)
class Said:
    """An event of a dossier, and where it stands. `recorded`: epoch ms."""

    place: Position
    recorded: int
    event_id: str
    type: str  # the event's full name
    source: str
    record: Document = field(repr=False)


@dataclass(frozen=True, slots=True)
class Breach:
    """Something that cannot be. `after`: the event that last gave the dossier its state."""

    dossier: str
    kind: Kind
    rule: str
    says: str
    at: int  # epoch ms, as the event says
    event: Said
    after: Said | None


def breaches(code: str, events: Iterable[Said]) -> list[Breach]:
    """What cannot be, of one dossier; `events` in the order of recording, all of them.

    A fact that was recorded twice is one.
    """
    dossier, last = Dossier(code), None
    found: list[Breach] = []
    for number, event in enumerate(events):
        kind = event.type.rpartition(".")[2]
        fact = Fact(number, event.recorded, event.event_id, kind, event.source, event.record)
        after = fold(dossier, fact)
        new = after.flags[len(dossier.flags) :]
        found += [_breach(code, flag, event, last) for flag in new if flag.code in KINDS]
        if after.status != dossier.status or after.since != dossier.since:
            last = event
        dossier = after
    return found


def _breach(code: str, flag: Flag, event: Said, last: Said | None) -> Breach:
    return Breach(code, KINDS[flag.code], flag.code, flag.says, flag.at, event, last)
