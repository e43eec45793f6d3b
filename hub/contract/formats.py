"""The named forms of texts that are checked: dates, times, addresses, identifiers.

A format that is not here is a name for people (`byte`, `password`, "dd/MM/yyyy"): JSON Schema calls
such formats annotations, and the hub treats them so. Sources: RFC 3339 (full-date, date-time,
full-time), RFC 3986, RFC 9562; e-mail is checked loosely, as only delivery can prove one.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date

from hub.contract.patterns import Matcher, matcher

_CLOCK = (
    r"(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d{1,9})?(?:Z|z|[+-](?:[01]\d|2[0-3]):[0-5]\d)"
)
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
# Our own patterns, without choices that Python's engine could go back on; RE2 takes four times.
_shape_of_date = re.compile(_DAY).fullmatch
_clock = re.compile(_CLOCK, re.ASCII).fullmatch
_shape_of_moment = re.compile(f"{_DAY}[Tt ]{_CLOCK}", re.ASCII).fullmatch
_is_uri = matcher(r"[A-Za-z][A-Za-z0-9+.-]{0,30}:[^\s<>\"{}|\\^`\x00-\x1f]+")


def _is_date(text: str) -> bool:
    if _shape_of_date(text) is None:
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_time(text: str) -> bool:
    return _clock(text) is not None


def _is_moment(text: str) -> bool:
    return _shape_of_moment(text) is not None and _is_date(text[:10])


FORMATS: Mapping[str, Matcher] = {
    "date": _is_date,
    "date-time": _is_moment,
    "time": _is_time,
    "uri": _is_uri,
    "uuid": matcher(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"),
    "email": matcher(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,255}"),
}


def format_check(name: str | None) -> Callable[[str], bool] | None:
    """The check for a format, or None where the name is for people only."""
    return FORMATS.get(name) if name is not None else None
