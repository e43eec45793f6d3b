"""Verify what the hub's evidence says: offline, with the public key alone.

    python verify.py proof.json --key hub.pub
    python verify.py package/   --key hub.pub --witness witness.pub

One file that needs Python 3.11 and `cryptography`, and nothing of the hub: carry it away, read it,
or write another from the format page (FORMAT.md, beside it). Exit codes: 0 all of it holds,
1 something does not (the first bad place is named), 2 wrong usage.
"""

import argparse
import base64
import binascii
import json
import struct
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

PROOF, PACKAGE, HEADS = "hub-proof/v1", "hub-package/v1", "hub-heads/v1"
ED25519, COSIGNATURE = 0x01, 0x04  # C2SP signed-note and tlog-cosignature: types of keys
MOST_SIGNATURES = 64  # of a note; C2SP signed-note asks for 16 or more
MOST_RECORD = 8 * 1024 * 1024  # bytes; a broker of the hub takes less than 2 MB
DASH = "\u2014"


class Failed(Exception):
    """Something does not hold. `where`: the first bad place."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where, self.what = where, what


# --- hashing: RFC 6962, section 2.1, and the leaf ---


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf with these data."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


EMPTY = sha256(b"").digest()  # the root of a tree without leaves
GAP_HASH = leaf_hash(b"\x00")  # at whose offset the broker held no record
_INNER = bytes(x ^ 0x36 for x in range(256))
_OUTER = bytes(x ^ 0x5C for x in range(256))


def record_hash(salt: bytes, encoded: bytes) -> bytes:
    """The leaf hash of a record: its canonical bytes, committed to under a salt of 32 bytes.

    HMAC-SHA256 as RFC 2104 writes it; the standard library's needs three times as long for it.
    """
    padded = salt.ljust(64, b"\x00")
    inner = sha256(padded.translate(_INNER) + encoded).digest()
    return sha256(b"\x00\x01" + sha256(padded.translate(_OUTER) + inner).digest()).digest()


class Frontier:
    """A tree that only grows, in some twenty hashes: those of its perfect blocks, left to right."""

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Raises ValueError if there are not as many hashes as a tree of that size has blocks."""
        self.size = size
        self.hashes = list(hashes)
        if len(self.hashes) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves has {size.bit_count()} blocks")

    def append(self, leaf: bytes) -> None:
        """One more leaf, by its hash."""
        index = self.size
        while index & 1:
            leaf = sha256(b"\x01" + self.hashes.pop() + leaf).digest()
            index >>= 1
        self.hashes.append(leaf)
        self.size += 1

    @property
    def root(self) -> bytes:
        """The root of all leaves so far."""
        if not self.hashes:
            return EMPTY
        found = self.hashes[-1]
        for left in self.hashes[-2::-1]:
            found = node_hash(left, found)
        return found


def root_of_inclusion(index: int, size: int, leaf: bytes, path: Sequence[bytes]) -> bytes:
    """The root of a tree of `size` leaves that holds this leaf hash at `index` (from 0).

    Raises ValueError if the path cannot belong to these. Source: RFC 9162, section 2.1.3.2.
    """
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    found = leaf
    for step, is_left in zip(path, _sides(index, size - 1, len(path)), strict=True):
        found = node_hash(step, found) if is_left else node_hash(found, step)
    return found


def roots_of_consistency(
    old: int, size: int, old_root: bytes, path: Sequence[bytes]
) -> tuple[bytes, bytes]:
    """The roots of both trees that the path leads to: that of `old` leaves, that of `size`.

    Raises ValueError if the path cannot belong to these. Source: RFC 9162, section 2.1.4.2.
    """
    if not 0 < old <= size or (old == size and path):
        raise ValueError(f"no path leads from a tree of {old} leaves to one of {size}")
    if old == size:
        return old_root, old_root
    if not path:
        raise ValueError("the path is too short")
    is_block = old & (old - 1) == 0  # then its root is a node of the later tree
    first, *steps = [old_root, *path] if is_block else path
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    before = after = first
    for step, is_left in zip(steps, _sides(at, last, len(steps)), strict=True):
        before = node_hash(step, before) if is_left else before
        after = node_hash(step, after) if is_left else node_hash(after, step)
    return before, after


