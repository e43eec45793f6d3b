"""A record as the archive keeps it: its canonical bytes, encrypted under its scope's key.

What the leaf commits to is what is kept, so that a record that was read back proves itself. Its
place is bound to the content: no record can stand in another's stead.
"""

import os
from collections.abc import Iterable, Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.audit.archive.segment import Sealed
from hub.audit.leaf import decode, encode, place, scope_of
from hub.errors import Halt
from hub.records import Record, Spot

NONCE_BYTES = 12  # NIST SP 800-38D, section 5.2.1.1: random nonces of 96 bits


class Scopes(Protocol):
    """The keys of scopes; `hub.audit.keys.Keys` has them."""

    def of(self, scopes: Iterable[str]) -> dict[str, bytes]:
        """The keys of these scopes, 32 bytes each; missing ones are drawn, and durable."""
        ...

    def known(self, scope: str) -> list[bytes]:
        """All living keys of a scope, the newest first."""
        ...


def seal(records: Sequence[Record], keys: Scopes) -> list[Sealed]:
    """The records, encrypted. Raises Retry where a new key cannot be kept."""
    scopes = [scope_of(record).text for record in records]
    found = keys.of(scopes)
    ciphers = {scope: AESGCM(key) for scope, key in found.items()}
    return [
        _sealed(record, scope, ciphers[scope])
        for record, scope in zip(records, scopes, strict=True)
    ]


def unseal(sealed: Sealed, spot: Spot, keys: Scopes) -> Record | None:
    """The record; None where its key was destroyed.

    Raises Halt where the content is not what was kept at that place.
    """
    living = keys.known(sealed.holder)
    bound = place(*spot, sealed.offset)
    for key in living:
        try:
            return decode(AESGCM(key).decrypt(sealed.nonce, sealed.content, bound))
        except InvalidTag:
            continue  # from before an erasure, or after it
        except ValueError as error:
            raise _changed(spot, sealed) from error
    return None


def _sealed(record: Record, scope: str, cipher: AESGCM) -> Sealed:
    nonce = os.urandom(NONCE_BYTES)
    bound = place(record.topic, record.partition, record.offset)
    content = cipher.encrypt(nonce, encode(record), bound)
    return Sealed(record.offset, record.timestamp, scope, nonce, content)


def _changed(spot: Spot, sealed: Sealed) -> Halt:
    where = f"{spot.topic}/{spot.partition}/{sealed.offset}"
    return Halt("the archive's content is none of ours", where=where)
