"""Registrations change while the hub runs: over HTTP, with no restart, whatever is killed."""

import contextlib
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from hub.dev.waiting import until
from tests.system.messages import code, filed
from tests.system.world import FAR, World

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

NAME = "onestop"
WHO = ("--by", "lan", "--reason", "a test")
TAKEN_UP = 5.0  # seconds until every process knows a change
MOMENTS = (0.005, 0.03, 0.1)  # seconds after which the registry is killed


@pytest.fixture(autouse=True)
def whole(world: World) -> Iterator[None]:
    """After each test everything runs, and the registration is live as the files say."""
    yield
    if world.url("registry") is None:
        world.running.pop("registry", None)
        world.start("registry")
    if state(world) == "paused":
        world.hub("connector", "resume", NAME, *WHO, "--json")


def shown(world: World) -> dict[str, Any]:
    (found,) = world.hub("connector", "registrations", NAME)
    return dict(found)


def state(world: World) -> str:
    return str(shown(world)["state"])


def register(world: World, *more: str) -> "subprocess.CompletedProcess[bytes]":
    """`hub connector register` of the connector as it is."""
    entry = world.home / "registrations.yaml" / NAME
    words = ("register", str(world.home / "connectors" / NAME), "--registration", str(entry))
    return subprocess.run(
        [sys.executable, "-m", "hub.cli", "connector", *words, *WHO, "--override", "a test", *more],
        env=dict(world.environment),
        capture_output=True,
        timeout=FAR,
        check=False,
    )


def told(world: World) -> list[str]:
    """What `hub.act` tells of changes of this registration, by its subject."""
    rows = world.hub("act", "list", "--registration", NAME, "--json", "-n", "1000")
    return [str(row["subject"]) for row in rows if str(row["subject"]).startswith("version ")]


def test_pausing_and_resuming_reach_a_running_worker(world: World) -> None:
    known = changes(world)
    (paused,) = world.hub("connector", "pause", NAME, *WHO, "--json")
    assert (paused["state"], paused["by"]) == ("paused", "lan (as local)")
    assert until(lambda: changes(world) > known, TAKEN_UP), "the worker did not take it up"
    number = code()
    filed(world, number)
    assert not until(lambda: world.told(NAME, number) != [], 1.0)
    world.hub("connector", "resume", NAME, *WHO, "--json")
    began = time.monotonic()
    assert until(lambda: world.told(NAME, number) == ["NhanHoSo"], FAR)
    assert time.monotonic() - began < TAKEN_UP + FAR / 4


def changes(world: World) -> int:
    """How many changes of the registration the worker has taken up."""
    rows = world.log("worker")
    return sum(row["event"] == "registration_changed" and row["name"] == NAME for row in rows)


def test_a_restart_of_the_control_plane_keeps_all_and_delivery_does_not_need_it(
    world: World,
) -> None:
    done = register(world)
    assert done.returncode == 0, done.stderr
    before = shown(world)
    assert before["state"] == "live"
    world.end("registry", signal.SIGKILL)
    number = code()
    filed(world, number)
    assert until(lambda: world.told(NAME, number) == ["NhanHoSo"], FAR)
    world.start("registry")
    assert shown(world) == before
    history = world.hub("connector", "history", NAME, "--json")
    assert history[0]["version"] == before["version"]
    assert history[-1]["did"] == "adopt"


def turn(world: World, known: dict[str, Any]) -> None:
    """Pause it or resume it, over HTTP; who asks may never hear of it."""
    token = (world.home / "state" / "admin.token").read_text(encoding="ascii").strip()
    step = "pause" if known["state"] == "live" else "resume"
    with contextlib.suppress(httpx.HTTPError):
        httpx.post(
            f"{world.registry}/registrations/{NAME}/{step}",
            json={"on": known["version"], "reason": "a test", "by": "lan"},
            headers={"authorization": f"Bearer {token}"},
            timeout=FAR,
        )


def test_a_control_plane_killed_in_the_middle_leaves_nothing_or_all(world: World) -> None:
    assert register(world).returncode == 0
    before = shown(world)
    for moment in MOMENTS:
        asking = threading.Thread(target=turn, args=(world, before))
        asking.start()
        asking.join(moment)
        world.end("registry", signal.SIGKILL)
        asking.join(FAR)
        world.start("registry")
        after = shown(world)
        if after != before:
            assert after["version"] == before["version"] + 1
            assert {after["state"], before["state"]} == {"live", "paused"}
            assert after["bundle"] == before["bundle"]
        before = after
    last = f"version {before['version']},"
    assert until(lambda: any(text.startswith(last) for text in told(world)), FAR)
    # an act on its way when the process died may come behind the look of the next one: told twice
    versions = [*dict.fromkeys(text.partition(",")[0] for text in told(world))]
    assert versions == [f"version {number}" for number in range(1, before["version"] + 1)]


def test_a_refused_bundle_leaves_everything_as_it_was(world: World) -> None:
    before = shown(world)
    mapping = world.home / "connectors" / NAME / "mapping.py"
    right = mapping.read_text(encoding="utf-8")
    mapping.write_text(right.replace("doc.MaHoSo", "doc.MaHoSoX", 1), encoding="utf-8")
    try:
        refused = register(world, "--json")
    finally:
        mapping.write_text(right, encoding="utf-8")
    assert refused.returncode == 1, refused.stderr
    (problem, *_) = json.loads(refused.stdout)["problems"]
    assert "MaHoSoX" in problem["what"]
    assert problem["at"].startswith("mapping.py:")
    assert shown(world) == before
    rows = world.hub("act", "list", "--kind", "REGISTRATION_REFUSED", "--json")
    assert rows[-1]["by"] == "local"
