"""Which days are working days: needed only to say "late by n working days".

The one-stop computes due dates and the hub carries them. Holidays are decided each autumn and some
are exchanged for working Saturdays, so the calendar is data (calendar.csv) with a document per row.
Outside the years that the data covers a day is unknown, never "working".
"""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

from hub.errors import Halt

LOCAL = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")  # no daylight saving
CLOSE = time(17, 0)  # a limit ends at 17:00 on its last working day (Civil Code, articles 147, 148)
LONGEST = 1_000  # working days; no procedure has a longer limit
SATURDAY = 5
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FILE = Path(__file__).with_name("calendar.csv")
KINDS = ("OFF", "WORK")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Exceptions from Monday to Friday, and the years (first to last) that are whole."""

    exceptions: Mapping[date, bool]  # True: a working day
    first: int
    last: int

    def works(self, day: date) -> bool | None:
        """Whether `day` is a working day; None outside the years of the data."""
        if not self.first <= day.year <= self.last:
            return None
        return self.exceptions.get(day, day.weekday() < SATURDAY)

    def due(self, accepted: date, limit: int) -> datetime | None:
        """When a limit of working days ends: local time, 17:00 on the n-th; None if unknown.

        The day of acceptance is not counted. Raises ValueError for a limit below 1 or above 1,000.
        """
        if not 1 <= limit <= LONGEST:
            raise ValueError(f"a limit is 1 to {LONGEST} working days, not {limit}")
        day = accepted
        left = limit
        while left:
            day += timedelta(days=1)
            works = self.works(day)
            if works is None:
                return None
            left -= works
        return datetime.combine(day, CLOSE, LOCAL)

    def working_days_late(self, due: datetime, finished: datetime) -> int | None:
        """Working days after the day of `due`, up to and with the day of `finished` (local days).

        0 if that is the same day or none of them is a working day; None if a day in between is
        unknown. Cost is bounded by the years of the data.
        """
        day, end = due.astimezone(LOCAL).date(), finished.astimezone(LOCAL).date()
        if day >= end:
            return 0
        if self.works(day) is None or self.works(end) is None:
            return None
        days = (day + timedelta(days=n) for n in range(1, (end - day).days + 1))
        return sum(1 for each in days if self.works(each))


def read(lines: Iterable[str]) -> Calendar:
    """A calendar from CSV lines `day, kind (OFF | WORK), reason, document`.

    The years covered are those from the first to the last row. Raises Halt naming a wrong row.
    """
    exceptions: dict[date, bool] = {}
    for number, row in enumerate(csv.DictReader(lines), start=2):
        where = f"calendar.csv:{number}"
        if row.get("kind") not in KINDS or not row.get("reason") or not row.get("document"):
            raise Halt("a row needs OFF or WORK, a reason and a document", where=where)
        try:
            day = date.fromisoformat(row["day"])
        except ValueError as error:
            raise Halt("the day is not written as 2026-01-10", where=where) from error
        if day in exceptions:
            raise Halt(f"{day} is there twice", where=where)
        exceptions[day] = row["kind"] == "WORK"
    if not exceptions:
        raise Halt("no rows", where="calendar.csv")
    years = [day.year for day in exceptions]
    return Calendar(exceptions, min(years), max(years))


def load() -> Calendar:
    """The calendar that the hub ships."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return read(file)


def moment(ms: int) -> datetime:
    """Epoch milliseconds as local time."""
    return (EPOCH + timedelta(milliseconds=ms)).astimezone(LOCAL)
