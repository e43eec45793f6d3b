"""The instants of WS-Security: written in UTC, read with any zone, judged against a clock.

Fresh means within five minutes either way (WS-Security UsernameToken profile 1.1, section 3.1,
recommends five), so that a captured token is of no use for long and clocks may differ a little.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

Clock = Callable[[], float]  # seconds since 1970-01-01T00:00:00Z, as time.time gives them

FRESH = 300.0  # seconds
_SHAPE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


def written(seconds: float) -> str:
    """An xs:dateTime in UTC with milliseconds: "2026-11-23T02:05:00.000Z"."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def instant(text: str) -> float | None:
    """Seconds since 1970 of an xs:dateTime, None if it is none. Without a zone, UTC is meant."""
    found = _SHAPE.fullmatch(text.strip(" \t\r\n"))
    if found is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    try:
        moment = datetime(
            int(year), int(month), int(day), int(hour), int(minute), int(second), tzinfo=_zone(zone)
        )
        return moment.timestamp() + float(f"0.{fraction or 0}")
    except (ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timezone:
    if text is None or text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[4:6]))
    return timezone(-offset if text[0] == "-" else offset)
