"""A dossier as its events tell it: a pure fold, in the order of their offsets.

Nothing is refused here: the hub delivers what systems say, and what looks wrong (a transition that
is not in the state machine, an impossible time) becomes a flag. Only fields that the schemas
declare free of personal data are read (test_timeline_privacy), so nothing personal can be kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgspec import Struct
from msgspec.structs import replace

from hub.contract.types import Document, Value
from hub.views import consignments
from hub.views.consignments import Consignment
from hub.views.wording import number, says, shown, text

MOST_ENTRIES = 500  # of a timeline; the busiest scenario has 14, and a state stays small
MOST_FLAGS = 50
AHEAD = 600_000  # ms that a fact may lie after its recording

# Status carried by an event; StatusChanged and DeadlineExtended have a field
STATUS: Mapping[str, str] = {
    "Received": "REGISTERED",
    "Accepted": "ACCEPTED",
    "Refused": "REFUSED",
    "SupplementRequested": "SUPPLEMENT_REQUIRED",
    "FeeRequested": "PAYMENT_REQUIRED",
    "Withdrawn": "WITHDRAWN",
    "ResultReady": "COMPLETED",
    "ResultReturned": "RESULT_RETURNED",
}
_OPEN = {"SUPPLEMENT_REQUIRED", "PAYMENT_REQUIRED", "WITHDRAWN", "STOPPED", "COMPLETED"}
# Read off the status codes of DVCQG (no law publishes the transitions); "" is a dossier that nobody
# has spoken of yet
NEXT: Mapping[str, frozenset[str]] = {
    "": frozenset({"REGISTERED", "ACCEPTED", "REFUSED"}),
    "REGISTERED": frozenset({"ACCEPTED", "REFUSED", "WITHDRAWN"}),
    "ACCEPTED": frozenset(_OPEN | {"PROCESSING"}),
    "PROCESSING": frozenset(_OPEN | {"PROCESSING"}),
    "SUPPLEMENT_REQUIRED": frozenset({"PROCESSING", "WITHDRAWN", "STOPPED"}),
    "PAYMENT_REQUIRED": frozenset({"PROCESSING", "WITHDRAWN", "STOPPED"}),
    "COMPLETED": frozenset({"RESULT_RETURNED"}),
}
FINISHED = ("COMPLETED", "RESULT_RETURNED")
ENDS = frozenset({*FINISHED, "REFUSED", "WITHDRAWN", "STOPPED"})  # of an agency's work


@dataclass(frozen=True, slots=True)
class Fact:
    """An event as it stands on the topic. `recorded`: when the hub recorded it, epoch ms."""

    offset: int
    recorded: int
    event_id: str
    kind: str  # the short name of the event, `StatusChanged`
    source: str  # registration
    record: Document = field(repr=False)
    flags: tuple[str, ...] = ()


class Entry(Struct, frozen=True, array_like=True):
    """A line of the timeline. `at`: when it happened, epoch ms."""

    offset: int
    at: int
    type: str
    source: str
    says: str
    event_id: str


class Flag(Struct, frozen=True, array_like=True):
    """What is odd, for a report; never a reason to refuse."""

    code: str
    at: int
    says: str


class Dossier(Struct, frozen=True, array_like=True):
    """What is known of one dossier. Times are epoch ms; "" and None: not known (yet).

    A msgspec struct, because it is kept as bytes and copied at every event: `dataclasses.replace`
    took half of the time of the fold.

    `due`: the due date in force. `judged`: the one against which lateness is judged, which an
    extension moves only if its reason is SUPPLEMENT: LATE does not, and OTHER
    is as much the agency's own doing, so it does not either.
    """

    code: str
    offset: int = -1  # of the last event folded
    status: str = ""
    status_raw: str | None = None
    since: int | None = None
    procedure: str | None = None
    agency: str | None = None
    channel: str | None = None
    origin: str | None = None
    local_code: str | None = None
    submitted: int | None = None
    accepted: int | None = None
    finished: int | None = None
    returned: int | None = None
    due: int | None = None
    judged: int | None = None
    consignments: tuple[Consignment, ...] = ()
    entries: tuple[Entry, ...] = ()
    flags: tuple[Flag, ...] = ()
    more: int = 0  # events after the timeline was full


def fold(dossier: Dossier, fact: Fact) -> Dossier:
    """The dossier after one more event; the same dossier if the event is known already.

    Known: an offset not above the last one, or the id of an event in the timeline (of two gateways
    that race, the first offset wins).
    """
    if fact.offset <= dossier.offset:
        return dossier
    if any(entry.event_id == fact.event_id for entry in dossier.entries):
        return replace(dossier, offset=fact.offset)
    at = number(fact.record, "at") or fact.recorded
    after = _reference(replace(dossier, offset=fact.offset), fact.record)
    after = _header(after, fact.kind, fact.record.get("dossier"), at)
    after = _deadline(after, fact)
    after = _status(after, fact, at)
    after = replace(
        after, consignments=consignments.fold(after.consignments, fact.kind, fact.record, at)
    )
    after = _entry(after, fact, at)
    return _odd_times(after, fact, at)


def _entry(dossier: Dossier, fact: Fact, at: int) -> Dossier:
    if len(dossier.entries) >= MOST_ENTRIES:
        return replace(dossier, more=dossier.more + 1)
    spoken = says(fact.kind, fact.record)
    entry = Entry(fact.offset, at, fact.kind, fact.source, spoken, fact.event_id)
    return replace(dossier, entries=(*dossier.entries, entry))


def _reference(dossier: Dossier, record: Document) -> Dossier:
    return replace(
        dossier,
        origin=text(record, "origin") or dossier.origin,
        local_code=text(record, "local_code") or dossier.local_code,
        agency=dossier.agency or text(record, "agency_code"),
    )


def _header(dossier: Dossier, kind: str, header: Value, at: int) -> Dossier:
    """The dossier header is repeated in events; the newest word counts, but for the due date."""
    if not isinstance(header, dict):
        return dossier
    dossier = replace(
        dossier,
        procedure=text(header, "procedure_code") or dossier.procedure,
        agency=text(header, "agency_code") or dossier.agency,
        channel=text(header, "channel") or dossier.channel,
        submitted=number(header, "submitted_at") or dossier.submitted,
        accepted=number(header, "accepted_at") or dossier.accepted,
    )
    due = number(header, "due_at")
    if due is None or kind == "DeadlineExtended":
        return dossier
    if dossier.due is None:
        return replace(dossier, due=due, judged=due)
    if due != dossier.due:
        spoken = f"{kind} names the due date {shown(due)}, in force is {shown(dossier.due)}"
        return flagged(dossier, Flag("due_date_without_extension", at, spoken))
    return dossier


def _deadline(dossier: Dossier, fact: Fact) -> Dossier:
    record = fact.record
    if fact.kind == "DeadlineExtended":
        previous, new = number(record, "previous_due_at"), number(record, "new_due_at")
        judged = previous if dossier.judged is None else dossier.judged
        moves = text(record, "reason") == "SUPPLEMENT"
        return replace(dossier, due=new, judged=new if moves else judged)
    if fact.kind in ("ResultReady", "ResultReturned"):
        return replace(
            dossier,
            finished=number(record, "finished_at") or dossier.finished,
            returned=number(record, "returned_at") or dossier.returned,
        )
    return dossier


def _status(dossier: Dossier, fact: Fact, at: int) -> Dossier:
    status = STATUS.get(fact.kind) or text(fact.record, "status")
    if status is None or (fact.kind == "DeadlineExtended" and status == dossier.status):
        return dossier
    if dossier.since is not None and at < dossier.since:
        spoken = f"{status} of {shown(at)} came after {dossier.status} of {shown(dossier.since)}"
        dossier = flagged(dossier, Flag("regression", at, spoken))
        if dossier.status in ENDS:
            return dossier
    dossier = _transition(dossier, status, at)
    repeated = status == dossier.status
    if status in FINISHED and dossier.finished is None:
        dossier = replace(dossier, finished=dossier.returned or at)
    return replace(
        dossier,
        status=status,
        status_raw=text(fact.record, "status_raw") if status == "UNKNOWN" else None,
        since=dossier.since if repeated and dossier.since is not None else at,
    )


def _transition(dossier: Dossier, status: str, at: int) -> Dossier:
    before = dossier.status or "nothing"
    if "UNKNOWN" in (status, dossier.status):
        return flagged(dossier, Flag("unknown_status", at, f"from {before} to {status}"))
    if status in NEXT.get(dossier.status, frozenset()):
        return dossier
    return flagged(dossier, Flag("transition", at, f"from {before} to {status}"))


def _odd_times(dossier: Dossier, fact: Fact, at: int) -> Dossier:
    """Impossible times, each named once."""
    if at > fact.recorded + AHEAD:
        dossier = flagged(dossier, Flag("future", at, f"{fact.kind} lies after its recording"))
    for code in fact.flags:
        dossier = flagged(dossier, Flag(f"said_{code[:40]}", at, f"{fact.kind}: {code[:40]}"))
    for code, first, second in (
        ("submitted_after_accepted", dossier.submitted, dossier.accepted),
        ("accepted_after_finished", dossier.accepted, dossier.finished),
        ("finished_after_returned", dossier.finished, dossier.returned),
        ("due_before_accepted", dossier.accepted, dossier.due),
    ):
        if first is not None and second is not None and first > second:
            known = any(flag.code == code for flag in dossier.flags)
            spoken = f"{shown(first)} is after {shown(second)}"
            dossier = dossier if known else flagged(dossier, Flag(code, at, spoken))
    return dossier


def flagged(dossier: Dossier, flag: Flag) -> Dossier:
    """The dossier with one more flag, up to the most that are kept."""
    if len(dossier.flags) >= MOST_FLAGS:
        return dossier
    return replace(dossier, flags=(*dossier.flags, flag))
