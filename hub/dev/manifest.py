"""Which files a Java program consists of, to the byte.

Like `requirements.lock`, for jars. One line a file, in Maven's own order of words:

    <SHA-256>  <group>:<artifact>[:<type>[:<classifier>]]:<version>

Pinning every jar, not the program alone, also spares its resolver: jgo 3.2, asked for Kafka and its
log binding at once, lets the latter's parent POM turn kafka-clients 4.4.0 into 3.9.1.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from hub.errors import Reject

HERE = Path(__file__).parent
LINE = re.compile(r"([0-9a-f]{64})  ([\w.\-]+(?::[\w.\-]+){2,4})")
BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Artifact:
    """One file of a Maven repository."""

    sha256: str
    group: str
    name: str
    version: str
    type: str = "jar"
    classifier: str = ""

    @property
    def filename(self) -> str:
        tail = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{tail}.{self.type}"


def read(path: Path) -> tuple[Artifact, ...]:
    """The artifacts that the manifest `path` names; `#` begins a comment line.

    Raises Reject with file and line for anything else, and if it names no artifact.
    """
    artifacts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line or line.startswith("#"):
            continue
        parts = LINE.fullmatch(line)
        if parts is None:
            raise Reject(
                where=f"{path.name}:{number}",
                what="is not '<SHA-256>  <group>:<artifact>:<version>'",
                fix="write it again with python -m hub.dev.relock",
            )
        group, name, *kind, version = parts[2].split(":")
        artifacts.append(Artifact(parts[1], group, name, version, *kind))
    if not artifacts:
        raise Reject(where=path.name, what="names no artifact")
    return tuple(artifacts)


def digest(path: Path) -> str:
    """SHA-256 of a file, as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(folder: Path, artifacts: tuple[Artifact, ...]) -> None:
    """Check every file's digest: 45 MB take 0.06 s, so there is no shortcut that could be fooled.

    Raises Reject with the file's name if one is missing or not what the manifest says.
    """
    for artifact in artifacts:
        path = folder / artifact.filename
        try:
            found = digest(path)
        except FileNotFoundError:
            raise Reject(
                where=artifact.filename,
                what="is missing",
                fix="run hub dev up to fetch it",
                code="missing",
            ) from None
        if found != artifact.sha256:
            raise Reject(
                where=artifact.filename,
                what=f"has SHA-256 {found}, but the manifest says {artifact.sha256}",
                fix=f"do not run it; remove {path} and fetch it anew",
                code="digest",
            )
