"""A certificate: which clauses a bundle kept against a system's sandbox, signed.

`hub connector certify` writes it, the control plane reads it before a bundle goes live. Whoever
holds the key vouches that these bytes of a bundle, and no others, did what is listed. What is
signed is canonical JSON (keys sorted, UTF-8, no blanks) behind a text that no other signature of
the hub begins with; so the file may be indented or sorted anew and stays valid.

Nothing here reads a file, a clock or a network.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal, TypeAlias

import msgspec
import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from msgspec import Meta, Struct

from hub.errors import Halt, Reject

CONTEXT = b"lgsp-hub certificate 1\n"  # before the signed bytes: no other signature begins so
LARGEST = 262_144  # bytes of a certificate; 40 flows of 12 clauses have about 100,000
EARLY = timedelta(minutes=5)  # a signer's clock may be ahead by so much
CODE = "certificate"

Hex64: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Outcome: TypeAlias = Literal["passed", "failed", "not_judged", "not_applicable"]
PrivateKey: TypeAlias = Ed25519PrivateKey


# What must be known of each flow before anybody vouches for it, and what helps where it is not:
# that a message arrives, that its answer is what the contract says and in time, and that a repeat
# has one effect where the contract has a place for a key. Delivery's promises rest on these.
MINIMUM: Mapping[str, str] = {
    "cases-hold": "hub connector test shows what differs",
    "happy-path": "add a case whose event is sent, and taken by the sandbox",
    "answers-fit-contract": "see that the sandbox answers",
    "within-declared-time": "see that the sandbox answers",
    "idempotency": "add a case whose event has a free text of several words",
}


class Clause(Struct, frozen=True, forbid_unknown_fields=True):
    """One promise that was looked at: of a flow, by its name, and why it ended so.

    `not_judged`: it could not be told; `not_applicable`: there is nothing that it is about. `why`
    is for people and holds no personal value.
    """

    flow: str
    name: str
    outcome: Outcome
    why: str = ""


class Certificate(Struct, frozen=True, forbid_unknown_fields=True):
    """What is vouched for.

    `bundle`: SHA-256 of the bundle; `files`: of its manifest, mapping and contract files, by path.
    `hub`: the id of the hub that it is for (HUB_ID). `endpoint`: the sandbox. `entry`: digest of
    the settings that were tried (`Registration.digest`). `at`: RFC 3339, UTC. `by`: who ran it.
    """

    certificate: Literal[2]
    hub: str
    connector: str
    bundle: Hex64
    files: dict[str, Hex64]
    endpoint: str
    entry: str
    clauses: Annotated[list[Clause], Meta(min_length=1)]
    version: str  # the hub's own
    at: str
    by: str

    @property
    def failed(self) -> list[Clause]:
        """The promises that did not hold."""
        return [clause for clause in self.clauses if clause.outcome == "failed"]

    @property
    def unjudged(self) -> list[Clause]:
        """The promises of which nothing is known."""
        return [clause for clause in self.clauses if clause.outcome == "not_judged"]

    @property
    def lacking(self) -> list[Clause]:
        """Those of them that must be known before anybody vouches for the rest."""
        return lacking(self.clauses)


def lacking(clauses: Iterable[Clause]) -> list[Clause]:
    """What is not judged and must be (`MINIMUM`)."""
    return [one for one in clauses if one.outcome == "not_judged" and one.name in MINIMUM]


@dataclass(frozen=True, slots=True)
class Certifier:
    """Whose signature counts, until a moment at which it no longer does. `key`: 32 bytes."""

    name: str
    key: bytes
    until: datetime | None = None

    @property
    def id(self) -> str:
        """Names the key in a certificate: the first 16 hex digits of its SHA-256."""
        return key_id(self.key)


def sign(certificate: Certificate, key: PrivateKey) -> bytes:
    """The certificate as a file.

    Raises Reject where a clause failed or the minimum was not judged: nobody vouches for that.
    """
    for found, what in ((certificate.failed, "failed"), (certificate.lacking, "not judged")):
        if found:
            names = ", ".join(f"{c.flow}: {c.name}" for c in found)
            fix = MINIMUM.get(found[0].name, "mend the connector")
            raise Reject(f"nothing is certified, {what}: {names}", fix=fix, code=CODE)
    said = msgspec.to_builtins(certificate)
    signature = key.sign(_signed(said))
    whole = {
        "certificate": said,
        "key": key_id(public_bytes(key)),
        "signature": b64encode(signature).decode(),
    }
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2) + b"\n"


def verify(
    raw: bytes, *, bundle: str, hub: str, certifiers: Iterable[Certifier], now: datetime
) -> Certificate:
    """The certificate in `raw`, if it holds for this bundle (SHA-256, 64 hex) at this hub.

    Raises Reject (code certificate) naming what is wrong: bytes that are none, a signer that is not
    known or whose key has run out, a signature that does not fit, another bundle, another hub, a
    time to come, a failed clause, the minimum not judged.
    """
    said, name, signature = _opened(raw)
    certifier = next((one for one in certifiers if one.id == name), None)
    if certifier is None:
        raise _refused(
            "key", f"'{name}' is no key of a known certifier", "add it to HUB_CERTIFIERS"
        )
    try:
        Ed25519PublicKey.from_public_bytes(certifier.key).verify(signature, _signed(said))
    except InvalidSignature:
        raise _refused("signature", "does not fit: something was changed", _AGAIN) from None
    found = _decoded(said)
    _check_time(found, certifier, now)
    if found.bundle != bundle:
        what = f"is for bundle {found.bundle[:16]}, this is {bundle[:16]}"
        raise _refused("bundle", what, _AGAIN)
    if found.hub != hub:
        raise _refused("hub", f"is for the hub '{found.hub}', this is '{hub}'", _AGAIN)
    if found.failed:
        raise _refused("clauses", f"{found.failed[0].name} failed", "mend the connector")
    if found.lacking:
        first = found.lacking[0]
        raise _refused("clauses", f"{first.flow}: {first.name} is not judged", MINIMUM[first.name])
    return found


def read_certificate(raw: bytes) -> Certificate:
    """What a certificate says that was verified before. Raises Reject for bytes that are none."""
    return _decoded(_opened(raw)[0])


_AGAIN = "run `hub connector certify` anew"


def _refused(part: str, what: str, fix: str) -> Reject:
    return Reject(what, where=f"certificate.{part}", fix=fix, code=CODE)


def _signed(said: object) -> bytes:
    return CONTEXT + orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def _opened(raw: bytes) -> tuple[object, str, bytes]:
    """What is said, the signer's key id, the signature."""
    if len(raw) > LARGEST:
        raise Reject(f"is larger than {LARGEST} bytes", where="certificate", code=CODE)
    try:
        whole: object = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Reject(f"is no JSON: {error.msg}", where="certificate", code=CODE) from None
    match whole:
        case {"certificate": dict() as said, "key": str() as name, "signature": str() as text}:
            try:
                return said, name, b64decode(text, validate=True)
            except ValueError:  # letters beside ASCII, too
                raise _refused("signature", "is no Base64", _AGAIN) from None
        case _:
            what = "is not what `hub connector certify` writes"
            raise Reject(what, where="certificate", fix=_AGAIN, code=CODE)


