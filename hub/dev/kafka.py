"""The broker on this machine: Apache Kafka, started, found again, stopped.

`hub dev up` leaves it running until `hub dev down`; tests and the demo own theirs, and the kernel
ends it with them. Either way the file `<home>/run/kafka.<pid>.json` says that it runs, and where.
"""

import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

from hub.dev import node as nodes
from hub.dev import process, runfiles, wire
from hub.dev.config import More, Ports
from hub.dev.disk import locked
from hub.dev.journal import tail
from hub.dev.jvm import ENVIRONMENT, Java, fetch, finish, train
from hub.dev.node import Node
from hub.dev.progress import Progress, to_stderr
from hub.dev.runfiles import Running
from hub.dev.waiting import until
from hub.errors import Halt, Reject, Retry

NAME = "kafka"
TAKEN = "Address already in use"
TRIES = 3  # a port can be taken between our look and Kafka's bind
ASK = 2.0  # seconds for one answer
STOP = 20.0  # seconds for an orderly end; it takes 0.2
REHEARSAL = 60.0  # seconds; a start without cache takes two
LOCK_WAIT = 900.0  # seconds; the first start downloads


class DevBroker:
    """One Kafka below `home`. Not for use by several threads at once.

    `cache`: where jars are kept, default `<home>/dev`; several homes can share one.
    `owned`: it dies with the thread that calls `start`; otherwise it stays until `stop`.
    `more`: what it has beyond the usual.
    """

    def __init__(
        self,
        home: Path,
        *,
        cache: Path | None = None,
        owned: bool = True,
        progress: Progress | None = None,
        more: More | None = None,
    ) -> None:
        self.node = Node(home.absolute(), more or More())
        self._cache = (cache or home / "dev").absolute()
        self._owned = owned
        self._progress = progress or to_stderr()
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """host:port, the same after every restart unless another program took the port."""
        ports = self.node.ports()
        if ports is None:
            raise Retry(where="kafka", what="has never been started here", fix="run hub dev up")
        return f"127.0.0.1:{ports.broker}"

    @property
    def pid(self) -> int | None:
        """The process that runs in this home now."""
        found = running(self.node.home)
        return found.pid if found else None

    def start(self, wait: float = 60) -> None:
        """Start it and wait up to `wait` seconds until it serves; the first time fetches it too.

        Raises Reject if one already runs in this home or a jar is not what it should be, Retry
        if a jar cannot be fetched or the wait is over, Halt with the end of the log if it dies.
        """
        busy = "waiting for another start in this folder"
        with locked(
            self.node.home / "dev" / "kafka.lock", LOCK_WAIT, lambda: self._progress.step(busy)
        ):
            found = running(self.node.home)
            if found:
                raise Reject(
                    where="kafka",
                    what=f"already runs at {found.url} (pid {found.pid})",
                    code="running",
                )
            java = prepare(self._cache, self._progress)
            self._launch(java, wait)

    def _launch(self, java: Java, wait: float) -> None:
        for last in (False,) * (TRIES - 1) + (True,):
            ports = nodes.choose_ports(self.node)
            try:
                self._child = boot(java, self.node, ports, wait, owned=self._owned)
            except Halt as error:
                if last or TAKEN not in error.what:
                    raise
            else:
                return

    def stop(self, wait: float = STOP) -> None:
        """End it in order, within `wait` seconds or else by force; nothing happens if none runs."""
        self._end(signal.SIGTERM, wait)

    def kill(self) -> None:
        """End it as a power cut would. `start` brings it back with its data and address."""
        self._end(signal.SIGKILL, STOP)

    def _end(self, how: signal.Signals, wait: float) -> None:
        found = running(self.node.home)
        if found:
            if not process.end(found.pid, found.process, how, wait):
                process.end(found.pid, found.process, signal.SIGKILL, STOP)
            runfiles.remove(self.node.home, found)
        if self._child:
            finish(self._child)
            self._child = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def prepare(cache: Path, progress: Progress) -> Java:
    """Everything that the first start needs and later ones find: checked jars, start-up cache.

    Raises Reject for a wrong digest, Retry if a jar cannot be fetched.
    """
    java = fetch(cache, progress)
    if java.cache.exists():
        return java
    with locked(java.cache.with_suffix(".lock"), LOCK_WAIT):
        if not java.cache.exists():
            progress.step("preparing fast starts, once")
            try:
                train(java, lambda folder, flags: _rehearse(java, folder, flags))
            except (Halt, Retry, OSError, subprocess.TimeoutExpired) as error:
                progress.step(f"starts will be slower: {error}")  # it only saves time
    return java


def running(home: Path) -> Running | None:
    """The broker that runs in this home, whoever started it."""
    return runfiles.find(home, NAME)


def serves(found: Running) -> bool:
    """Whether the broker answers, and is the one that the run file means."""
    host, _, port = found.url.rpartition(":")
    return _answers(host, int(port), found.extra.get("cluster", ""))


def boot(
    java: Java, node: Node, ports: Ports, wait: float, *, owned: bool, extra: tuple[str, ...] = ()
) -> subprocess.Popen[bytes]:
    """Start Kafka on `ports`; return when it serves. On any failure nothing is left running."""
    nodes.configure(node, ports)
    nodes.format_data(java, node, ports)
    cluster = node.cluster()
    argv = java.command(
        (*nodes.flags(node), *(extra or java.cached())),
        *("kafka.Kafka", str(node.folder / "server.properties")),
    )
    child = process.spawn(argv, java.jars, node.output, ENVIRONMENT, owned=owned)
    try:
        # Told before it serves, so that `down` finds it even if we are killed while waiting.
        found = runfiles.write(
            node.home, NAME, f"127.0.0.1:{ports.broker}", child.pid, {"cluster": cluster}
        )
        try:
            _await(child, node, ports.broker, cluster, wait)
        except BaseException:
            runfiles.remove(node.home, found)
            raise
    except BaseException:
        finish(child)
        raise
    return child


def _rehearse(java: Java, folder: Path, flags: tuple[str, ...]) -> subprocess.Popen[bytes]:
    return boot(java, Node(folder), nodes.new_ports(), REHEARSAL, owned=True, extra=flags)


def _await(
    child: subprocess.Popen[bytes], node: Node, port: int, cluster: str, wait: float
) -> None:
    def settled() -> bool:
        return child.poll() is not None or _answers("127.0.0.1", port, cluster)

    if not until(settled, wait):
        raise Retry(
            where="kafka",
            what=f"does not answer after {wait:.0f} s\n{_last_words(node)}",
            fix=f"the machine may be busy: try again; the log is {node.log}",
            system=True,
        )
    if child.poll() is not None:
        raise Halt(
            where="kafka",
            what=f"ended while starting (code {child.returncode})\n{_last_words(node)}",
            fix=f"the log is {node.log}",
        )


def _answers(host: str, port: int, cluster: str) -> bool:
    try:
        told = wire.ask(host, port, ASK)
    except (OSError, ValueError):
        return False
    return told.id == cluster and bool(told.brokers)


def _last_words(node: Node) -> str:
    return "\n".join([*tail(node.output, 15), *tail(node.log, 15)])
