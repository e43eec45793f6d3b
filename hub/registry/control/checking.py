"""Bundles from the network are checked in a process of their own, bounded in time and memory.

A hostile contract may cost more than any check foresees; here that costs the attempt, and nobody
waits for it but who sent it. The process gets the bundle's bytes and the events' schemas, none of
the hub's environment, and may write no file. It lives on for the next bundle: starting it takes a
second. `python -m hub.registry.control.checking FOLDER` is that process.
"""

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO

import msgspec

from hub.errors import Reject, Retry
from hub.log import place_of
from hub.registry.brought import with_brought
from hub.registry.bundle_files import MANIFEST, digest_of
from hub.registry.check import check
from hub.registry.entries import read_entry
from hub.registry.event_types import Events, read_events
from hub.registry.ledger import Entry
from hub.registry.manifest_words import Words, words
from hub.registry.problem import Problem
from hub.registry.yaml_file import read_yaml

SECONDS = 20.0  # for one bundle; a contract of 600 types takes two
WAIT = 30.0  # seconds until the bundles before it must be done
MEMORY = 2 * 1024**3  # bytes of addresses; the libraries alone take 0.7 of it
HEAD = 4  # bytes before each message: its length


class Asked(msgspec.Struct, frozen=True):
    """What is to be checked: files by path, and perhaps the entry by which they would go live.

    `folder`: the name of the folder that they came in, "" where there was none. `others`: schema
    files of events that other connectors bring, by connector.
    """

    folder: str
    files: dict[str, bytes]
    registration: str = ""
    entry: Entry | None = None
    others: dict[str, dict[str, bytes]] = {}


class Report(msgspec.Struct, frozen=True):
    """What came of it. `problems` is empty where the bundle may go live.

    `connector` is "" where the files do not say which it is; `flows`, `title` and the like too.
    `told`: the events that it would be told; `tells`: those that come of what it says.
    """

    connector: str
    sha256: str
    title: str = ""
    owner: str = ""
    adapter: str = ""
    flows: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()
    cases: int = 0
    problems: tuple[Problem, ...] = ()


class Checker:
    """Has bundles checked, one after the other. Thread-safe."""

    def __init__(self, schemas: Path, seconds: float = SECONDS) -> None:
        self._argv = [sys.executable, "-I", "-m", __name__, str(schemas)]
        self._seconds = seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def warm(self) -> None:
        """Start the process now, so that the first bundle need not wait for it."""
        with self._lock:
            self._running()

    def check(self, asked: Asked) -> Report:
        """What is wrong with it. Raises Retry where too many others are checked before it."""
        if not self._lock.acquire(timeout=WAIT):
            raise Retry("many bundles are being checked", after=10.0)
        try:
            answer = self._answer(msgspec.json.encode(asked))
        finally:
            self._lock.release()
        if answer is not None:
            return msgspec.json.decode(answer, type=Report)
        what = f"its check took more than {self._seconds:.0f} s, or more memory than there is"
        fix = "make the contract smaller: leave out what the connector does not use"
        problem = Problem(asked.folder or "bundle", what, fix, code="too-costly")
        return Report("", digest_of(asked.files), problems=(problem,))

    def close(self) -> None:
        """End the process."""
        self._end()

    def _answer(self, message: bytes) -> bytes | None:
        """None where the process died of it, or had to."""
        process = self._running()
        killed = threading.Event()

        def kill() -> None:
            killed.set()
            process.kill()

        late = threading.Timer(self._seconds, kill)
        late.start()
        try:
            _write(_pipe(process.stdin), message)
            answer = _read(_pipe(process.stdout))
        except OSError:  # it died while it was told
            answer = None
        finally:
            late.cancel()
            late.join()
        if answer is None or killed.is_set():
            self._end()
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._end()
            self._process = subprocess.Popen(  # noqa: S603 - our own program
                self._argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={"LANG": "C.UTF-8"},
            )
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError):  # what it did not read any more
                _pipe(pipe).close()
        process.wait()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise TypeError("the process was started with pipes")
    return pipe


def _write(pipe: IO[bytes], message: bytes) -> None:
    pipe.write(len(message).to_bytes(HEAD, "big") + message)
    pipe.flush()


def _read(pipe: IO[bytes]) -> bytes | None:
    """The next message; None where it ends before that."""
    size = int.from_bytes(pipe.read(HEAD), "big")
    message = pipe.read(size)
    return message if size and len(message) == size else None


def examine(asked: Asked, events: Events) -> Report:
    """Check it here and now."""
    name, entry, problems = asked.folder or connector_of(asked.files), None, []
    if asked.entry is not None:
        try:
            entry = read_entry(asked.registration, name, asked.entry)
        except Reject as error:
            problems.append(Problem(error.where, error.what, error.fix, code="registration"))
    others = ((one, files) for one, files in asked.others.items() if one != name)
    found = check(name, asked.files, with_brought(events, others), entry)
    problems += found.problems
    report = Report(name, digest_of(asked.files), cases=found.cases, problems=tuple(problems))
    if found.bundle is None:
        return report
    manifest = found.bundle.manifest
    return msgspec.structs.replace(
        report,
        title=manifest.title,
        owner=manifest.owner,
        adapter=manifest.adapter,
        flows=tuple(manifest.flows),
        told=_kinds(flow.on for flow in manifest.flows.values()),
        tells=_kinds(flow.emit for flow in manifest.flows.values()),
    )


def _kinds(said: Iterable[Words | None]) -> tuple[str, ...]:
    return tuple(sorted({kind for one in said for kind in words(one)}))


def answered(asked: Asked, events: Events) -> Report:
    """As `examine`; where that has a bug, the bundle that meets it is told so."""
    try:
        return examine(asked, events)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is ours, and this bundle's alone
        what = f"its check failed: {type(error).__name__} at {place_of(error)}"
        fix = "that is a mistake of the hub: report it, with the bundle"
        problem = Problem(asked.folder or "bundle", what, fix, code="bug")
        return Report("", digest_of(asked.files), problems=(problem,))


def connector_of(files: Mapping[str, bytes]) -> str:
    """The connector's own word for itself, where no folder names it; "" where it has none."""
    try:
        said = read_yaml(files.get(MANIFEST, b""), MANIFEST).value
    except Reject:
        return ""
    found = said.get("name") if isinstance(said, dict) else None
    return found if isinstance(found, str) else ""


def main(schemas: Path) -> None:
    """Answer until nobody asks any more."""
    events = read_events(schemas)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    asking, answering = os.fdopen(0, "rb"), os.fdopen(1, "wb")
    while (message := _read(asking)) is not None:
        report = answered(msgspec.json.decode(message, type=Asked), events)
        _write(answering, msgspec.json.encode(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
