"""A signature that stands in the body and covers chosen fields of it.

The postal service's webhook signs a text that is put together from literals and fields, without
separators, as UTF-8 (domain: postal, section 4.4). What is signed is the values as they were sent,
before texts are brought to one form. Two readings of "signature" are in the field:

    rsa-sha256      RSASSA-PKCS1-v1_5 with SHA-256, verified with the sender's public key
    rsa-encrypted   the text encrypted (PKCS#1 v1.5) for our private key; anyone who has the public
                    key can make one, so it proves nothing by itself: name source addresses too
"""

import re
from base64 import b64decode
from collections.abc import Callable
from hmac import compare_digest

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from adapters.http import options
from adapters.http.messages import Refusal
from hub.contract.binding import Auth
from hub.contract.types import Value
from hub.errors import Halt

BITS = 2048  # NIST SP 800-131A: shorter RSA keys are disallowed
LONGEST = 4_096  # characters of the text that is signed, and of a signature
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d{1,6})\]")

Read = Callable[[Value], str | None]
Check = Callable[[bytes, bytes], bool]  # signature, text


def compile_rsa_fields(auth: Auth) -> Callable[[Value], None]:
    """The check of a document as it was sent; it raises Refusal (401).

    Options: `text`, a list of literals and paths ("$.data[0].itemCode"); `signature`, a path;
    `mode`; `key` (PEM: public key or certificate) or, for rsa-encrypted, `private_key` (PEM).
    Raises Halt for options that cannot be used.
    """
    parts = auth.options.get("text")
    if not isinstance(parts, list | tuple) or not parts:
        raise options.missing(auth, "text")
    readers = tuple(_reader(str(part)) for part in parts)
    signature_of = _reader(options.text(auth, "signature"))
    check = _check(auth)

    def verify(document: Value) -> None:
        signature = _signature(signature_of(document))
        text = _signed_text(document, readers)
        if signature is None or text is None or not check(signature, text):
            raise Refusal(401, "denied", "The signature does not fit the message")

    return verify


def _signed_text(document: Value, readers: tuple[Read, ...]) -> bytes | None:
    found = [read(document) for read in readers]
    text = "".join(part for part in found if part is not None)
    if None in found or len(text) > LONGEST:
        return None
    return text.encode("utf-8", "surrogatepass")


def _signature(text: str | None) -> bytes | None:
    if not text or len(text) > LONGEST:
        return None
    try:
        return b64decode(text, validate=True)
    except ValueError:
        return None


def _reader(part: str) -> Read:
    """A literal, or the field at a path; a whole number is read as its decimal digits."""
    if not part.startswith("$"):
        return lambda _: part
    steps = [step[0] or int(step[1]) for step in _STEP.findall(part)]
    if not steps or "$" + "".join(match.group() for match in _STEP.finditer(part)) != part:
        raise Halt(
            f"'{part}' is not a path",
            where="auth rsa_fields",
            fix="write a path such as $.data[0].itemCode",
        )

    def read(document: Value) -> str | None:
        found = document
        for step in steps:
            if isinstance(step, str):
                found = found.get(step) if isinstance(found, dict) else None
            else:
                inside = isinstance(found, list) and step < len(found)
                found = found[step] if inside and isinstance(found, list) else None
        if isinstance(found, int) and not isinstance(found, bool):
            return str(found)
        return found if isinstance(found, str) else None

    return read


def _check(auth: Auth) -> Check:
    mode = options.optional_text(auth, "mode") or "rsa-sha256"
    if mode == "rsa-sha256":
        return _verifying(_public_key(options.text(auth, "key"), auth))
    if mode == "rsa-encrypted":
        return _decrypting(_private_key(options.text(auth, "private_key"), auth))
    raise Halt(
        f"'{mode}' is no mode", where="auth rsa_fields mode", fix="use rsa-sha256 or rsa-encrypted"
    )


def _verifying(key: RSAPublicKey) -> Check:
    def check(signature: bytes, text: bytes) -> bool:
        try:
            key.verify(signature, text, PKCS1v15(), SHA256())
        except InvalidSignature:
            return False
        return True

    return check


def _decrypting(key: RSAPrivateKey) -> Check:
    def check(signature: bytes, text: bytes) -> bool:
        try:
            found = key.decrypt(signature, PKCS1v15())
        except ValueError:
            return False
        return compare_digest(found, text)

    return check


def _public_key(pem: str, auth: Auth) -> RSAPublicKey:
    raw = pem.encode()
    try:
        certified = "BEGIN CERTIFICATE" in pem
        key: object = (
            load_pem_x509_certificate(raw).public_key() if certified else load_pem_public_key(raw)
        )
    except ValueError as error:
        raise _unreadable(auth, "key") from error
    if not isinstance(key, RSAPublicKey) or key.key_size < BITS:
        raise _unreadable(auth, "key")
    return key


def _private_key(pem: str, auth: Auth) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError) as error:
        raise _unreadable(auth, "private_key") from error
    if not isinstance(key, RSAPrivateKey) or key.key_size < BITS:
        raise _unreadable(auth, "private_key")
    return key


def private_key(auth: Auth, name: str) -> RSAPrivateKey:
    """The RSA key of an option, for signing. Raises Halt."""
    return _private_key(options.text(auth, name), auth)


def _unreadable(auth: Auth, name: str) -> Halt:
    return Halt(
        f"no RSA key of {BITS} bits or more can be read",
        where=f"auth {auth.kind} {name}",
        fix="give it as a PEM text, without a password",
    )
