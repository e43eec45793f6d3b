"""Where the evidence stands under HUB_HOME, and how its parts are opened.

Keys stand apart from log and archive, so that a copy of these gives nothing away.
"""

import secrets
from pathlib import Path

from hub.audit.keys import KEY_BYTES, Keys, read_wrapping
from hub.kept_secret import kept_secret
from hub.settings import Settings, resolve


def audit_folder(settings: Settings) -> Path:
    """The folder of logs, checkpoints and archive."""
    return settings.home / "audit"


def open_keys(settings: Settings, *, make: bool = True) -> Keys:
    """The file of keys; without `make` it must be there. Raises Halt if it cannot be used."""
    return Keys(settings.home / "audit-keys" / "keys.db", _wrapping(settings), make=make)


def _wrapping(settings: Settings) -> bytes:
    """The key-encryption key. Without HUB_AUDIT_KEY one is drawn and kept here, for one machine."""
    if settings.audit_key:
        return read_wrapping(resolve(settings.audit_key), "HUB_AUDIT_KEY")
    file = settings.home / "audit-keys" / "wrapping.key"
    return read_wrapping(kept_secret(file, lambda: secrets.token_hex(KEY_BYTES)), file.name)