def _sides(at: int, last: int, count: int) -> list[bool]:
    """Whether the sibling stands left, for each step up from node `at` of a level to `last`.

    Raises ValueError if `count` steps do not lead to the root.
    """
    found = []
    for _ in range(count):
        if last == 0:
            raise ValueError("the path is too long")
        is_left = at & 1 == 1 or at == last
        while is_left and at and not at & 1:
            at, last = at >> 1, last >> 1
        found.append(is_left)
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return found


# --- the canonical bytes of a record ---


class Shown(NamedTuple):
    """A record, as its canonical bytes tell it. `timestamp`: the broker's, epoch ms."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]


def read_record(encoded: bytes) -> Shown:
    """The record whose canonical bytes these are. Raises ValueError if they are none's."""
    cut = _Cut(encoded)
    topic = cut.take(int.from_bytes(cut.take(2), "big")).decode()
    partition, offset, timestamp = struct.unpack(">IQq", cut.take(20))
    key, value = cut.content(), cut.content()
    count = int.from_bytes(cut.take(4), "big")
    headers = tuple((cut.needed().decode(), cut.needed()) for _ in range(count))
    if cut.rest:
        raise ValueError("bytes are left behind the record")
    return Shown(topic, partition, offset, timestamp, key, value, headers)


_NULL = 0xFFFF_FFFF  # the length of what is null


class _Cut:
    """Takes parts off the beginning of bytes. Raises ValueError at their end."""

    def __init__(self, whole: bytes) -> None:
        self._whole = whole
        self._at = 0

    @property
    def rest(self) -> int:
        return len(self._whole) - self._at

    def take(self, size: int) -> bytes:
        if size > self.rest:
            raise ValueError("the record is cut off")
        self._at += size
        return self._whole[self._at - size : self._at]

    def content(self) -> bytes | None:
        length = int.from_bytes(self.take(4), "big")
        return None if length == _NULL else self.take(length)

    def needed(self) -> bytes:
        found = self.content()
        if found is None:
            raise ValueError("a header is null")
        return found


# --- notes, checkpoints, heads: C2SP signed-note, tlog-checkpoint, tlog-cosignature ---


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A verifier's key, `name+hash+base64(type and key)`: of a log, or of a witness (type 4)."""

    name: str
    kind: int
    raw: bytes  # 32 bytes

    @property
    def id(self) -> bytes:
        """The four bytes by which a signature names its key."""
        return sha256(f"{self.name}\n".encode() + bytes([self.kind]) + self.raw).digest()[:4]

    @property
    def text(self) -> str:
        """As it is given to others."""
        return f"{self.name}+{self.id.hex()}+{_base64(bytes([self.kind]) + self.raw)}"

    @classmethod
    def read(cls, text: str) -> "PublicKey":
        """Raises ValueError if it is none, or its hash is another's."""
        name, _, rest = text.strip().partition("+")
        hashed, _, encoded = rest.partition("+")
        raw = _bytes(encoded)
        if not is_name(name) or len(raw) != 33 or raw[0] not in (ED25519, COSIGNATURE):  # noqa: PLR2004 - type and key
            raise ValueError("is no public key of a note (name+hash+base64)")
        key = cls(name, raw[0], raw[1:])
        if key.id.hex() != hashed:
            raise ValueError(f"the hash of {name}'s public key is another's: it was changed")
        return key

    def holds(self, text: str, signature: bytes) -> bool:
        """Whether this is its signature (without the key's id) over a note's text."""
        message = text.encode()
        if self.kind == COSIGNATURE:
            stamp, signature = signature[:8], signature[8:]
            message = cosigned(text, int.from_bytes(stamp, "big"))
        try:
            Ed25519PublicKey.from_public_bytes(self.raw).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


def cosigned(text: str, seconds: int) -> bytes:
    """What a witness signs. `seconds`: POSIX time."""
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def is_name(name: str) -> bool:
    """Whether a key may be called so."""
    return bool(name) and "+" not in name and not any(c.isspace() or c < " " for c in name)


def read_keys(text: str) -> list[PublicKey]:
    """The keys of a file, one a line; `#` begins a remark. Raises ValueError: none, or no key."""
    lines = [line.strip() for line in text.splitlines()]
    keys = [PublicKey.read(line) for line in lines if line and not line.startswith("#")]
    if not keys:
        raise ValueError("holds no public key")
    return keys


