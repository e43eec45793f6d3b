"""The blocking call, against a peer on the loopback."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import orjson
import pytest

from adapters.http.simple import fetch
from hub.errors import Reject, Retry


class Peer(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._say(200, body, ("X-Kind", self.headers["Content-Type"] or ""))

    def do_GET(self) -> None:
        if self.path == "/moved":
            self._say(302, b"", ("Location", "/elsewhere"))
        elif self.path == "/cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"half")
        else:
            self._say(500, b"broken", ("X-Kind", "text"))

    def _say(self, status: int, body: bytes, header: tuple[str, str]) -> None:
        self.send_response(status)
        self.send_header(*header)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the library's name
        pass


@pytest.fixture
def peer() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_json_is_sent_and_the_whole_answer_comes_back(peer: str) -> None:
    status, headers, body = fetch("POST", f"{peer}/subjects", json={"schema": "Đ"})
    assert (200, "application/json") == (status, headers["x-kind"])
    assert {"schema": "Đ"} == orjson.loads(body)


def test_content_is_sent_as_it_is(peer: str) -> None:
    answer = fetch("POST", f"{peer}/x", content=b"\x00\xff", headers={"content-type": "a/b"})
    assert (200, "a/b", b"\x00\xff") == (answer[0], answer[1]["x-kind"], answer[2])


def test_an_error_status_is_an_answer(peer: str) -> None:
    assert (500, b"broken") == fetch("GET", f"{peer}/x")[::2]


def test_a_redirect_is_not_followed(peer: str) -> None:
    assert 302 == fetch("GET", f"{peer}/moved")[0]


def test_a_cut_answer_may_have_had_its_effect(peer: str) -> None:
    with pytest.raises(Retry) as caught:
        fetch("GET", f"{peer}/cut")
    assert (True, True) == (caught.value.system, caught.value.sent)


def test_nobody_listening_means_nothing_was_sent() -> None:
    with pytest.raises(Retry) as caught:
        fetch("GET", "http://127.0.0.1:1/secret?token=abc")
    assert (True, False) == (caught.value.system, caught.value.sent)
    assert "secret" not in str(caught.value)
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "file:///etc/hosts", "http://[::1"])
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    with pytest.raises(Reject):
        fetch("GET", url)
