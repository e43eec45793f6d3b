"""`delivery.limits`: how often and when a system may be called, as its owner has agreed with us.

Here is what a manifest or a registration may say, and whether it makes sense; a limit under which
nothing could ever be sent is refused. `hub.delivery.limits` keeps to them.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta, Struct

from hub.delivery.hours import DAY, Week, Window
from hub.errors import Reject
from hub.registry.yaml_file import Path

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
RATES = (0.001, 10_000)  # calls a second, least and most
QUOTAS = (1, 1_000_000_000)  # calls a day
NO_LIMIT = "leave the key out for no limit; `paused: true` stops a registration"


class Closed(
    Struct, frozen=True, forbid_unknown_fields=True, rename={"start": "from", "end": "to"}
):
    """Hours in which nothing is sent, on the days on which they begin (none named: every day).

    "HH:MM", Vietnamese time; a `to` that is not after `from` is on the next day.
    """

    start: str
    """When it begins, "HH:MM" in Vietnam."""
    end: str
    """When it ends; not after `from`: on the next day."""
    days: list[str] | None = None
    """Days on which it begins (mon … sun); left out: every day."""


class CallLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on the calls to one system; what is not said is not bounded."""

    per_second: float | None = None
    """Calls a second, on average, 0.001 to 10,000."""
    per_day: int | None = None
    """Calls in a day, midnight to midnight in Vietnam."""
    closed: Annotated[list[Closed], Meta(max_length=50)] = []
    """Windows in which no call starts."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A limit that makes no sense: the path of its key, what is wrong, what to write instead."""

    path: Path
    what: str
    fix: str

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.path))}: {self.what}"


def window_of(closed: Closed) -> Window:
    """The window in minutes. Raises Reject; `where` is the key that makes no sense."""
    start, end = _minute(closed.start, "from"), _minute(closed.end, "to")
    if start == DAY:
        raise Reject("24:00 begins no window", where="from", fix='write "00:00" and the next day')
    if start == end:
        raise Reject(
            f"from {closed.start} to {closed.end} is no time at all",
            where="to",
            fix='a whole day is from "00:00" to "24:00"',
        )
    return Window(start, end if end > start else end + DAY, _days(closed.days))


def limit_problems(limits: CallLimits) -> list[Misfit]:
    """Everything under which nothing, or nothing sensible, could be sent."""
    return [
        *_number_problems("per_second", limits.per_second, RATES),
        *_number_problems("per_day", limits.per_day, QUOTAS),
        *_window_problems(limits.closed),
    ]


def limits_text(limits: CallLimits) -> str:
    """For people, on one line; "none" where nothing is bounded."""
    said = []
    if limits.per_second is not None:
        said.append(f"{limits.per_second:,g} calls a second")
    if limits.per_day is not None:
        said.append(f"{limits.per_day:,} calls a day")
    for closed in limits.closed:
        days = ", ".join(closed.days) if closed.days else "every day"
        said.append(f"closed {closed.start} to {closed.end} ({days})")
    return "; ".join(said) or "none"


def _number_problems(
    key: str, value: float | None, between: tuple[float, float]
) -> Iterator[Misfit]:
    least, most = between
    if value is not None and not least <= value <= most:
        what = f"{value:g} is not between {least:g} and {most:,}"
        yield Misfit((key,), what, f"write such a number, or {NO_LIMIT}")


def _window_problems(windows: list[Closed]) -> Iterator[Misfit]:
    whole = []
    for index, closed in enumerate(windows):
        try:
            whole.append(window_of(closed))
        except Reject as error:
            yield Misfit(("closed", index, error.where), error.what, error.fix)
    try:
        Week(whole)
    except ValueError:
        what = "the windows together close the whole week: nothing would ever be sent"
        fix = "leave some of it open; `paused: true` stops a registration"
        yield Misfit(("closed",), what, fix)


def _minute(text: str, where: str) -> int:
    if not TIME.fullmatch(text):
        raise Reject(f"'{text}' is not a time of day", where=where, fix='write it as "22:00"')
    return int(text[:2]) * 60 + int(text[3:])


def _days(names: list[str] | None) -> frozenset[int]:
    if names is None:
        return frozenset(range(len(DAYS)))
    strange = [name for name in names if name not in DAYS]
    if strange or not names:
        what = f"'{strange[0]}' is not a day" if strange else "names no day"
        fix = f"write some of {', '.join(DAYS)}; leave `days` out for every day"
        raise Reject(what, where="days", fix=fix)
    return frozenset(map(DAYS.index, names))
