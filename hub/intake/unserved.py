"""Telling of events that nobody is told of: each is counted and marked, a few are in the log."""

from hub import metrics
from hub.intake.inflow import Fact
from hub.log import get_logger

log = get_logger("hub.intake")
EVERY = 10_000  # ms between two lines of the same type that the same connectors miss


class Unserved:
    """A line for each took a sixth of the loop of a gateway with one such registration."""

    def __init__(self) -> None:
        self._told: dict[tuple[str, tuple[str, ...]], int] = {}  # when, epoch ms

    def tell(self, fact: Fact, missing: tuple[str, ...], now: int) -> None:
        """`missing` should have been told; `now`: epoch ms."""
        metrics.counter(metrics.unserved, fact.type).inc()
        kind = (fact.type, missing)
        if now - self._told.get(kind, -EVERY) >= EVERY:
            self._told[kind] = now
            log.warning("event_unserved", event_id=fact.id, type=fact.type, wanted_by=missing)
