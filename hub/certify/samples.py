"""Which events a sandbox is tried with: the connector's own cases, under a dossier of this run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from hub.certify.fresh import moved, new_code, renamed
from hub.contract.types import Document
from hub.delivery.outflow import Outflow
from hub.registry.case_files import Case, find_cases
from hub.registry.case_times import from_people
from hub.registry.event_types import Events
from hub.registry.live import Live, outflows

CODE = "dossier_code"  # the field that names a dossier, in every event that is about one
AT = "at"  # when it happened, epoch ms
DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Sample:
    """An event that a flow is tried with."""

    flow: Outflow
    event_type: str
    record: Document

    def of_another_dossier(self, number: int) -> "Sample":
        """The same about a dossier with the digits of `number`."""
        code = self.record.get(CODE)
        if not isinstance(code, str):
            return self
        return replace(self, record=renamed(self.record, code, new_code(code, number)))


@dataclass(frozen=True, slots=True)
class Run:
    """What makes the events of one run its own: the digits of its dossier's code, and its day."""

    number: int
    now: int  # epoch ms


def samples(live: Live, run: Run) -> Sequence[Sample]:
    """One accepted case of each flow and type of event, in the order of the flows.

    All are of one dossier and happened within the last day, each at the hour of its case: what one
    flow makes, the next may speak of.
    """
    events = live.bundle.events
    flows = outflows(live, events)
    chosen: dict[tuple[str, str], Sample] = {}
    for one in _accepted(find_cases(live.bundle.files, {}), flows, events):
        chosen.setdefault((one.flow.flow, one.event_type), one)
    order = list(live.bundle.manifest.flows)
    found = sorted(chosen.values(), key=lambda one: order.index(one.flow.flow))
    code = next((c for one in found if isinstance(c := one.record.get(CODE), str)), "")
    new = new_code(code, run.number)
    return [_of_run(one, events, new, run.now) for one in found]


def _of_run(sample: Sample, events: Events, new: str, now: int) -> Sample:
    record = sample.record
    code, at = record.get(CODE), record.get(AT)
    if isinstance(code, str):
        record = renamed(record, code, new)
    if isinstance(at, int):
        days = (now - at) // DAY * DAY
        record = _moved(record, sample.event_type, events, days)
    return replace(sample, record=record)


def _moved(record: Document, event_type: str, events: Events, by: int) -> Document:
    short = next(name for name, full in events.full_names.items() if full == event_type)
    found = moved(record, events.records[short], events.records, by)
    return found if isinstance(found, dict) else record


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
            yield Sample(flow, kind, record)
