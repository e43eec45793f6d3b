"""A Maven repository on loopback, with the faults that real ones have."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hub.dev.manifest import Artifact


class Repository:
    """Serves `files` by name, whatever folder they are asked for in."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.status = 404  # for what is not there
        self.cut: set[str] = set()  # files whose transfer breaks off half-way
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def add(self, name: str, content: bytes) -> Artifact:
        artifact = Artifact(hashlib.sha256(content).hexdigest(), "org.example", name, "1.0")
        self.files[artifact.filename] = content
        return artifact

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name = request.path.rpartition("/")[2]
        if request.command == "GET":
            self.asked.append(name)
        content = self.files.get(name)
        request.send_response(self.status if content is None else 200)
        request.send_header("Content-Length", str(len(content or b"")))
        request.end_headers()
        if content and request.command == "GET":
            request.wfile.write(content[: len(content) // 2] if name in self.cut else content)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        repository = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                repository.answer(self)

            do_HEAD = do_GET  # noqa: N815 - http.server's name

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                pass

        return Handler


@contextmanager
def serving() -> Iterator[Repository]:
    """A repository that answers until the block ends."""
    served = Repository()
    thread = threading.Thread(target=served.server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield served
    finally:
        served.server.shutdown()
        thread.join()
        served.server.server_close()
