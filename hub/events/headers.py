"""The headers of an event: CloudEvents attributes (Kafka binding, binary mode) and the hub's own.

A worker decides by them alone whether an event concerns it, so they are short and cheap to read.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec

from hub.errors import Reject

CONTENT_TYPE = "application/vnd.confluent.avro"
_CONTENT_TYPE = CONTENT_TYPE.encode()
SOURCE = "/connectors/"  # ce_source is this and the registration's name
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEEDED = ("ce_id", "ce_source", "ce_type", "ce_time", "hub_flow")


class Envelope(msgspec.Struct, frozen=True):
    """What stands in the headers (decision 0005).

    `time`: when the hub recorded it, epoch ms. `digest`: keyed digest of the canonical item.
    `unserved`: the flows' kinds that should serve it, but no live registration does.
    """

    id: str
    source: str  # registration
    type: str  # full name of the record
    time: int
    flow: str
    digest: str | None = None
    flags: tuple[str, ...] = ()
    unserved: tuple[str, ...] = ()
    traceparent: str | None = None


def write_headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The headers, in a fixed order; what is empty is left out."""
    source, kind, flow = _encoded(envelope.source, envelope.type, envelope.flow)
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", envelope.id.encode()),
        ("ce_source", source),
        ("ce_type", kind),
        ("ce_time", _written(envelope.time).encode()),
        ("content-type", _CONTENT_TYPE),
        ("hub_flow", flow),
    ]
    texts = (
        ("hub_digest", envelope.digest),
        ("hub_flags", ",".join(envelope.flags)),
        ("hub_unserved", ",".join(envelope.unserved)),
        ("traceparent", envelope.traceparent),
    )
    return headers + [(name, text.encode()) for name, text in texts if text]


@lru_cache(maxsize=1_024)  # a few for each registration
def _encoded(source: str, kind: str, flow: str) -> tuple[bytes, bytes, bytes]:
    return (SOURCE + source).encode(), kind.encode(), flow.encode()


def read_headers(headers: Iterable[tuple[str, bytes]]) -> Envelope:
    """The envelope. Raises Reject naming a header that is missing or cannot be read."""
    try:
        texts = {name: raw.decode() for name, raw in headers}
        missing = [name for name in NEEDED if not texts.get(name)]
        if missing:
            raise Reject("is missing", where=f"header {missing[0]}", code="headers")
        time = _read(texts["ce_time"])
    except ValueError:
        raise Reject("cannot be read", where="headers", code="headers") from None
    return Envelope(
        id=texts["ce_id"],
        source=texts["ce_source"].removeprefix(SOURCE),
        type=texts["ce_type"],
        time=time,
        flow=texts["hub_flow"],
        digest=texts.get("hub_digest"),
        flags=_listed(texts.get("hub_flags")),
        unserved=_listed(texts.get("hub_unserved")),
        traceparent=texts.get("traceparent"),
    )


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(",")) if text else ()


def _written(time: int) -> str:
    second, milli = divmod(time, 1000)
    return f"{_second(second)}.{milli:03}Z"


@lru_cache(maxsize=8)  # many events fall into one
def _second(second: int) -> str:
    moment = EPOCH + timedelta(seconds=second)
    return moment.replace(tzinfo=None).isoformat(timespec="seconds")


def _read(text: str) -> int:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return (moment - EPOCH) // timedelta(milliseconds=1)
