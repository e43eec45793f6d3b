"""Texts: trimming, cutting, joining, looking into them."""

import unicodedata
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Annotated

from hub.contract.types import Integer, Number, OneOf, Text
from hub.errors import Reject
from hub.mapping.functions.declare import Constant, function
from hub.mapping.statics import Known, lengths

_LONGEST = 1_048_576  # characters of a joined text: no event and no body is longer
_DIGITS = 18  # of a whole number: fits 64 bits


def _each_value(
    change: Callable[[str], str],
) -> Callable[[Sequence[Known], Sequence[object]], Known]:
    """An enumeration stays one, its values changed; of a free text the longest length remains."""

    def refine(arguments: Sequence[Known], _: Sequence[object]) -> Known:
        known = arguments[0]
        if isinstance(known.type, Text) and known.type.values is not None:
            values = tuple(dict.fromkeys(change(value) for value in known.type.values))
            return Known(Text(values=values), known.absent)
        return Known(Text(), known.absent)

    return refine


def _no_longer(arguments: Sequence[Known], _: Sequence[object]) -> Known:
    longest = lengths(arguments[0].type)[1] if isinstance(arguments[0].type, Text) else None
    return Known(Text(max_length=longest), arguments[0].absent)


def _trim(text: str) -> str:
    return text.strip()


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text.strip().casefold())


def _upper(text: str) -> str:
    return unicodedata.normalize("NFC", text.upper())


def _lower(text: str) -> str:
    return unicodedata.normalize("NFC", text.lower())


def _trimmed(arguments: Sequence[Known], literals: Sequence[object]) -> Known:
    first = arguments[0].type
    if isinstance(first, Text) and first.values is None:
        return _no_longer(arguments, literals)
    return _each_value(_trim)(arguments, literals)


@function(refine=_trimmed)
def trim(text: str) -> str:
    """The text without white space at both ends.

    Example: trim("  Nguyễn Văn Mẫu ") = "Nguyễn Văn Mẫu"
    """
    return text.strip()


@function(refine=_each_value(_fold))
def fold(text: str) -> str:
    """The text trimmed and without regard to case, for comparing and for looking up codes.

    Example: fold(" Processing ") = "processing"
    Source: codes, section 1.2.
    """
    return _fold(text)


@function(refine=_each_value(_upper))
def upper(text: str) -> str:
    """The text in capitals.

    Example: upper("eb990001015vn") = "EB990001015VN"
    """
    return _upper(text)


@function(refine=_each_value(_lower))
def lower(text: str) -> str:
    """The text in small letters.

    Example: lower("DVCQG") = "dvcqg"
    """
    return _lower(text)


@function()
def name_key(text: str) -> str:
    """A key for comparing names: without accents, case and double spaces. Never store or send it.

    Example: name_key("Phường Xuân Hoà") = name_key("phường  Xuân Hòa") = "phuong xuan hoa"
    Source: codes, section 6.
    """
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    kept = "".join(c for c in plain if not unicodedata.combining(c))
    return " ".join(kept.split())


def _positive(value: object) -> str:
    return "" if isinstance(value, int) and 0 < value <= _LONGEST else "it is not a positive length"


def _cut_length(arguments: Sequence[Known], literals: Sequence[object]) -> Known:
    longest = literals[1] if isinstance(literals[1], int) else None
    return Known(Text(max_length=longest), arguments[0].absent)


@function(refine=_cut_length)
def cut(text: str, length: Annotated[int, Constant(_positive, "20")]) -> str:
    """At most `length` characters of the text, never cutting a character from its accents.

    Example: cut("Đề nghị cấp giấy", 7) = "Đề nghị"
    Source: codes, section 6.
    """
    if len(text) <= length:
        return text
    end = length
    while end > 0 and _inside_cluster(text, end):
        end -= 1
    return text[:end]


def _inside_cluster(text: str, place: int) -> bool:
    """Whether a cut before `text[place]` would part a cluster (UAX #29, the rules in use here)."""
    before, after = text[place - 1], text[place]
    if _extends(after) or before == "\u200d":
        return True
    if before == "\r" and after == "\n":
        return True
    if _is_region(before) and _is_region(after):
        start = place
        while start > 0 and _is_region(text[start - 1]):
            start -= 1
        return (place - start) % 2 == 1
    return "\u1100" <= before <= "\u11ff" and "\u1160" <= after <= "\u11ff"


