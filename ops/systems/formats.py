"""Formats of the contracts: local times, dossier codes, item numbers, strictly read.

The types are for msgspec: a struct field of such a type refuses what is not of its form, and the
error names the path of the field.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

S10_WEIGHTS = (8, 6, 4, 2, 3, 5, 9, 7)  # UPU S10


def _timed(value: str, shape: str, length: int) -> None:
    # The zone is none: these systems write local time. strptime is only the calendar here.
    if len(value) != length:
        raise ValueError(f"is not a time of the form {shape}")
    try:
        datetime.strptime(value, shape)  # noqa: DTZ007 - local time without a zone, by contract
    except ValueError as error:
        raise ValueError(f"is not a time of the form {shape}") from error


class DmyTime(str):
    """dd/MM/yyyy HH:mm:ss."""

    __slots__ = ()

    @classmethod
    def check(cls, value: str) -> None:
        _timed(value, "%d/%m/%Y %H:%M:%S", 19)


class Dmy(str):
    """dd/MM/yyyy."""

    __slots__ = ()

    @classmethod
    def check(cls, value: str) -> None:
        _timed(value, "%d/%m/%Y", 10)


class DashedDmy(str):
    """dd-MM-yyyy."""

    __slots__ = ()

    @classmethod
    def check(cls, value: str) -> None:
        _timed(value, "%d-%m-%Y", 10)


class Compact(str):
    """yyyyMMddHHmmss."""

    __slots__ = ()

    @classmethod
    def check(cls, value: str) -> None:
        _timed(value, "%Y%m%d%H%M%S", 14)


class CompactOrEmpty(str):
    """yyyyMMddHHmmss, or empty where there is no such time."""

    __slots__ = ()

    @classmethod
    def check(cls, value: str) -> None:
        if value:
            Compact.check(value)


class DossierCode(str):
    """A key of at most 50 characters without white space or control characters."""

    __slots__ = ()

    @classmethod
    def check(cls, value: str) -> None:
        if not 1 <= len(value) <= 50 or any(c.isspace() or not c.isprintable() for c in value):
            raise ValueError("is not a dossier code")


def _hook(wanted: type, value: object) -> object:
    if not isinstance(value, str):
        raise TypeError("expected a string")
    check: Callable[[str], None] = wanted.check  # type: ignore[attr-defined] # ours alone get here
    check(value)
    made: object = wanted(value)
    return made


def fit(document: object, wanted: Any) -> str:
    """Empty if the decoded JSON fits the struct, else what does not and where."""
    try:
        msgspec.convert(document, wanted, dec_hook=_hook)
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def s10(prefix: str, serial: int, country: str = "VN") -> str:
    """The item number with this serial (0 to 99,999,999), check digit included.

    Source: UPU S10; vectors in the tests.
    """
    digits = f"{serial:08d}"
    rest = 11 - sum(w * int(d) for w, d in zip(S10_WEIGHTS, digits, strict=True)) % 11
    check = {10: 0, 11: 5}.get(rest, rest)
    return f"{prefix}{digits}{check}{country}"
