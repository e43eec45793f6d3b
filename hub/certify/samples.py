"""Which events a sandbox is tried with: the connector's own cases, under a dossier of this run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from hub.certify.fresh import moved, new_code, renamed
from hub.contract.types import Document, Record
from hub.delivery.outflow import Outflow
from hub.registry.case_files import Case, find_cases
from hub.registry.case_times import from_people
from hub.registry.event_types import Events
from hub.registry.live import Live, outflows

AT = "at"  # when it happened, epoch ms
DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Sample:
    """An event that a flow is tried with. `key`: its first field, which says what it is about.

    `provokes`: the error that the case is there for, a status or a fault; "" where it is taken.
    """

    flow: Outflow
    event_type: str
    record: Document
    key: str
    case: str
    provokes: str

    @property
    def code(self) -> str:
        """What it is about: a dossier's code, a meter's number."""
        return str(self.record.get(self.key) or "")

    def about(self, code: str) -> "Sample":
        """The same about another one."""
        return replace(self, record=renamed(self.record, self.code, code)) if self.code else self

    def of_another(self, number: int) -> "Sample":
        """The same about one whose code ends in the digits of `number`."""
        return self.about(new_code(self.code, number))


@dataclass(frozen=True, slots=True)
class Run:
    """What makes the events of one run its own: the digits of its codes, and its day."""

    number: int
    now: int  # epoch ms


def samples(live: Live, run: Run) -> Sequence[Sample]:
    """One accepted case of each flow and type of event, in the order of the flows.

    All that are about a dossier are about the same one (and so for whatever else events are about),
    and happened within the last day, each at the hour of its case: what one flow makes, the next
    may speak of.
    """
    events = live.bundle.events
    flows = outflows(live, events)
    chosen: dict[tuple[str, str], Sample] = {}
    for one in _accepted(find_cases(live.bundle.files, {}), flows, events):
        if not one.provokes:
            chosen.setdefault((one.flow.flow, one.event_type), one)
    order = list(live.bundle.manifest.flows)
    found = sorted(chosen.values(), key=lambda one: order.index(one.flow.flow))
    codes: dict[str, str] = {}  # by the field that says what an event is about
    for one in found:
        codes.setdefault(one.key, new_code(one.code, run.number))
    return [_of_today(one.about(codes[one.key]), events, run.now) for one in found]


def provoking(live: Live) -> list[Sample]:
    """The cases that say which error of the system they provoke, as they are."""
    events = live.bundle.events
    flows = outflows(live, events)
    found = _accepted(find_cases(live.bundle.files, {}), flows, events)
    return [one for one in found if one.provokes]


def _of_today(sample: Sample, events: Events, now: int) -> Sample:
    at = sample.record.get(AT)
    if not isinstance(at, int):
        return sample
    kind = _record_of(sample.event_type, events)
    found = moved(sample.record, kind, events.records, (now - at) // DAY * DAY)
    return replace(sample, record=found) if isinstance(found, dict) else sample


def _record_of(event_type: str, events: Events) -> Record:
    short = next(name for name, full in events.full_names.items() if full == event_type)
    return events.records[short]


def _accepted(
    cases: Iterator[Case], flows: Mapping[str, Outflow], events: Events
) -> Iterator[Sample]:
    """Cases of events that send something and that this registration serves."""
    for case in cases:
        given: object = None if case.xml else orjson.loads(case.body)
        match given:
            case {"type": str() as kind, "event": dict() as event}:
                flow = flows.get(kind)
            case _:
                continue
        silent = isinstance(case.out, dict) and case.out.get("operation", "") is None
        if flow is None or flow.flow != case.flow or case.reject is not None or silent:
            continue
        record = from_people(kind, event, events)
        if flow.takes(record):
            key = _record_of(kind, events).fields[0].name
            yield Sample(flow, kind, record, key, case.name, case.provokes)
