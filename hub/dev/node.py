"""The folder of one development broker: its ports, configuration and data.

Everything here survives a restart, so that topics, offsets and addresses do too.
"""

import base64
import re
import shutil
import socket
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from hub.dev.config import More, Ports, log4j2_properties, server_properties
from hub.dev.disk import write_whole
from hub.dev.jvm import Java
from hub.errors import Halt


@dataclass(frozen=True, slots=True)
class Node:
    """Where one broker keeps its things: below `<home>/dev/kafka`, logs in `<home>/log`."""

    home: Path
    more: More = field(default_factory=More)

    @property
    def folder(self) -> Path:
        return self.home / "dev" / "kafka"

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What Kafka logs."""
        return self.home / "log" / "kafka.log"

    @property
    def output(self) -> Path:
        """What the JVM itself prints: a crash, a wrong flag."""
        return self.home / "log" / "kafka.out"

    def ports(self) -> Ports | None:
        """The ports that were used last; None before the first start."""
        try:
            return msgspec.json.decode((self.folder / "ports.json").read_bytes(), type=Ports)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    def cluster(self) -> str:
        """The id that the data belongs to. Raises Halt if it cannot be read."""
        meta = self.data / "meta.properties"
        try:
            found = re.search(
                r"^cluster\.id=(\S+)$", meta.read_text(encoding="ascii"), re.MULTILINE
            )
        except (OSError, UnicodeDecodeError):
            found = None
        if found is None:
            raise Halt(
                where=str(meta), what="tells no cluster id", fix="the data is damaged: move it away"
            )
        return found[1]


def choose_ports(node: Node) -> Ports:
    """The ports of last time if they are free, else new ones; remembered."""
    before = node.ports()
    ports = (
        before if before and is_free(before.broker) and is_free(before.controller) else new_ports()
    )
    write_whole(node.folder / "ports.json", msgspec.json.encode(ports))
    return ports


def is_free(port: int) -> bool:
    """Whether a server could listen on 127.0.0.1:`port` now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Java does: skip TIME_WAIT
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port of 127.0.0.1 that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def new_ports() -> Ports:
    """Two ports that are free now."""
    with socket.socket() as held:  # so that the second differs
        held.bind(("127.0.0.1", 0))
        return Ports(held.getsockname()[1], free_port())


def configure(node: Node, ports: Ports) -> None:
    """Write the configuration files."""
    scratch = node.folder / "tmp"  # native libraries unpack here; a killed JVM leaves them behind
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    node.log.parent.mkdir(parents=True, exist_ok=True)
    settings = server_properties(ports, node.data, node.more)
    write_whole(node.folder / "server.properties", settings.encode())
    write_whole(node.folder / "log4j2.properties", log4j2_properties(node.log).encode())


def flags(node: Node) -> tuple[str, ...]:
    """JVM flags that point into the node's folder."""
    logging = (node.folder / "log4j2.properties").as_uri()
    return (f"-Dlog4j2.configurationFile={logging}", f"-Djava.io.tmpdir={node.folder / 'tmp'}")


def format_data(java: Java, node: Node, ports: Ports) -> None:
    """Give the data folder its identity, once; data that is there is left alone.

    It is made aside and moved into place, so that a broken-off attempt is simply made again.
    """
    if node.data.exists():
        return
    fresh = node.folder / "data.new"
    shutil.rmtree(fresh, ignore_errors=True)
    settings = server_properties(ports, fresh, node.more)
    write_whole(node.folder / "format.properties", settings.encode())
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes)[:22].decode().replace("-", "_")
    java.run(
        (*flags(node), *java.cached()),
        *("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}"),
        *("--config", str(node.folder / "format.properties")),
        *(word for user in node.more.scram for word in ("--add-scram", user)),
        log=node.folder / "format.out",
    )
    fresh.replace(node.data)