@dataclass(frozen=True, slots=True)
class Note:
    """A signed text, which ends in a newline; signatures by key's name and the bytes behind it."""

    text: str
    signatures: tuple[tuple[str, bytes], ...]

    @property
    def raw(self) -> str:
        """As it is written."""
        lines = [f"{DASH} {name} {_base64(raw)}\n" for name, raw in self.signatures]
        return f"{self.text}\n{''.join(lines)}"

    @classmethod
    def read(cls, raw: str) -> "Note":
        """Raises ValueError if it is no note."""
        text, found, rest = raw.rpartition("\n\n")
        lines = rest.splitlines()
        if not found or not rest.endswith("\n") or not 0 < len(lines) <= MOST_SIGNATURES:
            raise ValueError("is no signed note")
        if any(c < " " and c != "\n" for c in raw):
            raise ValueError("holds control characters")
        signatures = []
        for line in lines:
            dash, name, encoded = line.split(" ") if line.count(" ") == 2 else ("", "", "")  # noqa: PLR2004 - three parts
            signature = _bytes(encoded)
            if dash != DASH or not is_name(name) or len(signature) <= 4:  # noqa: PLR2004 - the id
                raise ValueError("holds a line that is no signature")
            signatures.append((name, signature))
        return cls(text + "\n", tuple(signatures))

    def signers(self, keys: Iterable[PublicKey]) -> list[PublicKey]:
        """Which of these keys signed it. Raises ValueError for a signature that does not hold."""
        found = []
        for key in keys:
            for name, signature in self.signatures:
                if (name, signature[:4]) == (key.name, key.id):
                    if not key.holds(self.text, signature[4:]):
                        raise ValueError(f"the signature of {name} does not hold")
                    found.append(key)
        return found


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself at one moment: so many leaves, with this root."""

    origin: str
    size: int
    root: bytes
    seconds: int | None = None  # POSIX time, by the signer's clock

    @property
    def text(self) -> str:
        """The text of its note."""
        time = "" if self.seconds is None else f"time {self.seconds}\n"
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n{time}"

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """Raises ValueError if the text is no checkpoint's."""
        origin, size, root, *more = [*text.split("\n")[:-1], "", "", ""][: max(3, text.count("\n"))]
        raw = _bytes(root)
        if not origin or not _is_number(size) or len(raw) != 32 or not all(more):  # noqa: PLR2004 - SHA-256
            raise ValueError("is no checkpoint")
        times = [line[5:] for line in more if line.startswith("time ") and _is_number(line[5:])]
        return cls(origin, int(size), raw, int(times[0]) if times else None)


@dataclass(frozen=True, slots=True)
class Heads:
    """All logs of a hub at one moment, by `topic/partition`: size and root."""

    name: str
    seconds: int
    logs: Mapping[str, tuple[int, bytes]]

    @property
    def text(self) -> str:
        """The text of its note."""
        lines = [f"{log} {size} {_base64(root)}\n" for log, (size, root) in self.logs.items()]
        return f"{HEADS}\n{self.name}\ntime {self.seconds}\n{''.join(lines)}"

    @classmethod
    def read(cls, text: str) -> "Heads":
        """Raises ValueError if the text is none's."""
        kind, name, time, *lines = [*text.split("\n")[:-1], "", "", ""][: max(3, text.count("\n"))]
        if kind != HEADS or not time.startswith("time ") or not _is_number(time[5:]):
            raise ValueError("does not list the heads of logs")
        logs = {}
        for line in lines:
            log, size, root = line.split(" ") if line.count(" ") == 2 else ("", "", "")  # noqa: PLR2004 - three parts
            if not log or log in logs or not _is_number(size):
                raise ValueError("holds a line that is no log's head")
            logs[log] = int(size), _bytes(root)
        return cls(name, int(time[5:]), logs)


