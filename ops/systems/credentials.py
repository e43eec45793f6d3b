"""Credentials that a simulated system issues and checks: tokens and sessions that expire."""

import base64
import binascii
import hmac
import secrets
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from ops.systems.model import Bounded, Outcome, json_reply
from ops.systems.wire import Request


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in constant time."""
    return hmac.compare_digest(given.encode(), expected.encode())


@dataclass(slots=True)
class Tokens:
    """Tokens with an end. At most 1,000 live at once, the oldest go first."""

    _ends: Bounded[str, float] = field(default_factory=lambda: Bounded(1_000))

    def issue(self, now: float, lifetime: float) -> str:
        """A new random token that lives for `lifetime` seconds."""
        token = secrets.token_urlsafe(24)
        self._ends[token] = now + lifetime
        return token

    def state(self, token: str, now: float) -> str:
        """valid, expired or unknown."""
        end = self._ends.get(token)
        if end is None:
            return "unknown"
        return "valid" if now < end else "expired"

    def expire(self, token: str) -> None:
        """End a token now."""
        if token in self._ends:
            self._ends[token] = 0.0


@dataclass(slots=True)
class OAuth2:
    """A client-credentials token endpoint (RFC 6749 section 4.4) and the check of its tokens."""

    client_id: str
    client_secret: str = field(repr=False)
    tokens: Tokens = field(default_factory=Tokens)

    def grant(self, request: Request, now: float, lifetime: float, *, basic: bool) -> Outcome:
        """Answer a token request. `basic`: the client must use the Authorization header."""
        form = {
            name: values[0] for name, values in parse_qs(request.body.decode("latin-1")).items()
        }
        client = basic_credentials(request)
        if client is None and not basic:
            client = (form.get("client_id", ""), form.get("client_secret", ""))
        if client is None or not self._knows(client):
            return Outcome(json_reply(401, {"error": "invalid_client"}), "denied")
        if form.get("grant_type") != "client_credentials":
            return Outcome(json_reply(400, {"error": "unsupported_grant_type"}), "refused")
        body = {
            "access_token": self.tokens.issue(now, lifetime),
            "scope": form.get("scope", "am_application_scope default"),
            "token_type": "Bearer",
            "expires_in": int(lifetime),
        }
        return Outcome(json_reply(200, body), "asked")

    def check(self, request: Request, now: float) -> str:
        """valid, expired, unknown or missing."""
        token = bearer(request)
        return "missing" if token is None else self.tokens.state(token, now)

    def _knows(self, client: tuple[str, str]) -> bool:
        name, secret = client
        return same(name, self.client_id) & same(secret, self.client_secret)


def bearer(request: Request) -> str | None:
    """The Bearer token of a request, if it has one."""
    kind, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" and token.strip() else None


def basic_credentials(request: Request) -> tuple[str, str] | None:
    """User and password of an Authorization: Basic header, if it has one that can be read."""
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        user, separator, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if separator else None
