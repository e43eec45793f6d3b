"""What every process of the hub stands on: broker, schemas, connectors, registrations.

The composition root: here, and in the `process` modules, parts are put together; nowhere else does
one part open another.
"""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hub.access.tokens import own
from hub.broker import KafkaBroker
from hub.dev import runfiles
from hub.errors import Halt, HubError, Retry
from hub.events.catalogue import Catalogue
from hub.events.catalogue import load as load_catalogue
from hub.events.codec import Codec
from hub.kept_secret import kept_secret
from hub.log import get_logger
from hub.registry.schemas.client import RegistryClient
from hub.settings import Settings, resolve

if TYPE_CHECKING:
    from adapters.http.messages import Client, Server
    from adapters.http.transport import Transport
    from hub.registry.live import Landscape, Live

# Adapters and bundles are loaded where they are opened: a command that wants to know where the
# broker is would wait half a second for SOAP, REST and the mapping language.
log = get_logger("hub")
DIGEST_KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Opened once per process."""

    settings: Settings
    broker: KafkaBroker
    catalogue: Catalogue
    codec: Codec
    landscape: "Landscape"
    digest_key: bytes = field(repr=False)

    def learn(self, landscape: "Landscape") -> None:
        """Know the events that bundles bring, before anything is taken up that emits them."""
        from hub.registry.event_types import definitions

        brought = definitions(bundle.files for bundle in landscape.bundles.values())
        self.codec.learn(brought)


def open_surroundings(settings: Settings) -> Surroundings:
    """Find broker and registry, read connectors and registrations.

    A connector with an error is named in the log and left out. Raises Halt where something that
    every process needs is missing.
    """
    from hub.registry.event_types import definitions, read_events
    from hub.registry.live import read_landscape

    catalogue = load_catalogue(settings.schemas)
    landscape = read_landscape(
        settings.connectors, settings.registrations, read_events(settings.schemas)
    )
    catalogue.learn(definitions(bundle.files for bundle in landscape.bundles.values()))
    # after what takes long: a registry that was started together with us serves by now
    codec = Codec(catalogue, registry_client(settings))
    tell_problems(landscape)
    return Surroundings(
        settings,
        KafkaBroker(bootstrap(settings), settings.security),
        catalogue,
        codec,
        landscape,
        digest_key(settings),
    )


def bootstrap(settings: Settings) -> str:
    """The cluster's address. Raises Halt if neither settings nor a running broker tell it."""
    if settings.bootstrap:
        return settings.bootstrap
    found = runfiles.find(settings.home, "kafka")
    if found is None:
        raise Halt(
            "no broker is known",
            where="HUB_BOOTSTRAP",
            fix="run `hub dev up`, or set HUB_BOOTSTRAP to an outside cluster",
        )
    return found.url


def registry_url(settings: Settings) -> str:
    """The schema registry's address. Raises Retry while none runs."""
    if settings.registry_url:
        return settings.registry_url
    found = runfiles.find(settings.home, "registry")
    if found is None:
        raise Retry(
            "no schema registry is known",
            where="HUB_REGISTRY_URL",
            fix="run `hub registry`, or set HUB_REGISTRY_URL",
            system=True,
        )
    return found.url


def registry_client(settings: Settings, url: str | None = None) -> RegistryClient:
    """A client of the schema registry, or of the one of this hub at `url`.

    Our own knows the processes of this home by their token; an outside one, or ours on another
    machine, is told what stands in its address. Raises Retry while none runs.
    """
    if url is None and settings.registry_url:
        return RegistryClient(settings.registry_url)
    return RegistryClient(url or registry_url(settings), token=lambda: own(settings.home, "hub"))


def digest_key(settings: Settings) -> bytes:
    """The key of the bodies' digests: every gateway of one cluster needs the same.

    Without HUB_DIGEST_KEY a key is drawn once and kept under HUB_HOME, for one machine.
    Raises Halt if the given one is shorter than 32 bytes, or the kept one is damaged.
    """
    if settings.digest_key:
        key = resolve(settings.digest_key).encode()
        if len(key) < DIGEST_KEY_BYTES:
            raise Halt(f"is shorter than {DIGEST_KEY_BYTES} bytes", where="HUB_DIGEST_KEY")
        return key[:64]
    return _own_key(settings.home / "state" / "digest.key")


def _own_key(file: Path) -> bytes:
    """The key in `file`, drawn if there is no file. Raises Halt if it holds no key."""
    text = kept_secret(file, lambda: secrets.token_hex(DIGEST_KEY_BYTES))
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) < DIGEST_KEY_BYTES:
        raise Halt(
            f"does not hold a key of {DIGEST_KEY_BYTES * 2} hex digits",
            where=f"{file.parent.name}/{file.name}",
            fix="restore it from a copy; without one delete it: what is sent again after that"
            " counts as changed, once",
        )
    return key


def tell_problems(landscape: "Landscape") -> None:
    """Name what is wrong, visibly; the rest goes on."""
    from hub import metrics

    for name, problems in landscape.problems.items():
        metrics.bundle_problems.labels(name).set(len(problems))
        for problem in problems:
            log.error("not_live", connector=name, at=problem.at, what=problem.what, fix=problem.fix)


def tell_not_live(name: str, error: HubError) -> None:
    """Name a registration that looked right and cannot be opened; the rest goes on."""
    from hub import metrics

    metrics.bundle_problems.labels(name).set(1)
    log.error("not_live", connector=name, at=error.where, what=error.what, fix=error.fix)


def server_of(live: "Live") -> "Server":
    """The door of a registration, in its protocol."""
    from hub.registry.live import inbound

    binding = inbound(live, resolve)
    contract = live.bundle.inbound
    if live.bundle.manifest.adapter == "soap":
        from adapters.soap.server import open_server as open_soap

        return open_soap(contract, binding)
    from adapters.rest.server import open_server as open_rest

    return open_rest(contract, binding)


def client_of(
    live: "Live", transport: "Transport", follow: Callable[[str], str] = resolve
) -> "Client":
    """The way to a registration's system, in its protocol. `follow` gives a secret's value."""
    from hub.registry.live import outbound

    binding = outbound(live, follow)
    contract = live.bundle.outbound
    if live.bundle.manifest.adapter == "soap":
        from adapters.soap.client import open_client as open_soap

        return open_soap(contract, binding, transport, time.time)
    from adapters.rest.client import open_client as open_rest

    return open_rest(contract, binding, transport, time.monotonic)


def now_ms() -> int:
    """Epoch milliseconds."""
    return time.time_ns() // 1_000_000
