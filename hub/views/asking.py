"""What people ask of the views: read-only, beside the writer, from the same file."""

import sqlite3
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from hub.topics import DOSSIER
from hub.views.deadline import UNJUDGED
from hub.views.deliveries import Delivery
from hub.views.store import decode_dossier, load_deliveries, load_dossier
from hub.views.timeline import Dossier

Row: TypeAlias = tuple[Any, ...]  # a door: SQLite's rows have no types
_LATE = (
    f"(judged IS NOT NULL AND status NOT IN ({', '.join(repr(s) for s in sorted(UNJUDGED))})"
    " AND coalesce(finished, :now) > judged)"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which dossiers to list: those after the code `after`, at most `limit`."""

    status: str | None = None
    agency: str | None = None
    late: bool | None = None
    after: str = ""
    limit: int = 100


class Asking:
    """Answers from what is written. Thread-safe; never sees half a batch."""

    def __init__(self, file: Path) -> None:
        self._asking = threading.Lock()
        self._reader = sqlite3.connect(
            file.as_uri() + "?mode=ro", uri=True, check_same_thread=False, isolation_level=None
        )

    def close(self) -> None:
        """Let go of the file."""
        with self._asking:
            self._reader.close()

    def dossier(self, code: str) -> tuple[Dossier, tuple[Delivery, ...]] | None:
        """A dossier and what became of its events; None if no event named it."""
        with self._asking:
            found = load_dossier(self._reader, code)
            if found is None:
                return None
            return found, load_deliveries(self._reader, (DOSSIER, code))

    def dossiers(self, wanted: Wanted, now: int) -> list[Dossier]:
        """The dossiers that match, in the order of their codes."""
        tests = ["code > :after"]
        if wanted.status is not None:
            tests.append("status = :status")
        if wanted.agency is not None:
            tests.append("agency = :agency")
        if wanted.late is not None:
            tests.append(_LATE if wanted.late else f"NOT {_LATE}")
        where = " AND ".join(tests)
        # The inner question is answered by the index alone: no state is read but those told.
        chosen = f"SELECT code FROM dossiers WHERE {where} ORDER BY code LIMIT :limit"  # noqa: S608 - fixed texts
        query = f"SELECT state FROM dossiers WHERE code IN ({chosen}) ORDER BY code"  # noqa: S608 - fixed texts
        values = {
            "after": wanted.after,
            "status": wanted.status,
            "agency": wanted.agency,
            "limit": wanted.limit,
            "now": now,
        }
        return [decode_dossier(state) for (state,) in self._ask(query, values)]

    def counts(self, now: int) -> dict[str, object]:
        """Dossiers by status and by agency, those late at `now`, deliveries by registration."""
        late = self._ask(f"SELECT count(*) FROM dossiers WHERE {_LATE}", {"now": now})  # noqa: S608 - fixed texts
        outcomes: dict[str, dict[str, object]] = {}
        for registration, outcome, count in self._ask(
            "SELECT registration, outcome, n FROM outcomes WHERE n > 0 ORDER BY 1, 2"
        ):
            outcomes.setdefault(str(registration), {})[str(outcome)] = count
        return {
            "status": self._grouped("SELECT status, count(*) FROM dossiers GROUP BY 1 ORDER BY 1"),
            "agency": self._grouped("SELECT agency, count(*) FROM dossiers GROUP BY 1 ORDER BY 1"),
            "registration": outcomes,
            "late": late[0][0],
            "procedures": self._ask("SELECT count(*) FROM procedures")[0][0],
            "skipped": self._grouped(
                "SELECT topic || ' ' || reason, n FROM skipped WHERE reason <> 'mark' ORDER BY 1"
            ),
        }

    def _grouped(self, query: str) -> dict[str, object]:
        return {str(name or "?"): count for name, count in self._ask(query)}

    def _ask(self, query: str, values: Mapping[str, object] | None = None) -> list[Row]:
        with self._asking:
            return self._reader.execute(query, values or {}).fetchall()
