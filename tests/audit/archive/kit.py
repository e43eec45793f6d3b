"""An archive in a folder, on records of the catalogue's events; keys in memory."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from hub.audit.archive.query import Query
from hub.audit.archive.reading import contents, search
from hub.audit.archive.rows import Row, row_of
from hub.audit.archive.store import Store, open_folder
from hub.audit.archive.writer import Archive
from hub.contract.types import Document
from hub.events import Codec
from hub.events.headers import Envelope, write_headers
from hub.events.schemas_memory import MemorySchemas
from hub.records import Record
from hub.topics import DOSSIER
from tests.events.records import CATALOGUE, STATUS_CHANGED

AT = 1_760_321_100_000  # 2025-10-13, epoch ms
DAY = 86_400_000
STATUS = "dossier.v1.StatusChanged"
CODE = "H44.99.99-251013-0001"


class MemoryKeys:
    """Keys of scopes that end with the test."""

    def __init__(self) -> None:
        self.living: dict[str, list[bytes]] = {}

    def of(self, scopes: Iterable[str]) -> dict[str, bytes]:
        found = {}
        for scope in scopes:
            found[scope] = self.living.setdefault(scope, [os.urandom(32)])[0]
        return found

    def known(self, scope: str) -> list[bytes]:
        return self.living.get(scope, [])

    def destroy(self, scope: str) -> None:
        self.living.pop(scope)


@dataclass
class Shelf:
    """A folder with an archive, opened anew as often as wanted."""

    folder: Path
    keys: MemoryKeys = field(default_factory=MemoryKeys)
    codec: Codec = field(default_factory=lambda: Codec(CATALOGUE, MemorySchemas()))

    place: Store | None = None  # where it lies, if elsewhere

    @property
    def store(self) -> Store:
        return self.place or open_folder(self.folder / "archive")

    def archive(self, store: Store | None = None) -> Archive:
        return Archive(store or self.store, self.keys, self.row_of, beside=self.folder / "beside")

    def row_of(self, record: Record) -> Row:
        return row_of(record, self.codec)

    def event(
        self, offset: int, code: str = CODE, at: int = AT, partition: int = 0, **change: str
    ) -> Record:
        """An event as it was read from its topic."""
        document: Document = {**STATUS_CHANGED, "dossier_code": code, **change}
        envelope = Envelope(f"e{partition}-{offset}", "onestop", STATUS, at, "progress")
        return Record(
            DOSSIER,
            partition,
            offset,
            at + offset,
            code.encode(),
            self.codec.encode(STATUS, document),
            tuple(write_headers(envelope)),
        )

    def found(self, **query: object) -> list[Row]:
        return search(self.store, Query(**query)).rows  # type: ignore[arg-type]  # spread

    def whole(self, rows: list[Row]) -> list[Record | None]:
        read = contents(self.store, self.keys, rows)
        return [read[row] for row in rows]

    def files(self) -> set[str]:
        root = self.folder / "archive"
        return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
