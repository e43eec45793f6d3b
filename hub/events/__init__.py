"""Events: their schemas, bytes on the topic and headers, and what people may see of them."""

from hub.events.catalogue import Catalogue, load
from hub.events.codec import Codec
from hub.events.headers import Envelope, read_headers, write_headers
from hub.events.identity import event_id
from hub.events.masks import Masks

__all__ = [
    "Catalogue",
    "Codec",
    "Envelope",
    "Masks",
    "event_id",
    "load",
    "read_headers",
    "write_headers",
]
