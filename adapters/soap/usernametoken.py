"""WS-Security UsernameToken, written and checked.

PasswordText needs TLS around it; PasswordDigest proves the password without showing it and holds a
nonce and an instant, so that a captured one is worth nothing (OASIS UsernameToken profile 1.0).
"""

import hashlib
import os
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass, field
from hmac import compare_digest

from adapters.http.messages import Refusal
from adapters.soap.denial import denied
from adapters.soap.names import BASE64, DIGEST, TEXT, WSSE, WSU
from adapters.soap.scalars import write_text
from adapters.soap.seen import Seen
from adapters.soap.times import FRESH, instant, written
from hub.contract.xml import Element

_USERNAMETOKEN, _USERNAME = f"{{{WSSE}}}UsernameToken", f"{{{WSSE}}}Username"
_PASSWORD, _NONCE = f"{{{WSSE}}}Password", f"{{{WSSE}}}Nonce"
_CREATED = f"{{{WSU}}}Created"
_NONCE_BYTES = 256  # a nonce that is longer is no nonce


@dataclass(frozen=True, slots=True)
class Account:
    """The one account that may call."""

    username: str
    password: str = field(repr=False)


def token_text(account: Account) -> str:
    """The Security header with the password as it is; the same for every call."""
    return _header(account.username, f'Type="{TEXT}">{write_text(account.password)}', "")


def token_digest(account: Account, now: float) -> str:
    """The Security header with Base64(SHA-1(nonce + created + password)) and a fresh nonce."""
    nonce, created = os.urandom(16), written(now)
    proof = _digest(nonce, created, account.password)
    return _header(
        account.username,
        f'Type="{DIGEST}">{proof}',
        f'<wsse:Nonce EncodingType="{BASE64}">{b64encode(nonce).decode()}</wsse:Nonce>'
        f'<wsu:Created xmlns:wsu="{WSU}">{created}</wsu:Created>',
    )


def _header(username: str, password: str, rest: str) -> str:
    return (
        f'<wsse:Security xmlns:wsse="{WSSE}" soap:mustUnderstand="1"><wsse:UsernameToken>'
        f"<wsse:Username>{write_text(username)}</wsse:Username>"
        f"<wsse:Password {password}</wsse:Password>{rest}"
        "</wsse:UsernameToken></wsse:Security>"
    )


def _digest(nonce: bytes, created: str, password: str) -> str:
    said = nonce + created.encode() + password.encode()
    digest = hashlib.sha1(said)  # noqa: S324 -- the profile prescribes it; nonce and instant bound it
    return b64encode(digest.digest()).decode()


def check(security: Element, account: Account, now: float, seen: Seen) -> None:
    """Raises Refusal (401, "denied") unless the header proves the account."""
    token = _only(security, _USERNAMETOKEN, "UsernameToken")
    username = _only(token, _USERNAME, "Username").text or ""
    password = _only(token, _PASSWORD, "Password")
    known = compare_digest(username.encode(), account.username.encode())
    kind = password.get("Type", TEXT)
    if kind == TEXT:
        proved = compare_digest((password.text or "").encode(), account.password.encode())
        if not (known and proved):
            raise _wrong()
    elif kind == DIGEST:
        _check_digest(token, (password.text or "").strip(), account, now, seen, known=known)
    else:
        raise denied("This type of password is not accepted", "send PasswordText or PasswordDigest")


def _check_digest(
    token: Element, proof: str, account: Account, now: float, seen: Seen, *, known: bool
) -> None:
    created = (_only(token, _CREATED, "Created").text or "").strip()
    nonce = _decoded(_only(token, _NONCE, "Nonce").text or "")
    proved = compare_digest(proof.encode(), _digest(nonce, created, account.password).encode())
    if not (known and proved):
        raise _wrong()
    moment = instant(created)
    if moment is None or abs(now - moment) > FRESH:
        raise denied("The token is not fresh", "set the clock; Created may differ by five minutes")
    if not seen.first(nonce + created.encode(), now, 2 * FRESH):
        raise denied("The token was used before", "make a new nonce for every message")


def _only(parent: Element, tag: str, name: str) -> Element:
    found = list(parent.iterchildren(tag))
    if len(found) != 1:
        raise denied(
            f"The message has {len(found) or 'no'} {name}",
            f"send exactly one {name} in the WS-Security header",
        )
    return found[0]


def _decoded(text: str) -> bytes:
    try:
        nonce = b64decode("".join(text.split()), validate=True)
    except (Base64Error, ValueError):
        nonce = b""
    if not 0 < len(nonce) <= _NONCE_BYTES:
        raise denied("The nonce cannot be used", "send up to 256 bytes in Base64")
    return nonce


def _wrong() -> Refusal:
    return denied("The credential is wrong", "send the user name and password that were agreed")
