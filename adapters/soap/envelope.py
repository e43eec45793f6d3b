"""The envelope around a body's element, with the credential that its sender has.

A `Wrap` takes the body's element and gives the whole message; what does not change between messages
is made into one string when the client is opened.
"""

from collections.abc import Callable

from adapters.soap.names import ENVELOPE
from adapters.soap.signing import Signer
from adapters.soap.times import Clock
from adapters.soap.usernametoken import Account, token_digest, token_text
from hub.contract.binding import Auth
from hub.errors import Reject

Wrap = Callable[[str], str]
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>'
KINDS = frozenset({"usernametoken", "x509"})


def bare(version: str, header: str = "") -> Wrap:
    """An envelope with a constant header."""
    before, after = _around(version, header)
    return lambda content: f"{before}{content}{after}"


def _around(version: str, header: str) -> tuple[str, str]:
    inside = f"<soap:Header>{header}</soap:Header>" if header else ""
    return (
        f'{DECLARATION}<soap:Envelope xmlns:soap="{ENVELOPE[version]}">{inside}<soap:Body>',
        "</soap:Body></soap:Envelope>",
    )


def proving(auth: Auth | None, version: str, clock: Clock) -> Wrap:
    """An envelope that proves who sends it, by the WS-Security kind of auth that is configured.

    Options: usernametoken {username, password, digest (bool, default false)}, x509 {certificate,
    key} (PEM). Raises Reject for options that are missing or cannot be used.
    """
    if auth is None:
        return bare(version)
    if auth.kind == "x509":
        signer = Signer(option(auth, "certificate").encode(), option(auth, "key").encode())
        return lambda content: DECLARATION + signer.envelope(content, version, clock())
    account = Account(option(auth, "username"), option(auth, "password"))
    if not auth.options.get("digest", False):
        return bare(version, token_text(account))
    soap = ENVELOPE[version]

    def wrap(content: str) -> str:
        return (
            f'{DECLARATION}<soap:Envelope xmlns:soap="{soap}"><soap:Header>'
            f"{token_digest(account, clock())}</soap:Header><soap:Body>{content}"
            "</soap:Body></soap:Envelope>"
        )

    return wrap


def option(auth: Auth, name: str) -> str:
    """A text among the options. Raises Reject if it is missing or empty."""
    value = auth.options.get(name)
    if not isinstance(value, str) or not value:
        raise Reject(
            f"auth {auth.kind} has no {name}", where="auth", fix=f"give {name} in the manifest"
        )
    return value
