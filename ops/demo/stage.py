"""Everything that the demo needs, started in order and ended in the reverse order.

A broker, five simulated systems, the hub: real processes on free ports of loopback, in a fresh
folder. Whatever happens (a failure, Ctrl-C), what was started is ended, by its pid.
"""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hub.dev.kafka import DevBroker
from hub.dev.process import owned_by_us
from hub.settings import environment
from ops.demo.http import get, wait_for

SYSTEMS = ("onestop", "portal", "ngsp", "postal_my", "postal")
AGENCIES = ["H44.99.99", "H62.99.99"]
PARTITIONS = "3"
START = 60.0  # seconds
STOP = 25.0  # seconds
TAIL = 1_500  # bytes of a log that are shown


class StageError(Exception):
    """A part could not be started: which, why, what to do."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What runs, and where."""

    home: Path
    bootstrap: str
    gateway: str
    inspect: Mapping[str, str]  # system -> base URL of its inspection endpoint
    urls: Mapping[str, str]  # part -> URL
    environment: Mapping[str, str] = field(repr=False)

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


def say(text: str) -> None:
    """Progress, for people."""
    sys.stderr.write(f"demo: {text}\n")
    sys.stderr.flush()


@contextmanager
def stage(
    home: Path, jars: Path, *, postal: str = "postal_my", tell: Callable[[str], None] = say
) -> Iterator[Stage]:
    """Start everything. Raises StageError.

    `jars`: where the broker's files are kept between runs. `postal`: which of the two postal
    systems serves the agencies. `tell`: hears each step.
    """
    with ExitStack() as stack:
        tell("starting the simulated systems")
        credentials = _credentials(home)
        gateway = f"127.0.0.1:{_free_port()}"
        running = [
            stack.enter_context(_system(home, name, f"http://{gateway}")) for name in SYSTEMS
        ]
        tell("starting Apache Kafka")  # the systems come up meanwhile
        broker = stack.enter_context(DevBroker(home, cache=jars))
        found = {name: _serving(home, name, process) for name, process in running}
        _register(home, credentials, {n: str(f["url"]) for n, f in found.items()}, postal)
        variables = environment(
            {
                "HUB_HOME": str(home),
                "HUB_BOOTSTRAP": broker.bootstrap,
                "HUB_REGISTRATIONS": str(home / "registrations.yaml"),
                "HUB_PARTITIONS": PARTITIONS,
            }
        )
        tell("starting the hub: registry, gateway, worker, views")
        hub = stack.enter_context(
            _process("hub", ["-m", "hub.cli", "up", "--listen", gateway], home, variables)
        )
        urls = _hub_urls(home, hub)
        yield Stage(
            home=home,
            bootstrap=broker.bootstrap,
            gateway=f"http://{gateway}",
            inspect={name: str(facts["inspect"]) for name, facts in found.items()},
            urls=urls,
            environment=variables,
        )


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
def _system(home: Path, name: str, hub: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    arguments = ["-m", "ops.systems", name, "--home", str(home), "--hub", hub]
    arguments += ["--config", str(home / "systems" / f"{name}.yaml")]
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


def _hub_urls(home: Path, hub: subprocess.Popen[bytes]) -> dict[str, str]:
    """Where the hub's processes serve, once `hub up` says that all of them do."""
    deadline = time.monotonic() + START
    log = home / "log" / "hub.log"
    while b"all processes serve" not in log.read_bytes():
        _alive(home, "hub", hub, deadline)
    urls: dict[str, str] = {}
    for file in (home / "run").glob("*.json"):
        facts = json.loads(file.read_bytes())
        urls[facts["name"]] = facts["url"]
    return urls


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
    home: Path, credentials: Mapping[str, Any], urls: Mapping[str, str], postal: str
) -> None:
    """Where each system stands: registrations.yaml."""
    chosen = [name for name in urls if name not in ("postal", "postal_my") or name == postal]
    entries = [
        {
            "connector": name,
            "endpoint": urls[name],
            "route": "adapter" if name == "ngsp" else "default",
            "agencies": list(AGENCIES),
            **_known(name, credentials[name]),
            "delivery": {"timeout": 5, "retry": {"first": 0.5, "longest": 5}},
        }
        for name in chosen
    ]
    text = yaml.safe_dump({"registrations": entries}, allow_unicode=True, sort_keys=False)
    (home / "registrations.yaml").write_text(text, encoding="utf-8")


def _known(name: str, credential: Mapping[str, Any]) -> dict[str, Any]:
    """Settings and secrets that the connector declares."""
    manifest = yaml.safe_load(Path(f"connectors/{name}/connector.yaml").read_text(encoding="utf-8"))
    secrets = {k: v for k, v in credential["secrets"].items() if k in manifest["secrets"]}
    return {"settings": credential["settings"], "secrets": secrets}


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def health(stage_: Stage) -> None:
    """Wait until the gateway accepts."""
    wait_for(lambda: get(f"{stage_.gateway}/health/ready")[0] == 200, START, "the gateway")
