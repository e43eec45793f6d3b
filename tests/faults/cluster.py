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
from ops.bench.processes import BenchError
from tests.brokers import CACHE
from tests.faults.proxy import HOST, Proxy

DOOR = "PROXIED"  # the listener's name
TRIES = 3  # a port can be taken between our look and Kafka's bind


@contextmanager
def cluster(home: Path) -> Iterator[tuple[DevBroker, Proxy]]:
    """The broker (its `bootstrap` is the quiet door) and the proxy before the other one."""
    behind = free_port()
    with Proxy(behind, kafka=True) as proxy:
        broker = _started(home, behind, proxy)
        try:
            yield broker, proxy
        finally:
            broker.stop()


def _started(home: Path, behind: int, proxy: Proxy) -> DevBroker:
    """A broker that tells the addresses that it has. Raises BenchError.

    Its own address is told before it has it; if another program takes the port meanwhile, the
    broker moves to another one and would go on telling the old.
    """
    for _ in range(TRIES):
        quiet = f"{HOST}:{choose_ports(Node(home.absolute())).broker}"
        more = More(
            listeners={DOOR: behind},
            properties={
                "listener.security.protocol.map": (
                    f"PLAINTEXT:PLAINTEXT,{DOOR}:PLAINTEXT,CONTROLLER:PLAINTEXT"
                ),
                "advertised.listeners": f"PLAINTEXT://{quiet},{DOOR}://{HOST}:{proxy.port}",
            },
        )
        broker = DevBroker(home, cache=CACHE, more=more)
        broker.start()
        if broker.bootstrap == quiet:
            return broker
        broker.stop()
    raise BenchError("other programs took the broker's port again and again")
