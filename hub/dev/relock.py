"""Writes a manifest anew, for a new version of Kafka: run it, read the difference, commit it.

    python -m hub.dev.relock org.apache.kafka:kafka_2.13:4.4.0 \
        + org.apache.logging.log4j:log4j-slf4j-impl:2.25.5 > hub/dev/kafka-4.4.0.sha256

Programs before `+` are resolved with all they depend on; files after it are added as they are
(Kafka leaves the choice of a log binding to whoever runs it; without one it logs nothing).
"""

import sys
import tempfile
from pathlib import Path

from jgo.maven import Artifact, MavenContext

from hub.dev.manifest import digest


def lock(
    programs: list[str], extras: list[str], repositories: dict[str, str] | None = None
) -> list[str]:
    """The manifest's lines, sorted by coordinate. `repositories`: default Maven Central."""
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder), remote_repos=repositories)
        roots = [context.create_dependency(program) for program in programs]
        direct, transitive = context.resolver.resolve(roots) if roots else ([], [])
        files = [dependency.artifact for dependency in [*direct, *transitive]]
        files += [_alone(context, extra) for extra in extras]
        lines = [f"{digest(file.resolve())}  {_coordinate(file)}" for file in files]
    return sorted(lines, key=lambda line: line.split()[1])


def _alone(context: MavenContext, coordinate: str) -> Artifact:
    group, name, *kind, version = coordinate.split(":")  # jgo takes the type tar.gz for a version
    packaging, classifier = kind + ["jar", ""][len(kind) :]
    return context.project(group, name).at_version(version).artifact(classifier, packaging)


def _coordinate(file: Artifact) -> str:
    kind = file.packaging if file.classifier or file.packaging != "jar" else ""
    words = [file.groupId, file.artifactId, kind, file.classifier, file.version]
    return ":".join(word for word in words if word)


if __name__ == "__main__":
    words = sys.argv[1:]
    cut = words.index("+") if "+" in words else len(words)
    sys.stdout.write("\n".join(lock(words[:cut], words[cut + 1 :])) + "\n")
