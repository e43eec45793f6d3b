"""Values outside the body: path, query and header, in both directions.

On the wire they are texts; in a document they have the type that the contract gives them. A text
that does not read as its type is left as it is, so that the contract's check names the field.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import quote, quote_plus, unquote_to_bytes

from hub.contract.types import Boolean, Integer, ListOf, Number, OneOf, Type, Value
from hub.errors import Reject

MOST = 256  # pairs of a query or a form
_WHOLE = re.compile(r"-?\d{1,19}\Z", re.ASCII)
_DECIMAL = re.compile(r"-?\d{1,19}(?:\.\d{1,19})?\Z", re.ASCII)
_PRINTABLE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?\Z")
_UNRESERVED = re.compile(r"[A-Za-z0-9_.~-]+\Z")  # RFC 3986 2.3; most dossier codes

Read = Callable[[list[str]], Value]


def decode_part(text: str, *, plus: bool = False) -> str:
    """Undo percent-encoding. Raises Reject for bytes that are not UTF-8."""
    if "%" not in text and not (plus and "+" in text):
        return text
    try:
        return unquote_to_bytes(text.replace("+", " ") if plus else text).decode("utf-8")
    except UnicodeDecodeError as error:
        raise Reject("an address or a form is not UTF-8", code="malformed") from error


def decode_pairs(text: str) -> dict[str, list[str]]:
    """A query or a form: every value of every name, in order. Raises Reject."""
    found: dict[str, list[str]] = {}
    pairs = text.split("&", MOST)
    if len(pairs) > MOST:
        raise Reject(f"more than {MOST} parameters", code="malformed")
    for pair in filter(None, pairs):
        name, _, value = pair.partition("=")
        found.setdefault(decode_part(name, plus=True), []).append(decode_part(value, plus=True))
    return found


def reader(type_: Type) -> Read:
    """How the texts given for one parameter become a value of its type."""
    if isinstance(type_, ListOf):
        item = _scalar(type_.item)
        return lambda texts: [item(text) for text in texts]
    scalar = _scalar(type_)
    # A name that stands twice is no scalar: the list fails the contract's check.
    return lambda texts: scalar(texts[0]) if len(texts) == 1 else list(texts)


def _scalar(type_: Type) -> Callable[[str], Value]:
    match type_:
        case Integer():
            return lambda text: int(text) if _WHOLE.match(text) else text
        case Number():
            return lambda text: float(text) if _DECIMAL.match(text) else text
        case Boolean():
            return lambda text: {"true": True, "false": False}.get(text, text)
        case OneOf(options=options):
            return _first_that_reads([_scalar(option) for option in options])
        case _:
            return lambda text: text


def _first_that_reads(readers: list[Callable[[str], Value]]) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        for one in readers:
            if not isinstance(value := one(text), str):
                return value
        return text

    return read


def text_of(value: Value, where: str) -> str:
    """A scalar as it stands on the wire. Raises Reject for a list or a record."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise Reject("only a text, a number or a Boolean can stand there", where=where, code="contract")


def encode_segment(value: Value, where: str) -> str:
    """One segment of a path. Raises Reject for what would name another resource."""
    text = text_of(value, where)
    if text in ("", ".", ".."):
        raise Reject("an address cannot be made of it", where=where, code="contract")
    return text if _UNRESERVED.match(text) else quote(text, safe="")


def encode_pairs(pairs: Iterable[tuple[str, Value]]) -> str:
    """A query or a form; a list gives its name several times, None gives nothing."""
    made: list[str] = []
    for name, value in pairs:
        items = value if isinstance(value, list) else [] if value is None else [value]
        made += [f"{quote_plus(name)}={quote_plus(text_of(item, name))}" for item in items]
    return "&".join(made)


def encode_header(value: Value, where: str) -> str:
    """The value of a header. Raises Reject for anything but visible ASCII (RFC 9110 5.5)."""
    text = text_of(value, where)
    if not _PRINTABLE.match(text):
        raise Reject("a header cannot carry it", where=where, code="contract")
    return text


def given(headers: Mapping[str, str], name: str) -> list[str]:
    """The texts of a header, as `reader` takes them; an empty list if it is absent."""
    value = headers.get(name)
    return [] if value is None else [value]
