"""The archive is fed beside the log, from where it is."""

import pytest

from hub.audit.archiving import Archiver
from hub.errors import Retry
from hub.records import Record, Spot
from tests.audit.evidence import SPOTS, record


class Twin:
    """An archive that says what it was told."""

    def __init__(self) -> None:
        self.taken: list[Record] = []
        self.sealed: list[int] = []
        self.is_due = False

    def next(self, spot: Spot) -> int | None:
        return 7 if spot == SPOTS[1] else None

    def append(self, records: list[Record], now: int) -> None:
        self.taken += records

    def due(self, now: int) -> bool:
        return self.is_due

    def seal(self, now: int) -> int:
        self.sealed.append(now)
        return 0


def test_it_goes_on_where_the_archive_ends_and_seals_when_due() -> None:
    archive = Twin()
    opened: list[Twin] = []

    def open_() -> Twin:
        opened.append(archive)
        if len(opened) == 1:
            raise Retry("no schema registry is known")
        return archive

    archiver = Archiver(open_, lambda: 5)  # type: ignore[arg-type]  # its twin
    begins, ends = dict.fromkeys(SPOTS, 3), dict.fromkeys(SPOTS, 9)
    with pytest.raises(Retry, match="registry"):
        archiver.begin(begins, ends)
    assert archiver.begin(begins, ends) == {SPOTS[0]: 3, SPOTS[1]: 7, SPOTS[2]: 3}
    archiver.take([record(SPOTS[0], 3)])
    archiver.tend()
    assert archive.sealed == []
    archive.is_due = True
    archiver.tend()
    assert (archive.sealed, archive.taken) == ([5], [record(SPOTS[0], 3)])
    with pytest.raises(Retry, match=r"hub\.dossier/1: ends before what is archived"):
        archiver.begin(begins, {**ends, SPOTS[1]: 6})
    assert len(opened) == 2
