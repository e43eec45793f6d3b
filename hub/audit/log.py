"""A log on the disk: the leaf hashes of one partition, and what makes proofs quick.

    0     the hash of every leaf, 32 bytes each: the hash of leaf n stands at n * 32
    1…    the hashes over every 256 of the level below, as soon as these are whole

Files only grow. What no signed checkpoint covers is taken back at the next opening and read from
the topic again, so it does not matter how a crash left it; what is covered must be as it was
signed. A file that is too short is filled from the topic again, and then compared.
"""

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

from hub.audit.merkle import root
from hub.audit.verify import Checkpoint
from hub.errors import Halt

HASH_BYTES = 32
HEIGHT = 8  # a level's hash is over 2**8 of the one below, as in C2SP tlog-tiles
WIDTH = 1 << HEIGHT
LEVELS = 5  # above the leaves: enough for 2**48 of them


class LeafLog:
    """One partition's. One process writes; others may read what a checkpoint covers."""

    def __init__(self, folder: Path, *, write: bool = False) -> None:
        """Raises OSError where the folder cannot be made, or is not there."""
        self.folder = folder
        self._flags = os.O_CLOEXEC | (os.O_RDWR | os.O_CREAT if write else os.O_RDONLY)
        self._files: dict[int, int] = {}  # by level, once it is needed: most logs have few
        if write:
            folder.mkdir(parents=True, exist_ok=True)
            self._file(0)
        self.size = self._count(0)  # leaves; a part of one at the end does not count
        self._unsynced: set[int] = set()  # levels

    def close(self) -> None:
        """Let go."""
        while self._files:
            os.close(self._files.popitem()[1])

    def recover(self, signed: Checkpoint | None) -> None:
        """Make the files what they were when they were signed, or a beginning of it.

        Raises Halt if something that was signed is not what it was.
        """
        covered = signed.size if signed else 0
        self.cut(min(self.size, covered))
        if signed is not None and self.size == covered:
            self.check(signed)

    def check(self, signed: Checkpoint) -> None:
        """Raises Halt unless the first leaves are those that were signed."""
        if self.root_at(signed.size) == signed.root:
            return
        self._build()  # the levels may be to blame, and they follow from the leaves
        if self.root_at(signed.size) != signed.root:
            raise Halt(
                f"the first {signed.size} leaves are not those that were signed",
                where=str(self.folder),
                fix="keep this folder as evidence and restore it from a copy; where the topic still"
                " holds all, it may be moved away: the log is then made anew and compared",
            )

    def misfit(self, size: int) -> int | None:
        """The first leaf of a tile that is not what the level above says; None if all fit.

        Reads the first `size` leaves; `check` alone reads what a root needs.
        """
        for level in range(1, LEVELS):
            for index in range(size >> (HEIGHT * level)):
                tile = self._read(level - 1, index << HEIGHT, WIDTH)
                if [perfect(tile)] != self._read(level, index, 1):
                    return index << (HEIGHT * level)
        return None

    def extend(self, hashes: Sequence[bytes]) -> None:
        """Append leaves. Raises OSError where the disk takes none; then there are none of them."""
        before = self.size
        self._write(0, before, b"".join(hashes))
        self.size += len(hashes)
        try:
            self._raise_levels(before)
        except OSError:
            self.size = before
            raise

    def sync(self) -> None:
        """Bring it to the disk. Raises OSError."""
        for level in sorted(self._unsynced):
            os.fsync(self._file(level))
        self._unsynced.clear()

    def cut(self, size: int) -> None:
        """Drop the leaves from `size` on."""
        for level in range(LEVELS):
            self._truncate(level, min(self._count(level), size >> (HEIGHT * level)))
        self.size = size
        self._build(missing=True)

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` leaves."""
        return root(size, self.subtree)

    def leaves(self, first: int, end: int) -> list[bytes]:
        """The hashes of these leaves. Raises Halt if the file does not hold them."""
        return self._read(0, first, end - first)

    def subtree(self, height: int, index: int) -> bytes:
        """As `hub.audit.merkle.Subtree`. Raises Halt if the files do not hold it."""
        level = min(height // HEIGHT, LEVELS - 1)
        width = height - level * HEIGHT
        return perfect(self._read(level, index << width, 1 << width))

    def _raise_levels(self, before: int) -> None:
        """Write the hashes over what has become whole since the log had `before` leaves."""
        for level in range(1, LEVELS):
            first, end = before >> (HEIGHT * level), self.size >> (HEIGHT * level)
            if first == end:
                return
            below = self._read(level - 1, first << HEIGHT, (end - first) << HEIGHT)
            tiles = [perfect(below[at : at + WIDTH]) for at in range(0, len(below), WIDTH)]
            self._write(level, first, b"".join(tiles))

    def _build(self, *, missing: bool = False) -> None:
        """Make the upper levels from the leaves: all, or what is missing of them."""
        for level in range(1, LEVELS):
            end = self.size >> (HEIGHT * level)
            for index in range(self._count(level) if missing else 0, end):
                tile = self._read(level - 1, index << HEIGHT, WIDTH)
                self._write(level, index, perfect(tile))
            self._truncate(level, end)

    def _count(self, level: int) -> int:
        """How many hashes a level holds; a part of one does not count."""
        try:
            return (self.folder / str(level)).stat().st_size // HASH_BYTES
        except FileNotFoundError:
            return 0

    def _file(self, level: int) -> int:
        if level not in self._files:
            self._files[level] = os.open(self.folder / str(level), self._flags, 0o600)
        return self._files[level]

    def _truncate(self, level: int, count: int) -> None:
        if (self.folder / str(level)).exists():
            os.ftruncate(self._file(level), count * HASH_BYTES)
            self._unsynced.add(level)

    def _write(self, level: int, index: int, raw: bytes) -> None:
        self._unsynced.add(level)
        at = index * HASH_BYTES
        view = memoryview(raw)
        while view:
            written = os.pwrite(self._file(level), view, at)
            at, view = at + written, view[written:]

    def _read(self, level: int, index: int, count: int) -> list[bytes]:
        raw = os.pread(self._file(level), count * HASH_BYTES, index * HASH_BYTES)
        if len(raw) != count * HASH_BYTES:
            raise Halt(
                f"holds less than was asked for: hash {index + len(raw) // HASH_BYTES}",
                where=str(self.folder / str(level)),
                fix="restore it from a copy, or start the auditor, which fills it from the topic",
            )
        return [raw[at : at + HASH_BYTES] for at in range(0, len(raw), HASH_BYTES)]


def perfect(hashes: Sequence[bytes]) -> bytes:
    """The hash over a power of two of hashes of one level."""
    level = list(hashes)
    while len(level) > 1:
        level = [
            sha256(b"\x01" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=True)
        ]
    return level[0]