# --- what is to be verified ---


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the verifier believes, and what he asks for."""

    keys: Sequence[PublicKey]
    witnesses: Sequence[PublicKey] = ()
    not_before: int = 0  # POSIX time: older checkpoints are stale

    def opened(self, raw: str, where: str) -> tuple[str, PublicKey]:
        """The text of a note, and who of the trusted signed it. Raises Failed."""
        try:
            note = Note.read(raw)
            signers = note.signers(self.keys)
            if not signers:
                known = ", ".join(key.name for key in self.keys)
                raise Failed(where, f"is signed by nobody who is trusted here ({known})")
            if not note.text.startswith(HEADS):
                missing = [w for w in self.witnesses if w not in note.signers([w])]
                if missing:
                    raise Failed(where, f"is not co-signed by the witness {missing[0].name}")
        except ValueError as error:
            raise Failed(where, str(error)) from None
        return note.text, signers[0]

    def checkpoint(self, raw: str, log: str) -> Checkpoint:
        """A trusted checkpoint of the log `topic/partition`. Raises Failed: another's, or stale."""
        where = f"checkpoint of {log}"
        text, key = self.opened(raw, where)
        try:
            found = Checkpoint.read(text)
        except ValueError as error:
            raise Failed(where, str(error)) from None
        if found.origin != f"{key.name}/{log}":
            raise Failed(where, f"is of another log: {found.origin}, not {key.name}/{log}")
        self.fresh(found.seconds or 0, where)
        return found

    def heads(self, raw: str) -> Heads:
        """The trusted heads of all logs. Raises Failed."""
        text, key = self.opened(raw, "heads")
        try:
            found = Heads.read(text)
        except ValueError as error:
            raise Failed("heads", str(error)) from None
        if found.name != key.name:
            raise Failed("heads", f"are of another hub: {found.name}, not {key.name}")
        self.fresh(found.seconds, "heads")
        return found

    def fresh(self, seconds: int, where: str) -> None:
        """Raises Failed for a moment before the one that was asked for."""
        if seconds < self.not_before:
            asked, is_of = moment(self.not_before), moment(seconds)
            raise Failed(where, f"is stale: of {is_of}, and {asked} or later was asked for")


@dataclass(slots=True)
class Report:
    """What holds, for whoever asked."""

    lines: list[str] = field(default_factory=list)
    records: int = 0
    withheld: int = 0
    gaps: int = 0


def verify_proof(document: Any, trust: Trust) -> Report:
    """A proof, as JSON was read. Raises Failed naming the first item that does not hold."""
    if not isinstance(document, dict) or document.get("format") != PROOF:
        raise Failed("proof", f"is no {PROOF}")
    report = Report()
    for number, item in enumerate(_list(document, "items", "proof")):
        where = f"item {number}"
        log = f"{_text(item, 'topic', where)}/{_whole(item, 'partition', where)}"
        index = _whole(item, "offset", where)
        where = f"{log}/{index}"
        found = trust.checkpoint(_text(item, "checkpoint", where), log)
        leaf = _hash(item.get("leaf"), where)
        path = [_hash(step, where) for step in _list(item, "path", where)]
        try:
            root = root_of_inclusion(index, found.size, leaf, path)
        except ValueError as error:
            raise Failed(where, str(error)) from None
        if root != found.root:
            raise Failed(where, "is not in the signed tree: leaf or path was changed")
        report.lines.append(
            f"{where}: in the log of {found.size}; {_item(item, where, leaf, report)}"
        )
    if not report.lines:
        raise Failed("proof", "holds no item")
    return report


def _item(item: Any, where: str, leaf: bytes, report: Report) -> str:
    """What an item shows beside its place."""
    if item.get("record") is None:
        if leaf == GAP_HASH:
            report.gaps += 1
            return "the broker held no record there"
        report.withheld += 1
        return "content withheld or erased"
    encoded, salt = _bytes(item["record"]), _hash(item.get("salt"), where)
    if record_hash(salt, encoded) != leaf:
        raise Failed(where, "the record is not the one that was recorded")
    record = _placed(encoded, where)
    report.records += 1
    key = (record.key or b"").decode(errors="replace")
    size = len(record.value or b"")
    return f"recorded {moment(record.timestamp // 1000)}, key {key!r}, {size} bytes"


def _placed(encoded: bytes, where: str) -> Shown:
    """The record. Raises Failed if it says that it stands elsewhere."""
    try:
        record = read_record(encoded)
    except (ValueError, struct.error) as error:
        raise Failed(where, str(error)) from None
    stands = f"{record.topic}/{record.partition}/{record.offset}"
    if stands != where:
        raise Failed(where, f"the record of {stands} stands here")
    return record


