"""A jar that is not the one we tested never reaches a JVM."""

import hashlib
from pathlib import Path

import pytest

from hub.dev import apicurio, jvm, manifest
from hub.dev.manifest import Artifact
from hub.errors import Reject

CONTENT = b"a jar"
SHA = hashlib.sha256(CONTENT).hexdigest()


def jar(tmp_path: Path, content: bytes) -> tuple[Artifact, ...]:
    artifact = Artifact(SHA, "org.example", "thing", "1.0")
    (tmp_path / artifact.filename).write_bytes(content)
    return (artifact,)


def test_kafkas_manifest_names_every_jar_once() -> None:
    artifacts = manifest.read(jvm.MANIFEST)
    assert 45 == len({artifact.filename for artifact in artifacts}) == len(artifacts)
    versions = {artifact.name: artifact.version for artifact in artifacts}
    assert "4.4.0" == versions["kafka_2.13"] == versions["kafka-clients"]
    assert "log4j-slf4j-impl" in versions  # or Kafka would log nothing


def test_apicurios_manifest_names_an_archive() -> None:
    (artifact,) = manifest.read(apicurio.MANIFEST)
    assert "apicurio-registry-app-3.3.3-all.tar.gz" == artifact.filename


@pytest.mark.parametrize(
    "line",
    [
        "org.example:thing:1.0",
        f"{SHA} org.example:thing:1.0",
        f"{SHA.upper()}  org.example:thing:1.0",
        f"{SHA[1:]}  org.example:thing:1.0",
        f"{SHA}  org.example:thing",
        f"{SHA}  org.example:../../thing:1.0",
        f"{SHA}  org.example:thing:jar:all:1.0:more",
    ],
)
def test_a_line_that_is_no_pin_is_refused_by_number(tmp_path: Path, line: str) -> None:
    path = tmp_path / "thing.sha256"
    path.write_text(f"# a comment\n{line}\n")
    with pytest.raises(Reject, match=r"thing.sha256:2"):
        manifest.read(path)


def test_a_manifest_of_nothing_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "thing.sha256"
    path.write_text("# nothing\n\n")
    with pytest.raises(Reject, match="names no artifact"):
        manifest.read(path)


def test_the_right_bytes_pass(tmp_path: Path) -> None:
    manifest.verify(tmp_path, jar(tmp_path, CONTENT))


@pytest.mark.parametrize("content", [b"", b"a jaR", CONTENT + b"\0"])
def test_other_bytes_are_refused_by_name(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(Reject, match=r"thing-1.0.jar.*manifest says") as refusal:
        manifest.verify(tmp_path, jar(tmp_path, content))
    assert "digest" == refusal.value.code


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    artifacts = jar(tmp_path, CONTENT)
    (tmp_path / artifacts[0].filename).unlink()
    with pytest.raises(Reject, match=r"thing-1.0.jar: is missing"):
        manifest.verify(tmp_path, artifacts)
