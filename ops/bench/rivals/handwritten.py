"""By hand: aiokafka and aiohttp, and nothing between them. The ceiling for a Python program.

    python -m ops.bench.rivals.handwritten JOB

At least once, one call at a time per dossier and in its order, commit after the answer. No
receipts, no idempotency index, no registration, no breaker: what one writes in an afternoon.
"""

import asyncio
import sys
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from typing import TypeAlias
from xml.sax.saxutils import escape

import aiohttp
import orjson
import uvloop
from aiohttp import web
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, TopicPartition
from aiokafka.structs import ConsumerRecord
from lxml import etree

from ops.bench.board import ENVELOPE, REST_YES, SOAP_YES
from ops.bench.rivals.jobs import Job, read_job
from ops.bench.rivals.settled import Settled
from ops.bench.rivals.translation import Schema, headers, reported, told

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"
Words: TypeAlias = Mapping[str, str]
BUFFER = 2_000  # records that wait, at most
COMMIT_EVERY = 0.2  # seconds
ATTEMPTS = 20  # then the program ends and what is not committed comes again
LONGEST = 5.0  # seconds between two attempts
TIMEOUT = aiohttp.ClientTimeout(total=30)


class Deliverer(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types for it
    """Records of one key one after another, of different keys at once."""

    def __init__(
        self, consumer: "AIOKafkaConsumer", send: Callable[[Record], Awaitable[None]]
    ) -> None:
        self._consumer, self._send = consumer, send
        self._by_key: dict[bytes, deque[Record]] = {}  # the first of each is in hand
        self._ready: asyncio.Queue[bytes] = asyncio.Queue()
        self._room = asyncio.Semaphore(BUFFER)
        self._settled: dict[TopicPartition, Settled] = {}

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        self._settled.update({one: Settled() for one in assigned})

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        await self._commit()
        for one in revoked:
            self._settled.pop(one, None)

    async def run(self, in_flight: int) -> None:
        """Until it is cancelled, or a call failed for good."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(in_flight):
                tasks.create_task(self._work())
            tasks.create_task(self._commit_now_and_then())
            while True:
                for records in (await self._consumer.getmany(timeout_ms=200)).values():
                    for record in records:
                        await self._room.acquire()
                        self._arrive(record)

    def _arrive(self, record: Record) -> None:
        self._settled[TopicPartition(record.topic, record.partition)].arrived(record.offset)
        key = record.key or b""
        queue = self._by_key.get(key)
        if queue is None:
            self._by_key[key] = deque([record])
            self._ready.put_nowait(key)
        else:
            queue.append(record)

    async def _work(self) -> None:
        while True:
            key = await self._ready.get()
            queue = self._by_key[key]
            record = queue[0]
            settled = self._settled.get(TopicPartition(record.topic, record.partition))
            if settled is not None:  # else somebody else has the partition now
                await self._send(record)
                settled.done(record.offset)
            queue.popleft()
            self._room.release()
            if queue:
                self._ready.put_nowait(key)
            else:
                del self._by_key[key]

    async def _commit_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(COMMIT_EVERY)
            await self._commit()

    async def _commit(self) -> None:
        offsets = {spot: one.next for spot, one in self._settled.items() if one.next is not None}
        if offsets:
            await self._consumer.commit(offsets)


def sender(job: Job, session: aiohttp.ClientSession) -> Callable[[Record], Awaitable[None]]:
    """Tells the board an event and waits for its yes."""
    schema = Schema(job.schema, job.schema_id)
    if job.out == "rest":
        url, yes, write = f"{job.peer}/status", b'"00"', rest
        fixed = {"content-type": "application/json", "authorization": f"Bearer {job.token}"}
    else:
        url, yes, write = f"{job.peer}/Board", b">00<", soap
        action = '"urn:bench:board:1/TellStatus"'
        fixed = {"content-type": "text/xml; charset=utf-8", "soapaction": action}

    async def send(record: Record) -> None:
        body = write(told(schema.decode(record.value or b""), event_id(record)))
        pause = 0.1
        for _ in range(ATTEMPTS):
            try:
                async with session.post(url, data=body, headers=fixed) as answer:
                    if answer.status == 200 and yes in await answer.read():
                        return
            except (aiohttp.ClientError, TimeoutError):
                pass  # it is tried again
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST)
        raise ConnectionError(f"the board does not take an event after {ATTEMPTS} attempts")

    return send


def event_id(record: Record) -> str:
    """The id of an event, from its header."""
    found: bytes = dict(record.headers)["ce_id"]
    return found.decode()


def rest(words: Words) -> bytes:
    """A REST message."""
    return orjson.dumps(words)


def soap(words: Words) -> bytes:
    """A SOAP message."""
    inside = "".join([f"<{name}>{escape(text)}</{name}>" for name, text in words.items()])
    return ENVELOPE.format(inside).encode()


def application(job: Job, producer: "AIOKafkaProducer") -> web.Application:
    """What the board reports to: yes only after Kafka has acknowledged."""
    schema = Schema(job.schema, job.schema_id)

    async def keep(words: Words) -> None:
        value, key = schema.encode(reported(words)), words["dossier"].encode()
        await producer.send_and_wait(job.topic, value, key=key, headers=headers(words))

    async def over_rest(request: web.Request) -> web.Response:
        if request.headers.get("authorization") != f"Bearer {job.token}":
            return web.Response(status=401)
        try:
            await keep(orjson.loads(await request.read()))
        except (ValueError, KeyError, TypeError):
            return web.Response(status=400)
        return web.Response(body=REST_YES, content_type="application/json")

    async def over_soap(request: web.Request) -> web.Response:
        try:
            await keep(read_soap(await request.read()))
        except (etree.XMLSyntaxError, ValueError, KeyError, IndexError):
            return web.Response(status=500)
        return web.Response(body=SOAP_YES, content_type="text/xml", charset="utf-8")

    app = web.Application()
    app.router.add_post("/status", over_rest)
    app.router.add_post("/Board", over_soap)
    return app


def read_soap(body: bytes) -> dict[str, str]:
    """What a SOAP message tells, by the names of its elements."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    message = etree.fromstring(body, parser)[-1][0]
    return {etree.QName(element).localname: element.text or "" for element in message}


async def run(job: Job) -> None:
    """Deliver, accept, or both, until the process is ended."""
    async with AsyncExitStack() as stack:
        if job.into is not None:
            producer = AIOKafkaProducer(
                bootstrap_servers=job.bootstrap, acks="all", enable_idempotence=True
            )
            await producer.start()
            stack.push_async_callback(producer.stop)
            runner = web.AppRunner(application(job, producer), access_log=None)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            await web.TCPSite(runner, "127.0.0.1", job.port).start()
        if job.out is None:
            await asyncio.Event().wait()
        consumer = AIOKafkaConsumer(
            bootstrap_servers=job.bootstrap,
            group_id=job.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
        )
        connector = aiohttp.TCPConnector(limit=job.in_flight)
        session = aiohttp.ClientSession(connector=connector, timeout=TIMEOUT)
        await stack.enter_async_context(session)
        deliverer = Deliverer(consumer, sender(job, session))
        consumer.subscribe([job.topic], listener=deliverer)
        await consumer.start()
        stack.push_async_callback(consumer.stop)
        await deliverer.run(job.in_flight)


if __name__ == "__main__":
    uvloop.run(run(read_job(sys.argv[1])))