def _extends(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character == "\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _is_region(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


@function()
def contains(text: str, part: str) -> bool:
    """Whether `part` stands somewhere in the text; case counts.

    Example: contains("hồ sơ đã tồn tại", "đã tồn tại") = True
    """
    return part in text


@function()
def starts_with(text: str, beginning: str) -> bool:
    """Whether the text begins so; case counts.

    Example: starts_with("H44.99.99-251013-0001", "H44.") = True
    """
    return text.startswith(beginning)


@function()
def is_blank(text: str | None) -> bool:
    """Whether a text is absent, empty or white space only.

    Example: is_blank("  ") = True
    """
    return text is None or not text.strip()


def _not_blank(arguments: Sequence[Known], literals: Sequence[object]) -> Known:
    first = arguments[0].type
    if isinstance(first, Text) and first.values is not None:
        return Known(Text(values=tuple(v for v in first.values if v.strip())), absent=True)
    return Known(_no_longer(arguments, literals).type, absent=True)


@function(refine=_not_blank)
def present(text: str | None) -> str | None:
    """The text, or absent where it is empty or blank: for peers that send "" for nothing.

    Example: present("") is absent
    """
    return None if text is None or not text.strip() else text


@function(refine=_no_longer)
def digits_only(text: str) -> str:
    """The ASCII digits of the text, everything else left out.

    Example: digits_only("0210.384 5678") = "02103845678"
    """
    return "".join(c for c in text if c in "0123456789")


@function(refine=_no_longer)
def without_query(url: str) -> str:
    """An address without query and fragment: what stays the same when it is signed anew.

    Example: without_query("https://tep.example.test/t/A?x=1") = "https://tep.example.test/t/A"
    """
    return url.partition("#")[0].partition("?")[0]


@function()
def joined(parts: list[str], separator: str) -> str:
    """The texts of a list, one after the other, with the separator between them.

    Example: joined(["a", "b"], ", ") = "a, b"
    Raises Reject for more than 1,048,576 characters.
    """
    size = sum(map(len, parts)) + len(separator) * len(parts)
    if size > _LONGEST:
        raise Reject(f"a joined text of {size} characters", fix=f"join at most {_LONGEST}")
    return separator.join(parts)


_WHOLE_OR_TEXT = OneOf((Integer(), Text()))


@function()
def text_of(value: Annotated[int | str, _WHOLE_OR_TEXT]) -> str:
    """A value that a peer sends as a number or as a text, as text; white space at its ends goes.

    Example: text_of(14) = text_of("14") = "14"
    """
    return value.strip() if isinstance(value, str) else str(value)


@function()
def number_text(number: Annotated[float, Number()]) -> str:
    """A number in decimal digits, without exponent; a whole one without a point.

    Example: number_text(150000) = "150000"; number_text(0.5) = "0.5"
    """
    if isinstance(number, int):
        return str(number)
    exact = Decimal(repr(number))
    if not exact.is_finite():
        raise Reject("not a finite number", fix="send a decimal number")
    text = format(exact, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@function()
def integer(text: str) -> int:
    """The whole number that a text spells: an optional sign and ASCII digits, spaces around.

    Example: integer(" 010 ") = 10
    Raises Reject for anything else, and for more than 18 digits.
    """
    plain = text.strip()
    digits = plain[1:] if plain[:1] in ("+", "-") else plain
    if not (digits.isascii() and digits.isdigit()) or len(digits.lstrip("0")) > _DIGITS:
        raise Reject("not a whole number", fix="send decimal digits")
    value = int(digits.lstrip("0") or "0")
    return -value if plain[0] == "-" else value


@function()
def number(text: str) -> float:
    """The number that a text spells: an optional sign, digits, at most one point.

    Example: number("150000.50") = 150000.5
    Raises Reject for anything else.
    """
    plain = text.strip()
    whole, _, rest = plain.lstrip("+-").partition(".")
    digits = whole + rest
    signs = len(plain) - len(plain.lstrip("+-"))
    if signs > 1 or not (digits.isascii() and digits.isdigit()) or len(digits) > 30:  # noqa: PLR2004  far beyond a float's precision
        raise Reject("not a number", fix="send decimal digits with at most one point")
    return float(plain)


@function()
def whole_number(number: Annotated[float, Number()]) -> int:
    """A number that has no fraction, as a whole number.

    Example: whole_number(150000.0) = 150000
    Raises Reject where there is a fraction.
    """
    if number != number or number in (float("inf"), float("-inf")) or number != int(number):  # noqa: PLR0124  NaN differs from itself
        raise Reject(
            "a number with a fraction where a whole one is needed", fix="send a whole number"
        )
    return int(number)
