"""Everything that the demo needs, started in order and ended in the reverse order.

A broker, five simulated systems, the hub: real processes on free ports of loopback, in a fresh
folder. Whatever happens (a failure, Ctrl-C), what was started is ended, by its pid.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from hub.dev import runfiles
from hub.dev.kafka import DevBroker
from hub.dev.process import owned_by_us
from hub.settings import environment
from ops.demo.http import get, wait_for

SYSTEMS = ("onestop", "portal", "ngsp", "postal_my", "postal")
AGENCIES = ["H44.99.99", "H62.99.99"]
POSTAL = "postal_my"  # serves until a story needs the other one
SETTINGS = {"postal": {"scan_every": 1}}  # seconds
GIVE_UP = {"ngsp": 4.0}  # seconds; half an hour in the story
PARTITIONS = "3"
START = 120.0  # seconds; a busy machine starts nine processes
STOP = 25.0  # seconds
TAIL = 1_500  # bytes of a log that are shown


class StageError(Exception):
    """A part could not be started: which, why, what to do."""


@dataclass(slots=True)
class Stage:
    """What runs, and where. `postal`: which of the two postal services serves the agencies."""

    home: Path
    bootstrap: str
    gateway: str
    inspect: Mapping[str, str]  # system -> base URL of its inspection endpoint
    environment: Mapping[str, str] = field(repr=False)
    register: Callable[[str, str], None] = field(repr=False)  # postal service, where it starts
    postal: str = ""
    _hub: ExitStack = field(default_factory=ExitStack, repr=False)

    def serve(self, postal: str) -> None:
        """Have this postal service serve; the hub is started anew for it. Raises StageError.

        A service that takes over gets what comes from now on, not the orders of the other one.
        """
        if postal == self.postal:
            return
        self.stop()
        self.register(postal, "now" if self.postal else "beginning")
        self.postal = postal
        self.start()

    def start(self) -> None:
        """Start the hub and wait until all of it serves. Raises StageError."""
        arguments = ["-m", "hub.cli", "up", "--listen", self.gateway.removeprefix("http://")]
        log = self.home / "log" / "hub.log"
        known = log.stat().st_size if log.exists() else 0
        hub = self._hub.enter_context(_process("hub", arguments, self.home, self.environment))
        deadline = time.monotonic() + START
        while b"all processes serve" not in log.read_bytes()[known:]:
            _alive(self.home, "hub", hub, deadline)

    def stop(self) -> None:
        """End the hub in order, if it runs."""
        self._hub.close()

    def url(self, name: str) -> str:
        """Where a process of the hub serves. Raises StageError."""
        found = runfiles.find(self.home, name)
        if found is None:
            raise StageError(f"{name} does not run\n{tail(self.home, 'hub')}")
        return found.url

    def hub(self, *arguments: str) -> list[Any]:
        """The rows that a `hub … --json` command answers."""
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "hub.cli", *arguments],
            env=dict(self.environment),
            capture_output=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise StageError(f"hub {' '.join(arguments)}: {done.stderr.decode()[-TAIL:]}")
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]


@contextmanager
def sandboxes(stage_: Stage, names: Iterable[str]) -> Iterator[Mapping[str, Mapping[str, Any]]]:
    """The same systems once more, empty, with the same credentials: where each serves and is asked.

    What they say goes nowhere.
    """
    home, configs = stage_.home / "sandbox", stage_.home / "systems"
    nobody = f"http://127.0.0.1:{_free_port()}"
    with ExitStack() as stack:
        running = [stack.enter_context(_system(home, name, nobody, configs)) for name in names]
        yield {name: _serving(home, name, process) for name, process in running}


def say(text: str) -> None:
    """Progress, for people."""
    sys.stderr.write(f"demo: {text}\n")
    sys.stderr.flush()


@contextmanager
def stage(home: Path, jars: Path, *, tell: Callable[[str], None] = say) -> Iterator[Stage]:
    """Start everything. Raises StageError.

    `jars`: where the broker's files are kept between runs. `tell`: hears each step.
    """
    with ExitStack() as stack:
        tell("starting the simulated systems")
        credentials = _credentials(home)
        gateway = f"127.0.0.1:{_free_port()}"
        running = [
            stack.enter_context(_system(home, name, f"http://{gateway}", home / "systems"))
            for name in SYSTEMS
        ]
        tell("starting Apache Kafka")  # the systems come up meanwhile
        broker = stack.enter_context(DevBroker(home, cache=jars))
        found = {name: _serving(home, name, process) for name, process in running}
        variables = environment(
            {
                "HUB_HOME": str(home),
                "HUB_BOOTSTRAP": broker.bootstrap,
                "HUB_REGISTRATIONS": str(home / "registrations.yaml"),
                "HUB_PARTITIONS": PARTITIONS,
            }
        )
        endpoints = {name: str(facts["url"]) for name, facts in found.items()}
        stage_ = Stage(
            home=home,
            bootstrap=broker.bootstrap,
            gateway=f"http://{gateway}",
            inspect={name: str(facts["inspect"]) for name, facts in found.items()},
            environment=variables,
            register=partial(_register, home, credentials, endpoints, give_up=GIVE_UP),
        )
        stack.callback(stage_.stop)
        tell("starting the hub: registry, gateway, worker, views")
        stage_.serve(POSTAL)
        yield stage_


def _credentials(home: Path) -> dict[str, Any]:
    folder = home / "systems"
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "ops.systems", "make-config", str(folder)],
        capture_output=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise StageError(f"credentials could not be made: {done.stderr.decode()[-TAIL:]}")
    made: dict[str, Any] = json.loads((folder / "hub.json").read_bytes())
    return made


@contextmanager
def _system(
    home: Path, name: str, hub: str, configs: Path
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    arguments = ["-m", "ops.systems", name, "--home", str(home), "--hub", hub]
    arguments += ["--config", str(configs / f"{name}.yaml")]
    with _process(name, arguments, home, environment({})) as process:
        yield name, process


@contextmanager
def _process(
    name: str, arguments: list[str], home: Path, variables: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    log = home / "log" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(  # noqa: S603 - our own program
            owned_by_us([sys.executable, *arguments]),  # they end with the demo, whatever ends it
            env=dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # Ctrl-C reaches the demo alone, which ends them in order
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _serving(home: Path, name: str, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    file = home / "run" / f"{name}.json"
    deadline = time.monotonic() + START
    while not file.exists():
        _alive(home, name, process, deadline)
    facts: dict[str, Any] = json.loads(file.read_bytes())
    return facts


def _alive(home: Path, name: str, process: subprocess.Popen[bytes], deadline: float) -> None:
    """Wait a moment; raise when the process has ended or the time is over."""
    try:
        process.wait(0.05)
    except subprocess.TimeoutExpired:
        if time.monotonic() < deadline:
            return
        raise StageError(f"{name} does not serve after {START:.0f} s\n{tail(home, name)}") from None
    raise StageError(f"{name} ended while starting\n{tail(home, name)}")


def tail(home: Path, name: str) -> str:
    """The end of a process's log."""
    log = home / "log" / f"{name}.log"
    return log.read_bytes()[-TAIL:].decode(errors="replace") if log.exists() else "(no log)"


