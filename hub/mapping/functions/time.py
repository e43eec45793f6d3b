"""Days and moments: the forms that systems write them in, and the two kinds that events hold.

Events hold a moment as milliseconds since 1970 in UTC and a day as a count of days. Local time is
that of Asia/Ho_Chi_Minh: UTC+7, without daylight saving (codes, section 7). A time that cannot be
(31 February, 24:00) is a Reject: the sender's clock or form is wrong, and to guess would invent a
deadline.
"""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Annotated

from hub.contract.types import Date, Text
from hub.errors import Reject
from hub.mapping.functions.declare import Constant, Day, Moment, function
from hub.mapping.statics import Known

_EPOCH = date(1970, 1, 1).toordinal()
_LAST_DAY = date.max.toordinal() - _EPOCH
_FIRST_DAY = date.min.toordinal() - _EPOCH
_DAY = 86_400  # seconds
_LOCAL = 7 * 3_600  # seconds east of UTC

_WIDTH = {"yyyy": 4, "MM": 2, "dd": 2, "HH": 2, "mm": 2, "ss": 2, "SSS": 3}
_PART = re.compile(r"yyyy|MM|dd|HH|mm|ss|SSS|'[^']*'|[^A-Za-z']")
_DATE_PARTS = ("yyyy", "MM", "dd")
_INSTANT = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,12}))?"
    r"(?:([Zz])|([+-])(\d\d):(\d\d))?",
    re.ASCII,
)
# The form that nearly all have; Python's own reader knows it, and takes a third of the time.
_USUAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:[0-5]\d)", re.ASCII)
_MIDNIGHT = datetime(1970, 1, 1, tzinfo=UTC)
_XSD_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)(?:Z|[+-]\d\d:\d\d)?", re.ASCII)


# ---- formats


def _parts(form: str) -> list[str] | None:
    """The pieces of a format, or None if it is not one."""
    found = _PART.findall(form)
    return found if "".join(found) == form else None


def _format_error(form: object, needed: tuple[str, ...], allowed: tuple[str, ...]) -> str:
    parts = _parts(form) if isinstance(form, str) else None
    if parts is None:
        return "a format is made of yyyy MM dd HH mm ss SSS, signs, and letters in 'single quotes'"
    fields = [part for part in parts if part in _WIDTH]
    if len(set(fields)) != len(fields):
        return "a field stands twice in the format"
    if not set(needed) <= set(fields):
        return f"the format needs {' '.join(needed)}"
    strange = [name for name in fields if name not in allowed]
    return f"{strange[0]} does not belong in this format" if strange else ""


def _moment_format(form: object) -> str:
    return _format_error(form, ("yyyy", "MM", "dd"), tuple(_WIDTH))


def _date_format(form: object) -> str:
    return _format_error(form, ("yyyy", "MM", "dd"), _DATE_PARTS)


MomentFormat = Annotated[str, Constant(_moment_format, '"dd/MM/yyyy HH:mm:ss"')]
DateFormat = Annotated[str, Constant(_date_format, '"dd/MM/yyyy"')]


@lru_cache(maxsize=256)
def _reader(form: str) -> Callable[[str], tuple[int, int] | None]:
    """From a text of this format to (day since 1970, millisecond of the day), or None."""
    parts = _parts(form) or []
    pattern = "".join(
        rf"(\d{{{_WIDTH[part]}}})" if part in _WIDTH else re.escape(part.strip("'"))
        for part in parts
    )
    shape = re.compile(pattern, re.ASCII)
    fields = [part for part in parts if part in _WIDTH]
    pick = itemgetter(*(fields.index(name) if name in fields else -1 for name in _WIDTH))

    def read(text: str) -> tuple[int, int] | None:
        found = shape.fullmatch(text)
        if found is None:
            return None
        year, month, day, hour, minute, second, milli = map(int, pick((*found.groups(), "0")))
        return _calendar(year, month, day), _clock(hour, minute, second) * 1000 + milli

    return read


def _calendar(year: int, month: int, day: int) -> int:
    try:
        return date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        raise Reject("a day that is not in the calendar", fix="send an existing date") from None


