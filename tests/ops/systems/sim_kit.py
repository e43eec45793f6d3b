"""Simulated systems on real loopback sockets, in a loop of their own, and a hub that listens."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import yaml

from ops.systems.listener import Listener
from ops.systems.peer import Peer
from ops.systems.serve import Options, running
from ops.systems.wire import Plan, Reply, Request
from tests.loopback import PLAIN

Json = dict[str, Any]


@dataclass
class Hub:
    """What the hub would be: it keeps every request and answers what it is told to."""

    url: str = ""
    requests: list[Request] = field(default_factory=list)
    reply: Reply = field(default_factory=lambda: Reply(200, b'{"ma":"OK"}'))

    def handle(self, request: Request) -> Plan:
        self.requests.append(request)
        return Plan(self.reply)


@dataclass
class Sim:
    """One system that serves: a client of its port and one of its inspection port."""

    client: httpx.Client
    inspect: httpx.Client
    config: Json
    peer: Peer

    def get(self, name: str) -> Any:
        answer = self.inspect.get(f"/_sim/{name}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def faults(self, *rules: Json, **rest: object) -> Json:
        answer = self.inspect.put("/_sim/faults", json={"rules": list(rules), **rest})
        assert answer.status_code == 200, answer.text
        made: Json = answer.json()
        return made

    def act(self, operation: str, body: object, **rest: object) -> Json:
        answer = self.inspect.post(
            "/_sim/act", json={"operation": operation, "body": body, **rest}, timeout=30
        )
        assert answer.status_code == 200, answer.text
        made: Json = answer.json()
        return made

    def later(self, seconds: float) -> None:
        """Move the system's clock."""
        self.peer.wall = lambda: time.time() + seconds

    def switch(self, **values: object) -> None:
        answer = self.inspect.put("/_sim/faults", json={"switches": values})
        assert answer.status_code == 200, answer.text


class Loop:
    """An event loop in a thread."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(10)
        self.loop.close()


async def opened(listener: Listener) -> None:
    """Open it inside the loop."""
    listener.open()


@contextmanager
def serving(loop: Loop, configs: Path, hub: Hub, system: str, options: Json) -> Iterator[Sim]:
    path = configs / f"{system}.yaml"
    changes = options.pop("config", {})
    config = yaml.safe_load(path.read_text(encoding="utf-8")) | changes
    if changes:
        path = configs / f"{system}-changed.yaml"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
    context = running(Options(system, path, hub.url, **options))
    up = loop.run(context.__aenter__())
    with (
        httpx.Client(base_url=up.url, trust_env=False, verify=PLAIN, timeout=5) as client,
        httpx.Client(base_url=up.inspect, trust_env=False, verify=PLAIN, timeout=5) as inspect,
    ):
        yield Sim(client, inspect, config, up.peer)
    loop.run(context.__aexit__(None, None, None))


Start = Callable[..., Sim]
