"""Fetches one file from a Maven repository, and says in plain words why it could not.

jgo, a Maven client in Python, does the transfer; mirrors come from its own settings file. It takes
0.3 s to import, so this module is loaded only when something is missing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import jgo.util.http
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import Artifact as Remote
from jgo.maven import MavenContext, PythonResolver

from hub.dev.manifest import Artifact
from hub.dev.progress import Progress
from hub.errors import Retry

TIMEOUT = 30  # seconds without a byte
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
class Repositories:
    """Where to ask, and where to put what comes."""

    context: MavenContext

    def fetch(self, artifact: Artifact) -> Path:
        """The file, unchecked. Raises Retry with the reason and what to do."""
        project = self.context.project(artifact.group, artifact.name)
        remote = project.at_version(artifact.version).artifact(artifact.classifier, artifact.type)
        try:
            return remote.resolve()
        except (OSError, RuntimeError) as error:
            why, fix = explain(error)
            if not why:
                why, fix = _answers(self.context, remote), "check that the repository holds it"
            raise Retry(
                where=artifact.filename, what=f"cannot be fetched: {why}", fix=fix, system=True
            ) from error


def open_repositories(
    staging: Path, progress: Progress, addresses: Mapping[str, str] | None = None
) -> Repositories:
    """The repositories at `addresses` (by name); default: jgo's settings, else Maven Central."""
    if addresses is None:
        addresses = {"central": MAVEN_CENTRAL_URL} | GlobalSettings.load().repositories
    return Repositories(
        MavenContext(
            resolver=PythonResolver(progress_callback=progress.download),
            repo_cache=staging,
            remote_repos=dict(addresses),
            timeout=TIMEOUT,
        )
    )


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
