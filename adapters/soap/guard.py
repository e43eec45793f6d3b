"""Who may come in: the configured credential, checked before the body is looked at.

What stands in HTTP or the connection is checked before anything is parsed, what stands in the
message's WS-Security header behind it.
"""

from collections.abc import Callable

from adapters.http import proofs
from adapters.http.messages import HttpRequest
from adapters.soap import timestamp, usernametoken, verify
from adapters.soap.denial import denied
from adapters.soap.envelope import option
from adapters.soap.inbound import Envelope
from adapters.soap.seen import Seen
from adapters.soap.times import Clock
from adapters.soap.trust import Trust
from adapters.soap.usernametoken import Account
from hub.contract.binding import Auth
from hub.contract.xml import Element
from hub.errors import Reject

Guard = Callable[[Envelope], bool]  # whether it processed the WS-Security header


def bouncer(auths: tuple[Auth, ...]) -> proofs.Proof:
    """The check of every kind of auth that HTTP carries; all must pass. It raises Refusal (401).

    Raises Halt for one that lacks an option.
    """
    checks = [proofs.compile_proof(auth) for auth in auths if auth.kind in proofs.KINDS]

    def check(request: HttpRequest) -> None:
        for one in checks:
            one(request)

    return check


def guard(auths: tuple[Auth, ...], clock: Clock) -> Guard:
    """The check of every kind of auth that the message carries; all must pass.

    The guard raises Refusal (401, "denied"; 503 when too much is remembered). Raises Reject for a
    kind that is not supported or lacks an option.
    """
    elsewhere = proofs.KINDS | {"none"}
    checks = [_check(auth, clock) for auth in auths if auth.kind not in elsewhere]

    def check(envelope: Envelope) -> bool:
        for one in checks:
            one(envelope)
        return bool(checks)

    return check


def _check(auth: Auth, clock: Clock) -> Callable[[Envelope], None]:
    match auth.kind:
        case "usernametoken":
            return _by_username(auth, clock)
        case "x509":
            return _by_signature(auth, clock)
        case _:
            raise Reject(
                f"auth {auth.kind} is not supported over SOAP",
                where="inbound.auth",
                fix=f"use usernametoken, x509, {', '.join(sorted(proofs.KINDS))} or none",
            )


def _by_username(auth: Auth, clock: Clock) -> Callable[[Envelope], None]:
    account, seen = Account(option(auth, "username"), option(auth, "password")), Seen()

    def check(envelope: Envelope) -> None:
        security, now = _security(envelope), clock()
        usernametoken.check(security, account, now, seen)
        stamp = timestamp.find(security)
        if stamp is not None:
            timestamp.check(stamp, now)

    return check


def _by_signature(auth: Auth, clock: Clock) -> Callable[[Envelope], None]:
    subject = auth.options.get("subject")
    trust = Trust(option(auth, "ca").encode(), subject if isinstance(subject, str) else None)
    seen = Seen()

    def check(envelope: Envelope) -> None:
        verify.check(envelope.body, _security(envelope), trust, clock(), seen)

    return check


def _security(envelope: Envelope) -> Element:
    found = envelope.security()
    if found is None:
        raise denied("The message has no credential", "send a WS-Security header")
    return found
