"""A manifest is written from what repositories hold, and reads back as itself."""

import hashlib
from pathlib import Path

from hub.dev import manifest
from hub.dev.relock import lock
from tests.dev.maven_repository import Repository

POM = """<project><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId>
<artifactId>{name}</artifactId><version>1.0</version>{dependencies}</project>"""
NEEDS = """<dependencies><dependency><groupId>org.example</groupId><artifactId>library</artifactId>
<version>1.0</version></dependency></dependencies>"""


def test_what_a_program_needs_is_pinned_with_it(repository: Repository, tmp_path: Path) -> None:
    repository.add("program", b"program")
    repository.add("library", b"library")
    for name, dependencies in (("program", NEEDS), ("library", "")):
        pom = POM.format(name=name, dependencies=dependencies)
        repository.files[f"{name}-1.0.pom"] = pom.encode()
    repository.files["extra-1.0-all.tar.gz"] = b"extra"
    repository.add("plain", b"plain")

    lines = lock(
        ["org.example:program:1.0"],
        ["org.example:extra:tar.gz:all:1.0", "org.example:plain:1.0"],
        {"test": repository.url},
    )

    path = tmp_path / "program.sha256"
    path.write_text("\n".join(lines))
    pinned = {artifact.filename: artifact.sha256 for artifact in manifest.read(path)}
    assert pinned == {
        f"{name}-1.0{tail}": hashlib.sha256(name.encode()).hexdigest()
        for name, tail in (
            ("extra", "-all.tar.gz"),
            ("library", ".jar"),
            ("plain", ".jar"),
            ("program", ".jar"),
        )
    }
