"""Systems to deliver to: answer at once or after a delay, remember what came in which order.

    python -m ops.bench.peer <file> [<seconds> [<systems>]]

writes {"ports": […]}, one for each system, to the file when all serve. A fact tells its place among
the facts of its dossier (ops.bench.messages, ops.bench.board); what comes twice, or before its
turn, is counted. `GET /_bench` tells the counts of one system, `/_bench/all` those of all,
`/_bench/arrivals` when each fact of the board came first, and `/_bench/delay/2.5` makes it slow.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import httptools
import msgspec
import uvloop

from adapters.http.connection import Stream
from ops.bench import board

JSON = b"HTTP/1.1 %d OK\r\ncontent-type: %b\r\ncontent-length: %d\r\n\r\n%b"
TOKEN = b'{"access_token":"t","token_type":"Bearer","expires_in":36000}'
SOAP = (
    b'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
    b'<%bTraLoi xmlns="urn:vn:tinh:motcua:1"><KetQua><Ma>00</Ma></KetQua></%bTraLoi>'
    b"</soap:Body></soap:Envelope>"
)


class Counts(msgspec.Struct):
    """What came. Times are of the machine's monotonic clock, seconds.

    `errors`: messages that are not what the contract says, or came without the credential.
    """

    calls: int = 0
    repeated: int = 0
    out_of_order: int = 0
    errors: int = 0
    dossiers: int = 0
    first: float = 0.0
    last: float = 0.0


class Book:
    """Which fact of which dossier came when, per registration path."""

    def __init__(self) -> None:
        self._keys: set[bytes] = set()
        self._last: dict[bytes, int] = {}
        self.arrivals: dict[str, float] = {}  # "dossier/step" -> when it came first
        self.counts = Counts()

    def enter(self, dossier: bytes, step: int, key: bytes) -> None:
        """Note a call."""
        counts = self.counts
        counts.last = time.monotonic()
        counts.first = counts.first or counts.last
        counts.calls += 1
        counts.repeated += key in self._keys
        self._keys.add(key)
        counts.out_of_order += step != self._last.get(dossier, -1) + 1
        self._last[dossier] = step
        counts.dossiers = len(self._last)

    def told(self, told: board.Told) -> None:
        """Note what the board was told."""
        self.enter(told.dossier.encode(), int(told.step), told.id.encode())
        self.arrivals.setdefault(f"{told.dossier}/{told.step}", self.counts.last)


class System:
    """One of those that are delivered to. `delay`: seconds until it answers."""

    def __init__(self, delay: float = 0.0) -> None:
        self.book = Book()
        self.delay = delay


class Peer(asyncio.Protocol):
    """One connection to a system; `everybody`: all systems of this process."""

    def __init__(self, system: System, everybody: Sequence[System] = ()) -> None:
        self._system, self._everybody = system, everybody
        self._parser = httptools.HttpRequestParser(self)
        self._stream: Stream | None = None
        self._url, self._key, self._body, self._credential = b"", b"", b"", b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, Stream):
            self._stream = transport

    @property
    def open(self) -> bool:
        """Whether the connection stands."""
        return self._stream is not None

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._stream = None

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"idempotency-key":
            self._key = value
        elif name.lower() == b"authorization":
            self._credential = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        url, key, body = self._url, self._key, self._body
        self._url, self._key, self._body = b"", b"", b""
        answer = self._answer(url, key, body)
        if self._system.delay and not url.startswith(b"/_bench"):
            asyncio.get_running_loop().call_later(self._system.delay, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if self._stream is not None:
            self._stream.write(answer)

    def _answer(self, url: bytes, key: bytes, body: bytes) -> bytes:
        book = self._system.book
        if url.startswith(b"/_bench"):
            return _json(200, self.asked(url))
        if url in (board.REST_PATH, board.SOAP_PATH):
            return self._told(book, url, body)
        if url.startswith(b"/oauth2/"):
            return _json(200, TOKEN)
        if url.startswith(b"/ho-so/"):
            step = body.partition(b'"noiDung":"')[2].partition(b'"')[0]
            book.enter(url.split(b"/")[2], int(step), key)
            return _json(200, b'{"ma":"OK"}')
        book.enter(_text(body, b"MaHoSo"), int(_text(body, b"MaGoc") or b"0"), _key(body))
        answer = _element(body)
        text = SOAP % (answer, answer)
        return JSON % (200, b"text/xml; charset=utf-8", len(text), text)

    def asked(self, url: bytes) -> bytes:
        """The answer to the measurement's own question or order, in JSON."""
        what, _, value = url.removeprefix(b"/_bench/").partition(b"/")
        if what == b"arrivals":
            return msgspec.json.encode(self._system.book.arrivals)
        if what == b"all":
            return msgspec.json.encode([one.book.counts for one in self._everybody])
        if what == b"fresh":
            self._system.book = Book()
        elif what == b"delay":
            self._system.delay = float(value)
        return msgspec.json.encode(self._system.book.counts)

    def _told(self, book: Book, url: bytes, body: bytes) -> bytes:
        try:
            if url == board.SOAP_PATH:
                book.told(board.read_soap(body))
                text = board.SOAP_YES
                return JSON % (200, b"text/xml; charset=utf-8", len(text), text)
            book.told(board.read_json(body, self._credential))
        except board.MisfitError as error:
            book.counts.errors += 1
            return _json(400, msgspec.json.encode({"why": str(error)}))
        return _json(200, board.REST_YES)


def _json(status: int, body: bytes) -> bytes:
    return JSON % (status, b"application/json", len(body), body)


def _text(body: bytes, name: bytes) -> bytes:
    """The text of the first element of this name, whatever its prefix."""
    return body.partition(name + b">")[2].partition(b"<")[0]


def _key(body: bytes) -> bytes:
    return _text(body, b"MaGiaoDich")


def _element(body: bytes) -> bytes:
    """The name of the element in the SOAP body."""
    inside = body.partition(b"Body>")[2].lstrip()[1:]
    name = inside.replace(b">", b" ").partition(b" ")[0]
    return name.rpartition(b":")[2]


async def serve(file: Path, delay: float = 0.0, systems: int = 1) -> None:
    """Until the process is ended. Answers come after `delay` seconds."""
    everybody = [System(delay) for _ in range(systems)]
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        ports = []
        for one in everybody:
            made = await loop.create_server(partial(Peer, one, everybody), "127.0.0.1", 0)
            server = await stack.enter_async_context(made)
            ports.append(server.sockets[0].getsockname()[1])
        new = file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode({"ports": ports}))
        new.replace(file)
        await asyncio.Event().wait()


def main(file: str, delay: str = "0", systems: str = "1") -> None:
    """Serve, as the command line says."""
    uvloop.run(serve(Path(file), float(delay), int(systems)))


if __name__ == "__main__":
    main(*sys.argv[1:])
