"""Downloads: checked, gone on with after a break, and clear about what went wrong."""

import io
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hub.dev.artifacts import install
from hub.dev.manifest import Artifact
from hub.dev.maven import explain
from hub.dev.progress import Progress
from hub.errors import Reject, Retry
from tests.dev.maven_repository import Repository


def fetch(repository: Repository, folder: Path, *artifacts: Artifact) -> str:
    told = io.StringIO()
    install(artifacts, folder, Progress(told, live=False), {"test": repository.url})
    return told.getvalue()


def test_what_is_missing_is_fetched_and_what_is_there_is_not(
    repository: Repository, tmp_path: Path
) -> None:
    folder = tmp_path / "program"
    one, two = repository.add("one", b"1" * 3000), repository.add("two", b"2")
    assert "fetching 2 files of program\n" == fetch(repository, folder, one, two)
    assert b"1" * 3000 == (folder / one.filename).read_bytes()
    repository.asked.clear()
    assert "" == fetch(repository, folder, one, two)
    assert [] == repository.asked
    assert {one.filename, two.filename} == {path.name for path in folder.iterdir()}


def test_other_bytes_than_promised_are_refused_by_name_and_not_kept(
    repository: Repository, tmp_path: Path
) -> None:
    artifact = repository.add("one", b"honest")
    repository.files[artifact.filename] = b"forged"
    with pytest.raises(Reject, match=r"one-1.0.jar: came with SHA-256") as refusal:
        fetch(repository, tmp_path / "program", artifact)
    assert "digest" == refusal.value.code
    assert [] == list((tmp_path / "program").iterdir())


def test_a_changed_file_is_refused_by_name_on_a_later_start(
    repository: Repository, tmp_path: Path
) -> None:
    artifact = repository.add("one", b"honest")
    fetch(repository, tmp_path / "program", artifact)
    (tmp_path / "program" / artifact.filename).write_bytes(b"forged")
    with pytest.raises(Reject, match=r"one-1.0.jar: has SHA-256"):
        fetch(repository, tmp_path / "program", artifact)


def test_a_broken_transfer_is_gone_on_with(repository: Repository, tmp_path: Path) -> None:
    folder = tmp_path / "program"
    artifacts = [repository.add(name, name.encode() * 9000) for name in ("one", "two", "three")]
    repository.cut.add("two-1.0.jar")
    with pytest.raises(Retry, match=r"two-1.0.jar.*the connection broke; try again"):
        fetch(repository, folder, *artifacts)
    repository.cut.clear()
    repository.asked.clear()
    assert "fetching 2 files" in fetch(repository, folder, *artifacts)
    assert "one-1.0.jar" not in repository.asked


@pytest.mark.parametrize("status", [401, 403, 404, 407, 500, 503])
def test_a_refusal_tells_the_status(repository: Repository, tmp_path: Path, status: int) -> None:
    artifact = repository.add("one", b"1")
    repository.files.clear()
    repository.status = status
    with pytest.raises(Retry, match=rf"one-1.0.jar.*test answered HTTP {status}"):
        fetch(repository, tmp_path / "program", artifact)


def test_a_repository_that_is_not_there_is_told(tmp_path: Path) -> None:
    with socket.socket() as held:  # bound, not listening: connections are refused
        held.bind(("127.0.0.1", 0))
        artifact = Artifact("0" * 64, "org.example", "one", "1.0")
        nobody = {"test": f"http://127.0.0.1:{held.getsockname()[1]}"}
        with pytest.raises(Retry, match="the connection was refused; check the network"):
            install((artifact,), tmp_path / "x", Progress(io.StringIO(), live=False), nobody)


def test_two_that_install_at_once_fetch_once(repository: Repository, tmp_path: Path) -> None:
    artifacts = [repository.add(name, name.encode() * 5000) for name in ("one", "two")]
    with ThreadPoolExecutor(4) as pool:
        for _ in pool.map(lambda _: fetch(repository, tmp_path / "p", *artifacts), range(4)):
            pass
    assert ["one-1.0.jar", "two-1.0.jar"] == [
        name for name in repository.asked if name.endswith(".jar")
    ]


class ProxyError(OSError):
    """As requests names it."""


def nested(outer: Exception, inner: Exception) -> Exception:
    """As requests nests: the cause stands in the arguments."""
    return type(outer)(*outer.args, OSError("max retries exceeded", inner))


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (nested(OSError("no"), socket.gaierror(-2, "unknown")), "DNS"),
        (nested(ProxyError("no"), socket.gaierror(-2, "unknown")), "proxy"),
        (nested(OSError("no"), ssl.SSLError("certificate verify failed")), "TLS certificate"),
        (PermissionError(13, "denied"), "may not be written"),
        (OSError(28, "no space left"), "could not be written"),
    ],
)
def test_a_failure_is_told_in_plain_words(error: Exception, why: str) -> None:
    assert why in explain(error)[0]
    assert explain(error)[1]
