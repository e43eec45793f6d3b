"""Where the archive of this hub lies, and how its parts are opened."""

from typing import TYPE_CHECKING

from hub.audit.archive.rows import row_of
from hub.audit.archive.sealing import Scopes
from hub.audit.archive.store import Store, open_bucket, open_folder
from hub.audit.opening import audit_folder
from hub.events.codec import Codec
from hub.settings import Bucket, Settings

if TYPE_CHECKING:
    from hub.audit.archive.writer import Archive


def open_store(settings: Settings) -> Store:
    """The archive's storage. Raises Halt where it cannot be opened."""
    folder = audit_folder(settings)
    if isinstance(settings.archive, Bucket):
        return open_bucket(settings.archive, folder / "cache")
    return open_folder(settings.archive or folder / "archive")


def open_archive(settings: Settings, keys: Scopes, codec: Codec) -> "Archive":
    """For the one process that writes. Raises Halt where the archive is damaged."""
    from hub.audit.archive.writer import Archive  # brings DuckDB, which readers mostly do without

    return Archive(
        open_store(settings),
        keys,
        lambda record: row_of(record, codec),
        beside=audit_folder(settings) / "beside",
    )
