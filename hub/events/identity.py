"""The id of an event: the same fact gets the same id, in whatever batch and however often it comes.

It is the idempotency key towards every peer, so two different facts must never share one: the parts
are written one after the other with their lengths, so that ("ab", "c") and ("a", "bc") differ.
"""

from hashlib import sha1
from uuid import UUID

# Namespace of the hub's event ids; drawn once at random and never changed, or resent items would
# be taken for new ones.
NAMESPACE = UUID("b73081f7-d1c8-4b69-a97e-487a83f7e8c0")


def event_id(connector: str, flow: str, identity: tuple[str, ...], index: int) -> str:
    """UUIDv5 (RFC 9562) of connector, flow, the item's identity and the place among its events.

    The name is `<length>:<UTF-8 bytes>` of each part, in the order connector, flow, number of
    identity parts, identity parts, index (numbers in decimal).
    """
    parts = (connector, flow, str(len(identity)), *identity, str(index))
    name = bytearray(NAMESPACE.bytes)
    for part in parts:
        # A lone half of a surrogate pair can come in JSON: it must give an id, not an error.
        raw = part.encode(errors="surrogatepass")
        name += b"%d:%b" % (len(raw), raw)
    # Version 5 is SHA-1 by definition; it tells facts apart, it protects nothing.
    return str(UUID(bytes=sha1(name, usedforsecurity=False).digest()[:16], version=5))
