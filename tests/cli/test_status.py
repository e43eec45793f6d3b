"""`hub status`: what runs, how registrations stand, what wants a person."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub import metrics
from hub.cli.main import app
from hub.cli.status import alerts_of, registrations
from hub.dev import runfiles

NAMES = ("a", "b")


@contextmanager
def process(ready: tuple[int, str], page: bytes) -> Iterator[str]:
    """Something that answers as a worker does; its address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = ready if "ready" in self.path else (200, page.decode())
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def page() -> Iterator[bytes]:
    """Two lanes: one is well, one has parked a dossier and waits for its system."""
    metrics.lag.labels("a").set(3)
    metrics.lag.labels("b").set(7)
    metrics.parked.labels("b").set(2)
    metrics.broken.labels("b").set(1)
    found = metrics.page()[0]
    yield found
    for gauge in (metrics.lag, metrics.parked, metrics.broken):
        gauge.clear()


def asked(home: Path, *words: str) -> Result:
    return CliRunner(env={"HUB_HOME": str(home)}).invoke(app, ["status", *words])


def test_what_the_gauges_of_all_workers_say_is_added_up(page: bytes) -> None:
    rows = {str(row["registration"]): row for row in registrations(2 * metrics.read(page))}
    assert (rows["a"]["lag"], rows["a"]["state"]) == (6, "well")
    assert (rows["b"]["lag"], rows["b"]["parked"]) == (14, 4)
    assert rows["b"]["state"] == "down: probes only"


def test_what_wants_a_person_is_told_and_nothing_else(page: bytes) -> None:
    told = [(row["alert"], row["of"], row["value"]) for row in alerts_of(metrics.read(page))]
    assert [one for one in told if one[1] in NAMES] == [
        ("hub_parked_dossiers", "b", 2),
        ("hub_breaker_open", "b", 1),
    ]


def test_what_is_no_page_of_metrics_tells_nothing() -> None:
    assert metrics.read(b"<html>{broken</html>") == []
    assert metrics.read(b"\xff") == []


def test_all_is_well(tmp_path: Path) -> None:
    with (
        process((200, "ready\nnobody is told X"), b"") as url,
        runfiles.publish(tmp_path, "worker", url),
    ):
        result = asked(tmp_path, "--json")
    assert result.exit_code == 0, result.output
    (row,) = [json.loads(line) for line in result.stdout.splitlines()]
    assert (row["kind"], row["process"], row["ready"]) == ("process", "worker", "yes")
    assert row["says"] == ["nobody is told X"]


def test_what_wants_a_person_ends_with_1(tmp_path: Path, page: bytes) -> None:
    with process((200, "ready"), page) as url:
        result = asked(tmp_path, "--url", url)
    assert result.exit_code == 1
    assert "dossiers set aside after retries" in result.output
    assert "want a person" in result.output


def test_what_is_not_ready_or_not_there_ends_with_3(tmp_path: Path) -> None:
    with process((503, "the broker is away"), b"") as url:
        result = asked(tmp_path, "--url", url)
    assert result.exit_code == 3
    assert "the broker is away" in result.output
    gone = asked(tmp_path, "--url", url)
    assert gone.exit_code == 3
    assert "it does not answer" in gone.output
    nothing = asked(tmp_path)
    assert nothing.exit_code == 3
    assert "hub up" in nothing.output
