"""Whether a flow's `batch` fits its contract: what is wrong is found before a list is sent."""

from collections.abc import Iterable, Iterator, Mapping

from hub.contract.types import Contract, ListOf, OneOf, Operation, Record, Ref, Type
from hub.registry.batch import POSITION, Batch, pairs
from hub.registry.manifest import Manifest
from hub.registry.manifest_flow import Flow
from hub.registry.manifest_words import words
from hub.registry.problem import Problem
from hub.registry.signatures import SUCCESS
from hub.registry.yaml_file import YamlFile

Types = Mapping[str, Record]
KEY = "$key"
DEEPEST = 3  # names of a path that is proposed


def batch_problems(manifest: Manifest, contract: Contract, yaml: YamlFile) -> Iterator[Problem]:
    """What is wrong with the batches of a connector; operations that do not exist are not ours."""
    for name, flow in manifest.flows.items():
        if flow.batch is not None:
            place = yaml.place(("flows", name, "batch"))
            for what, fix in _misfits(flow, flow.batch, manifest, contract):
                yield Problem(place, f"flow '{name}': {what}", fix, code="batch")


def _misfits(
    flow: Flow, batch: Batch, manifest: Manifest, contract: Contract
) -> Iterator[tuple[str, str]]:
    named = [contract.operations[c] for c in words(flow.call) if c in contract.operations]
    called = [(op, found) for op in named if (found := [*_lists(op.request, batch.join, contract)])]
    if flow.ask is not None:
        yield "asks before each call, so that calls cannot be joined", "leave out ask, or batch"
    if batch.match != POSITION and not pairs(batch):
        yield "batch.match names nothing", f"name a field of item and row, or write {POSITION}"
    if not called:
        yield (
            f"batch.join: no operation of the flow has a list of records at '{batch.join}'",
            _known_lists((op.request for op in named), contract.types),
        )
    for op, lists in called:
        yield from _items(batch, lists, contract.types)
        yield from _rows(batch, op, contract)
        yield from _keys(flow, manifest, op)
    yield from _table(flow, batch, manifest)


def _items(batch: Batch, lists: list[ListOf], types: Types) -> Iterator[tuple[str, str]]:
    """A list must bear as many items as are sent, and each item what its row is known by."""
    for list_ in lists:
        if list_.max_items is not None and list_.max_items < batch.most:
            yield (
                f"batch.most is {batch.most}, the contract takes at most {list_.max_items}",
                f"write most: {list_.max_items}" if list_.max_items > 1 else "leave out batch",
            )
        for path, _ in pairs(batch):
            if not _always_there(list_.item, path, types):
                yield (
                    f"batch.match: an item of '{batch.join}' need not have '{path}'",
                    "name a field that the contract requires in each item",
                )


def _rows(batch: Batch, op: Operation, contract: Contract) -> Iterator[tuple[str, str]]:
    answers = [op.answers[status] for status in SUCCESS if status in op.answers]
    lists = [found for answer in answers for found in _lists(answer, batch.rows, contract)]
    if not lists:
        yield (
            f"batch.rows: the answer of '{op.name}' has no list of records at '{batch.rows}'",
            _known_lists(answers, contract.types),
        )
    for list_ in lists:
        for _, path in pairs(batch):
            if not any(True for _ in _at(list_.item, path, contract.types)):
                yield (
                    f"batch.match: a row of '{batch.rows}' has no '{path}'",
                    "write {field of the item: field of the row} where they differ",
                )


def _keys(flow: Flow, manifest: Manifest, op: Operation) -> Iterator[tuple[str, str]]:
    """A call of several items has a key of its own, so that a repeat in parts has other ones."""
    filled = [path for path, value in manifest.outbound.fill.items() if value == KEY]
    has_key = any(op.request.field(path.partition(".")[0]) for path in filled)
    if has_key and (flow.in_doubt or manifest.outbound.in_doubt) is None:
        yield (
            f"'{op.name}' carries {KEY}, which changes when an item goes out again with others",
            "say in_doubt: what to ask before an item is repeated",
        )


def _table(flow: Flow, batch: Batch, manifest: Manifest) -> Iterator[tuple[str, str]]:
    for row in (*flow.outcomes, *manifest.outbound.outcomes):
        if row.then == "delivered" and not any(k.startswith(f"{batch.rows}.") for k in row.when):
            yield (
                f"the outcome {row.when} says delivered whatever the item's own row says",
                f"test a field of '{batch.rows}', for example {batch.rows}.code",
            )


def _lists(kind: Type, path: str, contract: Contract) -> Iterator[ListOf]:
    """The lists of records at a path; of a choice, each alternative that has one."""
    for found in _at(kind, path, contract.types):
        if isinstance(found, ListOf) and isinstance(_known(found.item, contract.types), Record):
            yield found


def _known_lists(kinds: Iterable[Type], types: Types) -> str:
    found = sorted({path for kind in kinds for path in _list_paths(kind, types, DEEPEST)})
    return f"write {' or '.join(found[:5])}" if found else "it has none: leave out batch"


def _list_paths(kind: Type, types: Types, depth: int) -> Iterator[str]:
    """Where lists of records stand, `depth` names deep at most; none inside another."""
    found = _known(kind, types)
    if isinstance(found, OneOf):
        for option in found.options:
            yield from _list_paths(option, types, depth)
    elif isinstance(found, Record) and depth:
        for field in found.fields:
            inner = _known(field.type, types)
            if isinstance(inner, ListOf) and isinstance(_known(inner.item, types), Record):
                yield field.name
            for path in _list_paths(inner, types, depth - 1):
                yield f"{field.name}.{path}"


def _at(kind: Type, path: str, types: Types) -> Iterator[Type]:
    """What may stand at a dotted path. No list is on the way: one call has one list of items."""
    found = _known(kind, types)
    if isinstance(found, OneOf):
        for option in found.options:
            yield from _at(option, path, types)
    elif not path:
        yield found
    elif isinstance(found, Record):
        head, _, rest = path.partition(".")
        if (field := found.field(head)) is not None:
            yield from _at(field.type, rest, types)


def _always_there(kind: Type, path: str, types: Types) -> bool:
    """Whether every field on the way is required, and is not null."""
    found = _known(kind, types)
    for name in path.split("."):
        field = found.field(name) if isinstance(found, Record) else None
        if field is None or not field.required or field.nullable:
            return False
        found = _known(field.type, types)
    return not isinstance(found, Record | ListOf)


def _known(kind: Type, types: Types) -> Type:
    return types[kind.name] if isinstance(kind, Ref) else kind
