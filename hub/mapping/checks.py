"""Checks at run time: what the types alone could not prove about a value.

A field of the target asks for at most 50 characters, the source promises nothing: the mapping is
accepted and the length is looked at when a value comes by. A misfit is a Reject that names the
field (the program adds the place) and the rule, never the value.
"""

from collections.abc import Callable

from hub.contract.formats import format_check
from hub.contract.types import Text, Type
from hub.contract.validate import Validator, compile_test, compile_validator
from hub.contract.words import describe
from hub.errors import Reject
from hub.mapping.statics import Types


def checker(target: Type, types: Types) -> Callable[[object], object]:
    """A function that gives a value back if it is one of `target`, and raises Reject if not."""
    fits, words = compile_test(target) or _fits(compile_validator(target, types)), describe(target)

    def check(value: object) -> object:
        if fits(value):
            return value
        raise Reject(f"the value is not {words}", fix="correct it at the sender, or in the mapping")

    return check


def _fits(problems: Validator) -> Callable[[object], bool]:
    return lambda value: not problems(value)


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
