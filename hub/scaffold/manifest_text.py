"""connector.yaml of a new connector, with words beside what a person has to look at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from hub.contract.types import Boolean, Contract, Integer, Operation, Record, Ref, Text, Type
from hub.mapping.likeness import folded, words
from hub.registry.signatures import SUCCESS
from hub.registry.yaml_file import Plain
from hub.scaffold.credentials import Credentials
from hub.scaffold.plan import Plan
from hub.scaffold.yaml_text import inline

SCHEMA: Final = "connector.schema.json"
# A field of an answer by which a system says that it refused, under a status that says yes.
_VERDICT: Final = frozenset({"ma", "code", "status", "error", "errorcode", "success", "result",
                             "resultcode", "statuscode", "returncode", "errcode", "ketqua",
                             "trangthai", "maketqua", "maloi"})  # fmt: skip
_VERDICTS: Final = frozenset({"success", "severity"})  # words of such a field's name
_OK: Final = ("200", "201", "202", "203", "204", "2XX")


@dataclass(frozen=True, slots=True)
class Flow:
    """A flow's line: its keys, and what is said beside it."""

    plan: Plan
    keys: Mapping[str, Plain]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything that a manifest says, before it is laid out."""

    name: str
    title: str
    owner: str
    adapter: str
    contract: str
    flows: Sequence[Flow]
    schema: str
    inbound: Credentials | None = None
    outbound: Credentials | None = None
    fill: Mapping[str, Plain] = field(default_factory=dict)
    outcomes: Sequence[str] = ()
    notes: Sequence[str] = ()


def manifest_text(draft: Draft) -> str:
    """The file."""
    return "\n".join(_lines(draft)) + "\n"


def _lines(draft: Draft) -> Iterator[str]:
    yield f"# yaml-language-server: $schema={draft.schema}"
    yield from (f"# {note}" for note in draft.notes)
    yield "hub: 1"
    for key in ("name", "title", "owner", "adapter", "contract"):
        yield f"{key}: {inline(getattr(draft, key))}"
    yield "mapping: mapping.py"
    sides = [side for side in (draft.inbound, draft.outbound) if side is not None]
    yield from _block("settings", {k: v for side in sides for k, v in side.settings.items()})
    yield from _block("secrets", {k: v for side in sides for k, v in side.secrets.items()})
    kinds = {flow.plan.kind for flow in draft.flows}
    if "receive" in kinds:
        auth: dict[str, Plain] = dict(draft.inbound.auth) if draft.inbound else {"kind": "todo"}
        yield from ("", "inbound:", f"  auth: {inline(auth)}")
    if kinds & {"on", "poll"}:
        yield from _outbound(draft)
    yield from ("", "flows:")
    for flow in draft.flows:
        yield from (f"  # {note}" for note in flow.notes)
        yield f"  {flow.plan.name}: {inline(dict(flow.keys))}"


def _block(title: str, entries: Mapping[str, Plain]) -> Iterator[str]:
    if entries:
        yield from ("", f"{title}:")
        yield from (f"  {name}: {inline(value)}" for name, value in entries.items())


def _outbound(draft: Draft) -> Iterator[str]:
    yield from ("", "outbound:")
    if draft.outbound is not None:
        yield from ("  auth:", f"    - {inline(dict(draft.outbound.auth))}")
    else:
        yield "  auth: []  # the interface says nothing of credentials; see the kinds of auth"
    if draft.fill:
        yield "  fill:"
        yield from (f"    {path}: {inline(value)}" for path, value in draft.fill.items())
    rows = list(draft.outcomes)
    if any(not row.startswith("#") for row in rows):
        yield "  outcomes:"
    yield from (f"  {row}" if row.startswith("#") else f"    {row}" for row in rows)


def outcomes(operations: Sequence[Operation], contract: Contract) -> list[str]:
    """Rows of the outcome table: which answers mean delivered, where the contract makes it plain.

    An answer that carries a verdict of its own may refuse under a status that says yes. Then there
    are proposals alone, and the check asks for a row.
    """
    statuses = sorted({s for op in operations for s in op.answers if s in _OK})
    numbers: list[Plain] = [
        int(status) if status.isdecimal() else status for status in statuses
    ] or [200]
    verdicts = [v for op in operations for v in _verdicts(op, contract.types)]
    when: dict[str, Plain] = {"status": numbers}
    declared = {s for op in operations for s in op.answers}
    again = ["# 409 is declared: {when: {status: 409}, then: delivered, note: already there}?"]
    more = again if "409" in declared else []
    if not verdicts:
        return [f"- {inline({'when': when, 'then': 'delivered'})}", *more]
    shown = ", ".join(dict.fromkeys(verdicts))
    first = verdicts[0].partition(" ")[0]
    return [
        f"# The answer has a verdict of its own ({shown}): which values mean that it was accepted?",
        f"# outcomes: [{inline({'when': {**when, first: '…'}, 'then': 'delivered'})}]",
        *more,
    ]


def _verdicts(op: Operation, types: Mapping[str, Record]) -> Iterator[str]:
    """Paths in an answer of success that may say no; with their values, where there are any."""
    for status in SUCCESS:
        if status in op.answers:
            yield from _verdicts_in(op.answers[status], types, (), 2)
            return


def _verdicts_in(
    kind: Type, types: Mapping[str, Record], path: tuple[str, ...], depth: int
) -> Iterator[str]:
    record = types.get(kind.name) if isinstance(kind, Ref) else kind
    if not isinstance(record, Record) or depth == 0:
        return
    for each in record.fields:
        here = (*path, each.name)
        if isinstance(each.type, Record | Ref):
            yield from _verdicts_in(each.type, types, here, depth - 1)
        elif (
            isinstance(each.type, Boolean)
            or folded(each.name) in _VERDICT
            or _VERDICTS & set(words(each.name))
        ):
            values = each.type.values if isinstance(each.type, Text | Integer) else None
            known = f" one of {', '.join(map(str, values[:6]))}" if values else ""
            yield ".".join(here) + known
