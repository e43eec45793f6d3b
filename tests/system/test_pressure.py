"""More than can be taken, and the same thing at two doors: what is answered, kept, and told."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from hub.dev.waiting import until
from tests.freezing import freeze
from tests.loopback import PLAIN
from tests.system.messages import code, filing
from tests.system.world import FAR, World

pytestmark = [pytest.mark.system, pytest.mark.timeout(480)]
CONNECTIONS, EACH = 1_600, 13  # one behind the other on each connection: 20,800 requests
LATE = 240.0  # seconds until every one of them has its answer, on a machine with much else to do
GROWTH = 150  # MB; 88 of them for the connections (hub.serving)


def post(world: World, body: bytes) -> bytes:
    """One filing of the portal as it stands on the wire."""
    head = (
        "POST /portal/ho-so HTTP/1.1\r\nhost: hub\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {world.secret('portal', 'inbound_token')}\r\n"
        f"idempotency-key: k\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answers(
    address: tuple[str, int], requests: Sequence[bytes]
) -> list[tuple[int, dict[str, str]]]:
    """Send all on one connection at once; status and headers of each answer."""
    reader, writer = await asyncio.open_connection(*address)
    found = []
    try:
        writer.write(b"".join(requests))
        for _ in requests:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            named = (line.partition(":") for line in head[1:] if line)
            headers = {name.lower(): text.strip() for name, _, text in named}
            await reader.readexactly(int(headers["content-length"]))
            found.append((int(head[0].split()[1]), headers))
    finally:
        writer.close()
    return found


async def burst(world: World, bodies: Sequence[bytes]) -> list[tuple[int, dict[str, str]]]:
    """Everything at once, EACH on a connection."""
    host, _, port = world.gateway.removeprefix("http://").partition(":")
    requests = [post(world, body) for body in bodies]
    async with asyncio.timeout(LATE):
        found = await asyncio.gather(
            *(
                answers((host, int(port)), requests[start : start + EACH])
                for start in range(0, len(requests), EACH)
            )
        )
    return [answer for of_one in found for answer in of_one]


def peak(pid: int) -> float:
    """The most memory that a process ever had, MB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    (line,) = [x for x in status.splitlines() if x.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def test_a_burst_while_the_broker_stands_still_is_refused_before_memory_grows(
    world: World,
) -> None:
    # of a day of their own: a code of `code()` must not be the beginning of one of these
    numbers = [f"H44.99.99-251106-{n:05d}" for n in range(CONNECTIONS * EACH)]
    bodies = [json.dumps(filing(number)).encode() for number in numbers]
    assert world.portal("/ho-so", bodies[0]).status_code == 200
    gateway, broker = world.running["gateway"].pid, world.broker.pid
    assert broker is not None
    before = peak(gateway)
    freeze(broker)
    try:
        found = asyncio.run(burst(world, bodies))
        grown = peak(gateway) - before
    finally:
        os.kill(broker, signal.SIGCONT)
    said = Counter(status for status, _ in found)
    assert said[503] >= len(bodies) - 1, said  # the first was kept before: it may be known
    assert all(int(headers["retry-after"]) > 0 for status, headers in found if status == 503)
    assert grown < GROWTH
    assert until(lambda: world.ready("gateway"), FAR)
    again = [world.portal("/ho-so", body).json()["ma"] for body in bodies[:20] + bodies[-20:]]
    assert set(again) <= {"OK", "DA_NHAN"}
    assert {tuple(world.facts(number)) for number in numbers[:3]} == {("Received",)}


@contextmanager
def gateways(world: World, homes: Sequence[Path]) -> Iterator[list[str]]:
    """Gateways in homes of their own, with one key of the bodies' digests; their addresses."""
    with ExitStack() as stack:
        running = [_started(stack, world, home) for home in homes]
        assert until(lambda: all(_url(home) for home in homes), FAR)
        urls = [str(_url(home)) for home in homes]
        ready = [f"{url}/health/ready" for url in urls]
        assert until(
            lambda: all(httpx.get(page, verify=PLAIN).status_code == 200 for page in ready), FAR
        )
        assert all(process.poll() is None for process in running)
        yield urls


def _started(stack: ExitStack, world: World, home: Path) -> "subprocess.Popen[bytes]":
    own = {"HUB_HOME": str(home), "HUB_DIGEST_KEY": "env:DIGEST", "DIGEST": "k" * 32}
    home.mkdir(exist_ok=True)
    out = stack.enter_context((home / "gateway.log").open("ab"))
    process = subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "gateway", "--listen", "127.0.0.1:0"],
        env={**world.environment, **own},
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=out,
    )

    def end() -> None:
        process.terminate()
        process.wait(FAR)

    stack.callback(end)
    return process


def _url(home: Path) -> str | None:
    for file in (home / "run").glob("gateway.*.json"):
        found: str = json.loads(file.read_bytes())["url"]
        return found
    return None


def tell(world: World, url: str, number: str) -> str:
    """The portal files at one of the gateways; what it is answered."""
    bearer = world.secret("portal", "inbound_token")
    headers = {"authorization": f"Bearer {bearer}", "idempotency-key": "k"}
    answer = httpx.post(f"{url}/portal/ho-so", json=filing(number), headers=headers, timeout=FAR)
    assert answer.status_code == 200, answer.text
    said: str = answer.json()["ma"]
    return said


def test_one_message_at_two_gateways_at_once_is_one_fact_also_after_they_begin_anew(
    world: World, tmp_path: Path
) -> None:
    numbers = [code() for _ in range(20)]
    homes = [tmp_path / "one", tmp_path / "two"]
    with gateways(world, homes) as urls, ThreadPoolExecutor(8) as pool:
        doors = [url for _ in numbers for url in urls]
        said = list(pool.map(lambda url, number: tell(world, url, number), doors, _twice(numbers)))
        assert set(said) <= {"OK", "DA_NHAN"}
        assert said.count("OK") >= len(numbers)
    with gateways(world, [homes[0], tmp_path / "new"]) as urls:
        assert {tell(world, url, number) for url in urls for number in numbers} == {"DA_NHAN"}
    assert until(lambda: all(world.told("onestop", n) for n in numbers), FAR)
    events = [row for number in numbers for row in world.rows("hub.dossier", number)]
    assert len({row.headers["ce_id"] for row in events}) == len(numbers), "one fact, one id"
    assert until(lambda: _ends(world, numbers)["onestop"] == len(events), FAR)
    told = {number: world.calls("onestop", number) for number in numbers}
    assert {n: calls for n, calls in told.items() if len(calls) != 1} == {}, "told once each"


def _twice(numbers: Sequence[str]) -> list[str]:
    return [number for number in numbers for _ in "12"]


def _ends(world: World, numbers: Sequence[str]) -> Counter[str]:
    rows = world.hub("receipt", "list", "--json", "-n", "100000")
    return Counter(str(row["registration"]) for row in rows if row["key"] in numbers)