def _decoded(said: object) -> Certificate:
    try:
        return msgspec.convert(said, Certificate)
    except msgspec.ValidationError as error:
        fix = "a newer hub may have written it: certify with this one"
        raise Reject(str(error), where="certificate", fix=fix, code=CODE) from None


def _check_time(found: Certificate, certifier: Certifier, now: datetime) -> None:
    try:
        at = datetime.fromisoformat(found.at)
    except ValueError:
        raise _refused("at", f"'{found.at}' is no time", _AGAIN) from None
    if at.tzinfo is None or at > now + EARLY:
        raise _refused("at", f"{found.at} has no offset or is yet to come", "check the clocks")
    if certifier.until is not None and now >= certifier.until:
        what = f"the key of {certifier.name} has run out ({certifier.until.isoformat()})"
        raise _refused("key", what, "certify with a key that is valid")


# ---- keys


def draw_key() -> bytes:
    """A new private key, as PEM (PKCS #8, no passphrase)."""
    return Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def private_key(pem: str, where: str) -> PrivateKey:
    """The key of a PEM text. Raises Halt, naming `where` it was read from, for anything else."""
    try:
        found = serialization.load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        found = None
    if not isinstance(found, Ed25519PrivateKey):
        fix = "make one: openssl genpkey -algorithm ed25519"
        raise Halt("is no Ed25519 private key in PEM", where=where, fix=fix)
    return found


def public_bytes(key: PrivateKey) -> bytes:
    """The 32 bytes by which others check signatures."""
    return key.public_key().public_bytes_raw()


def key_id(public: bytes) -> str:
    """The first 16 hex digits of the SHA-256 of a public key's 32 bytes."""
    return hashlib.sha256(public).hexdigest()[:16]


_CERTIFIER = re.compile(r"(\S+)\s+([A-Za-z0-9+/]{43}=)(?:\s+until\s+(\d{4}-\d{2}-\d{2}))?")
PUBLIC_KEY_BYTES = 32


def read_certifiers(text: str, where: str) -> tuple[Certifier, ...]:
    """Who may vouch, one a line: `NAME KEY [until YYYY-MM-DD]`; `#` begins a remark.

    KEY is the Base64 of the public key's 32 bytes; `until` the first day (UTC) on which it no
    longer counts. Raises Halt naming the line that is wrong.
    """
    found: list[Certifier] = []
    for number, line in enumerate(text.splitlines(), 1):
        written = line.partition("#")[0].strip()
        if written:
            found.append(_certifier(written, f"{where}:{number}"))
    return tuple(found)


def certifier_line(name: str, public: bytes) -> str:
    """What to write into the file of certifiers."""
    return f"{name} {b64encode(public).decode()}"


def _certifier(written: str, where: str) -> Certifier:
    match = _CERTIFIER.fullmatch(written)
    key = b64decode(match[2]) if match else b""
    if match is None or len(key) != PUBLIC_KEY_BYTES:
        raise Halt(
            "is no certifier", where=where, fix="write NAME KEY, or NAME KEY until 2027-01-31"
        )
    try:
        until = datetime.fromisoformat(match[3]).replace(tzinfo=UTC) if match[3] else None
    except ValueError:
        raise Halt(f"'{match[3]}' is no day", where=where, fix="write 2027-01-31") from None
    return Certifier(match[1], key, until)
