"""What is known of a version that takes the place of a live one: a backtest, and who stands for it.

A version that makes other messages of the same events is compared with the last one that was live
under its name before it goes live itself. The events are read where they are, so the comparison is
made by whoever asks (`hub connector backtest`, `register`), and the control plane gets its record.
What it can check itself, it does: that the record is about these two bodies and no others, that it
is recent, that its counts agree, and that somebody says why what nothing explains is meant. The
counts themselves are the word of who asks, and kept under their name.

What was live under that name before needs none: it has shown what it does, and the way back may
wait for nothing. Decides, does not act.
"""

import hashlib

import orjson

from hub.errors import Reject
from hub.registry.changes import check_words
from hub.registry.ledger import SERVED, Did, Entry, Registered, Version
from hub.registry.seen import Seen

PROMOTES: frozenset[Did] = frozenset({"register", "golive", "resume"})
FRESH = 10 * 86_400_000  # ms; a version registered before Tết may still be resumed behind it
EARLY = 300_000  # ms that another machine's clock may be ahead, as for certificates
BODY = ("settings", "agencies")  # of an entry: what decides which messages are made


def body(bundle: str, entry: Entry) -> str:
    """Names what decides which messages are made of an event: 64 hex digits, no secret inside."""
    said = [bundle, *(entry.get(key) or None for key in BODY)]
    return hashlib.sha256(orjson.dumps(said, option=orjson.OPT_SORT_KEYS)).hexdigest()


def replaced(made: Registered) -> Version | None:
    """The version whose place this one takes with other messages; None where it takes none.

    That is the last that was live under this name and connector, unless the same was live before.
    """
    lived = [
        one for one in made.before if one.state == "live" and one.connector in ("", made.connector)
    ]
    new = body(made.bundle, made.entry)
    if not lived or any(body(one.bundle, one.entry) == new for one in lived):
        return None
    return lived[-1]


def check_promotion(made: Registered) -> None:
    """Refuse what would be served in another's place before anybody knows what that changes.

    A rollback needs none: it leads to what was served before, and its worth is that it is quick.
    Raises Reject, code "backtest", "confirm" or "words".
    """
    for name, said in (("confirm", made.seen.confirm), ("uncompared", made.seen.uncompared)):
        if said:
            check_words(name, said)
    old = replaced(made) if made.state in SERVED and made.did in PROMOTES else None
    if old is not None:
        new = body(made.bundle, made.entry)
        _check(made.seen, body(old.bundle, old.entry), new, old.version, made.at)


def _check(seen: Seen, old: str, new: str, version: int, now: int) -> None:
    """Whether this is enough for `new` to take the place of `old` (bodies), which is `version`.

    `now`: epoch ms. Raises Reject, code "backtest" or "confirm".
    """
    if seen.uncompared:
        return
    found = seen.backtest
    if found is None:
        what = f"takes the place of version {version}, and nobody has compared the two"
        raise _refused(what, f"`old` is {old}, `new` is {new}; or say why not: uncompared")
    if (found.old, found.new) != (old, new):
        what = f"is of other versions: of {found.old[:16]} and {found.new[:16]}"
        raise _refused(what, f"compare {old} with {new}: hub connector backtest")
    if not now - FRESH <= found.at <= now + EARLY:
        raise _refused("is older than ten days, or yet to come", "compare anew")
    agrees = found.read >= found.compared >= found.differing
    if not agrees or (found.unexplained and not found.differing):
        raise _refused("counts more than there was", "send it as it was found")
    if found.unexplained and not seen.confirm:
        causes = "; ".join(found.causes)
        what = f"of {found.read} past events {found.unexplained} want a confirmation: {causes}"
        fix = "look at them; confirm: why that is meant"
        raise Reject(what, where="confirm", fix=fix, code="confirm")


def _refused(what: str, fix: str) -> Reject:
    return Reject(what, where="backtest", fix=fix, code="backtest")
