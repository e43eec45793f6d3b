"""Messages that were refused, on record: that there was one, of what, and why; nothing it said.

Who asks why something has not arrived finds them by the identity of their items. A sender who says
nonsense in a loop must not fill `hub.act`: beyond a bound a minute they are counted alone.
"""

from collections.abc import Iterator, Mapping

from hub.contract.types import Document
from hub.errors import Reject
from hub.intake.acts import Act
from hub.intake.inflow import Inflow, items_of, who
from hub.intake.item import digest

A_MINUTE = 600  # refusals that are recorded, of one process
MINUTE_MS = 60_000
TEXT = 300  # characters of what is kept
MOST_ITEMS = 20  # identities of one message


class Refusals:
    """One gateway's. Decides, does not act."""

    def __init__(self, digest_key: bytes) -> None:
        self._digest_key = digest_key
        self._minute = self._count = 0

    def act(
        self,
        inflow: Inflow,
        document: Document,
        headers: Mapping[str, str],
        error: Reject,
        now: int,
    ) -> Act | None:
        """What is to be recorded of a refused message; None where there were too many. `now`: ms.

        One that bears a secrecy mark is on record already, and its identity must not be.
        """
        if error.code == "secrecy" or not self._allowed(now // MINUTE_MS):
            return None
        named = " ".join(_identities(inflow, document, headers))
        reason = f"{error.field}: {error.what}" if error.field else error.what
        mark = digest(document, inflow.ignore, self._digest_key).hex()
        return Act(
            "REFUSED", inflow.registration, inflow.flow, named[:TEXT] or None, reason[:TEXT], mark
        )

    def _allowed(self, minute: int) -> bool:
        if minute != self._minute:
            self._minute, self._count = minute, 0
        self._count += 1
        return self._count <= A_MINUTE


def _identities(inflow: Inflow, document: Document, headers: Mapping[str, str]) -> Iterator[str]:
    for item in items_of(inflow, document)[:MOST_ITEMS]:
        try:
            yield " ".join(who(inflow, item, headers))
        except Reject:
            continue  # that may be why it was refused
