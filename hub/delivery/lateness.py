"""What is tried for longer than its registration wants to try: an alert, and its end."""

from hub import metrics
from hub.delivery.held import Held
from hub.log import get_logger

log = get_logger("hub.delivery")


def failed(held: Held, registration: str, now: int, give_up: float) -> None:
    """Count a failure; raise the alert once it fails for longer than `give_up` seconds.

    `now`: epoch milliseconds.
    """
    held.failures += 1
    held.failing_since = held.failing_since or now
    seconds = (now - held.failing_since) / 1000
    metrics.attempts.labels(registration, "retry").inc()
    if not held.overdue and seconds > give_up:
        held.overdue = True
        metrics.overdue.labels(registration).inc()
        log.error(
            "delivery_overdue",
            registration=registration,
            event_id=held.event_id,
            failures=held.failures,
            seconds=round(seconds),
        )


def over(held: Held, registration: str) -> None:
    """It is settled, or another worker's."""
    if held.overdue:
        held.overdue = False
        metrics.overdue.labels(registration).dec()
