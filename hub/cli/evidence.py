"""What is on record, for people: from the archive, and from the topics as far as it has not come.

Personal values are masked unless allowed otherwise. Who looked, and for what, stands in the log of
accesses before anything is shown.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from hub.audit.archive.lists import Head
from hub.audit.archive.opening import open_store
from hub.audit.archive.query import Query
from hub.audit.archive.reading import contents, search, searched, steadily
from hub.audit.archive.rows import Row, row_of
from hub.audit.archive.store import Store
from hub.audit.guard import Breach, Said, breaches
from hub.audit.leaf import scope_of
from hub.audit.opening import open_keys
from hub.cli.browse import Browser, moment, read, readable
from hub.contract.types import Document
from hub.errors import HubError, Reject
from hub.records import Position, Record, Spot
from hub.topics import ACT, CATALOGUE, DEAD, DOSSIER, RECEIPT

OF_DOSSIERS = (DOSSIER, RECEIPT, DEAD, ACT)  # all that concerns a dossier has one partition number
OF_KIND = {"event": (DOSSIER, CATALOGUE), "act": (ACT,)}
EVIDENCE = (*OF_DOSSIERS, CATALOGUE)


GAVE_NONE = frozenset({"CONFLICT", "SET_ASIDE", "SECRECY_REFUSED", "UNCONFIRMED", "REFUSED"})
ALL = 1_000_000  # rows; more than one question should bring
TOGETHER = 200  # dossiers that are read together


@dataclass(frozen=True, slots=True)
class Finding:
    """One record that was found. `record` None: its content was erased, or not asked for."""

    row: Row
    record: Record | None = field(repr=False)

    @property
    def place(self) -> Position:
        """Where it stood on its topic, and stands in the log."""
        return Position(self.row.topic, self.row.part, self.row.place)

    @property
    def is_archived(self) -> bool:
        """Whether it was read from the archive."""
        return bool(self.row.segment)


def find(browser: Browser, query: Query, *, whole: bool = True) -> list[Finding]:
    """The last `query.most` records that fit, in the order of recording.

    With `whole` each with what it said. Raises Retry where broker, registry or the archive's
    storage do not answer, Halt where the archive is damaged.
    """
    store = open_store(browser.settings)
    return steadily(store, lambda: _find(browser, store, query, whole=whole))


def with_mentions(browser: Browser, query: Query, *, whole: bool = True) -> list[Finding]:
    """As `find`; of one dossier also the refused messages that mention it, which nobody proved."""
    found = find(browser, query, whole=whole)
    if query.dossiers is None or query.procedure is not None or query.kind not in (None, "act"):
        return found
    for code in query.dossiers:
        about = replace(query, dossiers=("",), kind="act", mentions=code)
        found += [one for one in find(browser, about, whole=whole) if one.row.outcome in GAVE_NONE]
    return sorted(found, key=lambda one: one.row[:4])[-query.most :]


def _find(browser: Browser, store: Store, query: Query, *, whole: bool) -> list[Finding]:
    found = search(store, query)
    tail, named = _tail(browser, store, query, found.head, {row.part for row in found.rows})
    rows = {row[:4]: row for row in found.rows}
    if named:
        of_named = replace(query, procedure=None, dossiers=tuple(sorted(named)))
        rows |= {row[:4]: row for row in search(store, of_named).rows}
    pairs: dict[tuple[object, ...], tuple[Row, Record | None]]
    pairs = {place: (row, None) for place, row in rows.items()}
    pairs |= {row[:4]: (row, record) for row, record in tail}
    chosen = [pairs[place] for place in sorted(pairs)][-query.most :]
    archived = [row for row, _ in chosen if row.segment] if whole else []
    known = _contents(browser, store, archived)
    return [Finding(row, record or known.get(row)) for row, record in chosen]


def _contents(browser: Browser, store: Store, rows: Sequence[Row]) -> dict[Row, Record | None]:
    if not rows:
        return {}
    keys = open_keys(browser.settings, make=False)
    try:
        return contents(store, keys, rows)
    finally:
        keys.close()


def _tail(
    browser: Browser, store: Store, query: Query, head: Head, seen: set[int]
) -> tuple[list[tuple[Row, Record]], set[str]]:
    """What stands on the topics behind the archive; which dossiers name the procedure there.

    `seen`: where the archive has some of it. A procedure is looked for in all events, whatever
    else narrows what is shown.
    """
    spots = _spots(browser, query, seen)
    starts = {spot: head.next_of(spot) or 0 for spot in spots}
    named: set[str] = set()

    def fits(record: Record) -> bool:
        if not _concerns(record, query):
            return False
        row = row_of(record, browser.codec)
        if query.procedure is not None and row.procedure == query.procedure:
            named.add(row.dossier)
        return query.fits(row)

    most = query.most if query.procedure is None else None
    records = read(browser, spots, fits, starts, most) if spots else []
    found = [(row_of(record, browser.codec), record) for record in records]
    if query.procedure is None:
        return found, named
    from hub.audit.archive.parquet import naming  # brings DuckDB

    codes = {row.dossier for row, _ in found} - named
    meant = named | naming(searched(store, head), query.procedure, codes)
    return [pair for pair in found if pair[0].dossier in meant], named


def _spots(browser: Browser, query: Query, seen: set[int]) -> list[Spot]:
    """Where to look: a dossier's partition, and where the archive has some of it."""
    by_dossier = query.dossiers is not None and "" not in query.dossiers
    topics = OF_KIND.get(query.kind or "", OF_DOSSIERS if by_dossier else EVIDENCE)
    counts = {topic: browser.broker.partitions(topic) for topic in topics}
    dossiers = browser.broker.partitions(DOSSIER)
    if query.dossiers is None or not by_dossier or not dossiers:
        return [Spot(topic, part) for topic, count in counts.items() for part in range(count)]
    numbers_of = (code.encode() for code in query.dossiers)
    mine = {browser.broker.partition_of(key, dossiers) for key in numbers_of}
    numbers = sorted(mine | seen)
    return [Spot(topic, part) for topic, n in counts.items() for part in numbers if part < n]


