"""Words and kinds of value that all parts of a connector.yaml share."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

Scalar: TypeAlias = str | int | float | bool | None
Words: TypeAlias = str | list[str]
Seconds: TypeAlias = Annotated[float, Meta(gt=0, le=604_800)]
Name: TypeAlias = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
Reference: TypeAlias = str  # "$setting.x", "$secret.x", or the value itself
Told: TypeAlias = Literal[
    "accepted",
    "duplicate",
    "conflict",
    "rejected",
    "secret",
    "malformed",
    "denied",
    "unavailable",
]
Then: TypeAlias = Literal["delivered", "again", "login", "retry", "system", "reject", "halt"]


def words(value: Words | None) -> tuple[str, ...]:
    """One or many, as a tuple."""
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else tuple(value)
