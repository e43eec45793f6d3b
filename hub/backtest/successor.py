"""The registration that a new version of its connector would have."""

from collections.abc import Mapping

from hub.registry.bundle import Bundle
from hub.registry.live import Live
from hub.registry.registration import RegistrationEntry, complete, default_settings
from hub.registry.yaml_file import Plain

UNUSED = "env:NOT_FOLLOWED"  # a secret's reference that a version which sends nothing never follows


def successor(old: Live, bundle: Bundle, settings: Mapping[str, Plain]) -> Live:
    """Another bundle under the settings of `old`, some of them changed.

    A setting that only had its default gets the new one's. Raises Reject where the new manifest
    wants a setting that nobody gave.
    """
    registration, manifest = old.registration, bundle.manifest
    defaults = default_settings(old.bundle.manifest)
    kept = {
        name: value
        for name, value in registration.settings.items()
        if name in manifest.settings and value != defaults.get(name)
    }
    entry = RegistrationEntry(
        name=registration.name,
        connector=registration.connector,
        endpoint=registration.endpoint,
        route=registration.route,
        paths=dict(registration.paths),
        agencies=sorted(registration.agencies),
        settings={**kept, **settings},
        allow_addresses=list(registration.allow_addresses),
        secrets={name: registration.secrets.get(name, UNUSED) for name in manifest.secrets},
    )
    return Live(bundle, complete(entry, manifest))
