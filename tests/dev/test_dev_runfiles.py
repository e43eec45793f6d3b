"""Who runs is who is alive, whatever files say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hub.dev import runfiles
from hub.errors import Reject


def files(home: Path) -> list[Path]:
    return sorted((home / "run").glob("*.json"))


def test_a_process_is_listed_while_its_block_runs(tmp_home: Path) -> None:
    with runfiles.publish(tmp_home, "postal", "http://127.0.0.1:8080", inspect="/-/calls") as entry:
        assert (entry,) == runfiles.read_all(tmp_home)
        assert os.getpid() == entry.pid
        assert {"inspect": "/-/calls"} == entry.extra
        assert entry == runfiles.find(tmp_home, "postal")
        assert runfiles.find(tmp_home, "portal") is None
    assert () == runfiles.read_all(tmp_home)
    assert [] == files(tmp_home)


def test_the_file_reads_as_the_decision_says(tmp_home: Path) -> None:
    with runfiles.publish(tmp_home, "gateway", "http://127.0.0.1:8080", admin="http://x"):
        (path,) = files(tmp_home)
        fields = json.loads(path.read_text())
    assert {"name", "pid", "url", "started", "process", "admin"} == set(fields)
    assert "gateway" == fields["name"]
    assert os.getpid() == fields["pid"]


def test_a_block_that_fails_leaves_no_file(tmp_home: Path) -> None:
    with pytest.raises(ZeroDivisionError), runfiles.publish(tmp_home, "gateway", "http://x"):
        _ = 1 / 0
    assert [] == files(tmp_home)


def test_what_a_dead_process_left_is_not_listed_and_goes_with_the_next(tmp_home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as dead:
        runfiles.write(tmp_home, "gateway", "http://old", dead.pid, {})
        assert 1 == len(runfiles.read_all(tmp_home))
        dead.kill()
    assert () == runfiles.read_all(tmp_home)
    assert 1 == len(files(tmp_home))
    with runfiles.publish(tmp_home, "gateway", "http://new"):
        assert 1 == len(files(tmp_home))


def test_a_pid_that_belongs_to_another_now_is_not_taken_for_ours(tmp_home: Path) -> None:
    with runfiles.publish(tmp_home, "gateway", "http://x"):
        (path,) = files(tmp_home)
        fields = json.loads(path.read_text())
        path.write_text(json.dumps(fields | {"process": "an-earlier-boot/1"}))
        assert () == runfiles.read_all(tmp_home)


def test_several_of_one_name_stand_side_by_side(tmp_home: Path) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other,
        runfiles.publish(tmp_home, "worker", "http://one"),
    ):
        runfiles.write(tmp_home, "worker", "http://two", other.pid, {})
        urls = {entry.url for entry in runfiles.read_all(tmp_home)}
        other.kill()
    assert {"http://one", "http://two"} == urls


@pytest.mark.parametrize("content", ["", "{", "[]", '{"name": "x"}', '{"pid": "1"}', "\xff"])
def test_strange_files_are_not_believed(tmp_home: Path, content: str) -> None:
    (tmp_home / "run").mkdir()
    (tmp_home / "run" / "x.json").write_bytes(content.encode("latin-1"))
    (tmp_home / "run" / "folder.json").mkdir()
    assert () == runfiles.read_all(tmp_home)


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a.b", " "])
def test_a_name_that_is_no_file_name_is_refused(tmp_home: Path, name: str) -> None:
    with pytest.raises(Reject, match="letters, digits"):
        runfiles.write(tmp_home, name, "http://x", os.getpid(), {})


def test_nobody_can_be_published_who_does_not_run(tmp_home: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    with pytest.raises(Reject, match="no process"):
        runfiles.write(tmp_home, "gateway", "http://x", gone.pid, {})


def test_a_program_that_is_not_ours_may_tell_its_pid_alone(tmp_home: Path) -> None:
    folder = tmp_home / "run"
    folder.mkdir()
    told = {"name": "portal", "url": "http://127.0.0.1:1", "started": "x", "inspect": "http://i"}
    (folder / "portal.json").write_text(json.dumps({**told, "pid": os.getpid()}))
    (folder / "gone.json").write_text(json.dumps({**told, "name": "gone", "pid": 2**22 + 1}))
    (found,) = runfiles.read_all(tmp_home)
    assert (found.name, found.extra["inspect"]) == ("portal", "http://i")
