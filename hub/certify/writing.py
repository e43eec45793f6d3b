"""From clauses to a certificate."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version

from hub.registry.bundle import Bundle
from hub.registry.bundle_files import MANIFEST
from hub.registry.certificates import Certificate, Clause
from hub.registry.live import Live


def certificate_of(
    live: Live, clauses: Sequence[Clause], *, hub: str, by: str, at: datetime
) -> Certificate:
    """What is vouched for: this bundle, tried at the registration's endpoint."""
    return Certificate(
        certificate=2,
        hub=hub,
        connector=live.bundle.name,
        bundle=live.bundle.sha256,
        files=_digests(live.bundle),
        endpoint=live.registration.endpoint,
        entry=live.registration.digest,
        clauses=list(clauses),
        version=version("lgsp-hub"),
        at=at.isoformat(timespec="seconds"),
        by=by,
    )


def _digests(bundle: Bundle) -> dict[str, str]:
    """SHA-256 of manifest, mapping and contract files."""
    named = {MANIFEST, bundle.manifest.mapping}
    names = [name for name in bundle.files if name in named or name.startswith("contract/")]
    return {name: hashlib.sha256(bundle.files[name]).hexdigest() for name in sorted(names)}
