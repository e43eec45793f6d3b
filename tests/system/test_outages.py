"""What ends in the middle of something: nothing is lost, nothing is said twice, order holds."""

import json
import os
import signal
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from typing import Any

import httpx
import pytest

from hub.dev.waiting import until
from tests.freezing import freeze
from tests.loopback import PLAIN
from tests.system.messages import filed, filing, report
from tests.system.world import FAR, Said, World

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
NUMBERS = count(1)
XML = {"content-type": "text/xml; charset=utf-8"}
ANSWER = 12.0  # seconds until a sender must know that it has to come again; the writer takes 6
BACK = 20.0  # seconds from a worker's start to its first call; a dead member is noticed after 10


def code() -> str:
    """A dossier code that no other test uses."""
    return f"H44.99.99-251104-{next(NUMBERS):04d}"


@pytest.fixture(autouse=True)
def whole(world: World) -> Iterator[None]:
    """After each test everything runs again, whatever it left."""
    yield
    world.faults("portal")
    if world.broker.pid is None:
        world.broker.start()
    for name in ("registry", "gateway", "worker"):
        if world.url(name) is None:
            world.running.pop(name, None)
            world.start(name, wait=False)
    for name in ("registry", "gateway", "worker"):
        assert until(lambda name=name: world.ready(name), FAR), name  # type: ignore[misc]  # bound now


def test_a_broker_that_is_away_costs_a_repeat_and_nothing_else(world: World) -> None:
    number = code()
    told = report(number, TrangThai="processing")
    world.broker.kill()
    began = time.monotonic()
    refused = world.portal("/ho-so", filing(number))
    assert time.monotonic() - began < ANSWER
    assert (refused.status_code, refused.json()["ma"]) == (503, "THU_LAI"), refused.text
    assert int(refused.headers["retry-after"]) > 0
    assert world.onestop("BaoTienDo", told).code in ("99", "Server")
    assert until(lambda: world.page("gateway", "/health/ready")[0] == 503, FAR)
    assert world.page("gateway", "/health/live")[0] == 200
    world.broker.start()
    assert until(lambda: world.ready("gateway"), FAR)
    again = world.portal("/ho-so", filing(number))
    assert again.json()["ma"] in ("OK", "DA_NHAN"), again.text
    assert world.onestop("BaoTienDo", told).code in ("00", "01")
    assert sorted(world.facts(number)) == ["Received", "StatusChanged"]
    assert until(lambda: "NhanHoSo" in world.told("onestop", number), FAR)


def test_known_schemas_go_on_without_the_registry(world: World) -> None:
    world.end("worker")
    world.start("worker")  # it has read nothing yet
    world.end("registry", signal.SIGKILL)
    number = code()
    filed(world, number)
    assert until(lambda: world.told("onestop", number) == ["NhanHoSo"], FAR)


def test_a_fresh_worker_waits_for_the_registry_and_then_goes_on(world: World) -> None:
    world.end("worker")
    world.end("registry", signal.SIGKILL)
    world.start("worker", wait=False)
    number = code()
    filed(world, number)
    waiting = "start_postponed"
    before = len(world.log("worker"))
    assert until(lambda: any(x["event"] == waiting for x in world.log("worker")[before:]), FAR)
    assert world.running["worker"].poll() is None
    assert world.told("onestop", number) == []
    world.start("registry")
    assert until(lambda: world.ready("worker"), FAR)
    assert until(lambda: world.told("onestop", number) == ["NhanHoSo"], FAR)


def test_a_gateway_killed_before_its_answer_leaves_one_fact(world: World) -> None:
    number = code()
    filed(world, code())  # the gateway is connected, so that what it appends next leaves it
    before = world.kept()
    broker = world.broker.pid
    assert broker is not None

    freeze(broker)  # what the gateway appends now waits for its acknowledgement
    try:
        sender = threading.Thread(target=_unheard, args=(world, number))
        sender.start()
        appended = "hub_intake"  # the gateway serves its page while the message waits
        assert until(lambda: appended in world.page("gateway", "/metrics")[1], FAR)
        assert not until(lambda: not sender.is_alive(), 0.5)
        world.end("gateway", signal.SIGKILL)
        sender.join(FAR)
    finally:
        os.kill(broker, signal.SIGCONT)
    assert until(lambda: world.kept() == before + 1, FAR), "the fact was not kept: nothing is shown"
    world.start("gateway")
    answer = world.portal("/ho-so", filing(number))
    assert (answer.status_code, answer.json()["ma"]) == (200, "DA_NHAN")
    assert world.facts(number) == ["Received"]
    assert until(lambda: world.told("onestop", number) == ["NhanHoSo"], FAR)


def _unheard(world: World, number: str) -> None:
    with pytest.raises(httpx.HTTPError):
        world.portal("/ho-so", filing(number))


def test_a_worker_killed_under_load_loses_nothing_and_keeps_the_order(world: World) -> None:
    dossiers, steps = [code() for _ in range(40)], 8
    for number in dossiers:
        filed(world, number)
    assert until(lambda: all(world.told("onestop", n) for n in dossiers[-5:]), FAR)
    slow = {"name": "slow", "match": {}, "action": {"kind": "delay", "seconds": 0.5}}
    world.faults("portal", rules=[slow])
    with httpx.Client(base_url=world.gateway, timeout=FAR) as client:
        for step in range(steps):
            for number in dossiers:
                told = report(number, TrangThai="processing", NoiDung=f"Bước {step}")
                raw = world.envelope("BaoTienDo", told | {"MaGiaoDich": f"{number}-{step}"})
                answer = client.post("/onestop/MotCuaBaoCao", content=raw, headers=XML)
                assert Said.of(answer).code == "00"
    assert until(lambda: len(_steps(world, dossiers)) > 40, FAR)
    world.end("worker", signal.SIGKILL)
    at_death = len(_steps(world, dossiers))
    assert at_death < len(dossiers) * steps, "the load was too small to be killed under"
    began = time.monotonic()
    world.start("worker", wait=False)
    assert until(lambda: len(_steps(world, dossiers)) > at_death, FAR)
    assert time.monotonic() - began < BACK
    world.faults("portal")
    whole = len(dossiers) * steps
    assert until(lambda: len({key for _, key in _steps(world, dossiers)}) == whole, FAR)
    order: dict[str, list[str]] = defaultdict(list)
    keys: dict[tuple[str, str], set[str]] = defaultdict(set)
    for call in _calls(world, dossiers):
        said = json.loads(call["body"])["noiDung"]
        if said not in order[call["dossier"]]:
            order[call["dossier"]].append(said)
        keys[call["dossier"], said].add(call["key"])
    assert order == {number: [f"Bước {step}" for step in range(steps)] for number in dossiers}
    assert {pair for pair, found in keys.items() if len(found) != 1} == set()


def _calls(world: World, dossiers: list[str]) -> list[dict[str, Any]]:
    """Every step that the portal was told, repeats too, in the order of their coming."""
    url = f"{world.inspect['portal']}/_sim/calls?direction=in&limit=100000"
    rows: list[dict[str, Any]] = httpx.get(url, timeout=FAR, verify=PLAIN).json()
    wanted = set(dossiers)
    return [
        row
        for row in rows
        if row["operation"].endswith("/tien-do")
        and row["dossier"] in wanted
        and row["verdict"] in ("stored", "repeated")
    ]


def _steps(world: World, dossiers: list[str]) -> list[tuple[str, str]]:
    return [(row["dossier"], row["key"]) for row in _calls(world, dossiers)]
