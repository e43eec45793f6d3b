"""W3C trace context: who called whom, across systems (https://www.w3.org/TR/trace-context/)."""

import re
from random import getrandbits  # seeded from the system; a trace is no secret

_FORM = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})")
_NONE = "0" * 32


def continued(traceparent: str | None) -> str:
    """The caller's trace with a span of our own; a new trace where none was given."""
    match = _FORM.fullmatch(traceparent or "")
    trace = match[1] if match and match[1] != _NONE else f"{getrandbits(128):032x}"
    flags = match[3] if match else "01"
    return f"00-{trace}-{getrandbits(64):016x}-{flags}"
