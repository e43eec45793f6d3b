"""A loopback port that can stop listening, so that connections are refused, and listen again."""

import asyncio
import socket
from dataclasses import dataclass, field

from ops.systems.wire import Connection, Doorman, Handler


@dataclass(slots=True)
class Listener:
    """One loopback port that can be closed (connections refused) and opened again.

    Not asyncio.Server: in Python 3.11 a connection that is accepted just before that closes is
    neither served nor closed, and its client waits for ever.
    """

    handler: Handler
    doorman: Doorman
    port: int = 0
    host: str = "127.0.0.1"
    _listening: socket.socket | None = None
    _placeholder: socket.socket | None = None
    _alive: set[Connection] = field(default_factory=set)
    _arriving: "set[asyncio.Task[tuple[asyncio.Transport, Connection]]]" = field(
        default_factory=set
    )

    @property
    def url(self) -> str:
        """The base URL."""
        return f"http://{self.host}:{self.port}"

    @property
    def refusing(self) -> bool:
        """Whether connections are refused now."""
        return self._listening is None

    def open(self) -> None:
        """Listen; on the first call with port 0 a free port is taken and kept from then on."""
        if self._listening is not None:
            return
        sock = self._placeholder or self._bind()
        self._placeholder = None
        self.port = sock.getsockname()[1]
        sock.listen(1024)
        self._listening = sock
        asyncio.get_running_loop().add_reader(sock.fileno(), self._accept, sock)

    def refuse(self) -> None:
        """Refuse connections: the port stays bound, nobody listens, open ones are reset."""
        if self._stop_listening():
            self._placeholder = self._bind()
            for connection in tuple(self._alive):
                connection.reset()

    async def close(self, grace: float = 1.0) -> None:
        """Stop listening, let answers in progress end for `grace` seconds, close the rest."""
        self._stop_listening()
        if self._placeholder is not None:
            self._placeholder.close()
        loop = asyncio.get_running_loop()
        end = loop.time() + grace
        while any(c.busy for c in self._alive) and loop.time() < end:  # noqa: ASYNC110 - bounded by `end`
            await asyncio.sleep(0.01)
        for connection in tuple(self._alive):
            connection.finish()
        await asyncio.gather(*self._arriving, return_exceptions=True)
        await asyncio.sleep(0)

    def _stop_listening(self) -> bool:
        sock, self._listening = self._listening, None
        if sock is None:
            return False
        asyncio.get_running_loop().remove_reader(sock.fileno())
        sock.close()
        return True

    def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(1024):
            try:
                sock, _address = listening.accept()
            except OSError:  # nobody more, or gone again
                return
            sock.setblocking(False)  # noqa: FBT003 - the socket module's signature
            task = loop.create_task(loop.connect_accepted_socket(self._connection, sock))
            self._arriving.add(task)
            task.add_done_callback(self._arrived)

    def _connection(self) -> Connection:
        return Connection(self.handler, self.doorman, self._alive)

    def _arrived(self, task: "asyncio.Task[tuple[asyncio.Transport, Connection]]") -> None:
        self._arriving.discard(task)
        if self.refusing and not task.cancelled() and task.exception() is None:
            task.result()[1].reset()

    def _bind(self) -> socket.socket:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((self.host, self.port))
        sock.setblocking(False)  # noqa: FBT003 - the socket module's signature
        return sock
