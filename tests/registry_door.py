"""A door before a schema registry that asks for a user and a password, as outside ones do."""

import base64
import hmac
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import httpx

from tests.loopback import PLAIN

LARGEST = 4 * 1024 * 1024  # bytes of a request


@contextmanager
def guarded(url: str, user: str, password: str) -> Iterator[str]:
    """Serve `url` to whoever gives the credential; yields host:port."""
    credential = base64.b64encode(f"{user}:{password}".encode()).decode()
    client = httpx.Client(base_url=url, timeout=10.0, verify=PLAIN, trust_env=False)
    handler = type("Door", (_Door,), {"expected": f"Basic {credential}", "client": client})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, name="registry-door", daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
        client.close()


class _Door(BaseHTTPRequestHandler):
    expected: ClassVar[str]
    client: ClassVar[httpx.Client]

    def do_GET(self) -> None:
        """Pass a question on."""
        self._pass("GET")

    def do_POST(self) -> None:
        """Pass a registration on."""
        self._pass("POST")

    def _pass(self, method: str) -> None:
        size = min(int(self.headers.get("content-length") or 0), LARGEST)
        body = self.rfile.read(size)
        if not hmac.compare_digest(self.headers.get("authorization") or "", self.expected):
            self._answer(401, b'{"error_code": 401, "message": "who are you?"}')
            return
        kind = {"content-type": self.headers.get("content-type") or "application/json"}
        found = self.client.request(method, self.path, content=body, headers=kind)
        self._answer(found.status_code, found.content)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/vnd.schemaregistry.v1+json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Nothing: what matters is asserted."""
