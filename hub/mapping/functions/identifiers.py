"""Identifiers: codes of dossiers, orders, items, procedures; numbers of persons and telephones.

What is a key is never rewritten and rarely refused: to refuse a dossier's code would lose the
dossier. What looks wrong is flagged in the message's header instead, for people to look at.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Annotated

from hub.contract.patterns import matcher
from hub.contract.types import Date, Text
from hub.errors import Reject
from hub.mapping.functions.declare import function

_KEY = Text(min_length=1, max_length=50)

_DOSSIER = re.compile(
    r"(?:\d{3}\.\d{2}\.\d{2}\.)?[A-Z]\d{2}(?:\.[0-9A-Z]{2,5}){0,4}-(\d{2})(\d{2})(\d{2})-\d{4,6}",
    re.ASCII,
)
_BLANK = re.compile(r"[\s\x00-\x1f\x7f-\x9f]")
_LONGEST_KEY = 50  # national, section 2.14; postal, section 5


def _is_strict(text: str) -> bool:
    found = _DOSSIER.fullmatch(text)
    if found is None:
        return False
    year, month, day = map(int, found.groups())
    try:
        date(2000 + year, month, day)
    except ValueError:
        return False
    return True


@function(result=_KEY)
def dossier_code(text: str, flags: list[str]) -> str:
    """A dossier's code, as it is: in the form <agency>-<yyMMdd>-<number>, or flagged if in another.

    Another form of up to 50 characters without white space adds the flag `dossier_code_form`.
    Example: dossier_code("H44.99.99-251013-0001") = "H44.99.99-251013-0001"
    Raises Reject for an empty text, more than 50 characters, white space, control characters.
    Source: national, section 2.14.
    """
    if _is_strict(text):
        return text
    if not text or len(text) > _LONGEST_KEY or _BLANK.search(text) is not None:
        raise Reject("not a dossier's code", fix="send 1 to 50 characters without white space")
    flags.append("dossier_code_form")
    return text


@function()
def is_dossier_code(text: str) -> bool:
    """Whether a text has the strict form of a dossier's code, with a date of the calendar.

    Example: is_dossier_code("H44.99.99-251313-0001") = False
    Source: national, section 2.14.
    """
    return _is_strict(text)


_ORDER_SUFFIX = re.compile(r"\.([CR])\d+\Z", re.ASCII)


@function()
def dossier_of_order(text: str) -> str:
    """The dossier's code in an order number: the number without its `.C1`, `.R2`.

    Example: dossier_of_order("H44.99.99-251110-0006.C1") = "H44.99.99-251110-0006"
    Source: postal, section 1.
    """
    return _ORDER_SUFFIX.sub("", text)


@function(result=Text(values=("COLLECT", "RETURN")))
def direction_of_order(text: str) -> str:
    """COLLECT for an order number that ends in `.C1`, `.C2`, …; RETURN for any other.

    Example: direction_of_order("H44.99.99-251110-0006.C1") = "COLLECT"
    Source: postal, section 1.
    """
    found = _ORDER_SUFFIX.search(text)
    return "COLLECT" if found is not None and found.group(1) == "C" else "RETURN"


@function()
def matches_any(text: str, patterns: list[str]) -> bool:
    """Whether the whole text fits at least one pattern (RE2 syntax), for example of a setting.

    Example: matches_any(dossier_of_order(doc.OrderNumber), setting.own_orders)
    Raises Reject for a pattern that RE2 does not know.
    """
    return any(matcher(pattern)(text) for pattern in patterns)


_S10 = re.compile(r"[A-Z]{2}(\d{8})(\d)[A-Z]{2}", re.ASCII)
_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)


def _check_digit_holds(text: str) -> bool | None:
    """Whether the check digit of an S10 number is right; None for any other shape."""
    found = _S10.fullmatch(text)
    if found is None:
        return None
    weighed = sum(w * int(d) for w, d in zip(_WEIGHTS, found.group(1), strict=True))
    expected = {10: 0, 11: 5}.get(11 - weighed % 11, 11 - weighed % 11)
    return expected == int(found.group(2))


def _opaque(text: str) -> str:
    if len(text) > _LONGEST_KEY:
        raise Reject("an item number of more than 50 characters", fix="send at most 50")
    return text


@function(result=_KEY)
def item_number(text: str, flags: list[str]) -> str | None:
    """The number of a postal item that a machine read; absent where blank.

    A number of the S10 shape with a wrong check digit adds the flag `item_number_check`; any other
    shape is taken as it is.
    Example: item_number("EB990001015VN") = "EB990001015VN"
    Raises Reject for more than 50 characters. Source: UPU S10; postal, section 5.
    """
    number = text.strip()
    if not number:
        return None
    if _check_digit_holds(number) is False:
        flags.append("item_number_check")
    return _opaque(number)


@function(result=_KEY)
def typed_item_number(text: str) -> str | None:
    """The number of a postal item that a person typed; absent where blank.

    Example: typed_item_number("EB990001015VN") = "EB990001015VN"
    Raises Reject where the check digit of an S10 number is wrong, and for more than 50 characters.
    Source: UPU S10; postal, section 5.
    """
    number = text.strip()
    if not number:
        return None
    if _check_digit_holds(number) is False:
        raise Reject("the check digit of the item number is wrong", fix="read the number again")
    return _opaque(number)


_PHONE_SIGNS = str.maketrans("", "", " .-()[]\u00a0\t")
_INTERNATIONAL = re.compile(r"(?:\+84|0084|84)(\d{9}|2\d{9})", re.ASCII)
_PHONE = re.compile(r"0[35789]\d{8}|02\d{9}|1[89]00\d{4,6}", re.ASCII)
_OLD_MOBILE = re.compile(r"01\d{9}", re.ASCII)


@function()
def phone(text: str, flags: list[str]) -> str:
    """A telephone number in the form 0…, without spaces, dots, hyphens and brackets.

    An old mobile number of 11 digits adds the flag `phone_old`; what is no number of Vietnam is
    kept as written, with the flag `phone_form`.
    Example: phone("+84 300 000 011") = "0300000011"
    Source: local, section 7.
    """
    plain = text.translate(_PHONE_SIGNS)
    found = _INTERNATIONAL.fullmatch(plain)
    if found is not None:
        plain = f"0{found.group(1)}"
    if _PHONE.fullmatch(plain) is not None:
        return plain
    if _OLD_MOBILE.fullmatch(plain) is not None:
        flags.append("phone_old")
        return plain
    flags.append("phone_form")
    return text


# First three digits of a personal number: the 63 provinces of before 1/7/2025 (TT 07/2016/TT-BCA).
_BIRTH_PROVINCES = frozenset(
    re.findall(
        r"\d+",
        "001 002 004 006 008 010 011 012 014 015 017 019 020 022 024 025 026 027 030 031 033 034 "
        "035 036 037 038 040 042 044 045 046 048 049 051 052 054 056 058 060 062 064 066 067 068 "
        "070 072 074 075 077 079 080 082 083 084 086 087 089 091 092 093 094 095 096",
    )
)
_PERSONAL = re.compile(r"\d{12}", re.ASCII)
_OLD_ID = re.compile(r"\d{9}", re.ASCII)
_TAX = re.compile(r"(\d{9})(\d)(?:-?\d{3})?", re.ASCII)
_TAX_WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


@function(result=_KEY)
def id_number(
    text: str,
    kind: str | None,
    birth: Annotated[int, Date()] | None = None,
    *,
    flags: list[str],
) -> str:
    """The number of an identity paper, checked by its kind: CCCD, CMND, TAX_CODE; others pass.

    Full-width digits become plain ones. Flags: `id_number_province` (first three digits of a CCCD
    are no province's), `id_number_birth` (a CCCD does not agree with the day of birth, where that
    is given), `id_number_form` (a CMND is not 9 digits, or a tax code's check digit is wrong).
    Example: id_number("026001000011", "CCCD") = "026001000011"
    Raises Reject for a CCCD that is not 12 digits, an empty number, more than 50 characters.
    Source: local, section 6; TT 59/2021/TT-BCA, article 4.
    """
    number = unicodedata.normalize("NFKC", text).strip()
    if not number or len(number) > _LONGEST_KEY:
        raise Reject("not the number of an identity paper", fix="send 1 to 50 characters")
    if kind == "CCCD":
        _personal(number, birth, flags)
    elif (kind == "CMND" and _OLD_ID.fullmatch(number) is None) or (
        kind == "TAX_CODE" and not _is_tax_code(number)
    ):
        flags.append("id_number_form")
    return number


def _personal(number: str, birth: int | None, flags: list[str]) -> None:
    if _PERSONAL.fullmatch(number) is None:
        raise Reject("a personal number (CCCD) is not 12 digits", fix="correct it at the sender")
    if number[:3] not in _BIRTH_PROVINCES:
        flags.append("id_number_province")
    if birth is not None and not _agrees(number, birth):
        flags.append("id_number_birth")


def _agrees(number: str, birth: int) -> bool:
    """Whether digits 4 (century and sex) and 5-6 (year) fit a day of birth."""
    ordinal = birth + date(1970, 1, 1).toordinal()
    if not 1 <= ordinal <= date.max.toordinal():
        return False
    year = date.fromordinal(ordinal).year
    return year // 100 == 19 + int(number[3]) // 2 and year % 100 == int(number[4:6])


def _is_tax_code(number: str) -> bool:
    found = _TAX.fullmatch(number)
    if found is None:
        return False
    weighed = sum(w * int(d) for w, d in zip(_TAX_WEIGHTS, found.group(1), strict=True))
    return 10 - weighed % 11 == int(found.group(2))


_NATIONAL = re.compile(r"\d\.\d{6}", re.ASCII)
_LOCALISED = re.compile(r"(.+?)(?:\.000\.00\.00)?\.H\d{2}", re.ASCII | re.DOTALL)


@function()
def national_procedure(text: str, names: Mapping[str, str] | None, flags: list[str]) -> str:
    """The national code of a procedure, from a localised or local one.

    A localising suffix is taken off; what is then no national code is looked up in the map, as
    written and without the suffix. Without an entry the local code stays, with the flag
    `procedure_local`.
    Example: national_procedure("1.000948.H38", setting.procedures) = "1.000948"
    Source: codes, section 4.
    """
    found = _LOCALISED.fullmatch(text)
    bare = found.group(1) if found is not None else text
    if _NATIONAL.fullmatch(bare) is not None:
        return bare
    known = names or {}
    if text in known:
        return known[text]
    if bare in known:
        return known[bare]
    flags.append("procedure_local")
    return text


@function(result=Text(min_length=64, max_length=64, pattern="[0-9a-f]{64}"))
def sha256_hex(text: str) -> str:
    """The SHA-256 of a text in UTF-8, as 64 hexadecimal digits.

    Example: sha256_hex("") = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    """
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
