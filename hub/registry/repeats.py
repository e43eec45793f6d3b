"""A change that is asked for again, since its answer was lost, is told as what was done.

Who hears nothing cannot know whether it was done, and asks again in the same words on the same
version. Two people's different changes on one version remain a conflict. Decides, does not act.
"""

from collections.abc import Callable

from msgspec.structs import replace

from hub.errors import Reject
from hub.registry.changes import Change
from hub.registry.ledger import Registered, Version
from hub.registry.seen import UNSEEN


def is_repeated(
    known: Registered | None, change: Change, decide: Callable[[Registered | None], Registered]
) -> bool:
    """Whether what stands is what this very change has made, whose answer was perhaps lost.

    The same person in the same words, on the version before it, and the same outcome. `decide`
    makes the change of the registration as it stood.
    """
    if known is None or known.version != change.on + 1:
        return False
    try:
        made = decide(_as_it_was(known))
    except Reject:
        return False
    return _told(made) == _told(known)


def _as_it_was(known: Registered) -> Registered | None:
    """The registration before its last change; None where it was none."""
    if not known.before:
        return None
    *before, last = known.before
    return Registered(
        known.name,
        last.connector or known.connector,
        last.bundle,
        last.entry,
        last.state,
        last.version,
        last.by,
        last.at,
        last.did,
        last.certificate,
        last.override,
        last.reason,
        last.seen,
        tuple(before),
    )


def _told(made: Registered) -> Version:
    """What two askings of one change have in common: not the moment, nor when it was compared."""
    return replace(made.now, at=0, seen=UNSEEN)
