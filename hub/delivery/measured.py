"""What is measured of a lane as it stands; `metrics.forget` ends it."""

from hub import metrics
from hub.delivery.aside import Aside
from hub.delivery.companies import Companies
from hub.delivery.departures import Departures
from hub.delivery.dispatch import KeyedQueue
from hub.delivery.gate import Gate
from hub.delivery.held import Held, Key


def measure(
    name: str,
    queue: KeyedQueue[Key, Held],
    gate: Gate,
    departures: Departures,
    aside: Aside,
    companies: Companies,
) -> None:
    """Show these from now on, under the registration's name."""
    metrics.waiting.labels(name).set_function(lambda: len(queue))
    metrics.in_flight.labels(name).set_function(lambda: gate.calls)
    metrics.retrying.labels(name).set_function(lambda: departures.waiting)
    metrics.parked.labels(name).set_function(lambda: len(aside.parking))
    metrics.broken.labels(name).set_function(lambda: int(gate.broken is not None))
    metrics.pace.labels(name).set_function(lambda: gate.width)
    metrics.batch.labels(name).set_function(lambda: companies.largest)