def _register(
    home: Path,
    credentials: Mapping[str, Any],
    urls: Mapping[str, str],
    postal: str,
    start: str = "beginning",
    *,
    give_up: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Where each system stands: registrations.yaml.

    `start`: from where `postal` is told. `give_up`: seconds until a dossier is parked at a system,
    where that is not the connector's own.
    """
    chosen = [name for name in urls if name not in ("postal", "postal_my") or name == postal]
    entries = [
        {
            "connector": name,
            "endpoint": urls[name],
            "allow_addresses": ["127.0.0.0/8"],
            "route": "adapter" if name == "ngsp" else "default",
            "agencies": list(AGENCIES),
            **_known(name, credentials[name]),
            "delivery": {
                "timeout": 5,
                "retry": {"first": 0.5, "longest": 5} | _window(name, give_up),
            },
            "start": start if name == postal else "beginning",
        }
        for name in chosen
    ]
    text = yaml.safe_dump({"registrations": entries}, allow_unicode=True, sort_keys=False)
    (home / "registrations.yaml").write_text(text, encoding="utf-8")


def _window(name: str, give_up: Mapping[str, float]) -> dict[str, float]:
    return {"give_up": give_up[name]} if name in give_up else {}


def _known(name: str, credential: Mapping[str, Any]) -> dict[str, Any]:
    """Settings and secrets that the connector declares."""
    manifest = yaml.safe_load(Path(f"connectors/{name}/connector.yaml").read_text(encoding="utf-8"))
    secrets = {k: v for k, v in credential["secrets"].items() if k in manifest["secrets"]}
    return {"settings": credential["settings"] | SETTINGS.get(name, {}), "secrets": secrets}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def health(stage_: Stage) -> None:
    """Wait until the gateway accepts."""
    wait_for(lambda: get(f"{stage_.gateway}/health/ready")[0] == 200, START, "the gateway")
