"""The system that is delivered to: it notes every call before it answers, and behaves as told.

    python -m tests.faults.peer <file> <log>     writes {"port": …} to the file when it serves

The log is its own record (JSON lines, `Noted`), written before the answer goes out, so that nothing
the hub heard is missing from it. A fact tells its place in its dossier (ops.bench.messages).
`PUT /_manner` (a Manner as JSON) switches what it does; the questions about calls in doubt are
answered from its record.
"""

import asyncio
import os
import sys
import time
from base64 import b64decode
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

import httptools
import msgspec
import uvloop

from adapters.http.connection import Stream
from tests.faults.manners import Manner, Says, json, rest, soap, takes
from tests.faults.versions import marker_of

SLOW = 1.0  # seconds before an answer that count as a fault
MANNER = b"/_manner"
LOGIN = b"/oauth2/"
FOR_EVER = 3_600.0  # seconds


class Noted(msgspec.Struct, frozen=True, tag="call"):
    """A line of the log: a call. `at`: the machine's monotonic clock, seconds."""

    at: float
    key: str
    dossier: str
    step: int
    digest: str
    taken: bool
    struck: bool  # it met something that a good peer does not do
    version: str = ""  # marker of the version that made the call (tests.faults.versions)
    says: Says = "ok"


class Granted(msgspec.Struct, frozen=True, tag="login"):
    """A line of the log: a token was given. See tests.faults.evidence.Login."""

    at: float
    left: float
    lifetime: float


class Request(NamedTuple):
    """What came."""

    method: bytes
    path: bytes
    key: bytes  # header Idempotency-Key
    token: bytes  # header Authorization
    body: bytes


class Place:
    """What the system holds: its manner, and which keys had their effect."""

    def __init__(self, log: Path) -> None:
        self.manner = Manner()
        self._done: set[bytes] = set()
        self._given = 0  # tokens
        self._until: dict[bytes, float] = {}  # so long each counts, on the monotonic clock
        self._generation = -1  # of tokens (Manner.token) to which they belong
        self._log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def answer(self, request: Request) -> bytes | None:
        """The bytes of the answer; None where there is none ever."""
        if request.path == MANNER:
            self.manner = msgspec.json.decode(request.body, type=Manner)
            return rest("ok")
        if request.path.startswith(LOGIN):
            return self._login(request.token.removeprefix(b"Basic "))
        if request.path.startswith(b"/giao-dich/"):
            return self._asked(request.path.rpartition(b"/")[2])
        if request.path.startswith(b"/ho-so/"):
            return self._told(request)
        return self._soap(request.body)

    def _login(self, basic: bytes) -> bytes | None:
        """Give a token, and note for how long the one before would have counted."""
        manner, now = self.manner, time.monotonic()
        if not manner.login:
            return rest("busy")
        if manner.secret and not b64decode(basic).decode().endswith(f":{manner.secret}"):
            return rest("denied")
        if self._generation != manner.token:  # all that were given are revoked
            self._until.clear()
            self._generation = manner.token
        left = max(now, *self._until.values()) - now if self._until else 0.0
        lifetime = manner.lifetime or FOR_EVER
        self._write(Granted(now, left, lifetime))
        self._given += 1
        name = f"t{manner.token}" + (f".{self._given}" if manner.lifetime else "")
        self._until[b"Bearer " + name.encode()] = now + lifetime
        told = manner.claims or lifetime
        return json(
            200, f'{{"access_token":"{name}","token_type":"Bearer","expires_in":{told:.0f}}}'
        )

    def _known(self, token: bytes) -> bool:
        """Whether a call with this token is let in."""
        if not self.manner.lifetime:
            return token == b"Bearer t%d" % self.manner.token
        until = self._until.get(token, 0.0) if self._generation == self.manner.token else 0.0
        return time.monotonic() < until

    def _told(self, request: Request) -> bytes | None:
        known = self._known(request.token)
        step = request.body.partition(b'"noiDung":"')[2].partition(b'"')[0]
        dossier = request.path.split(b"/")[2].decode()
        return rest(self._note(request.key, dossier, int(step), request.body, known=known))

    def _asked(self, key: bytes) -> bytes | None:
        says = self.manner.to(key, "", time.monotonic())
        if says in ("ok", "refused", "unknown"):
            return rest("ok" if key in self._done else "unknown")
        return rest(says)

    def _soap(self, body: bytes) -> bytes | None:
        inside = body.partition(b"Body>")[2]
        operation = _element(inside)
        key = _text(inside, b"MaGiaoDich")
        if operation != "TraCuuGiaoDich":
            dossier, step = _text(inside, b"MaHoSo").decode(), int(_text(inside, b"MaGoc"))
            return soap(self._note(key, dossier, step, inside), operation)
        says = self.manner.to(key, "", time.monotonic())
        if says in ("ok", "refused", "unknown"):
            says = "ok" if key in self._done else "unknown"
        return soap(says, operation)

    def _note(
        self, key: bytes, dossier: str, step: int, body: bytes, *, known: bool = True
    ) -> Says:
        """Write the call down; what it gets. `known`: its credential is one that counts."""
        says = self.manner.to(key, dossier, time.monotonic()) if known else "denied"
        taken = takes(says, done=self.manner.done)
        struck = says != "ok" or self.manner.delay >= SLOW
        if taken:
            self._done.add(key)
        digest = blake2b(body, digest_size=8).hexdigest()
        self._write(
            Noted(
                at=time.monotonic(),
                key=key.decode(),
                dossier=dossier,
                step=step,
                digest=digest,
                taken=taken,
                struck=struck,
                version=marker_of(body),
                says=says,
            )
        )
        return says

    def _write(self, line: Noted | Granted) -> None:
        os.write(self._log, msgspec.json.encode(line) + b"\n")


class Peer(asyncio.Protocol):
    """One connection."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._parser = httptools.HttpRequestParser(self)
        self._stream: Stream | None = None
        self._path, self._key, self._token, self._body = b"", b"", b"", b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if isinstance(transport, Stream):
            self._stream = transport

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._stream = None

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self._path += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name == b"idempotency-key":
            self._key = value
        elif name == b"authorization":
            self._token = value

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        method = self._parser.get_method()
        request = Request(method, self._path, self._key, self._token, self._body)
        self._path, self._key, self._token, self._body = b"", b"", b"", b""
        answer = self._place.answer(request)
        if answer is not None:
            manner = self._place.manner
            if request.path == MANNER:
                delay = 0.0
            else:
                delay = manner.login_delay if request.path.startswith(LOGIN) else manner.delay
            asyncio.get_running_loop().call_later(delay, self._write, answer)

    def _write(self, answer: bytes) -> None:
        if self._stream is not None:
            self._stream.write(answer)


def _text(body: bytes, name: bytes) -> bytes:
    """The text of the first element of this name, whatever its prefix."""
    return body.partition(name + b">")[2].partition(b"<")[0]


def _element(inside: bytes) -> str:
    """The name of the first element."""
    name = inside.lstrip()[1:].replace(b">", b" ").partition(b" ")[0]
    return name.rpartition(b":")[2].decode()


async def serve(file: Path, log: Path) -> None:
    """Until the process is ended."""
    place = Place(log)
    server = await asyncio.get_running_loop().create_server(lambda: Peer(place), "127.0.0.1", 0)
    new = file.with_suffix(".new")
    new.write_bytes(msgspec.json.encode({"port": server.sockets[0].getsockname()[1]}))
    new.replace(file)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(Path(sys.argv[1]), Path(sys.argv[2])))
