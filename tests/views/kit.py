"""Stores over stories, and records as they stand on the topics; no broker, no registry."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from hub.contract.types import Document
from hub.delivery.receipts import SCHEMA, Outcome, Settled, as_document, receipt
from hub.errors import Retry
from hub.events import Codec
from hub.records import Outgoing, Record
from hub.topics import RECEIPT
from hub.views.asking import Asking
from hub.views.store import Store
from tests.events.records import CATALOGUE
from tests.views.facts import ms, outgoing

CLUSTER = "cluster-1"


class Registry:
    """Ids in the order of asking; may be unreachable, or not know an id."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.down = False
        self.asked = 0

    def register(self, subject: str, text: str) -> int:
        del subject
        self.texts.append(text)
        return len(self.texts)

    def schema(self, number: int) -> str:
        self.asked += 1
        if self.down:
            raise Retry("the registry cannot be reached", system=True)
        if not 1 <= number <= len(self.texts):
            raise Retry("the schema is not known")
        return self.texts[number - 1]


class Topics:
    """Records with offsets, one partition a topic."""

    def __init__(self) -> None:
        self.registry = Registry()
        self.codec = Codec(CATALOGUE, self.registry)
        self.records: list[Record] = []
        self._ends: dict[str, int] = {}

    def keep(self, outgoing: Outgoing) -> Record:
        offset = self._ends.get(outgoing.topic, 0)
        self._ends[outgoing.topic] = offset + 1
        record = Record(
            outgoing.topic, 0, offset, 0, outgoing.key, outgoing.value, tuple(outgoing.headers)
        )
        self.records.append(record)
        return record

    def tell(self, *stories: Iterable[tuple[str, Document]]) -> list[Record]:
        return [self.keep(one) for story in stories for one in outgoing(story, self.codec)]

    def settle(self, record: Record, registration: str, outcome: Outcome) -> Record:
        settled = Settled(
            outcome=outcome,
            event_id="e",
            event_type="t",
            registration=registration,
            record=record,
            bundle="b",
            settings="s",
            at=ms("2025-10-20 08:00"),
            reason="PERSONAL",
        )
        value = self.codec.encode(SCHEMA, as_document(settled))
        kept = receipt(settled, value)
        assert RECEIPT == kept.topic
        return self.keep(kept)


def filled(folder: Path, topics: Topics, records: Sequence[Record] | None = None) -> Asking:
    """The views of a folder after these records (default: all)."""
    store = Store(folder / "views.db", CLUSTER)
    store.apply(topics.records if records is None else records, topics.codec)
    store.close()
    return Asking(folder / "views.db")
