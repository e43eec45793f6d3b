"""Whether two answers say the same, but for when they say it."""

import re

from hub.contract.types import Value

_TIMELIKE = re.compile(r"\d{4}-\d\d-\d\d|\d\d[/-]\d\d[/-]\d{4}|\d\d:\d\d|^\d{10}(\d{3})?$")


def differs(one: Value, other: Value, path: str = "answer") -> str | None:
    """The first place at which two answers differ by more than a time."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = [*one, *(name for name in other if name not in one)]
        pairs = [(one.get(name), other.get(name), name) for name in names]
        return next(filter(None, (differs(a, b, name) for a, b, name in pairs)), None)
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs_ = zip(one, other, strict=True)
        return next(filter(None, (differs(a, b, path) for a, b in pairs_)), None)
    if one == other or (_timelike(one) and _timelike(other)):
        return None
    return path


def _timelike(value: Value) -> bool:
    return isinstance(value, str | int) and _TIMELIKE.search(str(value)) is not None
