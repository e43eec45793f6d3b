"""An intake on the broker's twin, and a mapping of a few lines."""

import asyncio
from pathlib import Path

from hub.broker_memory import MemoryBroker
from hub.contract.types import Document, Value
from hub.errors import Reject
from hub.events.catalogue import Catalogue
from hub.events.codec import Codec
from hub.events.schemas_memory import MemorySchemas
from hub.intake.confirming import Confirmer
from hub.intake.index import FactIndex
from hub.intake.inflow import Inflow
from hub.intake.intake import Intake, Taken
from hub.intake.served import Served, Want
from hub.records import Record, Spot

TRACKED = "consignment.v1.ConsignmentTracked"
CODE = "H44.99.99-251013-0001"


def tracked(
    item: Document, now: int, settings: object, flags: list[str]
) -> list[tuple[str, Document]]:
    """A mapping: a row gives a scan; row 14 gives two; row 99 nothing; row -1 is refused."""
    del now, settings
    state = item["status"]
    if state == -1:
        raise Reject("no such state", where="status")
    if state == 99:
        return []
    if state == 7:
        flags.append("odd")
    record: Document = {
        "dossier_code": CODE,
        "at": 1,
        "order_number": CODE,
        "item_code": None,
        "state": "DELIVERED",
        "state_raw": str(state),
        "office_code": None,
        "note": "x" * int(str(item.get("long", 0))),
    }
    return [(TRACKED, record)] * (2 if state == 14 else 1)


class World:
    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        self.catalogue = catalogue
        self.folder = folder
        self.broker = MemoryBroker()
        for topic in ("hub.dossier", "hub.catalogue", "hub.act"):
            self.broker.ensure_topic(topic, 1, {})
        self.index = FactIndex(folder / "index.db", "twin")
        self.codec = Codec(catalogue, MemorySchemas())
        self.intake = Intake(
            catalogue=catalogue,
            codec=self.codec,
            index=self.index,
            writer=self.broker.writer(),
            served=Served([Want(TRACKED, "portal", "portal")]),
            digest_key=b"k" * 32,
            clock=lambda: 1_760_321_100_000,
        )
        self.inflow = Inflow(
            registration="postal_my",
            flow="scans",
            emit=tracked,
            settings={},
            split="data",
            identity=("item", "status"),
            ignore=("sent",),
            aside="order of another customer",
            marks=("data.doMat",),
        )

    def take(self, *rows: Document, confirmer: Confirmer | None = None) -> Taken:
        rows_: list[Value] = list(rows)
        return asyncio.run(self.intake.take(self.inflow, {"data": rows_}, {}, confirmer))

    @property
    def acts(self) -> list[Document]:
        records = self.broker.since(Spot("hub.act", 0), 0)
        return [self.codec.decode(record.value or b"")[1] for record in records]

    @property
    def kept(self) -> list[Record]:
        return self.broker.since(Spot("hub.dossier", 0), 0)


def row(status: int, item: str = "EB1", **more: Value) -> Document:
    return {"item": item, "status": status, **more}
