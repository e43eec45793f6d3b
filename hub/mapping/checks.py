"""Checks at run time: what the types alone could not prove about a value.

A field of the target asks for at most 50 characters, the source promises nothing: the mapping is
accepted and the length is looked at when a value comes by. A misfit is a Reject that names the
field (the program adds the place) and the rule, never the value.
"""

from collections.abc import Callable
from typing import TypeAlias

from hub.contract.formats import format_check
from hub.contract.patterns import matcher
from hub.contract.types import (
    Integer,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Record,
    Ref,
    Text,
    Type,
)
from hub.contract.words import describe
from hub.errors import Reject
from hub.mapping.statics import Types

Test: TypeAlias = Callable[[object], bool]


def checker(target: Type, types: Types) -> Callable[[object], object]:
    """A function that gives a value back if it is one of `target`, and raises Reject if not."""
    test = _test(target, types)
    words = describe(target)

    def check(value: object) -> object:
        if test(value):
            return value
        raise Reject(f"the value is not {words}", fix="correct it at the sender, or in the mapping")

    return check


def too_long(target: Text) -> Callable[[], object]:
    """A function that raises the Reject for a text that is longer than `target` allows."""
    words = describe(target)

    def refuse() -> object:
        raise Reject(f"the value is not {words}", fix="shorten it with cut(), or at the sender")

    return refuse


def only_longest(target: Type) -> int | None:
    """The limit of a text of which nothing but the length must be looked at; else None."""
    if not isinstance(target, Text) or target.values is not None or target.pattern is not None:
        return None
    if target.min_length or format_check(target.format) is not None:
        return None
    return target.max_length


def _test(target: Type, types: Types, depth: int = 0) -> Test:
    match target:
        case Text():
            return _text(target)
        case Integer() | Number():
            return _number(target)
        case ListOf(item=item, min_items=low, max_items=high):
            return _list(_test(item, types, depth), low, high)
        case MapOf(value=value):
            return _map(_test(value, types, depth))
        case OneOf(options=options):
            tests = [_test(option, types, depth) for option in options]
            return lambda value: any(test(value) for test in tests)
        case Ref(name=name):
            return _later(types[name], types)
        case Record():
            return _record(target, types, depth)
        case _:
            return lambda _: True


def _text(target: Text) -> Test:
    low, high, values = target.min_length, target.max_length, target.values
    matches = matcher(target.pattern) if target.pattern is not None else None
    has_form = format_check(target.format)

    def test(value: object) -> bool:
        if not isinstance(value, str) or len(value) < low:
            return False
        if (high is not None and len(value) > high) or (values is not None and value not in values):
            return False
        return (matches is None or matches(value)) and (has_form is None or has_form(value))

    return test


def _number(target: Integer | Number) -> Test:
    low, high = target.minimum, target.maximum
    kinds = (int,) if isinstance(target, Integer) else (int, float)
    values = target.values if isinstance(target, Integer) else None

    def test(value: object) -> bool:
        if not isinstance(value, int | float) or type(value) not in kinds:
            return False
        if values is not None:
            return value in values
        return (low is None or value >= low) and (high is None or value <= high)

    return test


def _list(item: Test, low: int, high: int | None) -> Test:
    def test(value: object) -> bool:
        if not isinstance(value, list) or len(value) < low:
            return False
        return (high is None or len(value) <= high) and all(map(item, value))

    return test


def _map(item: Test) -> Test:
    return lambda value: isinstance(value, dict) and all(map(item, value.values()))


def _later(record: Record, types: Types) -> Test:
    """A recursive record: its test is made when a value reaches that depth."""
    made: list[Test] = []

    def test(value: object) -> bool:
        if not made:
            made.append(_record(record, types, 0))
        return made[0](value)

    return test


def _record(target: Record, types: Types, depth: int) -> Test:
    tests = [
        (f.name, f.required and not f.nullable, _test(f.type, types, depth + 1))
        for f in target.fields
    ]

    def test(value: object) -> bool:
        if not isinstance(value, dict):
            return False
        for name, needed, inner in tests:
            found = value.get(name)
            if found is None:
                if needed:
                    return False
            elif not inner(found):
                return False
        return True

    return test