def verify_package(folder: Path, trust: Trust) -> Report:
    """An exported package: every log complete between two signed checkpoints, and unchanged.

    Raises Failed naming the first bad place.
    """
    listing = _json(folder / "package.json")
    if not isinstance(listing, dict) or listing.get("format") != PACKAGE:
        raise Failed("package.json", f"is no {PACKAGE}")
    heads = trust.heads(_read(folder / "heads.note").decode(errors="replace"))
    listed = {
        _text(entry, "log", "package.json"): entry
        for entry in _list(listing, "logs", "package.json")
    }
    report = Report()
    for log, (size, root) in heads.logs.items():
        if log not in listed:
            raise Failed(log, "is missing from the package, and the signed heads name it")
        end = _log(folder, log, listed.pop(log), trust, report)
        if (end.size, end.root) != (size, root):
            what = "has another root" if end.size == size else f"ends at {end.size}"
            raise Failed(log, f"{what}, but the signed heads say {size} leaves and their own root")
    if listed:
        raise Failed(next(iter(listed)), "is no log of the signed heads")
    return report


def _log(folder: Path, log: str, entry: Any, trust: Trust, report: Report) -> Checkpoint:
    """One log of a package; the checkpoint that it ends with."""
    first = _whole(entry, "first", log)
    points = [trust.checkpoint(raw, log) for raw in _list(entry, "checkpoints", log)]
    points.sort(key=lambda point: point.size)
    if not points or (first and points[0].size != first) or points[0].size < first:
        raise Failed(log, f"no signed checkpoint stands where it begins, at {first}")
    try:
        tree = Frontier(first, [_hash(h, log) for h in _list(entry, "frontier", log)])
    except ValueError as error:
        raise Failed(log, str(error)) from None
    before = first
    with _opened(folder / f"{log.replace('/', '-')}.entries") as file:
        entries = Entries(file, log, first)
        for point in points:
            for _ in range(tree.size, point.size):
                tree.append(entries.take())
            if tree.root != point.root:
                raise Failed(*_between(log, before, point.size))
            before = point.size
        if file.read(1):
            raise Failed(f"{log}/{tree.size}", "entries stand behind the last signed checkpoint")
    report.records += entries.records
    report.withheld += entries.withheld
    report.gaps += entries.gaps
    report.lines.append(f"{log}: complete from {first} to {tree.size}")
    return points[-1]


def _between(log: str, first: int, end: int) -> tuple[str, str]:
    if first == end:
        return f"{log}/{first}", "the tree before this offset is not the one that was signed"
    return f"{log}/{first}", f"from here to {end - 1} stands something that was not signed"


class Entries:
    """The entries of one log in a package, one after the other from `first`.

    `take` raises Failed for one that is cut off, does not fit itself, or belongs elsewhere.
    """

    def __init__(self, file: BinaryIO, log: str, first: int) -> None:
        topic, _, partition = log.rpartition("/")
        raw = topic.encode()
        self._place = struct.pack(">H", len(raw)) + raw + struct.pack(">I", int(partition))
        self._file, self._log, self._next = file, log, first
        self.records = self.withheld = self.gaps = 0

    def take(self) -> bytes:
        """The leaf hash of the next entry."""
        kind = self._file.read(1)
        index = self._next
        self._next += 1
        if kind == b"\x01":
            head = self._read(68)
            leaf, salt, size = head[:32], head[32:64], int.from_bytes(head[64:], "big")
            if size > MOST_RECORD:
                raise self._failed(f"a record of {size} bytes is none of a hub's")
            encoded = self._read(size)
            if record_hash(salt, encoded) != leaf:
                raise self._failed("the record is not the one that was recorded")
            if not encoded.startswith(self._place + index.to_bytes(8, "big")):
                _placed(encoded, f"{self._log}/{index}")
                raise self._failed("the record stands elsewhere")
            self.records += 1
            return leaf
        if kind == b"\x02":
            self.withheld += 1
            return self._read(len(GAP_HASH))
        if kind == b"\x00":
            self.gaps += 1
            return GAP_HASH
        what = "is no entry" if kind else "the entries end here, before the signed checkpoint"
        raise self._failed(what)

    def _read(self, size: int) -> bytes:
        found: bytes = self._file.read(size)
        if len(found) != size:
            raise self._failed("the entry is cut off")
        return found

    def _failed(self, what: str) -> Failed:
        return Failed(f"{self._log}/{self._next - 1}", what)


