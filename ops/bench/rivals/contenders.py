"""Who is compared, and how each is started: alone on the measured core, with a job."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import yaml

from ops.bench.processes import child
from ops.bench.rig import Rig
from ops.bench.rivals.camel_main import camel
from ops.bench.rivals.jobs import Job, Running, ingress

HERE = Path(__file__).parent
CONNECTORS = HERE / "connectors"


@dataclass(frozen=True, slots=True)
class Contender:
    """One of those that are compared. `group`: its consumer group for a job."""

    name: str
    title: str
    start: Callable[[Rig, Job], AbstractContextManager[Running]]
    group: Callable[[Job], str]


@contextmanager
def hub(rig: Rig, job: Job) -> Iterator[Running]:
    """`hub gateway` where messages come in, `hub worker` where they go out."""
    secret = rig.home / "board-token"
    secret.write_text(job.token, encoding="ascii")
    rows = [_registration(name, job, secret) for name in _connectors(job)]
    text = yaml.safe_dump({"registrations": rows}, sort_keys=False)
    rig.scene.registrations.write_text(text, encoding="utf-8")
    rig.variables["HUB_CONNECTORS"] = str(CONNECTORS)
    with ExitStack() as stack:
        children, address = [], ""
        if job.into is not None:
            children.append(stack.enter_context(rig.process("gateway", measured=True)))
            path = {"rest": "rest_in/status", "soap": "soap_in/Board"}[job.into]
            address = f"{rig.url(children[0])}/{path}"
        if job.out is not None:
            children.append(stack.enter_context(rig.process("worker", measured=True)))
        yield Running(tuple(children), address)


def _connectors(job: Job) -> list[str]:
    ways = ((job.into, "in"), (job.out, "out"))
    return [f"{wire}_{way}" for wire, way in ways if wire is not None]


def _registration(name: str, job: Job, secret: Path) -> dict[str, object]:
    secrets = {"token": f"file:{secret}"} if name.startswith("rest") else {}
    return {
        "connector": name,
        "endpoint": job.peer,
        "allow_addresses": ["127.0.0.0/8"],
        "secrets": secrets,
        "delivery": {"in_flight": job.in_flight, "timeout": 30},
    }


def program(module: str) -> Callable[[Rig, Job], AbstractContextManager[Running]]:
    """A Python program that takes the job's file as its argument."""

    @contextmanager
    def start(rig: Rig, job: Job) -> Iterator[Running]:
        file = rig.home / "job.json"
        file.write_bytes(msgspec.json.encode(job))
        name = module.rpartition(".")[2]
        log = rig.home / "log" / f"{name}.log"
        arguments = ["-m", module, str(file)]
        with child(name, arguments, log, rig.variables, rig.cores.measured) as started:
            yield Running((started,), ingress(job))

    return start


CONTENDERS = (
    Contender("hub", "this hub", hub, lambda job: f"hub.{job.out}_out"),
    Contender(
        "handwritten",
        "aiokafka + aiohttp by hand",
        program("ops.bench.rivals.handwritten"),
        lambda job: job.group,
    ),
    Contender(
        "faust",
        "faust-streaming + httpx + zeep",
        program("ops.bench.rivals.plain_faust"),
        lambda job: job.group,
    ),
    Contender("camel", "Apache Camel 4.18", camel, lambda job: job.group),
)
