"""Who somebody is, by the credential that comes with a request.

A change of the file that HUB_ACCESS names takes effect within a second. While it cannot be read,
nobody is let in: whoever was to be put out may be the one who would still be.
"""

import base64
import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from adapters.http.transport import Transport
from hub.access import tokens
from hub.access.keys import Verifier, fetching
from hub.access.roster import Provider, Roster, open_roster
from hub.access.rules import LOCAL, Principal
from hub.errors import Halt, Reject
from hub.settings import Settings

LOOK = 1.0  # seconds between two looks at the file
HUB = Principal("hub", frozenset({"hub"}))
HERE = Principal(LOCAL, frozenset({"admin"}))

Verify = Callable[[Provider], Verifier]


def verifying(transport: Transport) -> Verify:
    """How a provider's tokens are checked, with the real clocks."""
    return lambda provider: Verifier(
        provider, fetching(provider, transport), time.monotonic, time.time
    )


def own_principals(settings: Settings) -> dict[str, Principal]:
    """Who is known on this machine by its own tokens, by their digest. Raises Halt."""
    found = {tokens.digest(tokens.own(settings.home, "hub")): HUB}
    if settings.access is None:
        found[tokens.digest(tokens.own(settings.home, "admin"))] = HERE
    return found


class Doorman:
    """Knows principals by their credential. Belongs to one event loop.

    Making one raises Halt where the file cannot be read.
    """

    def __init__(
        self,
        file: Path | None,
        own: Mapping[str, Principal],
        verify: Verify,
        clock: Callable[[], float],
    ) -> None:
        """`file`: of HUB_ACCESS. `own`: this machine's own principals by their token's digest.

        `clock`: epoch seconds.
        """
        self._file = file
        self._own = own
        self._verify = verify
        self._clock = clock
        self._seen: tuple[int, ...] = ()
        self._looked = clock()
        self._roster = Roster({})
        self._verifier: Verifier | None = None
        self._refusal: Halt | None = None
        self._read()
        if self._refusal is not None:
            raise self._refusal

    async def who(self, authorization: str | None) -> Principal | None:
        """Whose credential it is; None without one.

        Takes `Bearer TOKEN`, and `Basic` with a principal's name and token, for clients that can
        nothing else. Raises Reject for a credential that is nobody's; Retry where an identity
        provider must be asked and cannot be; Halt while the file of principals cannot be read.
        """
        if authorization is None:
            return None
        name, token = credential(authorization)
        self._look()
        # A table of digests: what its look-up takes tells of the digest at most, not of the token.
        found = self._own.get(tokens.digest(token))
        if found is None:
            if self._refusal is not None:
                raise self._refusal
            found = self._roster.holder(tokens.digest(token), self._clock())
        if found is None and self._verifier is not None and token.count(".") == 2:  # noqa: PLR2004 - a JWS
            found = await self._verifier.who(token)
        if found is None or name not in (None, found.name):
            raise Reject("the credential is nobody's")
        return found

    def _look(self) -> None:
        now = self._clock()
        if abs(now - self._looked) >= LOOK:  # a clock may be set back
            self._looked = now
            self._read()

    def _read(self) -> None:
        """Read the file, if it is another than it was."""
        if self._file is None:
            return
        seen = _stamp(self._file)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            roster = open_roster(self._file)
            if roster.oidc != self._roster.oidc or self._verifier is None:
                self._verifier = self._verify(roster.oidc) if roster.oidc else None
            self._roster, self._refusal = roster, None
        except (Reject, Halt) as error:
            self._roster, self._verifier = Roster({}), None
            fix = error.fix or "mend the file of HUB_ACCESS"
            self._refusal = Halt(error.what, where=error.where, fix=fix)


def credential(header: str) -> tuple[str | None, str]:
    """The name, where there is one, and the token of an Authorization header. Raises Reject."""
    scheme, _, rest = header.partition(" ")
    rest = rest.strip()
    if scheme.lower() == "bearer" and rest:
        return None, rest
    if scheme.lower() == "basic":
        with contextlib.suppress(ValueError):
            name, _, token = base64.b64decode(rest, validate=True).decode().partition(":")
            if token:
                return name, token
    raise Reject("the credential cannot be read", fix="send `authorization: Bearer TOKEN`")


def _stamp(file: Path) -> tuple[int, ...]:
    """What changes with every change of a file; () while there is none."""
    try:
        found = file.stat()
    except OSError:
        return (-1,)
    return (found.st_ino, found.st_mode, found.st_mtime_ns, found.st_size)
