"""What can be counted and watched; the one home of prometheus_client.

Names end in their unit. Labels are registrations, flows, event types and outcomes: few values each,
never a code of a dossier.
"""

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

received = Counter(
    "hub_messages_total", "Messages at the gateway by outcome", ["registration", "flow", "outcome"]
)
refused = Counter("hub_refused_total", "Requests refused at the door", ["registration", "code"])
kept = Counter("hub_events_total", "Events kept, by type", ["registration", "type"])
unserved = Counter(
    "hub_unserved_events_total",
    "ALERT when it grows: events that should be delivered but no live registration serves",
    ["type"],
)
conflicts = Counter(
    "hub_conflicts_total", "Items with a known identity and another body", ["registration", "flow"]
)
unconfirmed = Counter(
    "hub_unconfirmed_items_total",
    "Items that their system, asked again, did not confirm",
    ["registration", "flow"],
)
secrecy = Counter(
    "hub_secrecy_refusals_total", "ALERT when it grows: secrecy marks refused", ["registration"]
)
acknowledged = Histogram(
    "hub_intake_seconds", "From a message's last byte to its answer", buckets=SECONDS
)
outcomes = Counter("hub_receipts_total", "Settled deliveries", ["registration", "outcome"])
attempts = Counter("hub_attempts_total", "Calls by what they came to", ["registration", "verdict"])
call_seconds = Histogram("hub_call_seconds", "Calls to systems", ["registration"], buckets=SECONDS)
delivered_seconds = Histogram(
    "hub_delivery_seconds",
    "From an event's record to its receipt",
    ["registration"],
    buckets=SECONDS,
)
in_flight = Gauge("hub_in_flight_calls", "Calls under way", ["registration"])
waiting = Gauge("hub_waiting_events", "Events taken from Kafka and not settled", ["registration"])
retrying = Gauge("hub_retrying_dossiers", "Dossiers waiting to be tried again", ["registration"])
parked = Gauge(
    "hub_parked_dossiers", "ALERT when above 0: dossiers set aside after retries", ["registration"]
)
broken = Gauge(
    "hub_breaker_open", "ALERT when 1: the system is down, only probes go out", ["registration"]
)
batch = Gauge("hub_batch_events", "Events that one call may hold now", ["registration"])
pace = Gauge("hub_pace_calls", "Calls that may be in flight now", ["registration"])
lag = Gauge("hub_lag_events", "Events on the topics behind the committed offset", ["registration"])
halted = Gauge("hub_halted", "ALERT when 1: the registration waits for a person", ["registration"])
version = Gauge(
    "hub_version_info", "1: the bundle that this process goes by", ["registration", "bundle"]
)
bundle_problems = Gauge(
    "hub_bundle_problems",
    "ALERT when above 0: problems of a connector that is not live",
    ["connector"],
)
topic_misfits = Gauge(
    "hub_topic_misfits", "ALERT when above 0: topic settings under which facts could be lost"
)
polls = Counter("hub_polls_total", "Polls by outcome", ["registration", "flow", "outcome"])
foreign = Counter(
    "hub_items_without_event_total", "Items that no event came from", ["registration", "flow"]
)
views_skipped = Counter(
    "hub_views_skipped_records_total", "Records that say nothing to the views", ["topic", "reason"]
)
views_behind = Gauge("hub_views_behind_records", "Records that the views have not folded yet")

audit_leaves = Counter("hub_audit_leaves_total", "Records that became leaves", ["topic"])
audit_gaps = Counter(
    "hub_audit_gaps_total", "ALERT when it grows: offsets at which the broker held no record"
)
audit_signed = Gauge(
    "hub_audit_signed_seconds", "ALERT when a minute old: time of the last signed checkpoint"
)
audit_missing = Gauge(
    "hub_audit_witnesses_missing",
    "ALERT when above 0: witnesses that are wanted and have co-signed nothing for a day",
)
audit_behind = Gauge("hub_audit_behind_records", "Records that are not in the log yet")
audit_halted = Gauge("hub_audit_halted", "ALERT when 1: the evidence waits for a person")


@cache
def counter(metric: Counter, *labels: str) -> Counter:
    """The counter of these labels; to look it up anew costs as much as to count."""
    return metric.labels(*labels)


@cache
def histogram(metric: Histogram, *labels: str) -> Histogram:
    """The same for a histogram."""
    return metric.labels(*labels)


_bundles: dict[str, str] = {}  # by registration, as `version` tells it


def goes_by(registration: str, bundle: str | None) -> None:
    """Tell that we go by this bundle now (16 hex digits of it); None: by none any more."""
    before = _bundles.pop(registration, None)
    if before not in (None, bundle):
        version.remove(registration, before)
    if bundle is not None:
        version.labels(registration, bundle).set(1)
        _bundles[registration] = bundle


def forget(registration: str) -> None:
    """Its lane has ended: what it stood at would be told for ever."""
    for gauge in (in_flight, waiting, retrying, parked, broken, batch, pace, lag, halted):
        gauge.remove(registration)


def page() -> tuple[bytes, str]:
    """The metrics as Prometheus reads them, and their content type."""
    return generate_latest(), CONTENT_TYPE_LATEST


class Sample(NamedTuple):
    """One value of a page. `kind`: gauge, counter or histogram; `says`: what the metric tells."""

    name: str
    kind: str
    says: str
    labels: Mapping[str, str]
    value: float


def read(content: bytes) -> list[Sample]:
    """What a page of another process tells; nothing where it is no page of metrics."""
    try:
        families = list(text_string_to_metric_families(content.decode()))
    except ValueError:
        return []
    return [
        Sample(sample.name, family.type, family.documentation, sample.labels, sample.value)
        for family in families
        for sample in family.samples
    ]
