"""A real Kafka with two doors: one that is quiet, and one behind a proxy that can fail.

The hub's processes come through the proxy, and the broker tells them the proxy's address, so that
every later connection comes that way too. Tests look through the quiet door.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.dev.config import More
from hub.dev.kafka import DevBroker
from hub.dev.node import Node, choose_ports, free_port
from tests.brokers import CACHE
from tests.faults.proxy import HOST, Proxy

DOOR = "PROXIED"  # the listener's name


@contextmanager
def cluster(home: Path) -> Iterator[tuple[DevBroker, Proxy]]:
    """The broker (its `bootstrap` is the quiet door) and the proxy before the other one."""
    quiet = choose_ports(Node(home.absolute())).broker
    behind = free_port()
    with Proxy(behind, kafka=True) as proxy:
        more = More(
            listeners={DOOR: behind},
            properties={
                "listener.security.protocol.map": (
                    f"PLAINTEXT:PLAINTEXT,{DOOR}:PLAINTEXT,CONTROLLER:PLAINTEXT"
                ),
                "advertised.listeners": (
                    f"PLAINTEXT://{HOST}:{quiet},{DOOR}://{HOST}:{proxy.port}"
                ),
            },
        )
        with DevBroker(home, cache=CACHE, more=more) as broker:
            yield broker, proxy
