"""How each registration stands now: what was written down of it, and what running workers say."""

from collections.abc import Iterator, Sequence

from adapters.http.simple import fetch
from hub.audit.facts import Standing
from hub.delivery.hours import Week
from hub.dev import runfiles
from hub.errors import HubError, Reject
from hub.registry.call_limits import window_of
from hub.registry.interests import Interest
from hub.settings import Settings

ANSWERED = 3.0  # seconds that a worker may take to say how it is
SAID = ("halted", "down")  # hub.delivery.process.WorkerHealth.remarks


def standings(settings: Settings, known: Sequence[Interest], now: int) -> Iterator[Standing]:
    """Each of these registrations. `now`: epoch ms.

    Workers are asked where they run under this home; with an outside cluster they may run
    elsewhere, and it is not known whether one does.
    """
    workers = [one for one in runfiles.read_all(settings.home) if one.name == "worker"]
    answers = [_remarks(one.url) for one in workers]
    remarks = [line for lines in answers for line in lines or ()]
    runs = None if settings.bootstrap else False
    if workers:
        runs = True if any(lines is not None for lines in answers) else None
    for one in known:
        said = {word: _said(remarks, one.name, word) for word in SAID}
        yield Standing(
            one.name,
            one.state,
            one.problem,
            worker=runs,
            halted=said["halted"],
            broken=said["down"],
            opens=_opens(one, now),
        )


def _remarks(url: str) -> list[str] | None:
    """What a worker says that a person should see to; None where it does not answer."""
    try:
        _, _, body = fetch("GET", f"{url}/health/ready", timeout=ANSWERED)
    except HubError:
        return None
    return body.decode(errors="replace").splitlines()


def _said(remarks: Sequence[str], name: str, word: str) -> str | None:
    beginning = f"{name}: {word}: "
    found = (line.removeprefix(beginning) for line in remarks if line.startswith(beginning))
    return next(found, None)


def _opens(one: Interest, now: int) -> int | None:
    """When its hours begin again; None if they are not closed."""
    if not one.limits.closed:
        return None
    try:
        opens = Week(map(window_of, one.limits.closed)).opens(now)
    except (Reject, ValueError):
        return None  # refused when it was registered; told under what is wrong with it
    return opens if opens > now else None
