"""What a Python team reaches for first: faust-streaming, httpx and zeep, by their manuals.

    python -m ops.bench.rivals.plain_faust JOB

An agent of concurrency 1 takes a batch, tells the dossiers of it at once and the events of each in
their order, and acknowledges the batch when every answer is there: with more agents, or without
acknowledging by hand, faust-streaming 0.15.3 commits what was never answered.
"""

import asyncio
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any

import faust
import httpx
import orjson
import zeep
from faust.web import Request, Response, View
from lxml import etree
from mode.supervisors import CrashingSupervisor
from zeep.proxy import AsyncServiceProxy
from zeep.transports import AsyncTransport

from ops.bench.board import REST_YES, SOAP_YES
from ops.bench.rivals.jobs import Job, read_job
from ops.bench.rivals.translation import Schema, headers, reported, told

BATCHES = 4  # events of a batch, for each call that may be in flight
WITHIN = 0.05  # seconds that a batch may wait for more
BUFFER = 4_096  # records that Faust reads ahead
ATTEMPTS = 20  # then the program ends and what is not acknowledged comes again
LONGEST = 5.0  # seconds between two attempts
BOARD = "{urn:bench:board:1}"
Tell = Callable[[Mapping[str, str]], Awaitable[bool]]


def make_app(job: Job, folder: str) -> faust.App:
    """The program for a job. Opens nothing."""
    app = faust.App(
        job.group,
        broker=f"kafka://{job.bootstrap}",
        broker_commit_interval=0.2,
        consumer_auto_offset_reset="earliest",
        stream_buffer_maxsize=BUFFER,
        stream_wait_empty=False,
        agent_supervisor=CrashingSupervisor,
        topic_allow_declare=False,
        topic_disable_leader=True,
        key_serializer="raw",
        value_serializer="raw",
        web_bind="127.0.0.1",
        web_port=job.port,
        autodiscover=False,
        datadir=folder,
    )
    app.producer_only = job.out is None  # a consumer without a topic ends the program
    topic = app.topic(job.topic, key_type=bytes, value_type=bytes)
    schema = Schema(job.schema, job.schema_id)
    if job.out is not None:
        deliver(app, topic, schema, job)
    if job.into is not None:
        accept(app, topic, schema, job)
    return app


def deliver(app: faust.App, topic: faust.TopicT, schema: Schema, job: Job) -> None:
    """The agent that tells the board."""
    places = asyncio.Semaphore(job.in_flight)

    async def chain(tell: Tell, events: list[faust.EventT[bytes]]) -> None:
        for event in events:
            words = told(schema.decode(event.value), event.headers["ce_id"].decode())
            async with places:
                await until_told(tell, words)

    @app.agent(topic, concurrency=1)
    async def tell_all(stream: Any) -> None:  # its types give values; it gives events
        tell = caller(job)
        async for events in stream.noack_take(BATCHES * job.in_flight, within=WITHIN):
            chains = defaultdict(list)
            for event in events:
                chains[event.key].append(event)
            await asyncio.gather(*(chain(tell, one) for one in chains.values()))
            for event in events:
                await stream.ack(event)


async def until_told(tell: Tell, words: Mapping[str, str]) -> None:
    """Repeat until the board says yes. Raises ConnectionError after ATTEMPTS."""
    pause = 0.1
    for _ in range(ATTEMPTS):
        try:
            if await tell(words):
                return
        except (httpx.HTTPError, zeep.exceptions.Error):
            pass  # it is tried again
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST)
    raise ConnectionError(f"the board does not take an event after {ATTEMPTS} attempts")


def caller(job: Job) -> Tell:
    """The call of the board, over httpx or over zeep on httpx."""
    limits = httpx.Limits(max_connections=job.in_flight)
    client = httpx.AsyncClient(limits=limits, timeout=30, trust_env=False)
    if job.out == "rest":

        async def tell(words: Mapping[str, str]) -> bool:
            credential = {"authorization": f"Bearer {job.token}"}
            answer = await client.post(f"{job.peer}/status", json=words, headers=credential)
            return answer.status_code == httpx.codes.OK and answer.json()["code"] == "00"

        return tell
    transport = AsyncTransport(client=client, wsdl_client=httpx.Client(trust_env=False))
    soap = zeep.AsyncClient(job.wsdl, transport=transport)
    # AsyncClient.create_service of zeep 4.3.3 gives the proxy that does not await
    binding = soap.wsdl.bindings[f"{BOARD}BoardSoap"]
    service = AsyncServiceProxy(soap, binding, address=f"{job.peer}/Board")

    async def tell_soap(words: Mapping[str, str]) -> bool:
        return str(await service.TellStatus(**words)) == "00"

    return tell_soap


def accept(app: faust.App, topic: faust.TopicT, schema: Schema, job: Job) -> None:
    """The pages that the board reports to: yes only after Kafka has acknowledged."""

    async def keep(words: Mapping[str, str]) -> None:
        key, value = words["dossier"].encode(), schema.encode(reported(words))
        kept = await topic.send(key=key, value=value, headers=dict(headers(words)))
        await kept

    class Rest(View):
        async def post(self, request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {job.token}":
                return self.error(401, "no credential")
            await keep(orjson.loads(await request.read()))
            return self.bytes(REST_YES, content_type="application/json")

    read = soap_reader(job.wsdl)

    class Soap(View):
        async def post(self, request: Request) -> Response:
            await keep(read(await request.read()))
            return self.bytes(SOAP_YES, content_type="text/xml")

    app.page("/status")(Rest)
    app.page("/Board")(Soap)


def soap_reader(wsdl: str) -> Callable[[bytes], dict[str, str]]:
    """Reads a SOAP message with zeep's types."""
    types = zeep.Client(wsdl).wsdl.types
    element = types.get_element(f"{BOARD}TellStatus")

    def read(body: bytes) -> dict[str, str]:
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        found = element.parse(etree.fromstring(body, parser)[-1][0], types)
        return {name: _text(getattr(found, name)) for name, _ in element.type.elements}

    return read


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value or "")


if __name__ == "__main__":
    path = sys.argv[1]
    program = make_app(read_job(path), f"{path}.data")
    faust.Worker(program, loglevel="WARNING", quiet=True).execute_from_commandline()
