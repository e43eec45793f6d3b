"""The key of the digests: drawn once, whole, whoever comes first; never a short one."""

import multiprocessing
import re
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from hub.errors import Halt
from hub.settings import Settings, load
from hub.surroundings import digest_key

AT_ONCE = 8


def of(home: Path) -> Settings:
    return load({"HUB_HOME": str(home)})


def _tell(home: Path, together: Barrier, told: "Queue[bytes]") -> None:
    together.wait(30)
    told.put(digest_key(of(home)))


def test_processes_that_start_together_have_one_key(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    together, told = context.Barrier(AT_ONCE), context.Queue()
    running = [
        context.Process(target=_tell, args=(tmp_path, together, told)) for _ in range(AT_ONCE)
    ]
    for process in running:
        process.start()
    keys = {told.get(timeout=30) for _ in running}
    for process in running:
        process.join(30)
    assert keys == {digest_key(of(tmp_path))}
    assert len(keys.pop()) == 32
    (file,) = (tmp_path / "state").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damaged", ["", "ab" * 31, "xyz" * 30, "é" * 64])
def test_a_damaged_key_is_refused_and_not_repeated(tmp_path: Path, damaged: str) -> None:
    file = tmp_path / "state" / "digest.key"
    file.parent.mkdir()
    file.write_text(damaged, encoding="utf-8")
    with pytest.raises(Halt, match=re.escape("state/digest.key: does not hold a key")) as refused:
        digest_key(of(tmp_path))
    assert not damaged or damaged not in str(refused.value)
    assert file.read_text(encoding="utf-8") == damaged


def test_a_key_that_is_kept_is_read(tmp_path: Path) -> None:
    file = tmp_path / "state" / "digest.key"
    file.parent.mkdir()
    file.write_text("ab" * 32 + "\n", encoding="ascii")
    assert digest_key(of(tmp_path)) == b"\xab" * 32
