"""What is known of what a version changes: the record of a backtest, as the ledger keeps it."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

MOST_CAUSES = 20  # a record names so many; a registration names 51 records

Hex64: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Count: TypeAlias = Annotated[int, Meta(ge=0)]
Cause: TypeAlias = Annotated[str, Meta(max_length=200)]


class Backtest(Struct, frozen=True, forbid_unknown_fields=True):
    """What a backtest found.

    `old`, `new`: the bodies (`body`) that were compared. `read` past events, of which `compared`
    concern the registration and `differing` differ. `unexplained`: differences for which no single
    change is the cause, and events that would be rejected or no longer be sent, as counted in
    `causes`. `causes`: what differs, in words without a person's data. `at`: epoch ms; `by`: who
    ran it.
    """

    old: Hex64
    new: Hex64
    read: Count
    compared: Count
    differing: Count
    unexplained: Count
    causes: Annotated[tuple[Cause, ...], Meta(max_length=MOST_CAUSES)]
    at: Count
    by: Annotated[str, Meta(max_length=200)]


class Seen(Struct, frozen=True, omit_defaults=True):
    """What is known of what a version changes, as it is kept.

    `confirm`: why what the backtest could not explain is meant. `uncompared`: why there is none.
    """

    backtest: Backtest | None = None
    confirm: str = ""
    uncompared: str = ""


UNSEEN = Seen()  # nothing is known
