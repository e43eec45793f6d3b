"""No signal to a stranger, no orphan left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.dev import process
from hub.dev.waiting import until

pytestmark = pytest.mark.process

WAIT = "import threading; print('here', flush=True); threading.Event().wait(60)"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", WAIT], stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        yield running
        running.kill()


def known(pid: int) -> str:
    found = process.identity(pid)
    assert found is not None
    return found


def test_a_process_is_known_by_pid_and_start(child: subprocess.Popen[bytes]) -> None:
    assert known(child.pid) == known(child.pid)
    assert known(child.pid) != known(os.getppid())
    assert (process.memory(child.pid) or 0) > 1_000_000


def test_the_dead_and_the_zombie_have_no_identity(child: subprocess.Popen[bytes]) -> None:
    child.kill()
    assert until(lambda: process.identity(child.pid) is None, 5)  # a zombie: nobody waited for it
    child.wait()
    assert process.identity(child.pid) is None
    assert process.memory(child.pid) is None


def test_ending_ends_and_says_so(child: subprocess.Popen[bytes]) -> None:
    assert process.end(child.pid, known(child.pid), signal.SIGTERM, 5)
    assert -signal.SIGTERM == child.wait(5)


def test_a_stranger_with_the_same_pid_is_left_alone(child: subprocess.Popen[bytes]) -> None:
    boot = known(child.pid).partition("/")[0]
    assert process.end(child.pid, f"{boot}/1", signal.SIGKILL, 5)
    assert process.end(child.pid, f"another-boot/{known(child.pid)}", signal.SIGKILL, 5)
    assert child.poll() is None


def test_one_that_does_not_end_is_reported(child: subprocess.Popen[bytes]) -> None:
    assert not process.end(child.pid, known(child.pid), signal.SIGCONT, 0.1)
    assert process.end(child.pid, known(child.pid), signal.SIGKILL, 5)


def test_one_that_is_gone_is_gone(child: subprocess.Popen[bytes]) -> None:
    before = known(child.pid)
    child.kill()
    child.wait()
    assert process.end(child.pid, before, signal.SIGTERM, 5)


def test_it_sees_only_what_it_is_given_and_leads_a_session(tmp_path: Path) -> None:
    look = "import os; print(sorted(os.environ), os.getsid(0) == os.getpid(), os.getcwd())"
    log = tmp_path / "log" / "out"
    argv = [sys.executable, "-E", "-S", "-c", look]
    started = process.spawn(argv, tmp_path, log, {"ONE": "1", "LC_ALL": "C.UTF-8"}, owned=False)
    assert 0 == started.wait(10)
    assert f"['LC_ALL', 'ONE'] True {tmp_path}\n" == log.read_text()


PARENT = """
import sys, threading
from pathlib import Path
from hub.dev import process
argv = [sys.executable, "-c", "import threading; threading.Event().wait(60)"]
print(process.spawn(argv, Path("."), Path(sys.argv[1]), {}, owned=sys.argv[2] == "owned").pid, flush=True)
threading.Event().wait(60)
"""  # noqa: E501 - a program


@pytest.mark.parametrize("kind", ["owned", "free"])
def test_an_owned_child_dies_with_its_parent_and_a_free_one_does_not(
    tmp_path: Path, kind: str
) -> None:
    argv = [sys.executable, "-c", PARENT, str(tmp_path / "out"), kind]
    with subprocess.Popen(argv, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        child = known(pid)
        parent.kill()
        parent.wait()
        try:
            died = until(lambda: process.identity(pid) != child, 5 if kind == "owned" else 0.5)
            assert died == (kind == "owned")
        finally:
            process.end(pid, child, signal.SIGKILL, 5)
