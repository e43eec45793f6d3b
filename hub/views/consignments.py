"""Where the envelopes of a dossier are. The post never changes a dossier's status or deadline."""

from msgspec import Struct
from msgspec.structs import replace

from hub.contract.types import Document
from hub.views.wording import number, text

MOST_CONSIGNMENTS = 20  # of one dossier
MOST_STATES = 100  # of one consignment
KINDS = {
    "ConsignmentOrdered": "ORDERED",
    "CancellationRequested": "CANCELLATION_REQUESTED",
    "ConsignmentTracked": "",
    "ConsignmentDelivered": "",
    "DeliveryFailed": "",
    "ConsignmentReturned": "",
}


class State(Struct, frozen=True, array_like=True):
    """What was said of a consignment, and when (epoch ms)."""

    state: str
    at: int


class Consignment(Struct, frozen=True, array_like=True):
    """One order. `ordered`, `delivered`, `came_back`: epoch ms, None while it did not happen."""

    order: str
    item: str | None = None
    direction: str | None = None
    weight_grams: int | None = None
    ordered: int | None = None
    delivered: int | None = None
    came_back: int | None = None
    failures: int = 0
    states: tuple[State, ...] = ()


def fold(
    known: tuple[Consignment, ...], kind: str, record: Document, at: int
) -> tuple[Consignment, ...]:
    """The consignments after one more event; other events change nothing."""
    order = text(record, "order_number")
    if kind not in KINDS or order is None:
        return known
    found = next((c for c in known if c.order == order), None)
    if found is None:
        if len(known) >= MOST_CONSIGNMENTS:
            return known
        return (*known, _after(Consignment(order), kind, record, at))
    return tuple(_after(c, kind, record, at) if c is found else c for c in known)


def _after(before: Consignment, kind: str, record: Document, at: int) -> Consignment:
    after = replace(
        before,
        item=text(record, "item_code") or before.item,
        direction=text(record, "direction") or before.direction,
    )
    state = KINDS[kind] or (text(record, "state") if kind == "ConsignmentTracked" else None)
    if state and len(after.states) < MOST_STATES:
        after = replace(after, states=(*after.states, State(state, at)))
    if kind == "ConsignmentOrdered":
        return replace(after, ordered=at, weight_grams=number(record, "weight_grams"))
    if kind == "ConsignmentDelivered":
        return replace(after, delivered=at)
    if kind == "DeliveryFailed":
        return replace(after, failures=after.failures + 1)
    return replace(after, came_back=at) if kind == "ConsignmentReturned" else after
