"""What is registered, as a command sees it: by the files, and by a hub that runs."""

from hub.cli.output import say
from hub.dev import runfiles
from hub.errors import HubError
from hub.registry.bundle import Bundle
from hub.registry.event_types import Events
from hub.registry.live import Landscape, read_landscape
from hub.registry.present import present
from hub.settings import Settings

SECONDS = 10.0  # that a broker is waited for


def landscape(settings: Settings, events: Events) -> Landscape:
    """The files' connectors, and what hub.registry says on top, where a broker is known.

    A broker that does not answer is told; then the files speak alone.
    """
    files = read_landscape(settings.connectors, settings.registrations, events)
    if settings.bootstrap is None and runfiles.find(settings.home, "kafka") is None:
        return files
    from hub.broker.cluster import KafkaBroker  # half a second, that most commands need not wait
    from hub.registry.following import Following
    from hub.surroundings import bootstrap

    follower = Following(KafkaBroker(bootstrap(settings), settings.security))
    try:
        follower.start()
        return present(files, follower.first(SECONDS))
    except HubError as error:
        say(f"by the files alone: {error}")
        return files
    finally:
        follower.stop()


def versions(found: Landscape) -> list[Bundle]:
    """Every version of a connector that is live or lies in the files, each once."""
    each = {bundle.sha256: bundle for bundle in found.bundles.values()}
    each |= {live.bundle.sha256: live.bundle for live in found.live}
    return sorted(each.values(), key=lambda bundle: (bundle.name, bundle.sha256))
