"""What a contender is asked to do: the five workloads, the job it gets, and it at work."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from ops.bench.processes import Child

Wire: TypeAlias = Literal["rest", "soap"]


@dataclass(frozen=True, slots=True)
class Workload:
    """Events come `into` the topic from a system, go `out` of it to one, or both."""

    name: str
    title: str
    into: Wire | None
    out: Wire | None


WORKLOADS = (
    Workload("W1", "Kafka to SOAP", None, "soap"),
    Workload("W2", "Kafka to REST", None, "rest"),
    Workload("W3", "REST to Kafka", "rest", None),
    Workload("W4", "SOAP to Kafka", "soap", None),
    Workload("W5", "REST to Kafka to SOAP", "rest", "soap"),
)


class Job(msgspec.Struct, frozen=True):
    """Where everything is. Addresses are of this machine."""

    bootstrap: str
    topic: str
    group: str
    schema: str  # file: the event's Avro schema, self-contained
    schema_id: int  # its id at the registry: Confluent wire format
    wsdl: str  # file: the board's SOAP contract
    into: Wire | None
    out: Wire | None
    peer: str  # URL of the board
    token: str  # credential for REST, both ways
    port: int  # where to serve; unused unless `into`
    in_flight: int  # most calls at once


def read_job(path: str) -> Job:
    """The job in a file. Raises OSError, msgspec.DecodeError."""
    return msgspec.json.decode(Path(path).read_bytes(), type=Job)


def ingress(job: Job) -> str:
    """Where a rival accepts what comes in."""
    return f"http://127.0.0.1:{job.port}{'/Board' if job.into == 'soap' else '/status'}"


@dataclass(frozen=True, slots=True)
class Running:
    """The processes under test, and the address at which they accept messages."""

    children: tuple[Child, ...]
    ingress: str

    def cpu(self) -> float:
        """Processor seconds of all of them."""
        return sum(one.cpu() for one in self.children)

    def peak(self) -> float:
        """The most memory that they ever had, added up, in MB."""
        return sum(one.peak() for one in self.children)
