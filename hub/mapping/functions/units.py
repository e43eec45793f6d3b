"""Administrative units: what a code means on a day, and what became of the unit.

On 1 July 2025 the numbers were dealt again: 08707 was Phường Tích Sơn and is Phường Vĩnh Yên. So a
code means nothing without its day, and an old code is carried over only where one new unit covers
the whole of the old one; otherwise a person decides. The table is the hub's own file, made once
(decision 0010), and is read when it is first asked for. Source: codes, section 5.
"""

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from hub.contract.types import Text
from hub.errors import Reject
from hub.mapping.functions.declare import Day, function

_EPOCH = date(1970, 1, 1).toordinal()
_CHANGE = date(2025, 7, 1).toordinal() - _EPOCH  # NQ 202/2025/QH15


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit in one life. Days since 1970, both inclusive; None: not known, or still valid."""

    code: str
    level: str  # PROVINCE, DISTRICT, COMMUNE
    name: str
    kind: str
    parent: str
    valid_from: int | None
    valid_to: int | None


@dataclass(frozen=True, slots=True)
class Link:
    """A unit that covers another, wholly or in part, on another day."""

    code: str
    share: str  # FULL: the whole of the unit that was asked about; PART: a part of it


@dataclass(frozen=True, slots=True)
class _Table:
    units: Mapping[str, Sequence[Unit]]
    after: Mapping[str, Sequence[Link]]
    before: Mapping[str, Sequence[Link]]


@cache
def _table() -> _Table:
    units: dict[str, list[Unit]] = {}
    after: dict[str, list[Link]] = {}
    before: dict[str, list[Link]] = {}
    packed = files("hub.mapping.functions").joinpath("units.tsv.gz").read_bytes()
    for line in gzip.decompress(packed).decode().splitlines():
        match line.split("\t"):
            case ["unit", code, level, name, kind, parent, start, end]:
                unit_ = Unit(code, level, name, kind, parent, _day(start), _day(end))
                units.setdefault(code, []).append(unit_)
            case ["successor", old, new, share]:
                after.setdefault(old, []).append(Link(new, share))
                before.setdefault(new, []).append(Link(old, share))
            case _:
                pass  # the notice at the top
    return _Table(units, after, before)


def _day(text: str) -> int | None:
    return date.fromisoformat(text).toordinal() - _EPOCH if text else None


def unit(code: str, on: int) -> Unit | None:
    """The unit that a code means on a day (since 1970); None if it means none."""
    for found in _table().units.get(code, ()):
        started = found.valid_from is None or found.valid_from <= on
        if started and (found.valid_to is None or on <= found.valid_to):
            return found
    return None


def successors(code: str, as_of: int, on: int) -> tuple[Link, ...]:
    """The units that on day `on` cover the unit meant on `as_of`; none if there is no such unit.

    One FULL link may be used; several cannot be decided from the code. Forward only: for an earlier
    day there are `predecessors`.
    """
    if unit(code, as_of) is None:
        return ()
    if as_of < _CHANGE <= on:
        return tuple(_table().after.get(code, ()))
    return (Link(code, "FULL"),) if unit(code, on) is not None and _same_life(as_of, on) else ()


def predecessors(code: str, as_of: int, on: int) -> tuple[Link, ...]:
    """The units of the earlier day `on` that the unit meant on `as_of` was made of; always a list.

    The share says how much of the *earlier* unit lies in the later one.
    """
    if unit(code, as_of) is None:
        return ()
    if on < _CHANGE <= as_of:
        return tuple(_table().before.get(code, ()))
    return (Link(code, "FULL"),) if unit(code, on) is not None and _same_life(as_of, on) else ()


def _same_life(one: int, other: int) -> bool:
    return (one < _CHANGE) == (other < _CHANGE)


def _now(code: str, as_of: int, on: int, level: str, word: str) -> str:
    meant = unit(code, as_of)
    if meant is None or meant.level != level:
        raise Reject(
            f"there is no {word} with the code {_shown(code)} on {_date(as_of)}",
            fix="correct the code, or the day on which it is meant",
            code="unknown_unit",
        )
    found = successors(code, as_of, on)
    if len(found) == 1 and found[0].share == "FULL":
        return found[0].code
    if not found:
        what = f"{word} {code} of {_date(as_of)} has no successor on {_date(on)}"
        raise Reject(what, fix="correct the day, or ask the sender", code="unknown_unit")
    names = ", ".join(link.code for link in found)
    raise Reject(
        f"{word} {code} has {len(found)} successors ({names})",
        fix="a person decides which one is meant; order anew with that code",
        code="ambiguous_unit",
    )


def _shown(code: str) -> str:
    """A code in a message: whatever else stands in the field may be a person's."""
    return code if code.isascii() and code.isdigit() and len(code) <= len("00000") else "given"


def _date(day: int) -> str:
    ordinal = day + _EPOCH
    if not 1 <= ordinal <= date.max.toordinal():
        return "that day"
    return date.fromordinal(ordinal).isoformat()


@function(result=Text(min_length=5, max_length=5))
def commune_now(code: str, as_of: Day, on: Day) -> str:
    """The code, on the day `on`, of the commune that a code meant on the day `as_of`.

    Example: commune_now("08731", event.receiver.address.as_of, date_of(event.at)) = "08707"
    Raises Reject with the candidates where the commune was divided, and where there is none.
    Source: codes, section 5.3.
    """
    return _now(code, as_of, on, "COMMUNE", "commune")


@function(result=Text(min_length=2, max_length=2))
def province_now(code: str, as_of: Day, on: Day) -> str:
    """The code, on the day `on`, of the province that a code meant on the day `as_of`.

    Example: province_now("26", event.receiver.address.as_of, date_of(event.at)) = "25"
    Raises Reject where there is none. Source: codes, section 5.
    """
    return _now(code, as_of, on, "PROVINCE", "province")


@function()
def unit_name(code: str, on: Day) -> str | None:
    """The name of the province, district or commune that a code means on a day; absent if none.

    Example: unit_name("08707", event.receiver.address.as_of) = "Phường Tích Sơn"
    Source: codes, section 5.
    """
    found = unit(code, on)
    return found.name if found is not None else None