def _clock(hour: int, minute: int, second: int) -> int:
    if hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004  a clock's face
        raise Reject("a time that is not on the clock", fix="send 00:00:00 to 23:59:59")
    return (hour * 60 + minute) * 60 + second


@lru_cache(maxsize=256)
def _writer(form: str) -> Callable[[int, int], str]:
    """A function from (day since 1970, millisecond of the day) to a text of this format."""
    parts = _parts(form) or []
    template = "".join(
        f"%0{_WIDTH[part]}d" if part in _WIDTH else part.strip("'").replace("%", "%%")
        for part in parts
    )

    names = list(_WIDTH)
    pick = itemgetter(*(names.index(part) for part in parts if part in _WIDTH))

    def write(day: int, milli: int) -> str:
        second, rest = divmod(milli, 1000)
        clock = (second // 3600, second // 60 % 60, second % 60, rest)
        text: str = template % pick((*_year_month_day(day), *clock))
        return text

    return write


@lru_cache(maxsize=4_096)
def _year_month_day(day: int) -> tuple[int, int, int]:
    if not _FIRST_DAY <= day <= _LAST_DAY:
        raise Reject("a time outside the years 1 to 9999", fix="check the sender's unit (ms or s)")
    found = date.fromordinal(day + _EPOCH)
    return found.year, found.month, found.day


def _fixed(arguments: Sequence[Known], literals: Sequence[object]) -> Known:
    """A text as long as its format."""
    form = literals[1]
    parts = _parts(form) if isinstance(form, str) else None
    if parts is None:
        return Known(Text(), arguments[0].absent)
    size = sum(_WIDTH.get(part, len(part.strip("'"))) for part in parts)
    return Known(Text(min_length=size, max_length=size), arguments[0].absent)


# ---- moments


@function()
def instant(text: str) -> Moment:
    """The moment that an xs:dateTime or RFC 3339 text names; it must say its offset.

    Example: instant("2025-10-13T09:05:00+07:00") = 1760321100000
    Raises Reject without an offset (nobody knows which hour is meant), and for impossible times.
    Source: codes, section 7.
    """
    plain = text.strip()
    if _USUAL.fullmatch(plain) is None:
        return _instant(plain)
    try:
        passed = datetime.fromisoformat(plain) - _MIDNIGHT
    except ValueError:
        return _instant(plain)  # which tells what is wrong
    return (passed.days * _DAY + passed.seconds) * 1000


def _instant(text: str) -> int:
    """Of any form that is allowed."""
    found = _INSTANT.fullmatch(text)
    if found is None:
        raise Reject("not a date and time", fix="send 2025-10-13T09:05:00+07:00")
    year, month, day, hour, minute, second, fraction, utc, sign, east, past = found.groups()
    if utc is None and sign is None:
        raise Reject("a time without its offset", fix="send 2025-10-13T09:05:00+07:00")
    seconds = _calendar(int(year), int(month), int(day)) * _DAY
    seconds += _clock(int(hour), int(minute), int(second))
    if sign is not None:
        offset = _clock(int(east), int(past), 0)
        seconds += offset if sign == "-" else -offset
    return seconds * 1000 + (int((fraction + "00")[:3]) if fraction else 0)


@function(result=Text(min_length=25, max_length=25, format="date-time"))
def instant_text(moment: Moment) -> str:
    """A moment as local time with its offset, to the second.

    Example: instant_text(1760321100000) = "2025-10-13T09:05:00+07:00"
    """
    day, second = divmod(moment // 1000 + _LOCAL, _DAY)
    minute, second = divmod(second, 60)
    return f"{_date_text(day)}T{_TWO[minute // 60]}:{_TWO[minute % 60]}:{_TWO[second]}+07:00"


_TWO = tuple(f"{number:02}" for number in range(60))


@lru_cache(maxsize=1_024)  # what is told now happened in these weeks
def _date_text(day: int) -> str:
    year, month, month_day = _year_month_day(day)
    return f"{year:04}-{month:02}-{month_day:02}"


@function()
def local_time(text: str, form: MomentFormat, *more: MomentFormat) -> Moment:
    """The moment that a local time without an offset names, in one of the formats.

    Formats are literals of yyyy MM dd HH mm ss SSS; other letters stand in 'single quotes'.
    Example: local_time("13/10/2025 09:05:00", "dd/MM/yyyy HH:mm:ss") = 1760321100000
    Raises Reject where no format fits, and for impossible times.
    """
    plain = text.strip()
    for each in (form, *more):
        found = _reader(each)(plain)
        if found is not None:
            day, milli = found
            return (day * _DAY - _LOCAL) * 1000 + milli
    raise Reject("not a time of the expected form", fix=f"send {' or '.join((form, *more))}")


@function(refine=_fixed)
def local_time_text(moment: Moment, form: MomentFormat) -> str:
    """A moment as local time in a format.

    Example: local_time_text(1760321100000, "yyyyMMddHHmmss") = "20251013090500"
    """
    day, milli = divmod(moment + _LOCAL * 1000, _DAY * 1000)
    return _writer(form)(day, milli)


_UNITS = {"ms": 1, "s": 1000}


def _unit_error(unit: object) -> str:
    return "" if unit in _UNITS else 'the unit is "ms" or "s"'


@function()
def epoch(number: int, unit: Annotated[str, Constant(_unit_error, '"ms"', only=False)]) -> Moment:
    """The moment of a count of milliseconds ("ms") or seconds ("s") since 1970 in UTC.

    The unit may be a setting. Example: epoch(1760321100, "s") = 1760321100000
    Raises Reject for another unit, and outside the years 1 to 9999.
    """
    if unit not in _UNITS:
        raise Reject(_unit_error(unit), fix="correct the setting")
    moment = number * _UNITS[unit]
    _year_month_day((moment // 1000 + _LOCAL) // _DAY)
    return moment


@function()
def date_of(moment: Moment) -> Day:
    """The local day on which a moment falls.

    Example: date_of(1760321100000) = the day 2025-10-13
    """
    day = (moment // 1000 + _LOCAL) // _DAY
    _year_month_day(day)
    return day


# ---- days


@function()
def local_date(text: str, form: DateFormat, *more: DateFormat) -> Day:
    """The day that a text names, in one of the formats.

    Example: local_date("13/10/2025", "dd/MM/yyyy") = the day 2025-10-13
    Raises Reject where no format fits, and for a day that is not in the calendar.
    """
    plain = text.strip()
    for each in (form, *more):
        found = _reader(each)(plain)
        if found is not None:
            return found[0]
    raise Reject("not a date of the expected form", fix=f"send {' or '.join((form, *more))}")


@function(refine=_fixed)
def date_text(day: Day, form: DateFormat) -> str:
    """A day in a format.

    Example: date_text(local_date("20251013", "yyyyMMdd"), "dd/MM/yyyy") = "13/10/2025"
    """
    return _writer(form)(day, 0)


@function()
def xsd_date(text: str) -> Day:
    """The day that an xs:date or RFC 3339 date names; an offset behind it is passed over.

    Example: xsd_date("2025-10-13") = the day 2025-10-13
    Raises Reject for anything else.
    """
    found = _XSD_DATE.fullmatch(text.strip())
    if found is None:
        raise Reject("not a date", fix="send 2025-10-13")
    year, month, day = found.groups()
    return _calendar(int(year), int(month), int(day))


@function(result=Text(min_length=10, max_length=10, format="date"))
def xsd_date_text(day: Day) -> str:
    """A day as xs:date.

    Example: xsd_date_text(local_date("13/10/2025", "dd/MM/yyyy")) = "2025-10-13"
    """
    year, month, month_day = _year_month_day(day)
    return f"{year:04}-{month:02}-{month_day:02}"


@function()
def plus_days(day: Annotated[int, Date()], days: int) -> Day:
    """The day that many days later; earlier where negative. Calendar days, not working days.

    Example: plus_days(local_date("30/06/2025", "dd/MM/yyyy"), 1) = the day 2025-07-01
    Raises Reject outside the years 1 to 9999.
    """
    later = day + days
    _year_month_day(later)
    return later