# --- reading what may be anything ---


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _bytes(text: Any) -> bytes:
    """What base64 holds; nothing where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError, TypeError):
        return b""


def _is_number(text: str) -> bool:
    """Whether it is a decimal number as C2SP writes it: no sign, no leading zero, 63 bits."""
    return text.isascii() and text.isdigit() and len(text) < 20 and (text == "0" or text[0] != "0")  # noqa: PLR2004 - 63 bits have 19


def _hash(text: Any, where: str) -> bytes:
    raw = _bytes(text)
    if len(raw) != 32:  # noqa: PLR2004 - SHA-256
        raise Failed(where, "holds a hash that is none")
    return raw


def _list(found: Any, name: str, where: str) -> list[Any]:
    value = found.get(name) if isinstance(found, dict) else None
    if not isinstance(value, list):
        raise Failed(where, f"has no list '{name}'")
    return value


def _text(found: Any, name: str, where: str) -> str:
    value = found.get(name) if isinstance(found, dict) else None
    if not isinstance(value, str):
        raise Failed(where, f"has no text '{name}'")
    return value


def _whole(found: Any, name: str, where: str) -> int:
    value = found.get(name) if isinstance(found, dict) else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 63:
        raise Failed(where, f"has no number '{name}'")
    return value


def _opened(file: Path) -> BinaryIO:
    try:
        return file.open("rb", buffering=1 << 20)
    except OSError as error:
        raise Failed(file.name, f"cannot be read ({error.strerror})") from None


def _read(file: Path) -> bytes:
    with _opened(file) as opened:
        return opened.read()


def _json(file: Path) -> Any:
    try:
        return json.loads(_read(file))
    except (ValueError, RecursionError):
        raise Failed(file.name, "is no JSON") from None


def moment(seconds: int) -> str:
    """POSIX seconds as people read them."""
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return f"second {seconds}"


# --- the command ---


def verify(path: Path, trust: Trust) -> Report:
    """A proof (a file) or a package (a folder). Raises Failed."""
    return verify_package(path, trust) if path.is_dir() else verify_proof(_json(path), trust)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(
        description="Verify a proof or a package of the hub's evidence, offline.",
        epilog="Example: python verify.py proof.json --key hub.pub",
    )
    parser.add_argument("path", type=Path, help="proof.json, or the folder of a package")
    parser.add_argument("--key", type=Path, required=True, help="file of the hub's public keys")
    parser.add_argument(
        "--witness",
        type=Path,
        action="append",
        default=[],
        help="file of a witness's key: who must have co-signed",
    )
    parser.add_argument(
        "--not-before",
        type=_seconds,
        default=0,
        metavar="TIME",
        help="refuse checkpoints older than this (ISO 8601)",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object")
    given = parser.parse_args(arguments)
    keys = _keys(parser, given.key)
    witnesses = [key for file in given.witness for key in _keys(parser, file)]
    try:
        report = verify(given.path, Trust(keys, witnesses, given.not_before))
    except Failed as failed:
        told = {"holds": False, "where": failed.where, "what": failed.what}
        sys.stdout.write(f"{json.dumps(told) if given.json else f'FAILED {failed}'}\n")
        return 1
    sys.stdout.write(f"{json.dumps(told_of(report)) if given.json else _written(report)}\n")
    return 0


def told_of(report: Report) -> dict[str, object]:
    """A report for programs."""
    counts = {"records": report.records, "withheld": report.withheld, "gaps": report.gaps}
    return {"holds": True, **counts, "lines": report.lines}


def _written(report: Report) -> str:
    counted = f"{report.records} records, {report.withheld} withheld, {report.gaps} gaps"
    return "\n".join([*report.lines, f"VERIFIED {counted}"])


def _keys(parser: argparse.ArgumentParser, file: Path) -> list[PublicKey]:
    try:
        return read_keys(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        return parser.error(f"{file}: {error}")


def _seconds(text: str) -> int:
    found = datetime.fromisoformat(text)
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())


if __name__ == "__main__":
    sys.exit(main())
