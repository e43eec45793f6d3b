"""The desk of this process, with what it needs open: ledger, writer, the process that checks."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack, suppress
from typing import TypeAlias

from hub.contract.types import Document
from hub.errors import Reject, Retry
from hub.events.catalogue import Definition
from hub.events.codec import Codec
from hub.log import get_logger
from hub.records import Broker
from hub.registry.certifiers import known_certifiers
from hub.registry.control.acts import DAY, Book, changes_since, told_since
from hub.registry.control.checking import Checker
from hub.registry.control.desk import Desk, Means
from hub.registry.control.keeping import Keeping, open_keeping
from hub.registry.control.renewed import Renewed
from hub.registry.control.seeds import Seed, read_seeds
from hub.registry.event_types import definitions
from hub.registry.renewals import Renewals
from hub.serving import ended
from hub.settings import Settings, resolve
from hub.surroundings import now_ms
from hub.threads import apart
from hub.topics import ensure_all

WRITER = 6.0  # seconds that what waits gets to be sent, at the end
SETTLE = 5.0  # seconds between two looks whether acts are owed
SKEWED = 3_600_000  # ms that the clocks of broker and hub may differ

log = get_logger("hub.registry")


Own: TypeAlias = Callable[[Mapping[str, Definition]], None]


class Encoder:
    """Writes acts, checks and keeps schemas, once this process serves them."""

    codec: Codec | None = None
    own: tuple[Own, Own] | None = None  # checks, and registers, a bundle's schemas

    def check(self, files: Mapping[str, bytes]) -> None:
        """Whether the event schemas that a bundle of these files brings could be registered.

        Raises Reject for one that does not go with its earlier version, Retry.
        """
        self._both()[0](definitions((files,)))

    def keep(self, files: Mapping[str, bytes]) -> None:
        """Register the event schemas that a bundle of these files brings. Raises as `check`."""
        self._both()[1](definitions((files,)))

    def _both(self) -> tuple[Own, Own]:
        if self.own is None:
            raise Retry("the schemas are not served yet", system=True)
        return self.own

    def __call__(self, name: str, record: Document) -> bytes:
        """The record in wire format. Raises Retry before that."""
        if self.codec is None:
            raise Retry("the schemas are not served yet", system=True)
        return self.codec.encode(name, record)


async def open_desk(
    stack: AsyncExitStack, settings: Settings, broker: Broker, encode: Encoder
) -> Desk:
    """The desk, until the stack closes. Raises Retry when the broker cannot be reached."""
    await asyncio.to_thread(ensure_all, broker, settings.partitions)
    opened = open_keeping(broker)
    keeping = await asyncio.to_thread(opened.__enter__)
    stack.push_async_callback(asyncio.to_thread, opened.__exit__, None, None, None)
    writer = await asyncio.to_thread(broker.writer)
    stack.push_async_callback(ended, writer.close, WRITER, "writer")
    checker = Checker(settings.schemas)
    stack.push_async_callback(ended, checker.close, WRITER, "checker")
    await asyncio.to_thread(checker.warm)
    book = Book(writer, encode)
    await asyncio.to_thread(owe_missing, broker, keeping, book)
    seeds = await asyncio.to_thread(read_seeds, settings)
    await asyncio.to_thread(keep_seeds, keeping, seeds)
    desk = Desk(
        Means(
            broker=broker,
            keeping=keeping,
            checker=checker,
            book=book,
            home=settings.home,
            hub=settings.hub_id,
            certifiers=lambda: known_certifiers(settings),
            seeds=seeds,
            schemas=encode,
            clock=now_ms,
        )
    )
    renewed = Renewed(desk.shelf, Renewals(resolve), book, now_ms)
    task = asyncio.create_task(_settle(book, renewed))
    stack.push_async_callback(_cancelled, task)
    return desk


async def _settle(book: Book, renewed: Renewed) -> None:
    """Tell what could not be told at once, and which secrets were renewed."""
    while True:
        await apart(book.settle)
        with suppress(Retry):  # the broker is away; the next look tells
            await apart(renewed.look)
        await asyncio.sleep(SETTLE)


def keep_seeds(keeping: Keeping, seeds: Mapping[str, Seed]) -> None:
    """Keep what the files say now: replay asks for it when they have long said something else.

    Raises Retry. What the topic cannot take is told in the log; nothing else depends on it.
    """
    for name, seed in seeds.items():
        try:
            keeping.keep_filed(seed.registered, seed.files)
        except Reject as error:
            log.warning("file_version_not_kept", name=name, what=error.what)


def owe_missing(broker: Broker, keeping: Keeping, book: Book) -> None:
    """Note the changes of the last day of which `hub.act` does not tell: a process died between."""
    since = now_ms() - DAY
    changes = [*changes_since(keeping.fresh(), since)]
    told = told_since(broker, since - SKEWED) if changes else frozenset[str]()
    missing = [act for act in changes if act.change not in told]
    if missing:
        log.info("acts_missing", count=len(missing))
        book.owe(missing)


async def _cancelled(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
