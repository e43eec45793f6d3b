"""One version of a registration, asked what it would send for an event. It has no way out."""

from collections.abc import Mapping
from dataclasses import replace

from hub.backtest.differences import Nothing, Outcome, Rejected, Request
from hub.contract.types import Document
from hub.delivery.outflow import Outflow
from hub.errors import Reject
from hub.mapping.program import Program
from hub.registry.call_wire import CallWire
from hub.registry.live import Live, outflows

NO_FLOW = "no flow takes it"
NOT_SERVED = "another agency's"
NOT_WANTED = "the mapping sends nothing"


class Version:
    """A bundle under the settings of one registration. Raises Reject where two flows collide."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.flows: Mapping[str, Outflow] = outflows(live, live.bundle.events)
        self._wire = CallWire(live.bundle, live.registration.settings)

    def outcome(self, event_type: str, record: Document) -> Outcome:
        """What it makes of an event, by its full name.

        Of a flow that asks the system first, its question: what it answers is not kept.
        """
        flow = self.flows.get(event_type)
        if flow is None:
            return Nothing(NO_FLOW)
        if not flow.takes(record):
            return Nothing(NOT_SERVED)
        make = flow.make if flow.ask is None else flow.ask.make
        try:
            made = make(record, None, flow.settings, []) if make else None
            if made is None:
                return Nothing(NOT_WANTED)
            return Request(made[0], *self._wire.write(*made))
        except Reject as error:
            return Rejected(error.what, error.where)

    def with_program(self, program: Program) -> "Version":
        """The same with another mapping."""
        return Version(replace(self.live, bundle=replace(self.live.bundle, program=program)))
