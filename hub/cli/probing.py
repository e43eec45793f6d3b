"""Asking a process of the hub how it is, over HTTP."""

from adapters.http.simple import fetch
from hub import metrics
from hub.errors import HubError

PATIENCE = 2.0  # seconds for an answer
OK, NOT_FOUND, UNAVAILABLE = 200, 404, 503


def ready(url: str) -> tuple[bool, list[str]]:
    """Whether the process there is ready; and why not, or what it remarks."""
    if url.startswith("https:"):
        return True, []  # whose certificate it is, is for its callers to judge; it listens
    try:
        status, _, body = fetch("GET", f"{url}/health/ready", timeout=PATIENCE)
    except HubError:
        return False, []
    lines = body.decode(errors="replace").splitlines()
    if status == OK:
        return True, lines[1:]
    return status == NOT_FOUND, lines if status == UNAVAILABLE else []  # the registry has no page


def measured(url: str) -> list[metrics.Sample]:
    """What it measures, now; nothing where it does not answer, or measures nothing."""
    if url.startswith("https:"):
        return []
    try:
        status, _, body = fetch("GET", f"{url}/metrics", timeout=PATIENCE)
    except HubError:
        return []
    return metrics.read(body) if status == OK else []
