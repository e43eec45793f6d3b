"""One at a time, and never half a file."""

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from hub.dev.disk import MOST, locked, slot, write_whole
from hub.dev.waiting import until
from hub.errors import Halt, Retry

HOLD = """
import sys
from pathlib import Path
from hub.dev.disk import locked
with locked(Path(sys.argv[1]), 5):
    print("held", flush=True)
    input()
"""


def test_a_lock_keeps_another_process_out_until_it_dies(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "lock"
    told: list[str] = []
    argv = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        refused = pytest.raises(Retry, match="another process has been at work")
        with refused, locked(path, 0.1, lambda: told.append("busy")):
            pass
        holder.kill()
    assert ["busy"] == told
    with locked(path, 1, lambda: told.append("busy")):
        pass
    assert ["busy"] == told


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_whole(path, b"old")
    write_whole(path, b"new")
    assert b"new" == path.read_bytes()
    with pytest.raises(TypeError):
        write_whole(path, "text")  # type: ignore[arg-type] # the write fails half-way
    assert b"new" == path.read_bytes()
    assert [path] == list(path.parent.iterdir())


def test_waiting_looks_at_once_and_stops_at_the_deadline() -> None:
    looks: list[float] = []

    def never() -> bool:
        looks.append(time.monotonic())
        return False

    assert until(lambda: True, 0)
    assert not until(never, 0.1, every=0.04)
    assert len(looks) >= 2
    assert looks[-1] - looks[0] >= 0.1


def test_each_process_of_a_kind_has_a_number_of_its_own(tmp_path: Path) -> None:
    with slot(tmp_path, "gateway") as first, slot(tmp_path, "gateway") as second:
        assert (first, second) == (0, 1)
        with slot(tmp_path, "worker") as other:
            assert other == 0
    with slot(tmp_path, "gateway") as again:
        assert again == 0


def test_more_than_a_home_bears_is_told(tmp_path: Path) -> None:
    with ExitStack() as stack:
        for _ in range(MOST):
            stack.enter_context(slot(tmp_path, "worker"))
        with pytest.raises(Halt, match="64 of worker run"):
            stack.enter_context(slot(tmp_path, "worker"))
