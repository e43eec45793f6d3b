"""Single values: from the text of an element or attribute, and back.

Reading checks what the type says, because an answer passes no XML Schema validator; for a request
that did, the check costs little and counts lengths again after NFC (decision 0001). Writing checks
only what would make a document that is not XML or a lie about the type: mappings were proved.
"""

import re
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from math import isfinite

from hub.contract.patterns import matcher
from hub.contract.text import normalise
from hub.contract.types import Boolean, Integer, JsonScalar, Number, Text, Type, Value
from hub.errors import Reject

Reader = Callable[[str], JsonScalar]
Writer = Callable[[Value], str]  # raises TypeError or ValueError with the reason, without the value

_WHITESPACE = " \t\r\n"
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")  # longer numbers are no 64-bit value of any contract
_NUMBER = re.compile(
    r"[+-]?(?:[0-9]{1,300}(?:\.[0-9]{0,300})?|\.[0-9]{1,300})(?:[eE][+-]?[0-9]{1,3})?"
)
_ZONE = r"(?:Z|[+-](?:(?:0\d|1[0-3]):[0-5]\d|14:00))?"
_DAY = r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,12})?"
# XML Schema's lexical forms; unlike RFC 3339 the zone may be missing.
_FORMS = {
    "date": re.compile(_DAY + _ZONE, re.ASCII),
    "time": re.compile(_CLOCK + _ZONE, re.ASCII),
    "date-time": re.compile(f"{_DAY}T{_CLOCK}{_ZONE}", re.ASCII),
}
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def reader(type_: Type) -> Reader:
    """The function that reads a value of `type_` from text.

    It raises Reject (without place and without the value) for a text that is none.
    Raises Reject at once for a type that XML text cannot hold.
    """
    match type_:
        case Text():
            return _text_reader(type_)
        case Integer():
            return _integer_reader(type_)
        case Number():
            return _number_reader(type_)
        case Boolean():
            return _read_boolean
        case _:
            raise Reject(f"a {type(type_).__name__} has no form in XML", code="contract")


def _misfit(what: str) -> Reject:
    return Reject(what, fix="send what the contract's schema says", code="contract")


def _text_reader(type_: Text) -> Reader:
    if type_.values is not None:
        return _enumeration_reader(type_.values)
    form = _FORMS.get(type_.format or "")
    if form is not None:
        return _form_reader(form, type_)
    return _bounded_reader(type_) if _is_bounded(type_) else normalise


def _is_bounded(type_: Text) -> bool:
    return type_.min_length > 0 or type_.max_length is not None or type_.pattern is not None


def _enumeration_reader(values: tuple[str, ...]) -> Reader:
    known = {normalise(value): normalise(value) for value in values}

    def read(text: str) -> str:
        value = known.get(text)
        if value is None:  # white space around it, or decomposed letters
            value = known.get(normalise(text.strip(_WHITESPACE)))
        if value is None:
            raise _misfit("the value is not one of those that the contract lists")
        return value

    return read


def _form_reader(form: re.Pattern[str], type_: Text) -> Reader:
    bounded = _bounded_reader(type_) if _is_bounded(type_) else str  # it is in its one form
    clock = type_.format == "time"

    def read(text: str) -> str:
        value = text.strip(_WHITESPACE)
        if form.fullmatch(value) is None or not (clock or _is_day(value[:10])):
            raise _misfit(f"the value is not a {type_.format}")
        return bounded(value)

    return read


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _bounded_reader(type_: Text) -> Callable[[str], str]:
    low, high = type_.min_length, type_.max_length
    matches = matcher(type_.pattern) if type_.pattern is not None else None

    def read(text: str) -> str:
        value = text if text.isascii() and text.isprintable() else normalise(text)
        length = len(value)
        if length < low or (high is not None and length > high):
            raise _misfit(f"a text of {length} characters is outside the contract's bounds")
        if matches is not None and not matches(value):
            raise _misfit("the text does not match the contract's pattern")
        return value

    return read


def _integer_reader(type_: Integer) -> Reader:
    low, high, values = type_.minimum, type_.maximum, type_.values

    def read(text: str) -> int:
        digits = text.strip(_WHITESPACE)
        if _INTEGER.fullmatch(digits) is None:  # int() alone takes "1_000" and other scripts
            raise _misfit("the value is not a whole number")
        value = int(digits)
        if (low is not None and value < low) or (high is not None and value > high):
            raise _misfit("the number is outside the contract's bounds")
        if values is not None and value not in values:
            raise _misfit("the number is not one of those that the contract lists")
        return value

    return read


def _number_reader(type_: Number) -> Reader:
    low, high = type_.minimum, type_.maximum

    def read(text: str) -> float:
        digits = text.strip(_WHITESPACE)
        if _NUMBER.fullmatch(digits) is None:  # INF and NaN have no place in a document
            raise _misfit("the value is not a number")
        value = float(digits)
        if not isfinite(value):
            raise _misfit("the number is too large")
        if (low is not None and value < low) or (high is not None and value > high):
            raise _misfit("the number is outside the contract's bounds")
        return value

    return read


def _read_boolean(text: str) -> bool:
    value = _BOOLEANS.get(text.strip(_WHITESPACE))
    if value is None:
        raise _misfit("the value is neither true nor false")
    return value


def writer(type_: Type, *, attribute: bool = False) -> Writer:
    """The function that writes a value of `type_` as escaped XML text.

    It raises TypeError for a value of another kind and ValueError for one that XML cannot carry.
    Raises Reject at once for a type that XML text cannot hold.
    """
    match type_:
        case Text():
            return _write_attribute if attribute else write_text
        case Integer():
            return _write_integer
        case Number():
            return _write_number
        case Boolean():
            return _write_boolean
        case _:
            raise Reject(f"a {type(type_).__name__} has no form in XML", code="contract")


def write_text(value: Value) -> str:
    """Element content. Raises TypeError for no text, ValueError for what XML cannot carry."""
    if type(value) is not str:
        raise TypeError("a text is needed")
    if not value.isprintable():  # a quick no: the search below costs ten times as much
        if _ILLEGAL.search(value) is not None:
            raise ValueError("the text holds a character that XML cannot carry")
        if "\r" in value:
            return _escape(value).replace("\r", "&#13;")
    if "&" in value or "<" in value or ">" in value:
        return _escape(value)
    return value


def _escape(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _write_attribute(value: Value) -> str:
    text = write_text(value).replace('"', "&quot;")
    return text.replace("\t", "&#9;").replace("\n", "&#10;")


def _write_integer(value: Value) -> str:
    if type(value) is not int:
        raise TypeError("a whole number is needed")
    return str(value)


def _write_number(value: Value) -> str:
    if type(value) is int:
        return str(value)
    if type(value) is not float:
        raise TypeError("a number is needed")
    if not isfinite(value):
        raise ValueError("the number is not finite")
    return format(Decimal(repr(value)), "f")  # xs:decimal knows no exponent


def _write_boolean(value: Value) -> str:
    if value is True:
        return "true"
    if value is False:
        return "false"
    raise TypeError("true or false is needed")
