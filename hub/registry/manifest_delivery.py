"""Bounds of delivery to one system: pauses, limits, times."""

from typing import Annotated

from msgspec import Meta, Struct

from hub.registry.call_limits import CallLimits
from hub.registry.manifest_words import Seconds


class RetryPolicy(Struct, frozen=True, forbid_unknown_fields=True):
    """Back-off for one message, in seconds; retried longer than `give_up`, it raises an alert."""

    first: Seconds = 1.0
    """Seconds before the second attempt."""
    factor: Annotated[float, Meta(ge=1, le=10)] = 2.0
    """By which each pause is longer than the one before."""
    longest: Seconds = 300.0
    """Seconds that a pause lasts at most."""
    give_up: Seconds = 7_200.0  # until the dossier is parked
    """Seconds until the dossier is parked."""
    resume: Seconds = 3_600.0  # until a parked dossier is tried again by itself
    """Seconds until a parked dossier is tried again by itself."""


class Delivery(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds of delivery to one system."""

    in_flight: Annotated[int, Meta(ge=1, le=1024)] = 16
    """Calls under way at once."""
    timeout: Annotated[float, Meta(gt=0, le=600)] = 30.0
    """Seconds that a call may take."""
    answers_within: Annotated[float, Meta(gt=0, le=600)] | None = None
    """Seconds in which the system says that it answers; `certify` holds it to that."""
    retry: RetryPolicy = RetryPolicy()
    """Pauses between attempts at one message."""
    limits: CallLimits = CallLimits()
    """What the system's owner agreed to be sent."""
