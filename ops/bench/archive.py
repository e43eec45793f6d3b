"""Searching the archive: one dossier among ten million events, and why something has not arrived.

Thirty days of events lie as the auditor leaves them, a file a day in the order of dossiers. Events
of the dossiers that are asked for are real ones, sealed with their content; the rest are rows
alone, for a search by dossier opens no other record. A search starts with nothing open, as the
command does, and reads, decrypts and decodes what it found.
"""

import random
import resource
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
from msgspec.structs import replace

from hub.audit.archive.lists import HEAD, Day, day_of, encode
from hub.audit.archive.lookup import KEY, in_files
from hub.audit.archive.opening import open_archive, open_store
from hub.audit.archive.parquet import GROUP, ORDER
from hub.audit.archive.query import Query
from hub.audit.archive.reading import read_head
from hub.audit.archive.rows import Row
from hub.audit.archive.store import Store
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
from hub.events.schemas_memory import MemorySchemas
from hub.records import Record
from hub.settings import Settings, load
from hub.topics import DOSSIER, ensure_all
from ops.bench.figures import Figure
from ops.bench.messages import code, status_changed
from ops.bench.processes import BenchError

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


def archive(count: int = COUNT) -> list[Figure]:
    """Search by dossier, why, and the memory that writing and searching take."""
    with TemporaryDirectory(prefix="hub-bench-") as home:
        registrations = Path(home, "registrations.yaml")
        registrations.write_text(REGISTRATIONS, encoding="utf-8")
        settings = load({"HUB_HOME": home, "HUB_REGISTRATIONS": str(registrations)})
        catalogue = load_catalogue(settings.schemas)
        codec = Codec(catalogue, MemorySchemas())
        numbers = frozenset(random.Random(7).sample(range(count // EACH), ASKED))
        _fill(settings, codec, count, numbers)
        asked = [code(number) for number in sorted(numbers)]
        broker = MemoryBroker()
        ensure_all(broker, 12)
        browser = Browser(settings, broker, catalogue, codec, Masks(catalogue))
        note = f"{count:,} events in {DAYS} days, {ASKED} dossiers"
        return [
            *_figures("search by dossier", partial(_search, browser), asked, note),
            *_figures("why", partial(_why, browser), asked, note),
            Figure("archive", "memory", "MB", (_resident(),), MEMORY),
        ]


def _search(browser: Browser, dossier: str) -> None:
    found = find(browser, Query(dossiers=(dossier,)))
    if len(found) != EACH or any(one.record is None for one in found):
        raise BenchError(f"{len(found)} records of {dossier} were found")


def _why(browser: Browser, dossier: str) -> None:
    answer = why(gather(browser, dossier, BEGIN), BEGIN)
    if answer.cause == "never_received":
        raise BenchError(answer.says)


def _figures(
    name: str, ask: Callable[[str], None], asked: Iterable[str], note: str
) -> list[Figure]:
    """How long it takes, and how long it computes: on a crowded machine the first says little."""
    runs, computing = [], []
    for dossier in asked:
        begun = time.perf_counter(), time.process_time()
        ask(dossier)
        runs.append((time.perf_counter() - begun[0]) * 1000)
        computing.append((time.process_time() - begun[1]) * 1000)
    return [
        Figure("archive", name, "ms", tuple(runs), SOON, note=note),
        Figure("archive", f"{name}, computing alone", "ms", tuple(computing), SOON),
    ]


def _resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _fill(settings: Settings, codec: Codec, count: int, asked: frozenset[int]) -> None:
    """Write the archive."""
    keys, store = open_keys(settings), open_store(settings)
    writer = open_archive(settings, keys, codec)
    for number in range(DAYS):
        for row in _rows(number, count, asked):
            writer.append([_record(row, codec)], row.ms)
        writer.seal(0)
        _add(store, number, count, asked, Path(settings.home))
        writer.head = read_head(store)
    keys.close()


def _add(store: Store, number: int, count: int, asked: frozenset[int], folder: Path) -> None:
    """The other rows of a day, in one file with the real ones, as a merge leaves them."""
    head, day = read_head(store), day_of(BEGIN + number * DAY_MS)
    known = head.days.get(day, Day("", (), 0))
    real = [str(store.path(one)) for one in known.search]
    values = {"number": number, "dossiers": count // EACH, "asked": sorted(asked)}
    rows = _OTHERS + (f" UNION ALL SELECT * FROM read_parquet({real})" if real else "")  # noqa: S608 - our names
    made, name = folder / "day.parquet", f"search/{day}-whole.parquet"
    with duckdb.connect(config={"memory_limit": "96MB", "threads": 1}) as database:
        database.execute(
            f"COPY ({rows} ORDER BY {ORDER}) TO '{made}'"
            f" (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE {GROUP})",
            values,
        )
    store.put(name, made.read_bytes())
    looked = []
    for part, raw in enumerate(in_files(_lines(made))):
        looked.append(f"search/{day}-whole-{part}.rows")
        store.put(looked[-1], raw)
    days = {**head.days, day: replace(known, search=(name,), lookup=tuple(looked), fresh=0)}
    store.put(HEAD, encode(replace(head, days=days)))


def _lines(file: Path) -> Iterator[bytes]:
    """What stands in the lookups of these rows, in order; in Python each would take 10 µs."""
    columns = ", ".join(Row._fields)
    text = f"SELECT left(sha256(dossier), {KEY}) || json_array({columns}) AS line"
    with duckdb.connect(config={"memory_limit": "96MB", "threads": 1}) as database:
        found = database.execute(f"{text} FROM read_parquet('{file}') ORDER BY line")
        while lines := found.fetchmany(10_000):
            yield from (line.encode() for (line,) in lines)


# As `_rows`, of the dossiers that nobody asks for; from here ten million would take minutes.
_OTHERS = f"""
WITH days AS (SELECT $dossiers // {DAYS} + 1 AS per_day),
steps AS (
    SELECT step, rest, ($number - step + {DAYS}) % {DAYS} * per_day + rest AS dossier,
        ($number * {EACH} + step) * per_day + rest AS place
    FROM days, range({EACH}) AS a(step), (SELECT unnest(range(per_day)) AS rest FROM days)
)
SELECT ({BEGIN} + $number::BIGINT * {DAY_MS} + place % {DAY_MS})::BIGINT AS ms,
    '{DOSSIER}' AS topic,
    (dossier % 12)::INTEGER AS part, place::BIGINT AS place, 'event' AS kind,
    printf('H44.99.99-25%02d%02d-%04d',
        dossier // 280000 + 1, dossier // 10000 % 28 + 1, dossier % 10000) AS dossier,
    'onestop' AS system, '{STATUS}' AS type,
    printf('%08x-0000-5000-8000-%012x', dossier, step) AS event_id, '' AS outcome,
    '9.999901' AS procedure, 'PROCESSING' AS says, '' AS segment, 0::BIGINT AS start,
    0::INTEGER AS length
FROM steps WHERE dossier < $dossiers AND NOT list_contains($asked, dossier)
"""  # noqa: S608 - our numbers


def _rows(number: int, count: int, asked: Iterable[int]) -> list[Row]:
    """The rows of a day, of these dossiers, in the order of their offsets.

    A dossier is filed on one of the days, and has one event on each of thirteen.
    """
    per_day = count // EACH // DAYS + 1
    found = []
    for dossier in asked:
        filed, rest = divmod(dossier, per_day)
        step = (number - filed) % DAYS
        if step < EACH:
            place = (number * EACH + step) * per_day + rest
            row = Row(
                BEGIN + number * DAY_MS + place % DAY_MS, DOSSIER, dossier % 12, place, "event",
                code(dossier), "onestop", STATUS, f"{dossier:08x}-0000-5000-8000-{step:012x}",
                procedure="9.999901", says="PROCESSING",
            )  # fmt: skip
            found.append(row)
    return sorted(found, key=lambda row: row.place)


def _record(row: Row, codec: Codec) -> Record:
    """The event of a row, with its content."""
    envelope = Envelope(row.event_id, row.system, STATUS, row.ms, "progress")
    dossier = int(row.event_id[:8], 16)
    value = codec.encode(STATUS, status_changed(dossier, row.place))
    headers = tuple(write_headers(envelope))
    return Record(row.topic, row.part, row.place, row.ms, row.dossier.encode(), value, headers)
