"""Where the archive lies: one contract for a folder, memory and an S3-compatible bucket."""

import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar
from urllib.parse import unquote, urlsplit

import pytest

from hub.audit.archive.store import Store, open_bucket, open_folder, open_memory
from hub.errors import Halt, Retry
from hub.settings import Bucket, load
from tests.audit.archive.kit import AT, CODE, Shelf

SECRET = "không ai biết"


class Bucketed(BaseHTTPRequestHandler):
    """What of S3 the archive uses: PUT, GET with a range, DeleteObjects; of the key its id."""

    objects: ClassVar[dict[str, bytes]] = {}
    answers: ClassVar[list[int]] = []  # statuses that go before

    def do_PUT(self) -> None:
        raw = self.rfile.read(int(self.headers["content-length"]))
        if not self._refused():
            self.objects[self._name] = raw
            self._answer(200, b"", etag='"1"')

    def do_GET(self) -> None:
        raw = self.objects.get(self._name)
        if self._refused():
            return
        if raw is None:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        asked = self.headers.get("range")
        if asked is None:
            self._answer(200, raw, etag='"1"')
            return
        first, last = map(int, asked.removeprefix("bytes=").split("-"))
        between = f"bytes {first}-{min(last, len(raw) - 1)}/{len(raw)}"
        self._answer(206, raw[first : last + 1], etag='"1"', range_=between)

    def do_POST(self) -> None:
        """The deletion of several."""
        asked = self.rfile.read(int(self.headers["content-length"])).decode()
        if not self._refused():
            names = re.findall("<Key>(.*?)</Key>", asked)
            for name in names:
                self.objects.pop(f"/evidence/{name}", None)
            gone = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
            self._answer(200, f"<DeleteResult>{gone}</DeleteResult>".encode())

    @property
    def _name(self) -> str:
        return unquote(urlsplit(self.path).path)

    def _refused(self) -> bool:
        signed = "Credential=TEST-ID/" in self.headers.get("authorization", "")
        status = self.answers.pop(0) if self.answers else 200 if signed else 403
        if status != 200:
            self._answer(status, b"<Error><Code>No</Code></Error>")
        return status != 200

    def _answer(self, status: int, body: bytes, etag: str = "", range_: str = "") -> None:
        self.send_response(status)
        for name, value in (("etag", etag), ("content-range", range_)):
            if value:
                self.send_header(name, value)
        self.send_header("last-modified", "Mon, 13 Oct 2025 02:05:00 GMT")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def endpoint() -> Iterator[str]:
    Bucketed.objects.clear()
    Bucketed.answers.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucketed)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def bucket(endpoint: str, folder: Path, key_id: str = "TEST-ID") -> Store:
    secret = folder / "secret"
    secret.write_text(SECRET, encoding="utf-8")
    where = Bucket("s3://evidence/hub", endpoint, "vn-1", key_id, f"file:{secret}")
    return open_bucket(where, folder / "cache")


@pytest.fixture(params=["folder", "memory", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path, endpoint: str) -> Store:
    if request.param == "folder":
        return open_folder(tmp_path / "archive")
    return open_memory(tmp_path) if request.param == "memory" else bucket(endpoint, tmp_path)


def test_a_file_is_what_was_put_last(store: Store) -> None:
    assert store.get("a/b.bin") is None
    store.put("a/b.bin", b"0123456789")
    assert store.get("a/b.bin") == b"0123456789"
    assert store.parts("a/b.bin", [(2, 3), (0, 1)]) == [b"234", b"0"]
    assert store.path("a/b.bin").read_bytes() == b"0123456789"
    store.put("a/b.bin", b"other")
    assert store.get("a/b.bin") == b"other"


def test_what_is_deleted_is_gone_and_may_be_deleted_again(store: Store) -> None:
    store.put("a/b.bin", b"x")
    store.path("a/b.bin")
    store.delete("a/b.bin")
    store.delete("a/b.bin")
    assert store.get("a/b.bin") is None
    with pytest.raises(Halt, match="missing"):
        store.parts("a/b.bin", [(0, 1)])


def test_an_archive_in_a_bucket_is_searched(endpoint: str, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    archive = shelf.archive(bucket(endpoint, tmp_path))
    archive.append([shelf.event(n) for n in range(3)], AT)
    archive.seal(AT)
    assert any(name.startswith("/evidence/hub/avro/") for name in Bucketed.objects)
    shelf.place = bucket(endpoint, tmp_path)
    assert shelf.whole(shelf.found(dossiers=(CODE,))) == [shelf.event(n) for n in range(3)]


def test_a_wrong_credential_halts_and_is_not_told(endpoint: str, tmp_path: Path) -> None:
    with pytest.raises(Halt, match="refuses") as told:
        bucket(endpoint, tmp_path, key_id="OTHER").put("a", b"x")
    assert SECRET not in str(told.value)


def test_what_does_not_answer_is_tried_again_later(tmp_path: Path) -> None:
    with pytest.raises(Retry, match="did not take part"):
        bucket("http://127.0.0.1:9", tmp_path).put("a", b"x")


def test_a_short_failure_is_got_over(endpoint: str, tmp_path: Path) -> None:
    Bucketed.answers.append(503)
    bucket(endpoint, tmp_path).put("a", b"x")
    assert bucket(endpoint, tmp_path).get("a") == b"x"


def test_a_bucket_needs_its_credentials() -> None:
    given = {"HUB_ARCHIVE": "s3://evidence/hub"}
    with pytest.raises(Halt, match="HUB_ARCHIVE_KEY_ID"):
        load(given)
    with pytest.raises(Halt, match="HUB_ARCHIVE_SECRET"):
        load({**given, "HUB_ARCHIVE_KEY_ID": "x"})
    with pytest.raises(Halt, match="reference"):
        load({**given, "HUB_ARCHIVE_KEY_ID": "x", "HUB_ARCHIVE_SECRET": "open"})
    whole = load({**given, "HUB_ARCHIVE_KEY_ID": "x", "HUB_ARCHIVE_SECRET": "env:S"}).archive
    assert isinstance(whole, Bucket)
    assert load({"HUB_ARCHIVE": "/srv/evidence"}).archive == Path("/srv/evidence")
