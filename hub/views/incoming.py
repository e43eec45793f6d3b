"""From a record on a topic to what the views keep of it, or why it says nothing to them."""

from dataclasses import dataclass
from typing import Protocol, TypeAlias

from hub.contract.types import Document
from hub.errors import Reject
from hub.events.headers import Envelope, read_headers
from hub.records import Record
from hub.topics import CATALOGUE, DOSSIER, RECEIPT, RECEIPT_SCHEMA
from hub.views.deliveries import Delivery, delivery_of
from hub.views.timeline import Fact
from hub.views.wording import text

LONGEST_CODE = 100  # characters; a longer "code" is none
PROCEDURE = "catalogue.v1.ProcedurePublished"


class Decoder(Protocol):
    """`hub.events.Codec` from the reader's side."""

    def decode(self, raw: bytes) -> tuple[str, Document]:
        """The full name and the record. Raises Reject, Retry or Halt."""
        ...


@dataclass(frozen=True, slots=True)
class ToldFact:
    """An event of the dossier `code`."""

    code: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class ToldDelivery:
    """A receipt for an event on `topic` with the key `code`."""

    topic: str
    code: str
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class ToldProcedure:
    """A procedure as it was published. `name` is public, no personal data."""

    code: str
    name: str
    public: bool
    at: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """A record that says nothing to the views. `reason` is a short code."""

    reason: str


Told: TypeAlias = ToldFact | ToldDelivery | ToldProcedure | Skipped


def read(record: Record, codec: Decoder) -> Told:
    """What a record says. Raises Retry (schema not known yet, registry down) and Halt only."""
    if record.value is None:
        return Skipped("tombstone")
    try:
        name, document = codec.decode(record.value)
        if record.topic == RECEIPT:
            return _receipt(name, document)
        if record.topic not in (DOSSIER, CATALOGUE):
            return Skipped("topic")
        return _event(record, name, document, read_headers(record.headers))
    except Reject as error:
        return Skipped(error.code)


def _receipt(name: str, document: Document) -> Told:
    if name != RECEIPT_SCHEMA:
        return Skipped("no-receipt")
    delivery = delivery_of(document)
    if delivery is None:  # a step of the journal: it names no event, and is nothing odd
        return Skipped("mark")
    topic, code = text(document, "source_topic"), _code(document, "key")
    if topic is None or code is None:
        return Skipped("no-receipt")
    return ToldDelivery(topic, code, delivery)


def _event(record: Record, name: str, document: Document, envelope: Envelope) -> Told:
    if record.topic == CATALOGUE:
        return _procedure(name, document)
    code = _code(document, "dossier_code")
    if code is None or name.startswith("hub."):
        return Skipped("no-event")
    fact = Fact(
        record.offset,
        envelope.time,
        envelope.id[:LONGEST_CODE],
        name.rpartition(".")[2],
        envelope.source[:LONGEST_CODE],
        document,
        envelope.flags,
    )
    return ToldFact(code, fact)


def _procedure(name: str, document: Document) -> Told:
    code, title = _code(document, "procedure_code"), document.get("name")
    at = document.get("at")
    if name != PROCEDURE or code is None or not isinstance(title, str) or not isinstance(at, int):
        return Skipped("no-event")
    return ToldProcedure(code, title[:500], document.get("public") is True, at)


def _code(document: Document, name: str) -> str | None:
    found = document.get(name)
    return found if isinstance(found, str) and 0 < len(found) <= LONGEST_CODE else None
