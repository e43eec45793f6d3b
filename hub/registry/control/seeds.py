"""What the files register, as the control plane's starting point for a name (0014).

A name that stands in registrations.yaml can be paused, rolled back or replaced over HTTP like any
other: the file's version is its version 0. Files are read once, at the start, as the other
processes do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hub.errors import Reject
from hub.log import get_logger
from hub.registry.bundle_files import digest_of, read_files
from hub.registry.ledger import Registered
from hub.registry.present import written
from hub.registry.registration import RegistrationEntry, read_registrations
from hub.registry.yaml_file import read_yaml
from hub.settings import Settings

log = get_logger("hub.registry")


@dataclass(frozen=True, slots=True)
class Seed:
    """A registration of the files, and the files of its bundle."""

    registered: Registered
    files: Mapping[str, bytes] = field(repr=False)


def read_seeds(settings: Settings) -> dict[str, Seed]:
    """The registrations of the files by name. What cannot be read is told in the log, left out."""
    if not settings.registrations.exists():
        return {}
    found: dict[str, Seed] = {}
    bundles: dict[str, Mapping[str, bytes]] = {}
    try:
        file = read_yaml(settings.registrations.read_bytes(), settings.registrations.name)
        entries, _ = read_registrations(file)
    except Reject as error:
        log.error("registrations_unread", at=error.where, what=error.what)
        return {}
    for entry in entries:
        try:
            if entry.connector not in bundles:
                bundles[entry.connector] = read_files(settings.connectors / entry.connector)
        except Reject as error:
            log.error("connector_unread", connector=entry.connector, what=error.what)
            continue
        seed = _seed(entry, bundles[entry.connector])
        found[seed.registered.name] = seed
    return found


def _seed(entry: RegistrationEntry, files: Mapping[str, bytes]) -> Seed:
    registered = Registered(
        name=entry.name or entry.connector,
        connector=entry.connector,
        bundle=digest_of(files),
        entry=written(entry),
        state="paused" if entry.paused else "live",
        version=0,
        by="registrations.yaml",
        at=0,
        did="adopt",
        override="it stood in the files",
    )
    return Seed(registered, files)
