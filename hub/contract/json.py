"""JSON from a stranger: one reading only, and bounded.

A document with the same key twice says one thing to one reader and another thing to the next, so
it is refused. No fast decoder notices it; but the keys that remain after decoding can be counted
against the places where a string is followed by a colon: these are never fewer than the keys that
were sent, so equal counts prove that none was lost; only a difference asks for an exact reading.
"""

import json
import re
from typing import Final

import msgspec

from hub.contract.binding import Limits
from hub.contract.types import Value
from hub.errors import Reject

_KEY = re.compile(rb'"[ \t\r\n]*:')
_INT64: Final = 2**63
_PLACE: Final = "document"
_DECODE = msgspec.json.Decoder().decode


class _TwiceError(ValueError):
    """A key stands twice in one object."""


def decode(body: bytes, limits: Limits, *, size: int | None = None) -> Value:
    """The value of a JSON text (RFC 8259, UTF-8, no byte order mark).

    `size`: most bytes; default `limits.body_bytes`. Raises Reject ("malformed" or "too-large") also
    for duplicate keys, whole numbers beyond 64 bits, NaN, infinities and lone surrogates.
    """
    most = limits.body_bytes if size is None else size
    if len(body) > most:
        raise Reject(f"more than {most} bytes", _PLACE, code="too-large")
    try:
        value: Value = _DECODE(body)
    except RecursionError:
        raise _too_deep(limits) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise Reject("not well-formed JSON", _PLACE, "send JSON in UTF-8", "malformed") from None
    keys = _count_keys(value, limits)
    if _places(body) != keys:
        _refuse_duplicates(body)
    return value


def _places(body: bytes) -> int:
    """Where a string is followed by a colon; white space between them is rare."""
    if b" :" in body or b"\t:" in body or b"\n:" in body or b"\r:" in body:
        return len(_KEY.findall(body))
    return body.count(b'":')


def _too_deep(limits: Limits) -> Reject:
    return Reject(f"nested deeper than {limits.depth}", _PLACE, code="too-large")


def _count_keys(value: Value, limits: Limits) -> int:
    """Number of keys in all objects, level by level; refuses what is too deep, many or large."""
    keys = members = 0
    level: list[Value] = [value]
    for _ in range(limits.depth):
        found, level = _next_level(level)
        keys += found
        if not level:
            return keys
        members += len(level)
        if members + keys > _PER_ELEMENT * limits.elements:
            raise Reject("too many values", _PLACE, code="too-large")
    if any(type(item) in _CONTAINERS for item in level):
        raise _too_deep(limits)
    return keys + _next_level(level)[0]


def _next_level(level: list[Value]) -> tuple[int, list[Value]]:
    """Number of keys in the objects of one level, and what these and the lists hold."""
    keys = 0
    deeper: list[Value] = []
    for item in level:
        if type(item) is dict:
            keys += len(item)
            deeper += [member for member in item.values() if type(member) not in _LEAVES]
        elif type(item) is list:
            deeper += [member for member in item if type(member) not in _LEAVES]
        elif type(item) is int:
            _check_range(item)
    return keys, deeper


def _check_range(number: int) -> None:
    if not -_INT64 <= number < _INT64:  # it would change on its way through another system
        raise Reject("a whole number beyond 64 bits", _PLACE, "send it as text", "malformed")


_LEAVES: Final = frozenset({str, float, bool, type(None)})
_CONTAINERS: Final = frozenset({dict, list})
_PER_ELEMENT: Final = 2  # whole numbers count among the values, and so do keys


def _pairs(pairs: list[tuple[str, Value]]) -> dict[str, Value]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _TwiceError
    return found


def _refuse_duplicates(body: bytes) -> None:
    try:
        json.loads(body, object_pairs_hook=_pairs)
    except _TwiceError:
        raise Reject("a key stands twice in one object", _PLACE, "", "malformed") from None
