"""The Faust app that streams the topics into the views; the one home of faust.

Faust reads and batches; what is read is folded by `hub.views.store`, which also says where to read
on. So the app commits nothing and has no tables (decision 0011): every process has a consumer group
of its own that reads all partitions, and partitions start where the store's file says, not where a
commit says. Faust 0.15.3 commits past failures and takes changelogs for the truth; here it cannot.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import faust
from faust.transport.drivers.aiokafka import Consumer
from faust.types import TP
from mode.supervisors import CrashingSupervisor

from hub.broker.door import tls_context
from hub.records import Record, Spot
from hub.settings import Security, resolve

BATCH = 500  # records folded in one transaction
WITHIN = 0.05  # seconds that a batch may wait for more
BUFFER = 4_096  # records that Faust reads ahead; with the default it stalls
FETCH = 262_144  # bytes of a partition at once; Kafka gives a larger record all the same
SESSION = 10.0  # seconds
STOP = 5.0  # seconds that Faust gets to stop; without a broker it needs them, and holds nothing

Apply: TypeAlias = Callable[[Sequence[Record]], Awaitable[None]]
Positions: TypeAlias = Callable[[], Mapping[Spot, int]]


class Reader(Consumer):
    """Faust's consumer, reading on where the store says instead of where a commit says."""

    positions: Positions

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Seek every assigned partition to the store's position; Faust calls it when assigned."""
        known = self.positions()
        wanted = {tp: known.get(Spot(tp.topic, tp.partition), 0) for tp in self.assignment()}
        await self.seek_wait(wanted)
        return wanted


def make_app(
    bootstrap: str,
    security: Security,
    group: str,
    folder: Path,
    topics: Sequence[str],
    begin: Positions,
    apply: Apply,
) -> faust.App:
    """An app that hands batches of records to `apply`, one after the other, in offset order.

    `begin` is asked where to read on whenever partitions are assigned. Opens nothing. When `apply`
    raises, the app crashes with that error.
    """
    app = faust.App(
        group,
        broker=[f"kafka://{address}" for address in bootstrap.split(",")],
        broker_credentials=credentials(security),
        broker_client_id=group,
        broker_session_timeout=SESSION,
        broker_heartbeat_interval=SESSION / 4,
        broker_request_timeout=30.0,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=FETCH,
        stream_buffer_maxsize=BUFFER,
        stream_wait_empty=False,
        agent_supervisor=CrashingSupervisor,
        topic_allow_declare=False,
        topic_disable_leader=True,
        web_enabled=False,
        autodiscover=False,
        store="memory://",
        datadir=str(folder),
    )
    reader = type("Reader", (Reader,), {"positions": staticmethod(begin)})
    app.transport.Consumer = reader  # type: ignore[misc]  # of this one transport, not of all
    # acks=False: there is nothing to commit, and Faust holds no list of what is under way.
    source = app.topic(*topics, key_serializer="raw", value_serializer="raw", acks=False)

    async def follow(stream: Any) -> None:
        async for events in stream.noack_take(BATCH, within=WITHIN):
            await apply([_record(event.message) for event in events])

    app.agent(source, name="follow", concurrency=1)(follow)
    return app


async def run_app(app: faust.App, stop: asyncio.Event) -> None:
    """Run until `stop`. Raises what made the app crash."""
    stopping = asyncio.ensure_future(stop.wait())
    await app.start()
    ended = asyncio.ensure_future(app.wait())
    try:
        await asyncio.wait((stopping, ended), return_when=asyncio.FIRST_COMPLETED)
        if app.crashed and app.crash_reason is not None:
            raise app.crash_reason
    finally:
        stopping.cancel()
        ended.cancel()
        async with asyncio.timeout(STOP):
            await app.stop()


def credentials(security: Security) -> faust.auth.Credentials | None:
    """How Faust (and aiokafka below it) talks to the cluster; None for PLAINTEXT."""
    context = tls_context(security)
    if security.protocol.startswith("SASL"):
        return faust.SASLCredentials(
            username=security.sasl_username,
            password=resolve(security.sasl_password or ""),
            ssl_context=context,
            mechanism=security.sasl_mechanism,
        )
    return None if context is None else faust.SSLCredentials(context=context)


def _record(message: Any) -> Record:
    # Headers are a list of pairs, or a mapping, by the way that the message came.
    headers = message.headers or ()
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return Record(
        message.topic,
        message.partition,
        message.offset,
        int((message.timestamp or 0) * 1000),
        message.key,
        message.value,
        tuple((name, bytes(value or b"")) for name, value in pairs),  # Kafka allows none
    )
