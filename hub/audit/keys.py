"""The keys that salt leaves and encrypt the archive: one per dossier, wrapped, destroyed on order.

A file of its own (SQLite), apart from log and archive: who has these but not the file can read
nothing. Every key is wrapped with AES-256-GCM under the key-encryption key, which is never in here.
What is destroyed is overwritten, and the order that asked for it stays. A scope that gets new
records afterwards gets a new key. On a medium that keeps old blocks, `rewrap` makes it final: the
file is written anew under another key-encryption key, and the old one is destroyed.
"""

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import Halt, Retry

KEY_BYTES = 32
NONCE_BYTES = 12  # NIST SP 800-38D, section 5.2.1.1: random nonces of 96 bits
MOST_CACHED = 20_000  # unwrapped keys; some 5 MB
BUSY = 10.0  # seconds that another process may hold the file
_CHECK = "the key-encryption key"  # what the first row proves
_SCHEMA = """
CREATE TABLE IF NOT EXISTS keys (
    scope TEXT NOT NULL, number INTEGER NOT NULL, wrapped BLOB, ordered TEXT, at INTEGER,
    PRIMARY KEY (scope, number)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Destroyed:
    """That a scope's key number `number` is gone: by which order, when (epoch ms)."""

    scope: str
    number: int
    order: str
    at: int


