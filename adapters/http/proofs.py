"""How a caller proves who it is, in the headers or the connection (the body: rsa_fields.py).

Comparisons take the same time wherever two values differ. What is wrong about a credential is not
told: "no", and how to ask.
"""

from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256, sha384, sha512
from hmac import HMAC, compare_digest
from typing import Final

from adapters.http import options
from adapters.http.messages import HttpRequest, Refusal
from hub.contract.binding import Auth
from hub.errors import Halt

Proof = Callable[[HttpRequest], None]  # raises Refusal (401)

HASHES: Final = {"sha256": sha256, "sha384": sha384, "sha512": sha512}
ATTRIBUTES: Final = {
    "CN": "commonName",
    "O": "organizationName",
    "OU": "organizationalUnitName",
    "C": "countryName",
    "L": "localityName",
    "ST": "stateOrProvinceName",
    "SERIALNUMBER": "serialNumber",
}


def compile_proof(auth: Auth) -> Proof:
    """The check of one kind of auth. Raises Halt for a kind or an option that cannot be used."""
    makers: Mapping[str, Callable[[Auth], Proof]] = {
        "bearer": _bearer,
        "api_key": _api_key,
        "basic": _basic,
        "hmac": _hmac,
        "mtls": _mtls,
        "none": _none,
    }
    maker = makers.get(auth.kind)
    if maker is None:
        raise options.unknown(auth)
    return maker(auth)


KINDS: Final = frozenset({"bearer", "api_key", "basic", "hmac", "mtls"})


def denied(challenge: str = "") -> Refusal:
    """The one answer to every wrong credential."""
    headers = (("www-authenticate", challenge),) if challenge else ()
    return Refusal(401, "denied", "The credential is missing or wrong", headers=headers)


def hmac_header(body: bytes, secret: str, algorithm: str) -> str:
    """Base64 of the HMAC over the exact bytes of the body."""
    return b64encode(HMAC(secret.encode(), body, HASHES[algorithm]).digest()).decode()


def hash_name(auth: Auth) -> str:
    """The option `algorithm`: sha256 (default), sha384 or sha512. Raises Halt."""
    name = (options.optional_text(auth, "algorithm") or "sha256").lower().replace("-", "")
    name = name.removeprefix("hmac")
    if name not in HASHES:
        raise Halt("is no hash", where="auth hmac algorithm", fix="use sha256, sha384 or sha512")
    return name


def _bearer(auth: Auth) -> Proof:
    wanted = options.text(auth, "token").encode()

    def check(request: HttpRequest) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not compare_digest(_bytes(token.strip()), wanted) or scheme.lower() != "bearer":
            raise denied("Bearer")

    return check


def _api_key(auth: Auth) -> Proof:
    name, wanted = options.text(auth, "header").lower(), options.text(auth, "value").encode()

    def check(request: HttpRequest) -> None:
        if not compare_digest(_bytes(request.headers.get(name, "")), wanted):
            raise denied()

    return check


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _basic(auth: Auth) -> Proof:
    wanted = f"{options.text(auth, 'username')}:{options.text(auth, 'password')}".encode()

    def check(request: HttpRequest) -> None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            given = b64decode(encoded.strip(), validate=True)
        except ValueError:
            given = b""
        if not compare_digest(given, wanted) or scheme.lower() != "basic":
            raise denied('Basic realm="hub", charset="UTF-8"')

    return check


def _hmac(auth: Auth) -> Proof:
    header = options.text(auth, "header").lower()
    secret, algorithm = options.text(auth, "secret"), hash_name(auth)

    def check(request: HttpRequest) -> None:
        given = _bytes(request.headers.get(header, ""))
        if not compare_digest(given, hmac_header(request.body, secret, algorithm).encode()):
            raise denied()

    return check


def _mtls(auth: Auth) -> Proof:
    """The TLS end verified the certificate against the CA; here it is decided whose is meant."""
    wanted = _subject(options.text(auth, "subject"))

    def check(request: HttpRequest) -> None:
        shown = {_long(name): value for name, value in (request.certificate or {}).items()}
        if not shown or any(shown.get(name) != value for name, value in wanted.items()):
            raise denied()

    return check


def _subject(text: str) -> dict[str, str]:
    """`CN=onestop.example, O=Sở Nội vụ` by attribute; a bare text is the common name."""
    if "=" not in text:
        return {"commonName": text}
    pairs = [part.partition("=") for part in text.split(",")]
    return {_long(name.strip()): value.strip() for name, _, value in pairs}


def _long(name: str) -> str:
    return ATTRIBUTES.get(name.upper(), name)


def _none(auth: Auth) -> Proof:
    del auth
    return lambda _: None
