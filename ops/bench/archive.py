"""Searching the archive: one dossier among ten million events, and why something has not arrived.

Thirty days of events are written as the auditor writes them: rows through the archive's own files,
one a day, merged as it merges. Events of the dossiers that are asked for are real ones, sealed with
their content; the rest are rows alone, for a search by dossier opens no other record. A search
starts with nothing open, as the command does, and reads, decrypts and decodes what it found.
"""

import random
import resource
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from hub.audit.archive.lists import HEAD, Day, day_of, encode
from hub.audit.archive.opening import open_archive, open_store
from hub.audit.archive.parquet import merge_rows, write_rows
from hub.audit.archive.query import Query
from hub.audit.archive.rows import Row
from hub.audit.archive.store import Store
from hub.audit.archive.writer import RECORDS, read_head
from hub.audit.opening import open_keys
from hub.audit.why import why
from hub.broker_memory import MemoryBroker
from hub.cli.browse import Browser
from hub.cli.evidence import find
from hub.cli.gathering import gather
from hub.events.catalogue import load as load_catalogue
from hub.events.codec import Codec
from hub.events.headers import Envelope, write_headers
from hub.events.masks import Masks
from hub.records import Record
from hub.settings import Settings, load
from hub.topics import DOSSIER, ensure_all
from ops.bench.figures import Figure
from ops.bench.messages import code, status_changed

COUNT = 10_000_000  # archived events
DAYS = 30
EACH = 13  # events of a dossier, on the days after it was filed: scenario 1
ASKED = 50  # dossiers that are searched for
BEGIN = 1_760_313_600_000  # 2025-10-13, epoch ms
DAY_MS = 86_400_000
STATUS = "dossier.v1.StatusChanged"
REGISTRATIONS = """registrations:
- {connector: portal, endpoint: 'https://portal.example.test'}
- {connector: ngsp, endpoint: 'https://ngsp.example.test'}
"""
SOON, MEMORY = 300.0, 300.0  # ms, MB: the targets


class Ids:
    """A schema registry that knows what it was given."""

    def __init__(self) -> None:
        self._texts: list[str] = []

    def register(self, subject: str, text: str) -> int:
        del subject
        self._texts.append(text)
        return len(self._texts)

    def schema(self, number: int) -> str:
        return self._texts[number - 1]


def archive(count: int = COUNT) -> list[Figure]:
    """Search by dossier, why, and the memory that writing and searching take."""
    with TemporaryDirectory(prefix="hub-bench-") as home:
        registrations = Path(home, "registrations.yaml")
        registrations.write_text(REGISTRATIONS, encoding="utf-8")
        settings = load({"HUB_HOME": home, "HUB_REGISTRATIONS": str(registrations)})
        catalogue = load_catalogue(settings.schemas)
        codec = Codec(catalogue, Ids())
        numbers = frozenset(random.Random(7).sample(range(count // EACH), ASKED))
        written = _fill(settings, codec, count, numbers)
        asked = [code(number) for number in sorted(numbers)]
        broker = MemoryBroker()
        ensure_all(broker, 12)
        browser = Browser(settings, broker, catalogue, codec, Masks(catalogue))
        searches = [_search(browser, one) for one in asked]
        answers = [_why(browser, one) for one in asked]
    note = f"{count:,} events in {DAYS} days, {ASKED} dossiers"
    return [
        Figure("archive", "search by dossier", "ms", tuple(searches), SOON, note=note),
        Figure("archive", "search by dossier, slowest", "ms", (max(searches),), SOON, note=note),
        Figure("archive", "why", "ms", tuple(answers), SOON, note=note),
        Figure("archive", "why, slowest", "ms", (max(answers),), SOON, note=note),
        Figure("archive", "memory while archiving and searching", "MB", (_resident(),), MEMORY),
        Figure("archive", "rows written", "rows/s", (written,), None, "higher"),
    ]


def _search(browser: Browser, dossier: str) -> float:
    begin = time.perf_counter()
    found = find(browser, Query(dossiers=(dossier,)))
    took = (time.perf_counter() - begin) * 1000
    if len(found) != EACH or any(one.record is None for one in found):
        raise AssertionError(f"{len(found)} records of {dossier} were found")
    return took


def _why(browser: Browser, dossier: str) -> float:
    begin = time.perf_counter()
    answer = why(gather(browser, dossier, BEGIN), BEGIN)
    took = (time.perf_counter() - begin) * 1000
    if answer.cause == "never_received":
        raise AssertionError(answer.says)
    return took


def _resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _fill(settings: Settings, codec: Codec, count: int, asked: frozenset[int]) -> float:
    """Write the archive; rows a second."""
    keys, store = open_keys(settings), open_store(settings)
    writer = open_archive(settings, keys, codec)
    began = time.perf_counter()
    for number in range(DAYS):
        for row in _rows(number, count, asked, real=True):
            writer.append([_record(row, codec)], row.ms)
        writer.seal(0)
        _add(
            store,
            BEGIN + number * DAY_MS,
            _rows(number, count, asked, real=False),
            Path(settings.home),
        )
        writer.head = read_head(store)
    keys.close()
    return count / (time.perf_counter() - began)


def _add(store: Store, moment: int, rows: Iterable[Row], folder: Path) -> None:
    """More rows of a day, merged into its file as the auditor does at the day's end."""
    head, day = read_head(store), day_of(moment)
    known = head.days.get(day, Day("", (), 0))
    files = [store.path(one) for one in known.search]
    left = iter(rows)
    while some := list(islice(left, RECORDS)):
        files.append(folder / f"part-{len(files)}.parquet")
        files[-1].write_bytes(write_rows(some, folder))
    names = []
    for number, raw in enumerate(merge_rows(files, folder)):
        names.append(f"search/{day}-whole-{number}.parquet")
        store.put(names[-1], raw)
    days = {**head.days, day: replace(known, search=tuple(names))}
    store.put(HEAD, encode(replace(head, days=days)))


def _rows(number: int, count: int, asked: frozenset[int], *, real: bool) -> Iterator[Row]:
    """The rows of a day: of the dossiers `asked` for, or of all others.

    A dossier is filed on one of the days, and has one event on each of the next thirteen.
    """
    dossiers = count // EACH
    per_day = dossiers // DAYS + 1
    for step in range(EACH):
        first = (number - step) % DAYS * per_day
        for rest, dossier in enumerate(range(first, min(first + per_day, dossiers))):
            if (dossier in asked) == real:
                place = (number * EACH + step) * per_day + rest
                at = BEGIN + number * DAY_MS + place % DAY_MS
                yield Row(
                    at, DOSSIER, dossier % 12, place, "event", code(dossier), "onestop", STATUS,
                    f"{dossier:08x}-0000-5000-8000-{step:012x}", "", "9.999901", "PROCESSING",
                )  # fmt: skip


def _record(row: Row, codec: Codec) -> Record:
    """The event of a row, with its content."""
    envelope = Envelope(row.event_id, row.system, STATUS, row.ms, "progress")
    dossier = int(row.event_id[:8], 16)
    value = codec.encode(STATUS, status_changed(dossier, row.place))
    headers = tuple(write_headers(envelope))
    return Record(row.topic, row.part, row.place, row.ms, row.dossier.encode(), value, headers)
