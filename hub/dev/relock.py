"""Writes a manifest anew, for a new version of Kafka: run it, read the difference, commit it.

    python -m hub.dev.relock org.apache.kafka:kafka_2.13:4.4.0 \
        + org.apache.logging.log4j:log4j-slf4j-impl:2.25.5 > hub/dev/kafka-4.4.0.sha256

Programs before `+` are resolved with all they depend on; files after it are added as they are
(Kafka leaves the choice of a log binding to whoever runs it; without one it logs nothing).
"""

import sys
import tempfile
from pathlib import Path

from jgo.maven import MavenContext

from hub.dev.manifest import digest


def lock(programs: list[str], extras: list[str]) -> list[str]:
    """The manifest's lines, sorted by coordinate."""
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder))
        roots = [context.create_dependency(program) for program in programs]
        direct, transitive = context.resolver.resolve(roots) if roots else ([], [])
        alone = [context.create_dependency(extra) for extra in extras]
        for dependency in [*direct, *transitive, *alone]:
            artifact = dependency.artifact
            group, name, version, classifier, kind = artifact.key
            parts = [group, name, version]
            if classifier or kind != "jar":
                parts += [kind, *([classifier] if classifier else [])]
            lines.append(f"{digest(artifact.resolve())}  {':'.join(parts)}")
    return sorted(lines, key=lambda line: line.split()[1])


if __name__ == "__main__":
    words = sys.argv[1:]
    cut = words.index("+") if "+" in words else len(words)
    sys.stdout.write("\n".join(lock(words[:cut], words[cut + 1 :])) + "\n")
