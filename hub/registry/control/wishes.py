"""What the control plane is asked for, as it comes over HTTP."""

from msgspec import Struct

from hub.registry.ledger import Entry
from hub.registry.seen import Backtest, Seen


class Wish(Struct, frozen=True, forbid_unknown_fields=True):
    """A registration as it is asked for.

    `on`: the version that it is made on, 0 for a new name. `bundle`: 64 hex digits of one that was
    uploaded, or that a registration names. `certificate`: as `hub connector certify` wrote it;
    `override`: why none is needed. `hold`: not live yet. `by`: who asks, where the hub knows only
    that somebody at its own machine does. `backtest`, `confirm`, `uncompared`: what is known of
    what it changes (`hub.registry.promotion`).
    """

    on: int
    bundle: str
    entry: Entry
    reason: str
    certificate: Entry | None = None
    override: str = ""
    hold: bool = False
    by: str = ""
    backtest: Backtest | None = None
    confirm: str = ""
    uncompared: str = ""


class Trial(Wish, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A registration that is only tried; `archive`: the bundle, where it was not uploaded."""

    bundle: str = ""
    archive: bytes = b""


class Turn(Struct, frozen=True, forbid_unknown_fields=True):
    """A step of a registration as it is asked for; fields as in `Wish`. `to`: of a rollback."""

    on: int
    reason: str
    to: int | None = None
    certificate: Entry | None = None
    override: str = ""
    by: str = ""
    backtest: Backtest | None = None
    confirm: str = ""
    uncompared: str = ""


def seen(asked: Wish | Turn) -> Seen:
    """What is said of what it changes, as it is kept."""
    return Seen(asked.backtest, asked.confirm, asked.uncompared)