class Keys:
    """The file of keys. Used by one thread at a time; several processes may open it.

    A `scope` is the text of `hub.audit.leaf.Scope`.
    """

    def __init__(
        self,
        file: Path,
        wrapping: bytes,
        draw: Callable[[int], bytes] = secrets.token_bytes,
        *,
        make: bool = True,
    ) -> None:
        """`wrapping`: the key-encryption key, 32 bytes. Without `make` the file must be there.

        Raises Halt if it is not the file's, or the file cannot be used.
        """
        if not make and not file.exists():
            raise Halt("is not there", where=str(file), fix="restore it from a copy")
        self._file = file
        self._cipher = AESGCM(wrapping)
        self._draw = draw
        self._cached: dict[str, bytes] = {}
        self._listed: dict[str, list[bytes]] = {}  # what `known` found, likewise
        self._seen = -1  # what SQLite says when another connection has changed the file
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._told():
            self._db = sqlite3.connect(
                file, timeout=BUSY, isolation_level=None, check_same_thread=False
            )
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        self._file.chmod(0o600)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")  # a commit is on the disk when it returns
        self._db.execute("PRAGMA secure_delete = ON")
        self._db.execute(_SCHEMA)
        with self._changing():
            if self._living(_CHECK) is None:
                self._insert(_CHECK, bytes(KEY_BYTES))

    def of(self, scopes: Iterable[str]) -> dict[str, bytes]:
        """The keys of these scopes, 32 bytes each; missing ones are drawn.

        All are durable when it returns. Raises Retry if the disk does not take them.
        """
        with self._told():
            self._notice_changes()
            wanted = list(dict.fromkeys(scopes))
            found = {scope: self._cached[scope] for scope in wanted if scope in self._cached}
            rest = [scope for scope in wanted if scope not in found]
            if rest:
                found |= self._fetched(rest)
            if len(self._cached) > MOST_CACHED:
                self._cached.clear()
            self._cached.update(found)
        return found

    def _fetched(self, scopes: list[str]) -> dict[str, bytes]:
        found = {scope: key for scope in scopes if (key := self._living(scope)) is not None}
        missing = [scope for scope in scopes if scope not in found]
        if missing:
            with self._changing():  # another process may have drawn one meanwhile
                for scope in missing:
                    found[scope] = self._living(scope) or self._insert(scope, self._draw(KEY_BYTES))
        return found

    def known(self, scope: str) -> list[bytes]:
        """All living keys of a scope, the newest first; none if there never was one, or not now."""
        self._notice_changes()
        if scope not in self._listed:
            rows = self._db.execute(
                "SELECT number, wrapped FROM keys WHERE scope = ? AND wrapped IS NOT NULL"
                " ORDER BY number DESC",
                (scope,),
            ).fetchall()
            if len(self._listed) > MOST_CACHED:
                self._listed.clear()
            self._listed[scope] = [self._unwrapped(scope, *row) for row in rows]
        return list(self._listed[scope])

    def destroy(self, scope: str, order: str, at: int) -> int:
        """Overwrite every living key of a scope; how many there were. `at`: epoch ms.

        Raises ValueError without the order's number, Retry if the disk does not take it.
        """
        if not order.strip():
            raise ValueError("a key is destroyed on an order alone: its number is missing")
        with self._told():
            with self._changing():
                count = self._db.execute(
                    "UPDATE keys SET wrapped = NULL, ordered = ?, at = ?"
                    " WHERE scope = ? AND wrapped IS NOT NULL",
                    (order, at, scope),
                ).rowcount
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._cached.pop(scope, None)
            self._listed.pop(scope, None)
        return count

    def destroyed(self, scope: str | None = None) -> Iterator[Destroyed]:
        """What was destroyed, of one scope or of all."""
        yield from (
            Destroyed(*row)
            for row in self._db.execute(
                "SELECT scope, number, ordered, at FROM keys WHERE wrapped IS NULL"
                " AND (?1 IS NULL OR scope = ?1) ORDER BY at, scope, number",
                (scope,),
            )
        )

    def rewrap(self, file: Path, wrapping: bytes) -> int:
        """Write all of it to a new `file` under another key-encryption key; how many keys.

        Serves for rotation and as a copy that shares no block with this file.
        """
        if file.exists():
            raise Halt("is there already", where=str(file), fix="name a new file")
        copy = Keys(file, wrapping, self._draw)
        try:
            with copy._changing():
                rows = self._db.execute("SELECT * FROM keys WHERE scope != ?", (_CHECK,))
                return sum(copy._take(self, *row) for row in rows)
        finally:
            copy.close()

    def _take(
        self, other: "Keys", scope: str, number: int, wrapped: bytes | None, *destroyed: object
    ) -> int:
        """One row of another file, wrapped anew."""
        key = other._unwrapped(scope, number, wrapped) if wrapped else None  # noqa: SLF001 - one of us
        again = self._wrapped(scope, number, key) if key else None
        self._db.execute(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?)", (scope, number, again, *destroyed)
        )
        return 1 if key else 0

    def close(self) -> None:
        """Let go."""
        self._db.close()

    def _living(self, scope: str) -> bytes | None:
        row = self._db.execute(
            "SELECT number, wrapped FROM keys WHERE scope = ? ORDER BY number DESC LIMIT 1",
            (scope,),
        ).fetchone()
        return None if row is None or row[1] is None else self._unwrapped(scope, *row)

    def _insert(self, scope: str, key: bytes) -> bytes:
        (number,) = self._db.execute(
            "SELECT COALESCE(MAX(number), 0) + 1 FROM keys WHERE scope = ?", (scope,)
        ).fetchone()
        wrapped = self._wrapped(scope, number, key)
        self._db.execute("INSERT INTO keys VALUES (?, ?, ?, NULL, NULL)", (scope, number, wrapped))
        self._listed.pop(scope, None)
        return key

    def _wrapped(self, scope: str, number: int, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, _bound_to(scope, number))

    def _unwrapped(self, scope: str, number: int, wrapped: bytes) -> bytes:
        nonce, content = wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, content, _bound_to(scope, number))
        except (InvalidTag, ValueError) as error:
            raise Halt(
                f"does not open {self._file.name}: another key-encryption key, or a changed file",
                where="HUB_AUDIT_KEY",
                fix="refer to the key that the file was made with, or restore the file",
            ) from error

    def _notice_changes(self) -> None:
        """Forget what is cached when another process, which may destroy, has changed the file."""
        (version,) = self._db.execute("PRAGMA data_version").fetchone()
        if version != self._seen:
            self._cached.clear()
            self._listed.clear()
            self._seen = version

    @contextmanager
    def _changing(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # a full disk has ended it already
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _told(self) -> Iterator[None]:
        """SQLite's errors as ours."""
        try:
            yield
        except sqlite3.OperationalError as error:  # full, busy, read-only: may pass
            raise Retry(
                f"keys cannot be kept ({error})", where=str(self._file), system=True
            ) from error
        except (sqlite3.DatabaseError, OSError) as error:
            _refuse(self._file, error)


def _refuse(file: Path, error: Exception) -> NoReturn:
    raise Halt(
        f"cannot be used ({error})", where=str(file), fix="restore it from a copy"
    ) from error


def _bound_to(scope: str, number: int) -> bytes:
    """What a wrapped key is bound to, so that rows cannot be swapped."""
    return f"hub-audit-key/v1\n{number}\n{scope}".encode()


def read_wrapping(text: str, where: str) -> bytes:
    """The key-encryption key that a secret holds: 64 hex digits.

    Raises Halt if it holds none; the text is not repeated.
    """
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise Halt(
            f"does not hold {KEY_BYTES * 2} hex digits",
            where=where,
            fix="restore it from a copy; a first one is made with `openssl rand -hex 32`",
        )
    return key
