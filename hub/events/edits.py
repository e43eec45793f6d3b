"""An event that a person changed while looking at its masked form.

Who may not see personal data can still mend an event: what stands in the new document exactly as
it was shown is taken from the original, so a mask never becomes a value.
"""

from collections.abc import Iterator

from hub.contract.types import Document, Value
from hub.events.masks import HIDDEN


def restored(given: Value, shown: Value, original: Value) -> Value:
    """`given` with the values of `original` wherever it says what was `shown` in their place.

    Lists are compared item by item, from their beginning.
    """
    if given == shown:
        return original
    if isinstance(given, dict) and isinstance(shown, dict) and isinstance(original, dict):
        return {
            name: restored(part, shown.get(name), original[name]) if name in original else part
            for name, part in given.items()
        }
    if isinstance(given, list) and isinstance(shown, list) and isinstance(original, list):
        known = list(zip(shown, original, strict=False))
        both = zip(given, known, strict=False)
        changed: list[Value] = [restored(part, *pair) for part, pair in both]
        return changed + given[len(known) :]
    return given


def masked(value: Value, path: str = "") -> Iterator[str]:
    """The paths at which a mask stands instead of a value."""
    for name, part in _parts(value):
        yield from masked(part, f"{path}{name}")
    if isinstance(value, str) and HIDDEN in value:
        yield path.lstrip(".")


def differences(old: Document, new: Document) -> list[str]:
    """The paths of the values that differ, in the order of `new`; for people, without values.

    Absent and null are the same.
    """
    return [path.lstrip(".") for path in _differences(old, new, "")]


def _differences(old: Value, new: Value, path: str) -> Iterator[str]:
    before, after = dict(_parts(old)), dict(_parts(new))
    if not before or not after:
        if old != new:
            yield path
        return
    for name in (*after, *(gone for gone in before if gone not in after)):
        yield from _differences(before.get(name), after.get(name), f"{path}{name}")


def _parts(value: Value) -> list[tuple[str, Value]]:
    """What a record or a list holds, each with its step of a path."""
    if isinstance(value, dict):
        return [(f".{name}", part) for name, part in value.items()]
    if isinstance(value, list):
        return [(f"[{number}]", part) for number, part in enumerate(value)]
    return []
