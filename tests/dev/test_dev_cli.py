"""`hub dev`, as a person at a shell uses it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.dev import process, runfiles
from hub.dev.kafka import DevBroker, running
from hub.dev.waiting import until
from tests.brokers import link_cache
from tests.freezing import freeze

pytestmark = pytest.mark.process

HUB = (sys.executable, "-c", "from hub.cli.dev import app; app()")


def hub(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*HUB, *words],
        env={"HUB_HOME": str(home), "LC_ALL": "C.UTF-8", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


@pytest.fixture
def home(tmp_home: Path) -> Iterator[Path]:
    """A home with jars; whatever broker a test leaves there is stopped."""
    link_cache(tmp_home)
    yield tmp_home
    DevBroker(tmp_home).stop()


@pytest.mark.system
def test_up_again_status_logs_and_down(home: Path) -> None:
    first = hub(home, "up")
    assert 0 == first.returncode, first.stderr
    again = hub(home, "up")
    assert (0, first.stdout) == (again.returncode, again.stdout)
    assert "already runs" in again.stderr

    shown = json.loads(hub(home, "status", "--json").stdout)
    assert first.stdout.strip() == shown["bootstrap"]
    assert str(home) == shown["home"]
    (row,) = shown["processes"]
    assert ("kafka", "serving") == (row["name"], row["state"])
    assert row["memory"] > 50_000_000

    assert 2 == len(hub(home, "logs", "-n", "2").stdout.splitlines())
    assert "Kafka Server started" in hub(home, "logs").stdout

    down = hub(home, "down")
    assert (0, f"stopped (pid {row['pid']})\n") == (down.returncode, down.stderr)
    assert process.identity(row["pid"]) is None
    assert (0, "no broker runs here\n") == (hub(home, "down").returncode, hub(home, "down").stderr)


@pytest.mark.system
def test_two_that_start_at_once_start_one(home: Path) -> None:
    with (
        subprocess.Popen([*HUB, "up"], env={"HUB_HOME": str(home)}, stdout=subprocess.PIPE) as one,
        subprocess.Popen([*HUB, "up"], env={"HUB_HOME": str(home)}, stdout=subprocess.PIPE) as two,
    ):
        said = [one.communicate(timeout=50)[0], two.communicate(timeout=50)[0]]
    assert [0, 0] == [one.returncode, two.returncode]
    assert said[0] == said[1] != b""
    assert 1 == len(list((home / "run").glob("*.json")))


@pytest.mark.system
def test_two_homes_run_side_by_side_and_down_stops_its_own(home: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    link_cache(other)
    try:
        here, there = hub(home, "up").stdout, hub(other, "up").stdout
        assert here != there
        hub(home, "down")
        assert running(home) is None
        assert running(other) is not None
    finally:
        DevBroker(other).stop()


@pytest.mark.system
def test_a_broker_that_was_killed_is_forgotten_and_comes_back_where_it_was(home: Path) -> None:
    address = hub(home, "up").stdout
    found = running(home)
    assert found is not None
    os.kill(found.pid, signal.SIGKILL)
    assert until(lambda: running(home) is None, 10)
    assert json.loads(hub(home, "status", "--json").stdout)["bootstrap"] is None
    assert "no broker runs here" in hub(home, "down").stderr
    assert address == hub(home, "up").stdout


@pytest.mark.system
def test_a_broker_that_hangs_is_not_called_running(home: Path) -> None:
    hub(home, "up")
    found = running(home)
    assert found is not None
    freeze(found.pid)
    try:
        refused = hub(home, "up")
        table = hub(home, "status").stdout
    finally:
        os.kill(found.pid, signal.SIGCONT)
    assert (3, "") == (refused.returncode, refused.stdout)
    assert "does not answer; look at hub dev logs" in refused.stderr
    assert "not answering" in table
    assert 0 == hub(home, "up").returncode


@pytest.mark.system
def test_following_the_log_ends_with_the_broker(home: Path) -> None:
    hub(home, "up")
    argv = [*HUB, "logs", "-n", "1", "--follow"]
    env = {"HUB_HOME": str(home)}
    with subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        assert "started" in follower.stdout.readline()
        hub(home, "down")
        rest, _ = follower.communicate(timeout=20)
    assert 0 == follower.returncode
    assert "shut down" in rest


@pytest.mark.system
def test_a_changed_jar_is_rejected(home: Path) -> None:
    (jar,) = (home / "dev").glob("*/kafka_2.13-*.jar")
    jar.unlink()  # it is a link to the one that all tests use
    jar.write_bytes(b"something else")
    refused = hub(home, "up")
    assert (1, "") == (refused.returncode, refused.stdout)
    assert f"error: {jar.name}: has SHA-256" in refused.stderr


def test_status_lists_every_process_that_is_alive(tmp_home: Path) -> None:
    with runfiles.publish(tmp_home, "postal", "http://127.0.0.1:8080", inspect="/-/calls"):
        table = hub(tmp_home, "status").stdout
        rows = json.loads(hub(tmp_home, "status", "--json").stdout)["processes"]
    assert "http://127.0.0.1:8080" in table
    assert "inspect: /-/calls" in table
    assert {"inspect": "/-/calls"} == rows[0]["extra"]


def test_where_nothing_runs_it_says_what_to_do(tmp_home: Path) -> None:
    assert "hub dev up" in hub(tmp_home, "status").stderr
    assert {"home": str(tmp_home), "bootstrap": None, "processes": []} == json.loads(
        hub(tmp_home, "status", "--json").stdout
    )
    refused = hub(tmp_home, "logs")
    assert 1 == refused.returncode
    assert "run hub dev up" in refused.stderr


def test_the_last_words_of_a_jvm_are_shown(tmp_home: Path) -> None:
    (tmp_home / "log").mkdir()
    (tmp_home / "log" / "kafka.log").write_text("started\n")
    (tmp_home / "log" / "kafka.out").write_text("Terminating due to OutOfMemoryError\n")
    assert "started\nTerminating due to OutOfMemoryError\n" == hub(tmp_home, "logs").stdout


@pytest.mark.parametrize("command", ["up", "logs"])
def test_a_home_that_cannot_be_is_named(tmp_path: Path, command: str) -> None:
    (tmp_path / "file").write_text("")
    refused = hub(tmp_path / "file" / "home", command)
    assert refused.returncode in (1, 4)
    assert f"error: {tmp_path / 'file'}" in refused.stderr


@pytest.mark.parametrize("words", [("up", "--wait", "0"), ("logs", "-n", "x"), ("sideways",)])
def test_wrong_usage_is_2(tmp_home: Path, words: tuple[str, ...]) -> None:
    assert 2 == hub(tmp_home, *words).returncode


@pytest.mark.parametrize("command", ["up", "down", "status", "logs"])
def test_every_command_shows_an_example(tmp_home: Path, command: str) -> None:
    assert f"hub dev {command}" in hub(tmp_home, command, "--help").stdout
