"""Where the evidence stands under HUB_HOME, and how its parts are opened.

Keys stand apart from log and archive, so that a copy of these gives nothing away.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path

from hub.audit.keys import KEY_BYTES, Keys, read_wrapping
from hub.audit.note import Signer, draw_signer, read_signer
from hub.audit.verify import PublicKey, read_keys
from hub.errors import Halt
from hub.kept_secret import kept_secret
from hub.settings import Settings, resolve


def audit_folder(settings: Settings) -> Path:
    """The folder of logs, checkpoints and archive."""
    return settings.home / "audit"


def open_keys(settings: Settings, *, make: bool = True) -> Keys:
    """The file of keys; without `make` it must be there. Raises Halt if it cannot be used."""
    return Keys(settings.home / "audit-keys" / "keys.db", _wrapping(settings), make=make)


def open_signers(settings: Settings) -> list[Signer]:
    """Who signs: the keys that HUB_AUDIT_SIGNER refers to, or this machine's own.

    Several, of one name, while one takes the other's place. Raises Halt if one cannot be used.
    """
    if not settings.audit_signer:
        file = settings.home / "audit-keys" / "signer.key"
        name = f"{settings.hub_id}-{secrets.token_hex(4)}"
        return [read_signer(kept_secret(file, lambda: _drawn(name)), file.name)]
    references = settings.audit_signer.split(",")
    signers = [read_signer(resolve(one.strip()), "HUB_AUDIT_SIGNER") for one in references]
    if len({signer.public.name for signer in signers}) > 1:
        raise Halt(
            "refers to keys of several names",
            where="HUB_AUDIT_SIGNER",
            fix="make the new key under the name of the old one: hub audit keys make --name",
        )
    return signers


def _drawn(name: str) -> str:
    return draw_signer(name, secrets.token_bytes).secret


def open_witnesses(settings: Settings) -> tuple[list[PublicKey], int]:
    """The witnesses whose lines count, and how many of them are wanted.

    Raises Halt where a file holds no key, or more are wanted than named.
    """
    keys: list[PublicKey] = []
    for file in settings.audit_witnesses:
        try:
            keys += read_keys(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise Halt(f"holds no public key of a witness ({error})", where=str(file)) from error
    wanted = len(keys) if settings.audit_wanted is None else settings.audit_wanted
    if wanted > len(keys):
        raise Halt(
            f"wants {wanted} witnesses, and HUB_AUDIT_WITNESSES names {len(keys)}",
            where="HUB_AUDIT_WITNESSES_WANTED",
            fix="name more of them, or want fewer",
        )
    return keys, wanted


def open_copies(settings: Settings) -> Iterator[Keys]:
    """The copies of the file of keys that are known: what is destroyed is destroyed there too.

    Raises Halt for one that is not there, or not under the same key-encryption key.
    """
    for file in settings.audit_copies:
        keys = Keys(file, _wrapping(settings), make=False)
        try:
            yield keys
        finally:
            keys.close()


def _wrapping(settings: Settings) -> bytes:
    """The key-encryption key. Without HUB_AUDIT_KEY one is drawn and kept here, for one machine."""
    if settings.audit_key:
        return read_wrapping(resolve(settings.audit_key), "HUB_AUDIT_KEY")
    file = settings.home / "audit-keys" / "wrapping.key"
    return read_wrapping(kept_secret(file, lambda: secrets.token_hex(KEY_BYTES)), file.name)
