"""A REST peer that records what it is told, and calls to it over a real socket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from adapters.http.messages import Answer, Client
from adapters.http.transport import Transport
from adapters.rest.client import open_client
from hub.contract.binding import Binding
from hub.contract.types import Document
from tests.adapters.http.peers import LOOPBACK, ok, peer, read_request, run
from tests.adapters.rest.contracts import CONTRACT

DONE = {"ma": "00"}


@dataclass
class Seen:
    """One request as the peer read it."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> object:
        return orjson.loads(self.body)


Reply = Callable[[Seen], bytes | None]  # None: close without an answer


def reply(body: object, status: int = 200, *headers: bytes) -> bytes:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    return ok(raw, *headers, status=b"%d X" % status)


@dataclass
class System:
    """A peer that answers every request by a function and remembers them all."""

    answer: Reply
    seen: list[Seen] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            head, body = await read_request(reader)
            line, *rows = head.decode("latin-1").strip().split("\r\n")
            pairs = (row.partition(": ") for row in rows)
            one = Seen(line, {name: value for name, _, value in pairs}, body)
            self.seen.append(one)
            told = self.answer(one)
            if told is None:
                return
            writer.write(told)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def here(port: int, base: str = "", **more: Any) -> Binding:
    """A system on this machine."""
    return Binding(f"http://127.0.0.1:{port}{base}", allow_addresses=LOOPBACK, **more)


@asynccontextmanager
async def opened(
    system: System, *, clock: Clock | None = None, base: str = "", **more: Any
) -> AsyncIterator[Client]:
    async with peer(system.serve) as port, Transport() as transport:
        binding = here(port, base, **more)
        client = open_client(CONTRACT, binding, transport, clock or Clock())
        try:
            yield client
        finally:
            await client.close()


def call(
    operation: str, document: Document, answer: bytes | Reply | None = None, **more: Any
) -> tuple[Answer, list[Seen]]:
    """One call to a peer; its answer, and what the peer saw."""
    told = answer if callable(answer) else lambda _: answer or reply(DONE)
    system = System(told)

    async def work() -> Answer:
        async with opened(system, **more) as client:
            return await client.call(operation, document, "key-1")

    return run(work), system.seen


DOSSIER: Document = {
    "Idempotency_Key": "k",
    "taiLieu": ["a"],
    "maHoSo": "H44.99.99-251013-0001",
    "nguon": "TINH",
    "chuHoSo": "Nguyễn Văn Mẫu",
    "xacThucVNeID": True,
}
