"""A fresh world for one run: a folder, a cluster, a registry, and the systems that are told."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from pathlib import Path

import msgspec

from hub.access.tokens import own
from hub.broker import KafkaBroker
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.registry.schemas.client import RegistryClient
from hub.settings import environment
from hub.topics import ensure_all
from ops.bench.processes import BenchError, Child, until
from ops.bench.scene import ROOT, Entry, make_scene
from tests.faults.cluster import cluster
from tests.faults.processes import Processes
from tests.faults.proxy import HOST, Proxy
from tests.faults.reading import PeerLog, Topics
from tests.faults.second import NAME, Second
from tests.faults.world import DELIVERY, KINDS, PARTITIONS, World


@contextmanager
def open_world(
    home: Path,
    registration: str = "portal",
    delivery: Mapping[str, object] = DELIVERY,
    *,
    second: bool = False,
) -> Iterator[World]:
    """Broker, registry and peer run; gateways and workers are for the row to start.

    `second`: the same system is registered once more, at a place of its own.
    """
    with ExitStack() as stack:
        broker, kafka = stack.enter_context(cluster(home))
        scene = make_scene(home)
        variables = environment(
            {
                "HUB_HOME": str(home),
                "HUB_BOOTSTRAP": broker.bootstrap,
                "HUB_REGISTRATIONS": str(scene.registrations),
                "HUB_CONNECTORS": str(ROOT / "connectors"),
                "HUB_SCHEMAS": str(ROOT / "schemas" / "avro"),
                "HUB_PARTITIONS": str(PARTITIONS),
            }
        )
        processes = stack.enter_context(Processes(home, variables))
        road = stack.enter_context(Proxy(_peer(processes, home, "peer")))
        entries = [Entry(registration, f"http://{HOST}:{road.port}", delivery=delivery)]
        if second:
            address = f"http://{HOST}:{_peer(processes, home, NAME)}"
            own_terms = deepcopy(dict(delivery))  # YAML would write an alias to the first one's
            entries.append(Entry(registration, address, NAME, own_terms))
        scene.register(*entries, *(Entry(name) for name in KINDS if name != registration))
        registry = processes.hub("registry")
        quiet = KafkaBroker(broker.bootstrap)
        ensure_all(quiet, PARTITIONS)
        schemas = RegistryClient(_served(processes, registry), token=lambda: own(home, "hub"))
        codec = Codec(load(ROOT / "schemas" / "avro"), schemas)

        def topics(name: str) -> Topics:
            found = Topics(quiet, codec, name)
            stack.callback(found.close)
            return found

        yield World(
            home=home,
            broker=broker,
            kafka=kafka,
            road=road,
            scene=scene,
            processes=processes,
            registry=registry,
            registration=registration,
            schemas=schemas,
            codec=codec,
            topics=topics(registration),
            log=PeerLog(_log(home, "peer")),
            second=_second(topics, home) if second else None,
        )


def _second(topics: Callable[[str], Topics], home: Path) -> Second:
    return Second(topics(NAME), PeerLog(_log(home, NAME)))


def _log(home: Path, name: str) -> Path:
    return home / f"{name}.jsonl"


def _peer(processes: Processes, home: Path, name: str) -> int:
    """Start a recording peer; its port."""
    file = home / f"{name}.json"
    arguments = ["-m", "tests.faults.peer", str(file), str(_log(home, name))]
    peer = processes.python("peer", arguments)
    until(file.exists, 20, "the peer", [peer])
    return int(msgspec.json.decode(file.read_bytes())["port"])


def _served(processes: Processes, child: Child) -> str:
    url = processes.url(child)
    if url is None:
        raise BenchError(f"{child.name} does not say where it serves")
    return url
