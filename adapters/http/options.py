"""Options of a kind of auth, read once when a registration is opened.

What is missing or of the wrong kind is found then, not with the first call, and is a Halt: a person
has to correct the registration. A value never stands in the message.
"""

from hub.contract.binding import Auth
from hub.errors import Halt


def text(auth: Auth, name: str) -> str:
    """The text option of that name. Raises Halt if there is none."""
    value = optional_text(auth, name)
    if not value:
        raise missing(auth, name)
    return value


def optional_text(auth: Auth, name: str) -> str | None:
    """The text option of that name, or None. Raises Halt for any other kind of value."""
    value = auth.options.get(name)
    if value is None or isinstance(value, str):
        return value
    raise Halt("is not a text", where=f"auth {auth.kind} {name}", fix="write a text")


def missing(auth: Auth, name: str) -> Halt:
    """The error for an option that has to be there."""
    return Halt("is not given", where=f"auth {auth.kind} {name}", fix="give it in the registration")


def unknown(auth: Auth) -> Halt:
    """The error for a kind that this adapter does not speak in this direction."""
    return Halt(
        "the adapter does not speak this kind",
        where=f"auth {auth.kind}",
        fix="use one of those that decision 0003 names for this direction",
    )
