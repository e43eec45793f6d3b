"""`hub views`: the process that follows the topics and answers questions about dossiers."""

import asyncio
import secrets
import shutil
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import TypeVar

from hub.access.opening import open_gate
from hub.broker import KafkaBroker
from hub.errors import Halt, Retry
from hub.events.catalogue import Catalogue, load
from hub.events.codec import Codec
from hub.log import get_logger, place_of
from hub.records import Spot, every_spot
from hub.serving import run, serving
from hub.settings import Settings
from hub.surroundings import bootstrap, now_ms, registry_client
from hub.topics import CATALOGUE, DOSSIER, RECEIPT, ensure_all
from hub.views.app import make_app, run_app
from hub.views.asking import Asking
from hub.views.calendar import load as load_calendar
from hub.views.follower import Follower
from hub.views.http import ViewsApp
from hub.views.store import Store, trouble

T = TypeVar("T")
log = get_logger("hub.views")
TOPICS = (DOSSIER, CATALOGUE, RECEIPT)
GROUP = "hub-views-v1"
AGAIN = 1.0  # seconds between two tries to reach what is not there


class Progress:
    """What is known outside about how far the views are."""

    def __init__(self) -> None:
        self.asking: Asking | None = None
        self.follower: Follower | None = None
        self.missing = "the broker"

    def problems(self) -> list[str]:
        """Why the answers may be incomplete."""
        if self.missing or self.follower is None:
            return [f"waiting for {self.missing}"]
        if self.follower.holding:
            return [f"waiting for the schema registry: {self.follower.holding}"]
        behind = self.follower.behind()
        return [f"{behind} records behind"] if behind else []


@dataclass(frozen=True, slots=True)
class Found:
    """The cluster as it was found at the start."""

    address: str
    cluster: str
    begin: dict[Spot, int]
    end: dict[Spot, int]


def views(settings: Settings) -> None:
    """Follow and answer until SIGTERM or SIGINT."""
    run(lambda stop: _main(settings, stop))


async def _main(settings: Settings, stop: asyncio.Event) -> None:
    catalogue = load(settings.schemas)
    progress = Progress()
    async with AsyncExitStack() as stack:
        gate = await open_gate(stack, settings)
        app = ViewsApp(progress, load_calendar(), now_ms, gate)
        url = await stack.enter_async_context(serving(app, "views", settings))
        log.info("views_started", url=url)
        found = await _patiently(lambda: _find(settings), stop)
        if found is None:
            return
        file = settings.home / "state" / "views" / "views.db"
        store = Store(file, found.cluster)
        stack.callback(store.close)
        if store.begin_at(found.begin, found.end):
            log.warning("views_state_rebuilt", reason="the topics hold less than was known")
        asking = Asking(file)
        stack.callback(asking.close)
        follower = Follower(store, lambda: _codec(settings, catalogue), found.end)
        progress.follower, progress.asking, progress.missing = follower, asking, "partitions"
        await _follow(settings, found, store, follower, progress, stop)
        log.info("views_stopping")


async def _follow(
    settings: Settings,
    found: Found,
    store: Store,
    follower: Follower,
    progress: Progress,
    stop: asyncio.Event,
) -> None:
    """Stream until the stop; a stream that breaks is begun anew where the store stands."""
    folder = settings.home / "state" / "views" / "faust"

    def begin() -> Mapping[Spot, int]:
        progress.missing = ""
        return store.positions()

    while not stop.is_set():
        # A group of its own, that never commits: empty, it falls to Kafka's next clean-up.
        group = f"{GROUP}-{secrets.token_hex(4)}"
        app = make_app(
            found.address, settings.security, group, folder, TOPICS, begin, follower.apply
        )
        try:
            await run_app(app, stop)
        except Halt:
            raise
        except Exception as error:  # noqa: BLE001 - whatever Faust does, the state is whole
            log.error("stream_broken", error=type(error).__name__, at=place_of(error))
            progress.missing = trouble(error) or "the stream, which broke"
            await _pause(stop)
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # Faust's own; nothing in it is of use


def _find(settings: Settings) -> Found:
    address = _address(settings)
    broker = KafkaBroker(address, settings.security)
    ensure_all(broker, settings.partitions)
    spots = every_spot(broker, TOPICS)
    reader = broker.reader(spots)
    try:
        return Found(address, broker.cluster(), reader.begin(), reader.end())
    finally:
        reader.close()


def _address(settings: Settings) -> str:
    """The cluster's address. Raises Retry while none is known: a broker may be started yet."""
    try:
        return bootstrap(settings)
    except Halt as error:
        raise Retry(error.what, where=error.where, fix=error.fix, system=True) from error


def _codec(settings: Settings, catalogue: Catalogue) -> Codec:
    return Codec(catalogue, registry_client(settings))


async def _patiently(ask: Callable[[], T], stop: asyncio.Event) -> T | None:
    """What `ask` finds, as soon as it is there; None if the stop comes first. Raises Halt."""
    told = ""
    while not stop.is_set():
        try:
            return await asyncio.to_thread(ask)
        except Retry as error:
            if str(error) != told:
                told = str(error)
                _tell(error)
            await _pause(stop)
    return None


def _tell(error: Retry) -> None:
    log.warning("broker_awaited", where=error.where, what=error.what, fix=error.fix)


async def _pause(stop: asyncio.Event) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(stop.wait(), AGAIN)
