"""The id of an event: the same fact gets the same id, in whatever batch and however often it comes.

It is the idempotency key towards every peer, so two different facts must never share one: the parts
are written one after the other with their lengths, so that ("ab", "c") and ("a", "bc") differ.
"""

from functools import lru_cache
from hashlib import sha1
from uuid import UUID

# Namespace of the hub's event ids; drawn once at random and never changed, or resent items would
# be taken for new ones.
NAMESPACE = UUID("b73081f7-d1c8-4b69-a97e-487a83f7e8c0")


_VARIANT = {f"{digit:x}": "89ab"[digit & 3] for digit in range(16)}  # its two highest bits are 10


def event_id(connector: str, flow: str, identity: tuple[str, ...], index: int) -> str:
    """UUIDv5 (RFC 9562) of connector, flow, the item's identity and the place among its events.

    The name is `<length>:<UTF-8 bytes>` of each part, in the order connector, flow, number of
    identity parts, identity parts, index (numbers in decimal).
    """
    name = b"".join([_start(connector, flow, len(identity)), *map(_part, (*identity, str(index)))])
    # Version 5 is SHA-1 by definition; it tells facts apart, it protects nothing.
    said = sha1(name, usedforsecurity=False).hexdigest()
    variant = _VARIANT[said[16]]
    return f"{said[:8]}-{said[8:12]}-5{said[13:16]}-{variant}{said[17:20]}-{said[20:32]}"


@lru_cache(maxsize=1_024)  # a few for each registration
def _start(connector: str, flow: str, count: int) -> bytes:
    return b"".join([NAMESPACE.bytes, *map(_part, (connector, flow, str(count)))])


def _part(text: str) -> bytes:
    # A lone half of a surrogate pair can come in JSON: it must give an id, not an error.
    raw = text.encode(errors="surrogatepass")
    return b"%d:%b" % (len(raw), raw)
