"""What a type is called in a message to a person.

Errors name the expected type; the checker of mappings, the validator and the adapters use the same
words, so that one problem reads the same wherever it is found.
"""

from hub.contract.types import (
    Anything,
    Boolean,
    Date,
    Integer,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Record,
    Ref,
    Text,
    Timestamp,
    Type,
)

_SHOWN = 6  # values of an enumeration that a message lists before it counts the rest


def describe(type_: Type) -> str:
    """The type in words: "a text of at most 50 characters", "a list of TaiLieu"."""
    match type_:
        case Text():
            return _text(type_)
        case Integer() | Number():
            return _number(type_)
        case ListOf(item=item):
            return f"a list of {_inner(item)}"
        case MapOf(value=value):
            return f"a map of {_inner(value)}"
        case Record(name=name) | Ref(name=name):
            return f"a {name}"
        case OneOf(options=options):
            return " or ".join(describe(option) for option in options)
        case Boolean() | Timestamp() | Date() | Anything():
            return _PLAIN[type(type_)]


_PLAIN: dict[type, str] = {
    Boolean: "true or false",
    Timestamp: "a timestamp (milliseconds)",
    Date: "a date (days since 1970)",
    Anything: "any value",
}


def _inner(type_: Type) -> str:
    if isinstance(type_, Record | Ref):
        return type_.name
    return describe(type_).removeprefix("a ")


def values_in_words(values: tuple[str, ...] | tuple[int, ...]) -> str:
    """The first few values of an enumeration, quoted, and how many more there are."""
    shown = ", ".join(repr(value) for value in values[:_SHOWN])
    more = len(values) - _SHOWN
    return f"{shown} and {more} more" if more > 0 else shown


def _text(text: Text) -> str:
    if text.values is not None:
        return f"one of {values_in_words(text.values)}"
    parts = [f"a text in the form {text.format}" if text.format else "a text"]
    if text.max_length is not None and text.min_length == text.max_length:
        parts.append(f"of {text.max_length} characters")
    elif text.max_length is not None and text.min_length:
        parts.append(f"of {text.min_length} to {text.max_length} characters")
    elif text.max_length is not None:
        parts.append(f"of at most {text.max_length} characters")
    elif text.min_length:
        parts.append(f"of at least {text.min_length} characters")
    if text.pattern is not None:
        parts.append(f"that matches {text.pattern}")
    return " ".join(parts)


def _number(number: Integer | Number) -> str:
    if isinstance(number, Integer) and number.values is not None:
        return f"one of {values_in_words(number.values)}"
    name = "a whole number" if isinstance(number, Integer) else "a number"
    if number.minimum is not None and number.maximum is not None:
        return f"{name} from {number.minimum} to {number.maximum}"
    if number.minimum is not None:
        return f"{name} of at least {number.minimum}"
    if number.maximum is not None:
        return f"{name} of at most {number.maximum}"
    return name
