"""`hub up` waits for what comes nearer, and only for that; one runs in a home."""

import json
import os
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from hub.cli import up
from hub.cli.up import PAUSES, START, WELL, Child, Patience, Program, Returns, _await, _watch
from hub.delivery.process import WorkerHealth
from hub.dev.disk import alone
from hub.errors import Halt
from hub.intake.tail import CATCHING_UP
from hub.probes import probe
from hub.settings import environment, load

pytestmark = pytest.mark.process

# A process that answers each look at its health with the next of the given lines, "200 ..." or so.
PROCESS = """
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from hub.dev import runfiles

home, *lines = sys.argv[1:]

class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        status, _, text = (lines.pop(0) if len(lines) > 1 else lines[0]).partition(" ")
        self.send_response(int(status))
        self.end_headers()
        self.wfile.write(text.replace("/", chr(10)).encode())

    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Health)
with runfiles.publish(Path(home), "gateway", f"http://127.0.0.1:{server.server_port}"):
    print("listening", flush=True)
    server.serve_forever()
"""


@contextmanager
def child(home: Path, *lines: str) -> Iterator[Child]:
    words = [sys.executable, "-c", textwrap.dedent(PROCESS), str(home), *lines]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"listening\n"
            yield Child(Program("gateway", "gateway"), process, home / "gateway.log")
        finally:
            process.terminate()


def behind(count: int) -> str:
    return f"503 {CATCHING_UP}: {count} records to go"


def test_what_comes_nearer_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(up, "START", 1.0)
    monkeypatch.setattr(up, "SHOW", 0.3)
    nearer = [behind(900 - number) for number in range(30)]  # three seconds of it
    with child(tmp_path, *nearer, "200 ready/ngsp: halted: locked") as found:
        _await(found, load({"HUB_HOME": str(tmp_path)}), threading.Event())
    told = capsys.readouterr().err
    assert f"{CATCHING_UP}: 8" in told
    assert told.rstrip().endswith("ngsp: halted: locked"), "it is shown, and fails nothing"


def test_what_stands_still_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "START", 0.5)
    with (
        child(tmp_path, behind(7)) as found,
        pytest.raises(Halt, match=r"came no nearer for .* 7 records to go"),
    ):
        _await(found, load({"HUB_HOME": str(tmp_path)}), threading.Event())


def test_only_fewer_records_are_nearer() -> None:
    patience = Patience(0.0)
    for now, said in ((1.0, ""), (5.0, "the broker has not been heard for 31 s")):
        patience.heard(said, now)
    assert patience.word(6.0) == "the broker has not been heard for 31 s"
    assert not patience.over(START)
    assert patience.over(START + 1)
    patience.heard("90 records behind", START)
    assert not patience.over(START * 2)
    patience.heard("95 records behind", START + 9)
    assert patience.over(START * 2 + 1)
    patience.heard("89 records behind", START * 2)
    assert not patience.over(START * 3)
    assert patience.word(START * 2) == "89 records behind"
    assert patience.word(START * 2 + 1) is None


def test_a_halted_registration_is_remarked_and_fails_no_readiness() -> None:
    lane = SimpleNamespace(name="ngsp", halted="locked", broken=None, bugs=0)
    inbox = SimpleNamespace(ready=threading.Event(), silent=0.0)
    work = SimpleNamespace(running=[SimpleNamespace(lane=lane, inbox=inbox)], unread=0.0)
    health = WorkerHealth(work)  # type: ignore[arg-type]  # what it looks at
    response = probe("/health/ready", health)
    assert response is not None
    assert (response.status, response.body) == (
        503,
        b"ngsp: no partitions yet\nngsp: halted: locked\n",
    )
    inbox.ready.set()
    response = probe("/health/ready", health)
    assert response is not None
    assert (response.status, response.body) == (200, b"ready\nngsp: halted: locked\n")
    inbox.silent = 31.0
    response = probe("/health/ready", health)
    assert response is not None
    assert response.status == 503


def test_a_second_one_in_the_same_home_is_refused_and_a_misspelt_setting_is_named(
    tmp_path: Path,
) -> None:
    names = {"HUB_HOME": str(tmp_path), "HUB_BOOTSTRAP": "127.0.0.1:9", "HUB_REGISTRATION": "r"}
    with alone(tmp_path / "run" / "up.lock", "hub up"):
        second = subprocess.run(
            [sys.executable, "-m", "hub.cli", "up"],
            env=environment(names),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    warned, refused = second.stderr.splitlines()
    assert json.loads(warned)["where"] == "HUB_REGISTRATION"
    assert json.loads(warned)["fix"] == "did you mean HUB_REGISTRATIONS?"
    assert f"hub up runs here already (process {os.getpid()})" in refused
    assert second.returncode == 4


def test_the_lock_of_one_that_was_killed_is_taken_over(tmp_path: Path) -> None:
    lock = tmp_path / "up.lock"
    lock.write_text("4194305\n", encoding="ascii")  # beyond the largest pid there can be
    with alone(lock, "hub up"):
        assert lock.read_text(encoding="ascii") == f"{os.getpid()}\n"
        with pytest.raises(Halt, match=f"process {os.getpid()}"), alone(lock, "hub up"):
            pass
    with alone(lock, "hub up"):
        pass


def test_one_that_ends_again_and_again_is_started_later_and_later() -> None:
    returns = Returns()
    pauses, now = [], 0.0
    for _ in range(len(PAUSES) + 1):
        pauses.append(returns.ended("worker", 1.0, now))
        assert returns.waits("worker")
        assert not returns.due("worker", now + pauses[-1] - 0.1)
        assert not returns.due("gateway", now + 100)
        now += pauses[-1]
        assert returns.due("worker", now)
        assert not returns.due("worker", now), "once"
    assert tuple(pauses) == (*PAUSES, PAUSES[-1])
    assert returns.ended("worker", WELL, now) == PAUSES[0]


def test_one_that_ended_is_started_again_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(up, "PAUSES", (0.2,))
    log = tmp_path / "worker.log"
    log.write_text("error: no broker\n", encoding="utf-8")
    stop = threading.Event()
    started: list[Child] = []

    def start(program: Program) -> Child:
        assert program.name == "worker"
        started.append(Child(program, subprocess.Popen(["sleep", "30"]), log))
        stop.set()
        return started[-1]

    with subprocess.Popen(["sleep", "30"]) as other, subprocess.Popen(["false"]) as ended:
        first = Child(Program("gateway", "gateway"), other, log)
        children = [first, Child(Program("worker", "worker"), ended, log)]
        try:
            _watch(children, start, stop)
            assert children == [first, *started]
            assert other.poll() is None
        finally:
            for process in (other, *(child.process for child in started)):
                process.terminate()
                process.wait()
    told = capsys.readouterr().err
    assert "worker ended by itself (exit 1): error: no broker; started again in 0 s" in told
