"""wsu:Timestamp in the Security header: a message has an age."""

from adapters.soap.denial import denied
from adapters.soap.names import WSU
from adapters.soap.times import FRESH, instant
from hub.contract.xml import Element

_SKEW = 60.0  # seconds by which the sender's clock may be behind, beyond its own limit
_TIMESTAMP = f"{{{WSU}}}Timestamp"


def find(security: Element) -> Element | None:
    """The Timestamp, None if there is none. Raises Refusal (401) for more than one."""
    found = list(security.iterchildren(_TIMESTAMP))
    if len(found) > 1:
        raise denied("The message has several Timestamps", "send one")
    return found[0] if found else None


def check(timestamp: Element, now: float) -> None:
    """Raises Refusal (401) for a Timestamp that is not fresh, or past what it says itself."""
    created = _instant(timestamp, "Created")
    if created is None or abs(now - created) > FRESH:
        raise denied(
            "The Timestamp is not fresh", "set the clock; Created may differ by five minutes"
        )
    if timestamp.find(f"{{{WSU}}}Expires") is not None:
        expires = _instant(timestamp, "Expires")
        if expires is None or expires <= created or expires < now - _SKEW:
            raise denied("The message has expired", "send it before its Timestamp expires")


def _instant(timestamp: Element, name: str) -> float | None:
    found = list(timestamp.iterchildren(f"{{{WSU}}}{name}"))
    return instant(found[0].text or "") if len(found) == 1 else None
