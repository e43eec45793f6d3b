"""Apicurio Registry, for tests only: a schema registry that others wrote, to compare ours with.

Fetched (158 MB) and checked like Kafka; keeps its schemas in a topic of the given Kafka.
"""

import http.client
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.dev import manifest, process, runfiles
from hub.dev.artifacts import LOCK_WAIT, install
from hub.dev.disk import locked
from hub.dev.journal import tail
from hub.dev.jvm import ENVIRONMENT, finish, java_program
from hub.dev.node import free_port
from hub.dev.progress import Progress, to_stderr
from hub.dev.waiting import until
from hub.errors import Halt, Retry

NAME = "apicurio"
MANIFEST = manifest.HERE / "apicurio-3.3.3.sha256"
API = "/apis/ccompat/v7"  # Confluent's API
ASK = 5.0  # seconds for one answer
OK = 200


@contextmanager
def running_apicurio(
    home: Path,
    bootstrap: str,
    *,
    cache: Path | None = None,
    wait: float = 120,
    progress: Progress | None = None,
) -> Iterator[str]:
    """Run it until the block ends; gives the address of its Confluent API.

    `cache`: where the program is kept, default `<home>/dev`. It dies with the calling thread.
    Raises Retry if it cannot be fetched or does not answer in `wait` seconds, Reject if it is not
    what the manifest says, Halt with the end of its log if it dies.
    """
    program = _unpacked(cache or home / "dev", progress or to_stderr())
    port = free_port()
    log = home / "log" / "apicurio.out"
    child = process.spawn(
        [java_program(), "-Xmx384m", "-XX:+UseSerialGC", "-jar", "quarkus-run.jar"],
        program,
        log,
        ENVIRONMENT | _settings(bootstrap, port),
        owned=True,
    )
    try:
        settled = until(lambda: child.poll() is not None or _answers(port), wait, every=0.2)
        last_words = "\n".join(tail(log, 20))
        if child.poll() is not None:
            raise Halt(where=NAME, what=f"ended with {child.returncode}\n{last_words}")
        if not settled:
            raise Retry(where=NAME, what=f"no answer after {wait:.0f} s\n{last_words}", system=True)
        url = f"http://127.0.0.1:{port}{API}"
        entry = runfiles.write(home, NAME, url, child.pid, {})
        try:
            yield url
        finally:
            runfiles.remove(home, entry)
    finally:
        finish(child)


def _settings(bootstrap: str, port: int) -> dict[str, str]:
    return {
        "APICURIO_STORAGE_KIND": "kafkasql",
        "APICURIO_KAFKASQL_BOOTSTRAP_SERVERS": bootstrap,
        "QUARKUS_HTTP_HOST": "127.0.0.1",
        "QUARKUS_HTTP_PORT": str(port),
    }


def _unpacked(cache: Path, progress: Progress) -> Path:
    """The program's folder. It is unpacked aside and moved into place, so never half there."""
    (artifact,) = manifest.read(MANIFEST)
    archives = cache / MANIFEST.stem
    install((artifact,), archives, progress)
    program = archives / "program"
    with locked(archives / "unpack.lock", LOCK_WAIT):
        if not program.exists():
            progress.step(f"unpacking {artifact.filename}")
            with tempfile.TemporaryDirectory(dir=archives) as aside:
                with tarfile.open(archives / artifact.filename) as archive:
                    archive.extractall(aside, filter="data")  # refuses links and paths that leave
                (jar,) = Path(aside).rglob("quarkus-run.jar")
                shutil.move(jar.parent, program)
    return program


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ASK)
    try:
        connection.request("GET", f"{API}/subjects")
        return connection.getresponse().status == OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
