"""Who runs here, and where: one small JSON file per process in `<home>/run/`.

Processes pick free ports, so they must tell each other and people where they listen. A file that a
killed process left behind is recognised (the process is gone, or its pid belongs to another now)
and does no harm.
"""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from hub.dev import process
from hub.dev.disk import write_whole
from hub.errors import Reject

FIELDS = ("name", "pid", "url", "started", "process")
LARGEST = 64 * 1024  # bytes; ours have some hundred


@dataclass(frozen=True, slots=True)
class Running:
    """A process that serves.

    `url`: where it listens (for Kafka: host:port). `started`: RFC 3339, UTC. `process`: see
    `hub.dev.process.identity`; "" for a program that is not ours and only tells its pid. `extra`:
    what the process wants to be known, such as the address of an inspection endpoint; never a
    secret.
    """

    name: str
    pid: int
    url: str
    started: str
    process: str
    extra: Mapping[str, str]

    @property
    def alive(self) -> bool:
        known = process.identity(self.pid)
        return known is not None and self.process in ("", known)


@contextmanager
def publish(home: Path, name: str, url: str, **extra: str) -> Iterator[Running]:
    """Tell that this process serves `name` at `url`, until the block ends."""
    entry = write(home, name, url, os.getpid(), extra)
    try:
        yield entry
    finally:
        remove(home, entry)


def write(home: Path, name: str, url: str, pid: int, extra: Mapping[str, str]) -> Running:
    """Tell that the process `pid` serves `name` at `url`; forgets dead ones of the same name.

    Raises Reject if `name` cannot be a file's name or `pid` is not running.
    """
    if not name.replace("-", "").replace("_", "").isalnum():
        raise Reject(where="run file", what="a process's name has letters, digits, - and _ only")
    known_as = process.identity(pid)
    if known_as is None:
        raise Reject(where=f"run file of {name}", what=f"no process {pid} is running")
    for old in _read(home):
        if old.name == name and not old.alive:
            remove(home, old)
    started = datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds")
    entry = Running(name, pid, url, started, known_as, dict(extra))
    write_whole(_path(home, entry), _encode(entry))
    return entry


def remove(home: Path, entry: Running) -> None:
    """Forget `entry`; nothing happens if it is forgotten already."""
    _path(home, entry).unlink(missing_ok=True)


def read_all(home: Path) -> tuple[Running, ...]:
    """Every process that is alive now, in the order of name and pid."""
    return tuple(entry for entry in _read(home) if entry.alive)


def find(home: Path, name: str) -> Running | None:
    """The live process `name` with the lowest pid, if there is one."""
    return next((entry for entry in read_all(home) if entry.name == name), None)


def _path(home: Path, entry: Running) -> Path:
    # The pid is in the name, so that several gateways can run and none overwrites another.
    return home / "run" / f"{entry.name}.{entry.pid}.json"


def _encode(entry: Running) -> bytes:
    fields = {name: getattr(entry, name) for name in FIELDS}
    return msgspec.json.format(msgspec.json.encode(dict(entry.extra) | fields)) + b"\n"


def _read(home: Path) -> list[Running]:
    entries = [_decode(path) for path in (home / "run").glob("*.json")]
    return sorted(
        (entry for entry in entries if entry is not None), key=lambda entry: (entry.name, entry.pid)
    )


class _File(msgspec.Struct, frozen=True):
    name: str
    pid: int
    url: str
    started: str
    process: str = ""


def _decode(path: Path) -> Running | None:
    """None for what is no run file of ours: a stranger's file, or one removed meanwhile."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST)
        known = msgspec.json.decode(raw, type=_File)
        everything = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (OSError, msgspec.DecodeError):
        return None
    extra = {key: _text(raw) for key, raw in everything.items() if key not in FIELDS}
    return Running(known.name, known.pid, known.url, known.started, known.process, extra)


def _text(raw: msgspec.Raw) -> str:
    value: object = msgspec.json.decode(raw)
    return value if isinstance(value, str) else bytes(raw).decode()
