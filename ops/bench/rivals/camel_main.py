"""Apache Camel: fetched and checked like Kafka, run by Camel Main with the routes of camel/."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.dev import manifest
from hub.dev.artifacts import install
from hub.dev.jvm import ENVIRONMENT, java_program
from hub.dev.progress import to_stderr
from ops.bench.processes import child
from ops.bench.rig import JARS, Rig
from ops.bench.rivals.jobs import Job, Running, ingress

HERE = Path(__file__).parent / "camel"
MANIFEST = HERE / "camel-4.18.0.sha256"
PARTITIONS = 12
FLAGS = (  # the second compiler stays on, unlike the broker's: it is what makes a JVM fast
    "-Xmx512m",
    "-XX:+UseSerialGC",  # what a JVM takes by itself on one core
    "-XX:-UsePerfData",
    "-Djava.net.preferIPv4Stack=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
)


@contextmanager
def camel(rig: Rig, job: Job) -> Iterator[Running]:
    """One JVM with the routes of the job."""
    artifacts = manifest.read(MANIFEST)
    jars = JARS / MANIFEST.stem
    install(artifacts, jars, to_stderr())
    words = {
        "bench.topic": job.topic,
        "bench.bootstrap": job.bootstrap,
        "bench.group": job.group,
        "bench.consumers": str(min(job.in_flight, PARTITIONS)),
        "bench.peer": job.peer,
        "bench.token": job.token,
        "bench.port": str(job.port),
        "bench.schema": job.schema,
        "bench.schemaId": str(job.schema_id),
        "camel.main.routesIncludePattern": ",".join(f"file:{HERE / name}" for name in _routes(job)),
    }
    arguments = [
        *FLAGS,
        *(f"-D{name}={value}" for name, value in words.items()),
        "-cp",
        ":".join(artifact.filename for artifact in artifacts),
        "org.apache.camel.main.Main",
    ]
    log, on = rig.home / "log" / "camel.log", rig.cores.measured
    with child(
        "camel", arguments, log, ENVIRONMENT, on, program=java_program(), folder=jars
    ) as started:
        yield Running((started,), ingress(job))


def _routes(job: Job) -> list[str]:
    ways = ((job.into, "in"), (job.out, "out"))
    return ["board.yaml", *(f"{wire}_{way}.yaml" for wire, way in ways if wire is not None)]
