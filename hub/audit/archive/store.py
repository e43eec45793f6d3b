"""Where the archive lies: a folder, or a bucket of object storage. The one home of obstore.

`HUB_ARCHIVE` says which. A file appears whole or not at all; in a folder it is on the disk when
`put` returns.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, MemoryStore, S3Store

from hub.errors import Halt, Retry
from hub.settings import Bucket, resolve

if TYPE_CHECKING:
    from obstore.store import S3Config

BUCKET = "s3://"
ANSWERED = timedelta(seconds=30)
Objects: TypeAlias = LocalStore | MemoryStore | S3Store


class Store:
    """Files by name. Raises Retry where the storage does not answer, Halt where it refuses.

    `folder`: its root, where it is a folder; `cache`: where copies of others' files are kept.
    """

    def __init__(self, objects: Objects, folder: Path | None, cache: Path) -> None:
        self._objects = objects
        self._folder = folder
        self._cache = cache

    def put(self, name: str, raw: bytes) -> None:
        """Write a file, in place of the one of that name."""
        with _told(name):
            self._objects.put(name, raw)
        if self._folder is not None:
            _to_disk(self._folder, name)

    def get(self, name: str) -> bytes | None:
        """A file's bytes; None where there is none."""
        with _told(name):
            try:
                return bytes(self._objects.get(name).bytes())
            except FileNotFoundError:
                return None

    def parts(self, name: str, extents: Sequence[tuple[int, int]]) -> list[bytes]:
        """Parts of a file, each (start, length). Raises Halt where there is no such file."""
        with _told(name):
            try:
                found = self._objects.get_ranges(
                    name,
                    starts=[start for start, _ in extents],
                    lengths=[length for _, length in extents],
                )
            except FileNotFoundError as error:
                raise _missing(name) from error
        return [bytes(part) for part in found]

    def delete(self, name: str) -> None:
        """There is no such file any more."""
        with _told(name):
            try:
                self._objects.delete(name)
            except FileNotFoundError:
                return
        if self._folder is None:
            self._copy(name).unlink(missing_ok=True)

    def path(self, name: str) -> Path:
        """The file on this machine's disk; a copy of it, where the store is elsewhere.

        Raises Halt where there is no such file.
        """
        if self._folder is not None:
            return self._folder / name
        copy = self._copy(name)
        if not copy.exists():
            raw = self.get(name)
            if raw is None:
                raise _missing(name)
            copy.parent.mkdir(parents=True, exist_ok=True)
            half = copy.with_name(f"{copy.name}.{os.getpid()}")
            half.write_bytes(raw)
            half.replace(copy)
        return copy

    def _copy(self, name: str) -> Path:
        return self._cache / name


def open_folder(folder: Path) -> Store:
    """A store in a folder, made if it is not there."""
    try:
        return Store(LocalStore(folder, mkdir=True), folder, folder)
    except (BaseError, OSError) as error:
        raise Halt("cannot be opened as a folder", where=str(folder)) from error


def open_bucket(bucket: Bucket, cache: Path) -> Store:
    """A store in a bucket. Nothing is asked of it yet. Raises Halt where it is named wrongly."""
    name, _, prefix = bucket.url.removeprefix(BUCKET).partition("/")
    plain = (bucket.endpoint or "").startswith("http://")
    config: S3Config = {
        "region": bucket.region,
        "access_key_id": bucket.key_id,
        "secret_access_key": resolve(bucket.secret),
    }
    if bucket.endpoint:
        config["endpoint"] = bucket.endpoint
    try:
        objects = S3Store(
            name,
            prefix=prefix or None,
            config=config,
            client_options={"allow_http": plain, "timeout": ANSWERED},
            retry_config={"max_retries": 2, "retry_timeout": 3 * ANSWERED},
        )
    except (BaseError, ValueError) as error:
        raise Halt("is no bucket", where="HUB_ARCHIVE", fix="s3://BUCKET/PREFIX") from error
    return Store(objects, None, cache)


def open_memory(cache: Path) -> Store:
    """A store that ends with the process; for tests."""
    return Store(MemoryStore(), None, cache)


@contextmanager
def _told(name: str) -> Iterator[None]:
    """The storage's errors as ours; a file that is not there is the caller's to tell."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise Halt("the archive's storage refuses it", where=name, fix="see HUB_ARCHIVE") from error
    except (BaseError, OSError) as error:
        what = f"the archive's storage did not take part ({type(error).__name__})"
        raise Retry(what, where=name, system=True) from error


def _missing(name: str) -> Halt:
    return Halt("is missing in the archive", where=name, fix="restore the archive from its copy")


def _to_disk(folder: Path, name: str) -> None:
    """The file, and the names that lead to it, survive a power cut."""
    path = folder / name
    for part in (path, *(p for p in path.parents if p == folder or folder in p.parents)):
        handle = os.open(part, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
