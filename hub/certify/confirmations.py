"""The question by which received items are confirmed, tried with an item that nobody sent."""

from collections.abc import Iterator

from hub.certify.clauses import Seen, asked
from hub.certify.watched import Watched
from hub.contract.types import Document
from hub.errors import HubError
from hub.intake.confirming import Confirmation, Confirmer, Question
from hub.intake.item import split
from hub.registry.bundle import Bundle
from hub.registry.case_files import find_cases
from hub.registry.case_wire import Arrivals
from hub.registry.certificates import Clause
from hub.registry.live import Live, inflows

NAME = "unknown-item-answered"


async def unconfirmed(live: Live, client: Watched) -> list[tuple[Clause, tuple[Seen, ...]]]:
    """For each flow that has items confirmed, the clause and what was seen.

    An item of a case is asked about, which the system was never told of: it must answer, and not
    confirm it.
    """
    found = []
    for operation, inflow in inflows(live).items():
        if inflow.confirm is None:
            continue
        client.taken()
        given = next(_questions(live.bundle, operation, inflow.flow, inflow.confirm), None)
        said: bool | HubError = False
        if given is not None:
            said = await _confirmed(client, inflow.confirm, *given)
        seen = client.taken()
        found.append((asked(inflow.flow, NAME, found=said, asked=seen, wanted=False), seen))
    return found


async def _confirmed(
    client: Watched, confirm: Confirmation, item: Document, request: Document
) -> bool | HubError:
    mark = ("certify", "certify")
    try:
        return not await Confirmer(client).doubted(confirm, [Question(mark, item, request)])
    except HubError as error:
        return error


def _questions(
    bundle: Bundle, operation: str, flow: str, confirm: Confirmation
) -> Iterator[tuple[Document, Document]]:
    """Items of the flow's cases of which the mapping asks something, and what it asks."""
    arrivals = Arrivals(bundle.inbound)
    split_at = bundle.manifest.flows[flow].split
    for case in find_cases(bundle.files, {}):
        if case.flow not in (flow, f"{flow}_confirm") or case.reject is not None:
            continue
        for item in split(arrivals.read(operation, case), split_at):
            for first in (True, False):
                request = confirm.make(item, first)
                if request is not None:
                    yield item, request
