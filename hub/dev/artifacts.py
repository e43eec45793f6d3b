"""Makes sure that a folder holds the files of a manifest: each one checked, none fetched twice.

A file counts once it lies in the folder; it gets there by one rename, after its digest was found
right. So a download that broke off is simply gone on with the next time.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from hub.dev.disk import locked
from hub.dev.manifest import Artifact, digest, verify
from hub.dev.progress import Progress
from hub.errors import Reject

LOCK_WAIT = 900.0  # seconds; 160 MB on a slow line
EPOCH = 1_000_000_000  # seconds since 1970; see _adopt


def install(
    artifacts: tuple[Artifact, ...],
    folder: Path,
    progress: Progress,
    repositories: Mapping[str, str] | None = None,
) -> None:
    """Fetch what is missing in `folder`, then check every file's digest.

    `repositories`: addresses by name; default: see `hub.dev.maven`.
    Raises Reject with the file's name if one is not what the manifest says; Retry with the reason
    and what to do if one cannot be fetched. Run again, it goes on where it stopped.
    """
    if _missing(artifacts, folder):
        with locked(folder.with_name(f"{folder.name}.lock"), LOCK_WAIT):
            _fetch(_missing(artifacts, folder), folder, progress, repositories)
    verify(folder, artifacts)


def _missing(artifacts: tuple[Artifact, ...], folder: Path) -> list[Artifact]:
    return [artifact for artifact in artifacts if not (folder / artifact.filename).exists()]


def _fetch(
    missing: list[Artifact],
    folder: Path,
    progress: Progress,
    repositories: Mapping[str, str] | None,
) -> None:
    from hub.dev.maven import open_repositories

    folder.mkdir(parents=True, exist_ok=True)
    staging = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(staging, ignore_errors=True)  # broken-off files of an earlier run
    remote = open_repositories(staging, progress, repositories)
    for number, artifact in enumerate(missing, start=1):
        if number == 1:
            progress.step(f"fetching {len(missing)} files of {folder.name}")
        with progress.task(f"[{number}/{len(missing)}]"):
            _adopt(remote.fetch(artifact), artifact, folder)
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
