"""Facts onto the topic, as a gateway would append them: as fast as it goes, or at a pace."""

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeAlias

from hub.contract.types import Document
from hub.errors import HubError
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.events.headers import Envelope, write_headers
from hub.events.identity import event_id
from hub.records import Outgoing, Position, Writer
from hub.registry.schemas.client import RegistryClient
from hub.topics import topic_of
from ops.bench.messages import code
from ops.bench.processes import BenchError, until
from ops.bench.rig import Rig
from ops.bench.scene import ROOT

ROOM = 20_000_000  # bytes that may wait in the writer's queue
Make: TypeAlias = Callable[[int, int], Document]
Fact: TypeAlias = tuple[int, int]  # a dossier's number, and the fact's place among its facts


def codec_of(registry: str) -> Codec:
    """The events' codec, with the ids of this registry."""
    return Codec(load(ROOT / "schemas" / "avro"), RegistryClient(registry))


def fill(rig: Rig, codec: Codec, kind: str, make: Make, facts: Sequence[Fact]) -> None:
    """Append these facts, in their order. Raises BenchError."""
    writer, left, failed = rig.broker.writer(), len(facts), threading.Event()
    over = threading.Event()

    def done(result: Position | HubError) -> None:
        nonlocal left
        left -= 1
        if isinstance(result, HubError):
            failed.set()
        if left == 0:
            over.set()

    for dossier, step in facts:
        record = outgoing(codec, kind, make(dossier, step), dossier, step)
        until(partial(_has_room, writer, record.size), 30, "room in the writer's queue")
        writer.append(record, done)
    until(over.is_set, 60, "the filled topic")
    writer.close()
    if failed.is_set():
        raise BenchError("the topic could not be filled")


def _has_room(writer: Writer, size: int) -> bool:
    return writer.waiting < max(1, min(5_000, ROOM // size))


def outgoing(codec: Codec, kind: str, record: Document, dossier: int, step: int) -> Outgoing:
    """A fact as a gateway would append it."""
    envelope = Envelope(
        id=event_id("filler", "bench", (str(dossier), str(step)), 0),
        source="filler",
        type=kind,
        time=1_760_326_200_000,
        flow="bench",
        digest="0" * 32,
    )
    key = str(record["dossier_code"]).encode()
    return Outgoing(topic_of(kind), key, codec.encode(kind, record), tuple(write_headers(envelope)))


def trickle(
    rig: Rig, codec: Codec, kind: str, make: Make, facts: Sequence[Fact], pace: float
) -> dict[str, float]:
    """Append facts at `pace` a second; when each ("dossier/step") was handed to the producer.

    What is lost does not arrive, so that nobody has to ask here.
    """
    writer, pause = rig.broker.writer(), threading.Event()
    started, sent = time.monotonic(), {}
    for place, (dossier, step) in enumerate(facts):
        record = outgoing(codec, kind, make(dossier, step), dossier, step)
        due = started + place / pace
        pause.wait(max(0.0, due - time.monotonic()))
        sent[f"{code(dossier)}/{step}"] = time.monotonic()
        writer.append(record, lambda _: None)
    writer.close()
    return sent
