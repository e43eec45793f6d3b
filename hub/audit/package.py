"""Writing what the verifier reads: proofs, and packages of an interval (hub/audit/FORMAT.md)."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from hub.audit.checkpoint import log_name
from hub.audit.merkle import Subtree, blocks, inclusion
from hub.audit.verify import PACKAGE, PROOF, Checkpoint, Note
from hub.records import Position, Spot


@dataclass(frozen=True, slots=True)
class Disclosed:
    """What a record was: its canonical bytes and its salt."""

    salt: bytes = field(repr=False)
    encoded: bytes = field(repr=False)


def proof_item(
    place: Position, leaf: bytes, checkpoint: str, subtree: Subtree, content: Disclosed | None
) -> dict[str, object]:
    """One item of a proof. Raises IndexError if the checkpoint (a note) does not cover it."""
    size = Checkpoint.read(Note.read(checkpoint).text).size
    return {
        "topic": place.topic,
        "partition": place.partition,
        "offset": place.offset,
        "checkpoint": checkpoint,
        "leaf": _text(leaf),
        "path": [_text(step) for step in inclusion(place.offset, size, subtree)],
        "record": _text(content.encoded) if content else None,
        "salt": _text(content.salt) if content else None,
    }


def proof(items: Sequence[dict[str, object]]) -> dict[str, object]:
    """The document of a proof."""
    return {"format": PROOF, "items": list(items)}


class PackageWriter:
    """Writes a package into an empty folder: one log after the other, then the listing."""

    def __init__(self, folder: Path, heads: str, public_keys: str) -> None:
        """`heads`: the note at the end of the interval. Raises OSError, FileExistsError."""
        folder.mkdir(parents=True)
        self._folder = folder
        self._logs: list[dict[str, object]] = []
        (folder / "heads.note").write_text(heads, encoding="utf-8")
        (folder / "hub.pub").write_text(public_keys, encoding="utf-8")

    def log(
        self, spot: Spot, first: int, subtree: Subtree, checkpoints: Sequence[str]
    ) -> "Entries":
        """Begin a log with the leaf `first`, at which a checkpoint stands unless it is 0."""
        frontier = [_text(subtree(*block)) for block in blocks(0, first)]
        name = log_name(spot)
        self._logs.append(
            {"log": name, "first": first, "frontier": frontier, "checkpoints": list(checkpoints)}
        )
        return Entries(self._folder / f"{name.replace('/', '-')}.entries")

    def finish(self) -> None:
        """Write the listing; without it, the folder is no package."""
        listing = msgspec.json.encode({"format": PACKAGE, "logs": self._logs})
        (self._folder / "package.json").write_bytes(listing)


class Entries:
    """The entries of one log, one for each leaf, in order. A context manager."""

    def __init__(self, file: Path) -> None:
        self._file: BinaryIO = file.open("xb", buffering=1 << 20)

    def record(self, leaf: bytes, content: Disclosed) -> None:
        """A record with its content."""
        size = len(content.encoded).to_bytes(4, "big")
        self._file.write(b"".join((b"\x01", leaf, content.salt, size, content.encoded)))

    def withheld(self, leaf: bytes) -> None:
        """A record whose content is withheld or erased."""
        self._file.write(b"\x02" + leaf)

    def gap(self) -> None:
        """The broker held no record there."""
        self._file.write(b"\x00")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._file.close()


def _text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
