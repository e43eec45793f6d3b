"""What a call carries to prove who we are: header lines, some fixed, some fetched, some signed.

Fixed ones are made once. A token is looked up per call and fetched when it is needed. A signature
covers exactly the bytes of the body that are sent, and stands as Base64 in the header that the
registration names.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from adapters.http import options
from adapters.http.proofs import hash_name, hmac_header
from adapters.rest.parameters import encode_header
from adapters.rest.rsa_fields import private_key
from adapters.rest.token import Token
from hub.contract.binding import Auth
from hub.errors import Halt, Reject

Sign = Callable[[bytes], str]  # a header line with its CRLF


@dataclass(frozen=True, slots=True)
class Bearer:
    """A fetched token, and how its header line begins; None: it stands in the body only."""

    token: Token
    header: str | None


@dataclass(frozen=True, slots=True)
class Credentials:
    """Everything that the kinds of auth of one registration add to a request."""

    fixed: str = ""
    signs: tuple[Sign, ...] = ()
    bearers: tuple[Bearer, ...] = ()

    async def obtain(self) -> tuple[str, str]:
        """Header lines, and the token that `$token` stands for (of the last login or grant)."""
        lines, token = self.fixed, ""
        for bearer in self.bearers:
            token = await bearer.token.get()
            if bearer.header is not None:
                lines += f"{bearer.header}{token}\r\n"
        return lines, token

    def sign(self, body: bytes) -> str:
        """The header lines that depend on the body."""
        return "".join([sign(body) for sign in self.signs])

    def with_fixed(self, name: str, value: str) -> "Credentials":
        """Also this header, in every request. Raises Halt if a header cannot carry it."""
        try:
            line = f"{encode_header(name, 'name').lower()}: {encode_header(value, 'value')}\r\n"
        except Reject as error:
            raise Halt(
                "a header cannot carry the credential",
                where="outbound auth",
                fix="give it in visible ASCII",
            ) from error
        return Credentials(self.fixed + line, self.signs, self.bearers)

    def with_sign(self, sign: Sign) -> "Credentials":
        """Also this signature."""
        return Credentials(self.fixed, (*self.signs, sign), self.bearers)

    def with_bearer(self, bearer: Bearer) -> "Credentials":
        """Also this token."""
        return Credentials(self.fixed, self.signs, (*self.bearers, bearer))


def with_auth(before: Credentials, auth: Auth) -> Credentials:
    """`before` and one kind of auth that needs no call. Raises Halt for one that is not known."""
    match auth.kind:
        case "bearer":
            return before.with_fixed("authorization", f"Bearer {options.text(auth, 'token')}")
        case "api_key":
            return before.with_fixed(options.text(auth, "header"), options.text(auth, "value"))
        case "basic":
            pair = f"{options.text(auth, 'username')}:{options.text(auth, 'password')}"
            return before.with_fixed("authorization", f"Basic {b64encode(pair.encode()).decode()}")
        case "hmac":
            return before.with_sign(_hmac(auth))
        case "rsa_body":
            return before.with_sign(_rsa_body(auth))
        case "mtls" | "none":  # mtls belongs to the connection: adapters.http.tls
            return before
        case _:
            raise options.unknown(auth)


def _hmac(auth: Auth) -> Sign:
    header = options.text(auth, "header").lower()
    secret, algorithm = options.text(auth, "secret"), hash_name(auth)
    return lambda body: f"{header}: {hmac_header(body, secret, algorithm)}\r\n"


def _rsa_body(auth: Auth) -> Sign:
    """RSASSA-PKCS1-v1_5 with SHA-256."""
    header, key = options.text(auth, "header").lower(), private_key(auth, "key")

    def sign(body: bytes) -> str:
        return f"{header}: {b64encode(key.sign(body, PKCS1v15(), SHA256())).decode()}\r\n"

    return sign
