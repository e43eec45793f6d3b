"""A version that a registration was once, found again by what receipts name it by.

A call that was made under it and not answered is repeated with the same body or not at all (0014).
"""

from collections.abc import Iterator

from msgspec.structs import replace

from hub.errors import Reject
from hub.registry.brought import brought, with_brought
from hub.registry.ledger import Ledger, Registered
from hub.registry.live import Landscape, Live
from hub.registry.present import live_of
from hub.registry.problem import BundleErrors


def earlier(name: str, bundle: str, settings: str, files: Landscape, ledger: Ledger) -> Live | None:
    """The registration `name` as it was; None where neither files nor ledger have it any more.

    `bundle`, `settings`: the 16 hex digits of a receipt. A bundle that the files do not hold is
    proved again, which may take a second.
    """
    found = (live for live in _candidates(name, bundle, files, ledger))
    return next((live for live in found if live.registration.digest == settings), None)


def _candidates(name: str, bundle: str, files: Landscape, ledger: Ledger) -> Iterator[Live]:
    for live in files.live:
        if live.name == name and live.bundle.digest == bundle:
            yield live
    known = {one.sha256: one for one in files.bundles.values()}
    events = with_brought(files.events, brought(ledger).items())
    for then in _versions(name, ledger):
        if not then.bundle.startswith(bundle):
            continue
        try:
            live = live_of(then, ledger, known, events)
        except (BundleErrors, Reject):  # it cannot have been live, or is not there any more
            continue
        known[live.bundle.sha256] = live.bundle
        yield live


def _versions(name: str, ledger: Ledger) -> Iterator[Registered]:
    """What it was by the ledger, newest first; then what stood in the files."""
    registered = ledger.registrations.get(name)
    if registered is not None:
        for version in (registered.now, *reversed(registered.before)):
            yield replace(registered, bundle=version.bundle, entry=version.entry, before=())
    yield from reversed(ledger.filed.get(name, ()))
