"""Scenario 8, steps 3 to 6: a package, verified by one file alone, whole and changed."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hub.audit import verify
from ops.demo.cast import Json

ALONE = Path(verify.__file__)
RECORD, WITHHELD = b"\x01", b"\x02"
HEAD = 32 + 32 + 4  # bytes before a record's own: leaf, salt, length
Entries = list[bytes]


def entries(file: Path) -> Entries:
    """The entries of one log in a package (hub/audit/FORMAT.md), each whole."""
    whole, found, at = file.read_bytes(), [], 0
    while at < len(whole):
        kind, size = whole[at : at + 1], 1
        if kind == RECORD:
            size = 1 + HEAD + int.from_bytes(whole[at + HEAD - 3 : at + HEAD + 1], "big")
        elif kind == WITHHELD:
            size = 33
        found.append(whole[at : at + size])
        at += size
    return found


def leaves(package: Path, dossier: str) -> Json:
    """How many leaves of a dossier are in a package: its events, and what became of them."""
    counted = {"events": 0, "settled receipts": 0}
    for file in package.glob("hub.*.entries"):
        for entry in entries(file):
            if entry[:1] != RECORD:
                continue
            record = verify.read_record(entry[1 + HEAD :])
            names = {name for name, _ in record.headers}
            if record.key != dossier.encode():
                continue
            counted["events"] += record.topic == "hub.dossier"
            counted["settled receipts"] += record.topic == "hub.receipt" and "hub_outcome" in names
    return dict(counted)


@dataclass(frozen=True, slots=True)
class Offline:
    """Somebody with the verifier's one file and the public key: no hub, no broker, no settings."""

    key: Path
    folder: Path  # for copies

    def says(self, what: Path) -> str:
        """The verdict's first word, and after FAILED the place."""
        done = subprocess.run(  # noqa: S603 - our own file
            [sys.executable, "-I", str(ALONE), str(what), "--key", str(self.key)],
            cwd="/",
            env={},
            capture_output=True,
            timeout=60,
            check=False,
        )
        lines = (done.stdout + done.stderr).decode().splitlines()
        last = lines[-1] if lines else "said nothing"
        return last.split()[0] if not done.returncode else last

    def after(self, package: Path, log: str, change: Callable[[Entries], Entries]) -> str:
        """What it says of a copy in which the entries of one log were changed."""
        copy = self.folder / "changed"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(package, copy)
        file = copy / f"{log}.entries"
        file.write_bytes(b"".join(change(entries(file))))
        return self.says(copy)


def fitting(found: Entries) -> int:
    """How many entries hold the record that their leaf commits to."""
    return sum(
        verify.record_hash(entry[33:65], entry[1 + HEAD :]) == entry[1:33]
        for entry in found
        if entry[:1] == RECORD
    )


def flipped(at: int) -> Callable[[Entries], Entries]:
    """One bit of the last byte of one entry."""

    def change(found: Entries) -> Entries:
        entry = found[at]
        return [*found[:at], entry[:-1] + bytes([entry[-1] ^ 1]), *found[at + 1 :]]

    return change


def without_last(found: Entries) -> Entries:
    """The last one is gone."""
    return found[:-1]


def swapped(found: Entries) -> Entries:
    """The first two have changed places."""
    return [found[1], found[0], *found[2:]]


def inserted(found: Entries) -> Entries:
    """One stands there twice."""
    return [found[0], found[0], *found[1:]]


def places(rows: list[Json], kind: str) -> Iterator[tuple[str, int]]:
    """(log as a package names it, offset) of the found rows of a kind, in their order."""
    for row in rows:
        if row["kind"] == kind:
            topic, partition, offset = str(row["place"]).rsplit("/", 2)
            yield f"{topic}-{partition}", int(offset)


def place(log: str) -> str:
    """A log as people name it: topic/partition."""
    topic, _, partition = log.rpartition("-")
    return f"{topic}/{partition}"


def masked(content: object) -> Json:
    """What of a person stands in a masked event: number, telephone, name, addresses of files."""
    text = str(content)
    applicant = content["dossier"]["applicant"] if isinstance(content, dict) else {}
    return {
        "number": applicant["id_number"],
        "telephone": applicant["phone"],
        "name": applicant["full_name"],
        "addresses of files": text.count("http"),
    }
