"""The events that a command knows: the hub's, its connectors', and those of a hub that runs."""

from base64 import b64decode

from hub.cli.output import say
from hub.cli.plane import ask
from hub.dev import runfiles
from hub.errors import HubError
from hub.registry.brought import with_brought
from hub.registry.event_types import Events, read_events
from hub.registry.live import known_events
from hub.settings import Settings


def events_here(settings: Settings) -> Events:
    """All events that a connector may be told here.

    What was uploaded to a running hub is asked of it; where it does not answer that is said, and
    the files speak alone.
    """
    events = known_events(settings.connectors, read_events(settings.schemas))
    if not settings.control_url and runfiles.find(settings.home, "registry") is None:
        return events
    try:
        found: dict[str, dict[str, str]] = ask(settings, "GET", "/events")
    except HubError as error:
        say(f"events of uploaded connectors are not known here: {error}")
        return events
    others = (
        (connector, {path: b64decode(body) for path, body in files.items()})
        for connector, files in sorted(found.items())
    )
    return with_brought(events, others)
