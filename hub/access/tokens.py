"""Bearer tokens: how they are made, known again, and kept on this machine.

A token is 32 random bytes behind a word by which people and scanners of leaked secrets know it.
Only its SHA-256 is ever written down where many read: with so many random bytes nothing is gained
by a slow hash.

Two tokens lie under HUB_HOME, readable by the hub's user alone: `hub` proves that a process of this
hub asks, `admin` that somebody at this machine does. The second one counts as long as nobody is
named in HUB_ACCESS: whoever may read it may stop the hub and read its secrets anyway.
"""

import hashlib
import secrets
from pathlib import Path
from typing import Literal

from hub.errors import Halt
from hub.kept_secret import kept_secret
from hub.settings import Settings, resolve

PREFIX = "hub_"
SIZE = 47  # characters: the prefix and 32 bytes as base64url without padding
Kind = Literal["hub", "admin"]


def new_token() -> str:
    """A token that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is kept of a token: its SHA-256, 64 hex digits."""
    return hashlib.sha256(token.encode()).hexdigest()


def bearer(token: str) -> dict[str, str]:
    """The header that carries a token (RFC 6750 section 2.1)."""
    return {"authorization": f"Bearer {token}"}


def own(home: Path, kind: Kind) -> str:
    """A token of this machine, drawn if there is none. Raises Halt where it cannot be read."""
    file = home / "state" / f"{kind}.token"
    try:
        token = kept_secret(file, new_token)
    except (OSError, UnicodeDecodeError) as error:
        raise Halt(
            f"cannot be read ({type(error).__name__})",
            where=f"{file.parent.name}/{file.name}",
            fix="run as the user of the hub, or say who you are with HUB_TOKEN",
        ) from error
    if not token.startswith(PREFIX) or len(token) != SIZE:
        raise Halt(
            "does not hold a token",
            where=f"{file.parent.name}/{file.name}",
            fix="delete it: the hub draws another",
        )
    return token


def of_person(settings: Settings) -> str:
    """The token of whoever uses the command line: HUB_TOKEN, else this machine's own.

    Raises Halt where people are named (HUB_ACCESS) and nobody says who this is.
    """
    if settings.token:
        return resolve(settings.token)
    if settings.access is None:
        return own(settings.home, "admin")
    raise Halt(
        "nobody says who you are, and this hub wants to know",
        where="HUB_TOKEN",
        fix="set it to env:NAME or file:PATH of your token; `hub access token` makes one",
    )
