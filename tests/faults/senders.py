"""Senders at the gateway's door: each tells its dossiers' facts in order, and each until a yes.

A sender that hears nothing, or "later", sends the same message again, as the one-stop's outbox.
"""

import http.client
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from xml.sax.saxutils import escape

from ops.bench.messages import Sender, code, envelope
from tests.faults.evidence import Answer, Fact
from tests.faults.proxy import HOST

THREADS = 8
PATH = "/onestop/MotCuaBaoCao"
HEADERS = {
    "content-type": "text/xml; charset=utf-8",
    "soapaction": '"urn:vn:tinh:motcua:1:BaoTienDo"',
}
STEP = (
    '<BaoTienDo xmlns="urn:vn:tinh:motcua:1"><MaGiaoDich>GD-{dossier}-{step}</MaGiaoDich>'
    "<ThoiDiem>2025-10-13T10:30:00+07:00</ThoiDiem><MaHoSo>{code}</MaHoSo>"
    "<NguonHoSo>TINH</NguonHoSo><TrangThai>processing</TrangThai><CanBo>Cán bộ Thử</CanBo>"
    "<NoiDung>{step}</NoiDung></BaoTienDo>"
)
YES = (b"Ma>00<", b"Ma>01<")  # accepted now, or accepted before
ANSWER = 15.0  # seconds that a sender waits for an answer
PAUSE = 0.1  # seconds until it comes again
LONGEST = 240.0  # seconds until a sender gives up, and the run with it
EACH = 1.0  # second between two who ask at the door


class Senders:
    """All senders of one run."""

    def __init__(self, sender: Sender, port: int, patience: float = LONGEST) -> None:
        """`patience`: seconds after which a sender gives a message up."""
        self._sender = sender
        self._port = port
        self._patience = patience
        self._over = threading.Event()
        self.acknowledged: set[Fact] = set()
        self.again = 0  # messages that were sent more than once, at least

    @contextmanager
    def send(self, wanted: Sequence[tuple[int, int]]) -> Iterator[None]:
        """Send these (dossier, step) while the block runs; what is left then is not sent."""
        lines = [[w for w in wanted if w[0] % THREADS == n] for n in range(THREADS)]
        threads = [threading.Thread(target=self._tell, args=(line,)) for line in lines]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _tell(self, line: Iterable[tuple[int, int]]) -> None:
        connection = http.client.HTTPConnection(HOST, self._port, timeout=ANSWER)
        try:
            for dossier, step in line:
                if not self._until_yes(connection, dossier, step):
                    return
                self.acknowledged.add(Fact(code(dossier), step))
        finally:
            connection.close()

    def _until_yes(self, connection: http.client.HTTPConnection, dossier: int, step: int) -> bool:
        text = STEP.format(dossier=dossier, step=step, code=escape(code(dossier)))
        body = envelope(text, self._sender).encode()
        deadline = time.monotonic() + self._patience
        while not self._over.is_set() and time.monotonic() < deadline:
            try:
                connection.request("POST", PATH, body, HEADERS)
                answer = connection.getresponse().read()
                if any(yes in answer for yes in YES):
                    return True
            except (OSError, http.client.HTTPException):
                connection.close()
            self.again += 1
            self._over.wait(PAUSE)
        return False


@contextmanager
def knocking(sender: Sender, port: int, answers: list[Answer]) -> Iterator[None]:
    """While the block runs somebody comes to the REST door each second; what each was told."""
    over = threading.Event()

    def knock() -> None:
        number = 0
        while not over.wait(EACH):
            answers.append(_knock(sender.rating(number), port))
            number += 1

    thread = threading.Thread(target=knock, name="knock")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _knock(request: bytes, port: int) -> Answer:
    began = time.monotonic()
    status, after = 0, False
    with (
        suppress(OSError, http.client.HTTPException),
        socket.create_connection((HOST, port), ANSWER) as connection,
    ):
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        status, after = answer.status, int(answer.headers.get("retry-after", "0")) > 0
    return Answer(status, after, time.monotonic() - began)
