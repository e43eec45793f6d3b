"""`hub worker --processes 2`: the partitions are shared, nothing is told twice, all of them end."""

import signal
import subprocess
import sys

import pytest

from hub.dev import runfiles
from hub.dev.waiting import until
from tests.system.messages import filed
from tests.system.test_outages import code
from tests.system.world import FAR, World

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


def serving(world: World) -> list[int]:
    return [entry.pid for entry in runfiles.read_all(world.home) if entry.name == "worker"]


def taken(world: World) -> list[bool]:
    logs = [world.home / "log" / f"worker{number}.log" for number in range(2)]
    return [
        log.exists() and '"event":"partitions_taken"' in log.read_text(encoding="utf-8")
        for log in logs
    ]


def test_two_processes_share_the_work_and_end_together(world: World) -> None:
    world.end("worker")
    log = (world.home / "log" / "workers.log").open("ab")
    command = [sys.executable, "-m", "hub.cli", "worker", "--processes", "2"]
    parent = subprocess.Popen(command, env=dict(world.environment), stdout=log, stderr=log)
    try:
        assert until(lambda: len(serving(world)) == 2, FAR), serving(world)
        assert until(lambda: all(taken(world)), FAR), taken(world)
        numbers = [code() for _ in range(12)]
        for number in numbers:
            filed(world, number)

        def all_told() -> bool:
            return all(world.told("onestop", number) == ["NhanHoSo"] for number in numbers)

        assert until(all_told, FAR, 0.3)
    finally:
        parent.send_signal(signal.SIGTERM)
        assert parent.wait(FAR) == 0
        log.close()
    assert serving(world) == []
    world.start("worker")
