"""From every operation of the contracts here: what is left is for a person to decide alone."""

from pathlib import Path

import pytest

from hub.scaffold.folder import Asked, new_folder
from hub.scaffold.interface import Interface, read_interface
from hub.scaffold.plan import Kind, Wish, plans
from tests.scaffold.scaffold_kit import ROOT, events, learnt

DECIDED = {  # codes of findings that nobody but a person can settle
    "hole",  # a value
    "not-total",  # a row of a code table
    "never-delivered",  # which answers mean that it was done
    "auth",  # how the system proves who it is, where its interface is silent
    "flow",  # by what one item is known
    "case",  # what a case must give, where the mapping has holes
}
CONTRACTS = sorted(
    path
    for path in (ROOT / "connectors").glob("*/contract/*")
    if path.name.endswith((".wsdl", ".openapi.yaml"))
)
KINDS: tuple[Kind, ...] = ("on", "receive")
EVENTS = ("StatusChanged", "Received", "ConsignmentOrdered", "FeeRequested", "ProcedurePublished")


def interface(file: Path) -> Interface:
    adapter = "soap" if file.suffix == ".wsdl" else "rest"
    return read_interface(adapter, file.name, lambda name: (file.parent / name).read_bytes())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("file", CONTRACTS, ids=lambda file: file.name)
def test_what_is_left_is_a_persons_to_decide(file: Path, kind: Kind) -> None:
    found = interface(file)
    _held = found.contract(frozenset())  # as long as this test, so that it is read once
    known = {short: events().records[short] for short in events().full_names}
    for number, offer in enumerate(found.offers.operations):
        wish = Wish(kind, offer.name, EVENTS[number % len(EVENTS)])
        asked = Asked("system", plans([wish], found.offers, known), schema="s")
        folder = new_folder(asked, found, events(), learnt())
        strange = [p for p in folder.problems if p.code not in DECIDED]
        assert strange == [], (offer.name, wish.event)
        assert any(name.startswith("cases/") for name in folder.files)
