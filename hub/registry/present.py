"""What is live now: the files' registrations, and what `hub.registry` says on top of them (0014).

The files are the seed. Where the ledger knows a name, its word replaces the file's, also where it
says that the name is retired.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

from msgspec import to_builtins

from hub.errors import Reject
from hub.registry.brought import brought, with_brought
from hub.registry.bundle import Bundle, prove
from hub.registry.entries import entry_of, place_of
from hub.registry.event_types import Events, joined
from hub.registry.ledger import SERVED, Entry, Ledger, Registered
from hub.registry.live import Landscape, Live
from hub.registry.problem import BundleErrors, Problem
from hub.registry.registration import RegistrationEntry, complete
from hub.registry.selection import Selection


def present(files: Landscape, ledger: Ledger, before: Landscape | None = None) -> Landscape:
    """What is live, by the files as they were read and by the ledger as it stands.

    A bundle that `before` (the landscape until now) or the files have proved is not proved again:
    a large contract takes a second. What is wrong with a registration is told under its name, and
    takes nobody along.
    """
    events = with_brought(files.events, brought(ledger).items())
    known = {live.bundle.sha256: live.bundle for live in (before.live if before else ())}
    known |= {bundle.sha256: bundle for bundle in files.bundles.values()}
    bundles = dict(files.bundles)
    live = [one for one in files.live if one.name not in ledger.registrations]
    down = set(files.down - ledger.registrations.keys())
    said = {place_of(name) for name in ledger.registrations}
    problems = {name: found for name, found in files.problems.items() if name not in said}
    for name, registered in sorted(ledger.registrations.items()):
        if registered.state not in SERVED:
            continue
        try:
            found = live_of(registered, ledger, known, events)
        except BundleErrors as error:
            problems[place_of(name)] = error.problems
            down.add(name)
        except Reject as error:
            problems[place_of(name)] = (Problem(error.where, error.what, error.fix),)
            down.add(name)
        else:
            known[found.bundle.sha256] = bundles[found.bundle.name] = found.bundle
            live.append(found)
    events = joined(events, (bundle.events for bundle in bundles.values()))
    return Landscape(bundles, tuple(live), frozenset(down), problems, events)


def written(entry: RegistrationEntry) -> Entry:
    """What an entry says beyond what it need not: as it stands in a record of the ledger.

    Whose it is, and whether it is paused, the record says itself.
    """
    usual: Entry = to_builtins(RegistrationEntry(entry.connector, ""))
    said: Entry = to_builtins(entry)
    apart = ("name", "connector", "paused")
    return {key: value for key, value in said.items() if key not in apart and value != usual[key]}


def live_of(
    registered: Registered, ledger: Ledger, known: Mapping[str, Bundle], events: Events
) -> Live:
    """What is registered, made whole. Raises BundleErrors, Reject naming what is wrong.

    `known`: bundles by their SHA-256 that need no proof any more.
    """
    bundle = known.get(registered.bundle)
    if bundle is None or bundle.name != registered.connector:
        files = ledger.bundles.get(registered.bundle)
        if files is None:
            what = f"bundle {registered.bundle[:16]} is not on hub.registry"
            raise Reject(what, where=place_of(registered.name), fix="register it anew")
        bundle = prove(registered.connector, files, events)
    entry = entry_of(registered)
    registration = complete(entry, bundle.manifest)
    paused = registered.state == "paused"
    return Live(bundle, replace(registration, paused=paused, selected=_selected(registered)))


def _selected(registered: Registered) -> tuple[Selection, ...]:
    """The agencies that it served before, each until the change that ended that.

    What was never served (a draft) selected nothing.
    """
    served = [one for one in (*registered.before, registered.now) if one.state in SERVED]
    found = [Selection(after.at, _agencies(one.entry)) for one, after in pairwise(served)]
    last = _agencies(registered.entry)
    while found and found[-1].agencies == last:
        del found[-1]
    return tuple(found)


def _agencies(entry: Entry) -> frozenset[str]:
    said = entry.get("agencies")
    return frozenset(map(str, said)) if isinstance(said, list) else frozenset()
