"""Fetches the files of a manifest: each one checked, none fetched twice.

jgo, a Maven client in Python, does the transfer; mirrors come from its own settings file. A file
counts once it lies in the target folder with the right digest; one that broke off does not.
"""

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jgo.util.http
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import Artifact as Remote
from jgo.maven import MavenContext, PythonResolver

from hub.dev.disk import locked
from hub.dev.manifest import Artifact, digest, verify
from hub.dev.progress import Progress
from hub.errors import Reject, Retry

TIMEOUT = 30  # seconds without a byte
LOCK_WAIT = 900.0  # seconds; 160 MB on a slow line
EPOCH = 1_000_000_000  # seconds; see _adopt
OK = 200
DEEPEST = 32  # errors behind one; requests and urllib3 nest six

# What stands in the chain of causes -> why, what to do. The first that fits counts: a proxy that is
# not found is a matter of the proxy, not of DNS.
CAUSES = (
    ("ProxyError", "the proxy did not let it through", "check HTTPS_PROXY and NO_PROXY"),
    (
        "gaierror",
        "the repository's name is not found (DNS)",
        "check the network, or set HTTPS_PROXY",
    ),
    ("SSLError", "the TLS certificate is not trusted", "name your CA file in REQUESTS_CA_BUNDLE"),
    (
        "ConnectTimeout",
        "the repository cannot be reached in time",
        "check the network or HTTPS_PROXY",
    ),
    ("ReadTimeout", "the repository stopped answering", "try again: what is there is kept"),
    ("ConnectionRefusedError", "the connection was refused", "check the network or HTTPS_PROXY"),
    ("ConnectionError", "the connection broke", "try again: what is there is kept"),
    ("ChunkedEncodingError", "the connection broke", "try again: what is there is kept"),
    ("PermissionError", "the folder may not be written", "check its owner, or set HUB_HOME"),
    ("OSError", "the file could not be written", "check the free space, or set HUB_HOME"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where files come from: repositories by name, and jgo's cache (kept only while fetching)."""

    repositories: Mapping[str, str]


def configured() -> Source:
    """Maven Central, or what jgo's own settings file says instead."""
    return Source({"central": MAVEN_CENTRAL_URL} | GlobalSettings.load().repositories)


def install(
    artifacts: tuple[Artifact, ...], folder: Path, source: Source, progress: Progress
) -> None:
    """Make sure that `folder` holds every artifact, and check the digest of each.

    Raises Reject with the file's name if one is not what the manifest says; Retry with the reason
    and what to do if one cannot be fetched. Run again, it goes on where it stopped.
    """
    missing = [artifact for artifact in artifacts if not (folder / artifact.filename).exists()]
    if missing:
        with locked(folder.with_name(f"{folder.name}.lock"), LOCK_WAIT):
            _fetch_all(missing, folder, source, progress)
    verify(folder, artifacts)


def _fetch_all(missing: list[Artifact], folder: Path, source: Source, progress: Progress) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    staging = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(staging, ignore_errors=True)  # broken-off files of an earlier run
    context = MavenContext(
        resolver=PythonResolver(progress_callback=progress.download),
        repo_cache=staging,
        remote_repos=dict(source.repositories),
        timeout=TIMEOUT,
    )
    progress.step(f"fetching {len(missing)} files of {folder.name}")
    for number, artifact in enumerate(missing, start=1):
        with progress.task(f"[{number}/{len(missing)}]"):
            if not (folder / artifact.filename).exists():  # another process may have been here
                _adopt(_fetch(context, artifact), artifact, folder)
    shutil.rmtree(staging, ignore_errors=True)


def _adopt(path: Path, artifact: Artifact, folder: Path) -> None:
    found = digest(path)
    if found != artifact.sha256:
        raise Reject(
            where=artifact.filename,
            what=f"came with SHA-256 {found}, but the manifest says {artifact.sha256}",
            fix="do not use it; find out what stands between you and the repository",
            code="digest",
        )
    os.utime(path, (EPOCH, EPOCH))  # the JVM's start-up cache holds only for jars of the same age
    path.replace(folder / artifact.filename)


def _fetch(context: MavenContext, artifact: Artifact) -> Path:
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    remote = component.artifact(artifact.classifier, artifact.type)
    try:
        return remote.resolve()
    except (OSError, RuntimeError) as error:
        why, fix = explain(error)
        if not why:
            why, fix = _answers(context, remote), "check that the repository holds it, or try later"
        raise Retry(
            where=artifact.filename, what=f"cannot be fetched: {why}", fix=fix, system=True
        ) from error


def explain(error: BaseException) -> tuple[str, str]:
    """Why a transfer failed and what to do about it; ("", "") if the error does not tell."""
    names = _chain(error)
    return next(((why, fix) for name, why, fix in CAUSES if name in names), ("", ""))


def _chain(error: BaseException) -> set[str]:
    """Names of all errors (and their kinds) behind `error`; requests nests them in arguments."""
    names: set[str] = set()
    seen: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting and len(seen) < DEEPEST:
        current = waiting.pop()
        if not isinstance(current, BaseException) or any(current is known for known in seen):
            continue
        seen.append(current)
        names.update(kind.__name__ for kind in type(current).__mro__)
        waiting += [current.__cause__, current.__context__, getattr(current, "reason", None)]
        waiting += current.args
    return names


def _answers(context: MavenContext, remote: Remote) -> str:
    """What each repository says to this file: jgo tells only that none gave it."""
    said = []
    path = f"{remote.component.path_prefix.as_posix()}/{remote.filename}"
    for name, address in context.remote_repos.items():
        try:
            status = jgo.util.http.head(f"{address}/{path}", timeout=TIMEOUT).status_code
        except OSError:
            said.append(f"{name} did not answer")
        else:
            said.append(f"{name} answered HTTP {status}" if status != OK else f"{name} broke off")
    return ", ".join(said)
