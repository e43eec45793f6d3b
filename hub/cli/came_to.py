"""What came of dead letters, by the receipts: of requeued ones, and of those that are void."""

from collections.abc import Sequence

from hub.cli.browse import Browser, read
from hub.contract.types import Document
from hub.delivery.letters import ENDED, Letter, settled, without_void
from hub.errors import Reject
from hub.records import Record, Spot
from hub.topics import RECEIPT

MARGIN = 2 * 3_600_000  # ms that brokers' clocks may differ, and that a former owner may be late


def came_to(browser: Browser, given: Sequence[Letter], since: int = 0) -> list[Letter]:
    """The letters with their states as far as receipts since then (epoch ms) tell them.

    What they tell stands behind the letter, or shortly before it: no more is read than that.
    """
    asked = [letter for letter in given if letter.state in ("open", "requeued")]
    if not asked:
        return list(given)
    begin = min(_from(letter) for letter in asked) - MARGIN
    told = _receipts(browser, asked, max(since, begin))
    return settled(without_void(given, told), (receipt for _, receipt in told))


def _from(letter: Letter) -> int:
    return letter.record.timestamp if letter.decision is None else letter.decision.at


def _receipts(browser: Browser, asked: Sequence[Letter], since: int) -> list[tuple[int, Document]]:
    """The ends that could be those of these letters' events, and the owners before them."""
    names = {letter.registration.encode() for letter in asked}
    whose = {(letter.registration.encode(), letter.record.key) for letter in asked}
    spots = sorted({Spot(RECEIPT, letter.source.partition) for letter in asked})

    def could_be(record: Record) -> bool:
        headers = dict(record.headers)
        if headers.get("hub_kind") == b"OWNER":
            return headers.get("hub_connector") in names
        outcome = headers.get("hub_outcome", b"").decode(errors="replace")
        of_one = (headers.get("hub_connector"), record.key) in whose
        return of_one and outcome in ENDED

    found = sorted(read(browser, spots, could_be, since), key=lambda r: (r.partition, r.offset))
    told = ((record.offset, _told(browser, record)) for record in found)
    return [(offset, receipt) for offset, receipt in told if receipt is not None]


def _told(browser: Browser, record: Record) -> Document | None:
    try:
        return browser.codec.decode(record.value or b"")[1]
    except Reject:  # none of the hub's
        return None
