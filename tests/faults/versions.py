"""Versions of a connector that can be told apart at its system, and their place on hub.registry.

Each tells its marker as the department, which no mapping of the province does; so the system's own
record says under which version each call was made. What is registered is written as the control
plane writes it, without asking it.
"""

import re
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path

from hub.records import Outgoing, Position, Writer
from hub.registry.bundle_files import digest_of, read_files
from hub.registry.ledger import (
    Entry,
    Registered,
    State,
    bundle_record,
    registration_record,
)
from hub.topics import REGISTRY

CONNECTORS = Path(__file__).parents[2] / "connectors"
PLAIN = b"phongBan=event.department"
MARKER = re.compile(rb'"phongBan":"([^"]*)"')
# the question, and what fills its key
QUESTION = (re.compile(rb"(?m)^  in_doubt: .*\n"), re.compile(rb"(?m)^    key: [$]key\n"))
ACKNOWLEDGED = 20.0  # seconds


def version(marker: str) -> dict[str, bytes]:
    """The files of the portal's connector, with this marker."""
    files = dict(read_files(CONNECTORS / "portal"))
    if PLAIN not in files["mapping.py"]:
        raise ValueError("the portal's mapping tells the department otherwise")
    files["mapping.py"] = files["mapping.py"].replace(PLAIN, f'phongBan="{marker}"'.encode())
    return files


def other(connector: str, number: int) -> dict[str, bytes]:
    """The files of a connector as another bundle, which does the same."""
    files = dict(read_files(CONNECTORS / connector))
    return files | {"mapping.py": files["mapping.py"] + f"\n# version {number}\n".encode()}


def without_question() -> dict[str, bytes]:
    """The files of the portal's connector as if it could not be asked what became of a call."""
    files = dict(read_files(CONNECTORS / "portal"))
    for line in QUESTION:
        found, count = line.subn(b"", files["connector.yaml"])
        if count != 1:
            raise ValueError("the portal's manifest asks about doubts in another way")
        files["connector.yaml"] = found
    return files


def marker_of(body: bytes) -> str:
    """The marker of the version by which a call was made; empty for a plain one."""
    found = MARKER.search(body)
    return found[1].decode() if found else ""


class Registrar:
    """One registration as it changes, on hub.registry."""

    def __init__(self, writer: Writer, connector: str, entry: Entry, *, name: str = "") -> None:
        self._writer = writer
        self._connector = connector
        self._name = name or connector
        self.entry = entry
        self._now: Registered | None = None
        self.bundles: dict[str, str] = {}  # marker -> bundle, as receipts name it

    def register(self, files: Mapping[str, bytes], marker: str | None = None) -> None:
        """This version is registered, once this returns."""
        sha256 = digest_of(files)
        self._write(bundle_record(files))
        if marker is not None:
            self.bundles[marker] = sha256[:16]
        self._change("live", sha256)

    def move(self, state: State, **entry: object) -> None:
        """The same version is in this state, with these changes of its entry."""
        if self._now is None:
            raise ValueError("nothing is registered yet")
        self.entry = {**self.entry, **entry}  # type: ignore[dict-item]  # plain values
        self._change(state, self._now.bundle)

    def close(self) -> None:
        """Change nothing more."""
        self._writer.close()

    def _change(self, state: State, sha256: str) -> None:
        now = self._now
        before = (*now.before, now.now)[-50:] if now else ()
        number = now.version + 1 if now else 1
        changed = Registered(
            self._name, self._connector, sha256, self.entry, state, number, "An", 0,
            override="a test", before=before,
        )  # fmt: skip
        self._write(registration_record(changed))
        self._now = changed

    def _write(self, pair: tuple[bytes, bytes]) -> None:
        sent: Future[Position] = self._writer.send(Outgoing(REGISTRY, *pair, partition=0))
        sent.result(ACKNOWLEDGED)
