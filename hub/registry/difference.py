"""What differs between two landscapes, registration by registration: what a process has to take up.

Pure: it compares what stands in bundles and entries. What is not named here is not touched.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from hub.registry.live import Landscape, Live

Aspect: TypeAlias = Literal[
    "new", "gone", "bundle", "settings", "agencies", "way", "delivery", "paused", "resumed"
]


@dataclass(frozen=True, slots=True)
class Change:
    """One registration's. `before`, `after`: None where it was not, or is no more.

    `way`: its endpoint, route, paths or credential. `delivery`: limits, retries, time-outs.
    """

    name: str
    before: Live | None
    after: Live | None
    aspects: tuple[Aspect, ...]


def difference(before: Landscape, after: Landscape) -> tuple[Change, ...]:
    """What changed, by name. Nothing for what is the same, in whatever order it stands."""
    old = {live.name: live for live in before.live}
    new = {live.name: live for live in after.live}
    found: list[Change] = []
    for name in sorted(old.keys() | new.keys()):
        aspects = tuple(_aspects(old.get(name), new.get(name)))
        if aspects:
            found.append(Change(name, old.get(name), new.get(name), aspects))
    return tuple(found)


def _aspects(before: Live | None, after: Live | None) -> Iterator[Aspect]:
    if before is None or after is None:
        yield "new" if before is None else "gone"
        return
    old, new = before.registration, after.registration
    if before.bundle.sha256 != after.bundle.sha256:
        yield "bundle"
    if old.settings != new.settings:
        yield "settings"
    if old.agencies != new.agencies:
        yield "agencies"
    if _way(before) != _way(after):
        yield "way"
    if old.delivery != new.delivery:
        yield "delivery"
    if old.paused != new.paused:
        yield "paused" if new.paused else "resumed"


def _way(live: Live) -> tuple[object, ...]:
    one = live.registration
    secrets = (dict(one.secrets), one.renewed)
    return one.endpoint, one.allow_addresses, one.route, dict(one.paths), secrets


def same_client(before: Live, after: Live) -> bool:
    """Whether what reaches the system for the one may do so for the other, session included."""
    return (
        before.bundle is after.bundle
        and before.registration.settings == after.registration.settings
        and before.registration.delivery.timeout == after.registration.delivery.timeout
        and _way(before) == _way(after)
    )


def succeed(present: Landscape, after: Landscape) -> Landscape:
    """`after`, as what is to come after `present` in a process that runs.

    A registration whose change is at fault stays what it is: it would otherwise end a connector
    that works. Its problems are told all the same. What does not differ is the same object, so that
    nobody takes it up anew.
    """
    changed = {change.name for change in difference(present, after)}
    old = {live.name: live for live in present.live}
    kept = [old[name] for name in sorted(after.down & old.keys())]
    live = [one if one.name in changed else old[one.name] for one in after.live]
    return replace(after, live=(*live, *kept), down=after.down - old.keys())


def rerouted(earlier: Live, present: Live) -> Live:
    """An earlier version that reaches its system where the present one does.

    What makes the body of a request stays the earlier one's: bundle and settings. A credential that
    was renewed, or a system that has moved, counts for what is repeated, too.
    """
    now = present.registration
    return Live(
        earlier.bundle,
        replace(
            earlier.registration,
            endpoint=now.endpoint,
            allow_addresses=now.allow_addresses,
            route=now.route,
            paths=now.paths,
            secrets={**earlier.registration.secrets, **now.secrets},
        ),
    )
