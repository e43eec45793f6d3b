"""Signing: notes in the form of C2SP signed-note, as the hub and as a witness.

Keys are text, as others write them too: `PRIVATE+KEY+name+id+base64(type ‖ seed)`, and its public
half as `hub.audit.verify.PublicKey`.
"""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from hub.audit.verify import COSIGNATURE, ED25519, Note, PublicKey, cosigned, is_name
from hub.errors import Halt, Reject

PRIVATE = "PRIVATE+KEY+"
SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key with its name; `public` is what verifiers get."""

    public: PublicKey
    seed: bytes = field(repr=False)

    @property
    def secret(self) -> str:
        """As it is kept."""
        kind = base64.b64encode(bytes([self.public.kind]) + self.seed).decode()
        return f"{PRIVATE}{self.public.name}+{self.public.id.hex()}+{kind}"

    def sign(self, text: str) -> tuple[str, bytes]:
        """A line of signature for a note with this text."""
        return self._line(self._key().sign(text.encode()))

    def cosign(self, text: str, seconds: int) -> tuple[str, bytes]:
        """A witness's line, at this moment (POSIX)."""
        return self._line(seconds.to_bytes(8, "big") + self._key().sign(cosigned(text, seconds)))

    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def _line(self, signature: bytes) -> tuple[str, bytes]:
        return self.public.name, self.public.id + signature


def make_signer(name: str, seed: bytes, *, witness: bool = False) -> Signer:
    """A signer from 32 random bytes. Raises Reject for a name that no note can hold."""
    if not is_name(name):
        raise Reject("is no key's name: no blanks, no plus", where=name)
    public = Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()
    return Signer(PublicKey(name, COSIGNATURE if witness else ED25519, public), seed)


def read_signer(text: str, where: str) -> Signer:
    """The signer that a secret holds. Raises Halt naming `where`, never the secret."""
    name, _, rest = text.strip().removeprefix(PRIVATE).partition("+")
    id_, _, encoded = rest.partition("+")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        raw = b""
    known = text.strip().startswith(PRIVATE) and len(raw) == 1 + SEED_BYTES and is_name(name)
    if known and raw[0] in (ED25519, COSIGNATURE):
        signer = make_signer(name, raw[1:], witness=raw[0] == COSIGNATURE)
        if signer.public.id.hex() == id_:
            return signer
    raise Halt("holds no private key of a note", where=where, fix="make one: hub audit keys make")


def signed(text: str, signers: Sequence[Signer]) -> Note:
    """A note with this text, signed by each: while a key is replaced, by the old and the new."""
    return Note(text, tuple(signer.sign(text) for signer in signers))


def with_signature(note: Note, line: tuple[str, bytes]) -> Note:
    """The note with one more line; a line of the same key is replaced."""
    name, signature = line
    others = [one for one in note.signatures if (one[0], one[1][:4]) != (name, signature[:4])]
    return replace(note, signatures=(*others, line))


def draw_signer(name: str, draw: Callable[[int], bytes], *, witness: bool = False) -> Signer:
    """A new key of this name."""
    return make_signer(name, draw(SEED_BYTES), witness=witness)
