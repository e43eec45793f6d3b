"""The whole folder of a new connector: manifest, contract, mapping, cases. Pure: paths and bytes.

What only a person can decide is left open in a way that the check finds, so that nothing of it can
go live: a hole in the mapping, a row that a code table lacks, an outcome that is not said.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from hub.contract.offers import Offer, Scheme
from hub.contract.types import Contract, Operation
from hub.errors import Reject
from hub.mapping.likeness import folded
from hub.registry.bundle import examine
from hub.registry.cases import record
from hub.registry.check import check
from hub.registry.event_types import Events
from hub.registry.problem import Problem
from hub.registry.signatures import operation
from hub.scaffold.cases import case_of
from hub.scaffold.credentials import Credentials, credentials
from hub.scaffold.flows import Maker
from hub.scaffold.interface import FOLDER, Interface
from hub.scaffold.learnt import Learnt
from hub.scaffold.manifest_text import Draft, manifest_text, outcomes
from hub.scaffold.mapping_text import mapping_text
from hub.scaffold.plan import Plan

MANIFEST: Final = "connector.yaml"
UNRECORDED: Final = "case"  # the finding of a case that does not say what it must give


@dataclass(frozen=True, slots=True)
class Asked:
    """What the integrator said. `auth` names a kind where the interface names none.

    `also`: operations that the contract keeps though no flow calls them: a question, a login.
    """

    name: str
    plans: Sequence[Plan]
    title: str = ""
    owner: str = ""
    auth: str = ""
    also: Sequence[Offer] = ()
    schema: str = ""  # where editors find the manifest's JSON Schema


@dataclass(frozen=True, slots=True)
class Folder:
    """`problems`: what is left to decide, as the check says it. `notes`: good to know."""

    files: Mapping[str, bytes] = field(repr=False)
    problems: tuple[Problem, ...]
    notes: tuple[str, ...]


def new_folder(asked: Asked, interface: Interface, events: Events, learnt: Learnt) -> Folder:
    """Write a connector. Raises ContractErrors where the chosen operations cannot be read."""
    wanted = frozenset(offer.name for offer in (*(plan.offer for plan in asked.plans), *asked.also))
    files, contract, told = interface.contract(wanted)
    maker = Maker(contract, events, learnt)
    functions = [maker.function(plan) for plan in asked.plans]
    draft = _draft(asked, interface, contract, learnt)
    draft = replace(draft, contract=_root(files, interface), flows=[f.flow for f in functions])
    notes = list(told)
    notes += [f"the interface also knows {kind}" for kind in interface.offers.unknown]
    written: dict[str, bytes] = {
        MANIFEST: manifest_text(replace(draft, notes=notes)).encode(),
        "mapping.py": mapping_text(draft.title, functions, maker.tables).encode(),
        **files,
    }
    for function in functions:
        made = case_of(function, contract, events)
        written |= made
        if not made:
            notes.append(f"no case could be made for {function.plan.name}: write one by hand")
    return _recorded(asked.name, written, events, notes)


def _recorded(name: str, files: dict[str, bytes], events: Events, notes: Sequence[str]) -> Folder:
    """With what each case gives, where nothing is left to decide."""
    problems = check(name, files, events).problems
    if all(problem.code == UNRECORDED for problem in problems):
        bundle = examine(name, files, events).bundle
        files |= record(bundle).files if bundle is not None else {}
        problems = check(name, files, events).problems
    return Folder(files, problems, tuple(notes))


def _draft(asked: Asked, interface: Interface, contract: Contract, learnt: Learnt) -> Draft:
    title = asked.title or interface.offers.title or asked.name
    calls = [p for p in asked.plans if p.kind != "receive"]
    operations = [operation(contract, p.offer.name) for p in calls if p.kind == "on"]
    fill = {name: "$key" for op in operations for name in _keys(op, learnt)}
    return Draft(
        name=asked.name,
        title=title,
        owner=asked.owner or interface.offers.owner or title,
        adapter=interface.adapter,
        contract="",
        flows=(),
        schema=asked.schema,
        inbound=_side(asked, interface, title, inbound=True),
        outbound=_side(asked, interface, title, inbound=False),
        fill=fill,
        outcomes=outcomes(operations, contract) if operations else (),
    )


def _side(asked: Asked, interface: Interface, title: str, *, inbound: bool) -> Credentials | None:
    """The credentials of one direction; None where nothing is known, or none of that kind is."""
    kinds = {plan.kind == "receive" for plan in asked.plans}
    if inbound not in kinds:
        return None
    if asked.auth:
        return credentials(Scheme(asked.auth), title, inbound=inbound)
    for scheme in interface.offers.schemes:
        try:
            return credentials(scheme, title, inbound=inbound)
        except Reject:
            continue
    return None


def _keys(op: Operation, learnt: Learnt) -> list[str]:
    """The fields of a request into which the hub's own key goes."""
    return [each.name for each in op.request.fields if folded(each.name) in learnt.keys]


def _root(files: Mapping[str, bytes], interface: Interface) -> str:
    stem = (FOLDER + interface.root).rpartition(".")[0]
    return next(name for name in files if name.rpartition(".")[0] == stem)
