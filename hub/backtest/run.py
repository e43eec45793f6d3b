"""Past events, one by one, through two versions of a registration.

Nothing is sent and nothing is kept: versions have no way out, and the report holds counts and a few
masked examples. Events of which neither version knows anything are passed over undecoded.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hub.backtest.causes import Causes
from hub.backtest.differences import Outcome, differences
from hub.backtest.report import Example, Report
from hub.backtest.shown import Shown
from hub.backtest.version import Version
from hub.contract.types import Document
from hub.events.masks import Masks
from hub.records import Record
from hub.registry.live import Live

Decode = Callable[[bytes], tuple[str, Document]]


@dataclass(frozen=True, slots=True)
class Backtest:
    """Two versions to compare, and what reading events needs."""

    old: Version
    new: Version
    decode: Decode  # bytes to full name and record; raises Reject, Retry
    shown: Shown

    def run(self, records: Iterable[Record]) -> Report:
        """Compare all events. Raises what `decode` does for an event of a wanted type."""
        report = Report(notes=list(self._notes()))
        causes: Causes | None = None
        wanted = self.old.flows.keys() | self.new.flows.keys()
        for record in records:
            report.read += 1
            if _type(record) not in wanted or record.value is None:
                continue
            name, event = self.decode(record.value)
            report.compared += 1
            before, after = self.old.outcome(name, event), self.new.outcome(name, event)
            if differences(before, after):
                causes = causes or Causes(self.old, self.new)
                self._add(report, causes, record, event, (before, after))
        return report

    def _add(
        self,
        report: Report,
        causes: Causes,
        record: Record,
        event: Document,
        outcomes: tuple[Outcome, Outcome],
    ) -> None:
        name, found = _type(record), differences(*outcomes)
        report.differing += 1
        taken = self.new.flows.get(name) or self.old.flows[name]
        flow, makes = taken.flow, f"{taken.flow}_ask" if taken.ask else taken.flow
        for one, cause in zip(found, causes.of(name, event, outcomes[0], found), strict=True):
            whole = one.path == ""
            values = [one.old, one.new]
            old, new = (
                values if whole else self.shown.values(name, event, (makes, one.path), values)
            )
            example = Example(record.place.text, old, new)
            report.add(flow, record.key or b"", one, cause, example)

    def _notes(self) -> Iterable[str]:
        flows = self.new.live.bundle.manifest.flows
        asking = sorted({f.flow for f in self.new.flows.values() if f.ask is not None})
        receiving = [name for name, flow in flows.items() if flow.kind != "on"]
        if asking:
            yield (
                f"of {', '.join(asking)} only the question is compared: what the system answered "
                "is not kept"
            )
        if receiving:
            yield (
                f"not compared: {', '.join(receiving)}: what the system sent is not kept, "
                "only the events that came of it"
            )
        yield "how answers are judged is not compared: a request is, up to its last byte"


def open_backtest(old: Live, new: Live, masks: Masks, decode: Decode) -> Backtest:
    """Ready to run. Raises Reject where flows of one version collide."""
    shown = Shown(masks, (old.bundle, new.bundle))
    return Backtest(Version(old), Version(new), decode, shown)


def _type(record: Record) -> str:
    return next((raw.decode("ascii", "replace") for n, raw in record.headers if n == "ce_type"), "")
