"""`hub auditor`: the process that keeps the evidence."""

import asyncio
import os
import secrets
from collections.abc import Sequence
from contextlib import AsyncExitStack, suppress
from functools import partial
from pathlib import Path

from hub import metrics
from hub.allocator import stay_small
from hub.audit.archive.opening import open_archive
from hub.audit.archive.writer import Archive
from hub.audit.archiving import Archiver
from hub.audit.cosigned import missing
from hub.audit.follower import Follower
from hub.audit.opening import audit_folder, open_keys, open_signers, open_witnesses
from hub.audit.published import Owner, Published
from hub.audit.recorder import Recorder
from hub.audit.verify import PublicKey
from hub.broker import KafkaBroker
from hub.dev.disk import alone
from hub.errors import Halt, HubError, Retry
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.kept_secret import kept_secret
from hub.log import get_logger
from hub.probes import Probed
from hub.registry.schemas.client import RegistryClient
from hub.serving import ended, run, serving
from hub.settings import Settings
from hub.surroundings import bootstrap, now_ms, registry_url
from hub.threads import apart
from hub.topics import EVIDENCE_TOPICS, ensure_all

log = get_logger("hub.audit")
LEAVE = 10.0  # seconds for the last round at the stop
FIRST = 10_000  # records that are not in the log yet, behind which the archive waits
MINUTE = 60  # seconds between looks at what witnesses have co-signed
LOOK = 1.0  # seconds between looks at how far it is


def auditor(settings: Settings) -> None:
    """Record until SIGTERM or SIGINT.

    Raises Halt when a person must act, or another auditor runs in this home.
    """
    stay_small()
    with alone(settings.home / "run" / "auditor.lock", "hub auditor"):
        run(lambda stop: _main(settings, stop))


async def _main(settings: Settings, stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    halts: list[HubError] = []

    def halted(error: HubError) -> None:
        halts.append(error)
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(stop.set)

    async with AsyncExitStack() as stack:
        broker = KafkaBroker(bootstrap(settings), settings.security)
        await apart(ensure_all, broker, settings.partitions)
        recorder = await apart(_opened, settings, broker, stack)
        follower = Follower(broker, EVIDENCE_TOPICS, recorder, halted)
        archiver = Archiver(lambda: _archive(settings, stack), now_ms)
        archiving = Follower(
            broker, EVIDENCE_TOPICS, archiver, lambda _: None, lambda: follower.behind > FIRST
        )
        witnesses = Witnesses(audit_folder(settings), *open_witnesses(settings))
        health = AuditorHealth(follower, archiving, witnesses)
        url = await stack.enter_async_context(serving(Probed(health), "auditor", settings))
        for one in (archiving, follower):
            stack.push_async_callback(ended, partial(one.stop, LEAVE), LEAVE, "follower")
            one.start()
        log.info("auditor_started", url=url)
        while not stop.is_set():
            metrics.audit_behind.set(follower.behind)
            await apart(witnesses.look, now_ms() // 1000)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK)
        log.info("auditor_stopping")
    if halts:
        raise halts[0]


def _opened(settings: Settings, broker: KafkaBroker, stack: AsyncExitStack) -> Recorder:
    """The recorder. Raises Retry, too, while the disk is full or away."""
    try:
        return open_recorder(settings, broker, stack)
    except OSError as error:
        what = f"cannot be written ({error.strerror})"
        raise Retry(what, where=str(audit_folder(settings)), system=True) from error


def open_recorder(settings: Settings, broker: KafkaBroker, stack: AsyncExitStack) -> Recorder:
    """The recorder of this home's evidence.

    Raises Halt if the evidence is another cluster's, or its keys cannot be used.
    """
    folder = audit_folder(settings)
    cluster = broker.cluster()
    known = kept_secret(folder / "cluster.id", lambda: cluster)
    if known != cluster:
        raise Halt(
            f"holds the evidence of another cluster ({known}, this one is {cluster})",
            where=str(folder),
            fix="give this cluster a HUB_HOME of its own",
        )
    signers = open_signers(settings)
    keys = open_keys(settings)
    stack.callback(keys.close)
    writer = broker.writer()
    stack.push_async_callback(ended, writer.close, LEAVE, "writer")
    owner = Owner(
        signers[0].public.name,
        kept_secret(folder / "home.id", lambda: secrets.token_hex(8)),
        f"process {os.getpid()}",
    )
    published = Published(broker, writer, [signer.public for signer in signers])
    return Recorder(folder, keys, signers, published, owner, now_ms)


def _archive(settings: Settings, stack: AsyncExitStack) -> Archive:
    """The archive of this home. Raises Retry while no schema registry is known, Halt as it does."""
    codec = Codec(load(settings.schemas), RegistryClient(registry_url(settings)))
    keys = open_keys(settings)
    stack.callback(keys.close)
    return open_archive(settings, keys, codec)


class Witnesses:
    """Who of those that are wanted has co-signed nothing for long. Holds nothing up."""

    def __init__(self, folder: Path, keys: Sequence[PublicKey], wanted: int) -> None:
        self._folder = folder
        self._keys = keys
        self._wanted = wanted
        self._looked = 0  # POSIX seconds
        self.missing: list[str] = []

    def look(self, now: int) -> None:
        """See, once a minute, what has been taken in. Raises Halt where that is damaged."""
        if self._keys and now - self._looked >= MINUTE:
            self._looked = now
            self.missing = missing(self._folder, self._keys, self._wanted, now)
            metrics.audit_missing.set(len(self.missing))


class AuditorHealth:
    """What keeps the evidence from being written, and what a person should see to."""

    def __init__(self, recording: Follower, archiving: Follower, witnesses: Witnesses) -> None:
        self._recording = recording
        self._archiving = archiving
        self._witnesses = witnesses

    def problems(self) -> list[str]:
        problem = self._recording.problem()
        return [problem] if problem else []

    def remarks(self) -> list[str]:
        """The archive may wait, the topics hold what it does not; and witnesses may be silent."""
        problem = self._archiving.problem()
        told = [f"archive: {problem}"] if problem else []
        silent = ", ".join(self._witnesses.missing)
        return [*told, *([f"witnesses: silent for a day: {silent}"] if silent else [])]