def _concerns(record: Record, query: Query) -> bool:
    """Whether it may be meant, undecoded."""
    if query.dossiers is None:
        return True
    scope = scope_of(record)
    return (scope.name if scope.kind == "dossier" else "") in query.dossiers


def finding_row(browser: Browser, found: Finding, *, unmasked: bool) -> Document:
    """A finding for people: what it is, and in `content` what it said."""
    row = found.row
    shown: Document = {
        "at": moment(row.ms),
        "kind": row.kind,
        "dossier": row.dossier,
        "type": row.type.rpartition(".")[2],
        "system": row.system,
        "outcome": row.outcome,
        "says": row.says,
        "place": found.place.text,
        "event_id": row.event_id,
        "archived": found.is_archived,
    }
    if found.record is None:
        return {**shown, "erased": True, "content": None}
    try:
        content = readable(browser, found.record.value or b"", unmasked=unmasked)
    except HubError as error:
        return {**shown, "problem": error.what}
    return {**shown, "content": content}


def judged(browser: Browser, dossier: str | None, since: int) -> tuple[int, list[Breach]]:
    """How many dossiers were looked at, and what of them cannot be.

    Without `dossier`, those of which an event was recorded since then (epoch ms); each is judged
    from its beginning on.
    """
    codes = [dossier] if dossier is not None else _codes(browser, since)
    found: list[Breach] = []
    for first in range(0, len(codes), TOGETHER):
        some = tuple(codes[first : first + TOGETHER])
        events: dict[str, list[Said]] = {code: [] for code in some}
        for one in find(browser, Query(dossiers=some, kind="event", most=ALL)):
            events[one.row.dossier] += _said(browser, one)
        for code in some:
            found += breaches(code, events[code])
    return len(codes), found


def _codes(browser: Browser, since: int) -> list[str]:
    rows = find(browser, Query(kind="event", since=since, most=ALL), whole=False)
    return sorted({one.row.dossier for one in rows if one.row.topic == DOSSIER})


def document_of(browser: Browser, record: Record | None) -> tuple[str, Document] | None:
    """What a record says, under which name; None where it was erased or cannot be read."""
    if record is None:
        return None
    try:
        return browser.codec.decode(record.value or b"")
    except Reject:
        return None


def _said(browser: Browser, one: Finding) -> list[Said]:
    """The event, unless it was erased or cannot be read."""
    known = document_of(browser, one.record)
    if known is None:
        return []
    row = one.row
    return [Said(one.place, row.ms, row.event_id, known[0], row.system, known[1])]
