"""Bring one system up, announce it, keep it until it is told to stop."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

from ops.systems.config import read_config
from ops.systems.inspection import Inspection
from ops.systems.ioc import Ioc
from ops.systems.journal import Journal
from ops.systems.listener import Listener
from ops.systems.model import System
from ops.systems.ngsp import Ngsp
from ops.systems.onestop import Onestop
from ops.systems.outbox import Outbox
from ops.systems.peer import Peer
from ops.systems.portal import Portal
from ops.systems.postal import Postal
from ops.systems.postal_my import PostalMy

SYSTEMS: dict[str, Any] = {
    "onestop": Onestop,
    "portal": Portal,
    "ngsp": Ngsp,
    "postal": Postal,
    "postal_my": PostalMy,
    "ioc": Ioc,
}


@dataclass(frozen=True, slots=True)
class Options:
    """How a system is started. `state`: folder kept across restarts, or None."""

    system: str
    config: Path
    hub: str
    port: int = 0
    inspect_port: int = 0
    state: Path | None = None
    script: Path | None = None
    fast: bool = False
    keep: int = 100_000


@dataclass(frozen=True, slots=True)
class Running:
    """A system that serves."""

    peer: Peer
    url: str
    inspect: str


@asynccontextmanager
async def running(options: Options) -> AsyncIterator[Running]:
    """The system serves inside the block. Raises ValueError for a bad configuration or script."""
    config = read_config(options.system, options.config)
    system: System = SYSTEMS[options.system](config, options.keep)
    journal = Journal(keep=options.keep, bodies=not options.fast)
    outbox = Outbox(system, journal, options.hub.rstrip("/"), options.fast)
    peer = Peer(system, journal, outbox, options.fast)
    if options.state is not None:
        for effect in journal.open(options.state):
            system.apply(effect)
    public = Inspection(peer)
    main = Listener(public.handle, peer.doorman, options.port)
    side = Listener(Inspection(peer, only=True).handle, lambda _: False, options.inspect_port)
    gate = _Gate(peer, main)
    peer.on_faults = gate.changed
    main.open()
    side.open()
    try:
        if options.script is not None:
            peer.script(_read_script(options.script))
        yield Running(peer, main.url, side.url)
    finally:
        gate.stop()
        await side.close()
        await main.close()
        await peer.close()


def _read_script(path: Path) -> dict[str, Any]:
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise ValueError(f"{path}: {error}") from error
    if not isinstance(raw, dict):
        raise ValueError(f"{path}: must be a mapping")  # noqa: TRY004 - one kind of error for a caller
    return raw


class _Gate:
    """Opens and closes the main port as rules of kind `down, how: refuse` say."""

    def __init__(self, peer: Peer, listener: Listener) -> None:
        self._peer = peer
        self._listener = listener
        self._timers: list[asyncio.TimerHandle] = []

    def changed(self) -> None:
        """Rules or switches changed: look now, and again at every edge of a window."""
        self.stop()
        loop = asyncio.get_running_loop()
        now = self._peer.clock()
        for edge in self._peer.faults.edges():
            if edge > now:
                self._timers.append(loop.call_later(edge - now + 0.001, self._look))
        # Later, so that the answer to the change itself still goes out.
        self._timers.append(loop.call_later(0.005, self._look))

    def stop(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def _look(self) -> None:
        if self._peer.faults.refusing(self._peer.clock()):
            self._listener.refuse()
        elif self._listener.refusing:
            self._listener.open()


async def serve(options: Options, home: Path) -> None:
    """Serve until SIGTERM or SIGINT. HOME/run/<name>.json exists while it serves."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(options) as up:
        path = home / "run" / f"{options.system}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        facts = {
            "name": options.system,
            "pid": os.getpid(),
            "url": up.url,
            "started": datetime.fromtimestamp(up.peer.wall(), UTC).isoformat(),
            "inspect": up.inspect,
        }
        fresh = path.with_suffix(".tmp")
        fresh.write_bytes(msgspec.json.encode(facts))
        fresh.replace(path)  # readers see all of it or nothing
        try:
            await stop.wait()
        finally:
            path.unlink(missing_ok=True)
