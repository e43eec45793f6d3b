import pytest
from msgspec import convert

from hub.delivery.hours import DAY, Window
from hub.registry.call_limits import CallLimits, Closed, limit_problems, limits_text, window_of

EVERY_DAY = frozenset(range(7))


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ({"from": "22:00", "to": "05:00"}, Window(1320, 1740, EVERY_DAY)),
        ({"from": "11:30", "to": "13:00", "days": ["mon"]}, Window(690, 780, frozenset({0}))),
        ({"from": "00:00", "to": "24:00", "days": ["sun"]}, Window(0, DAY, frozenset({6}))),
        ({"from": "22:00", "to": "00:00"}, Window(1320, DAY, EVERY_DAY)),
        ({"from": "22:00", "to": "24:00"}, Window(1320, DAY, EVERY_DAY)),
    ],
)  # fmt: skip
def test_a_window_is_read_as_people_say_it(said: dict[str, object], window: Window) -> None:
    assert window_of(convert(said, Closed)) == window


@pytest.mark.parametrize(
    ("said", "path", "what", "fix"),
    [
        ({"per_second": 0}, "per_second", "0 is not between 0.001 and 10,000", "paused: true"),
        ({"per_second": -1.5}, "per_second", "-1.5 is not between", "leave the key out"),
        ({"per_second": float("nan")}, "per_second", "nan is not between", "leave the key out"),
        ({"per_second": float("inf")}, "per_second", "inf is not between", "leave the key out"),
        ({"per_day": 0}, "per_day", "0 is not between 1 and", "paused: true"),
        ({"per_day": -3}, "per_day", "-3 is not between", "leave the key out"),
        ({"closed": [("25:00", "05:00")]}, "closed.0.from", "'25:00' is not a time", '"22:00"'),
        ({"closed": [("22:00", "5:00")]}, "closed.0.to", "'5:00' is not a time", '"22:00"'),
        ({"closed": [("22:00", "05:00\n")]}, "closed.0.to", "is not a time", '"22:00"'),
        ({"closed": [("24:00", "05:00")]}, "closed.0.from", "begins no window", "next day"),
        ({"closed": [("22:00", "22:00")]}, "closed.0.to", "no time at all", '"24:00"'),
        ({"closed": [("03:00", "04:00", [])]}, "closed.0.days", "no day", "mon"),
        ({"closed": [("22:00", "05:00", ["monday"])]}, "closed.0.days", "'monday'", "mon, tue"),
        ({"closed": [("00:00", "24:00")]}, "closed", "the whole week", "leave some of it open"),
        ({"closed": [("05:00", "22:30"), ("22:00", "05:00")]}, "closed", "the whole week", "open"),
    ],
)  # fmt: skip
def test_limits_under_which_nothing_could_be_sent_are_refused(
    said: dict[str, object], path: str, what: str, fix: str
) -> None:
    (misfit,) = limit_problems(limits(said))
    assert ".".join(map(str, misfit.path)) == path
    assert what in misfit.what
    assert fix in misfit.fix
    assert str(misfit) == f"{path}: {misfit.what}"


def test_everything_that_is_wrong_is_named_at_once() -> None:
    said = {"per_second": 0, "per_day": 0, "closed": [("x", "y"), ("z", "05:00")]}
    paths = [misfit.path for misfit in limit_problems(limits(said))]
    assert paths == [("per_second",), ("per_day",), ("closed", 0, "from"), ("closed", 1, "from")]


def test_limits_that_make_sense_have_no_problems() -> None:
    said = {"per_second": 0.5, "per_day": 1, "closed": [("00:00", "23:59"), ("12:00", "14:00")]}
    assert limit_problems(limits(said)) == []
    assert limit_problems(CallLimits()) == []


def test_limits_are_told_on_one_line() -> None:
    said = {"per_second": 50, "per_day": 100_000, "closed": [("22:00", "05:00", ["mon", "tue"])]}
    assert limits_text(limits(said)) == (
        "50 calls a second; 100,000 calls a day; closed 22:00 to 05:00 (mon, tue)"
    )
    assert limits_text(limits({"closed": [("11:30", "13:30")]})) == (
        "closed 11:30 to 13:30 (every day)"
    )
    assert limits_text(CallLimits()) == "none"


def limits(said: dict[str, object]) -> CallLimits:
    """`closed` as tuples (from, to, days), the rest as it is."""
    windows = said.get("closed", [])
    assert isinstance(windows, list)
    closed = [dict(zip(("from", "to", "days"), window, strict=False)) for window in windows]
    return convert({**said, "closed": closed}, CallLimits)
