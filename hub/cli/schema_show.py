"""`hub schema show`: the fields of an event, for whoever writes a mapping from it or to it."""

from collections.abc import Iterator, Mapping
from typing import Annotated

import typer

from hub import settings
from hub.cli.known import events_here
from hub.cli.options import Json
from hub.cli.output import Usage, answering, say, show_rows
from hub.contract.types import Document, ListOf, Record, Ref, Text, Type
from hub.contract.words import describe
from hub.nearest import nearest

COLUMNS = ("field", "type", "must", "personal", "doc")
DEEP = 4  # records inside records


def show(
    name: Annotated[str, typer.Argument(help="StatusChanged, or dossier.v1.StatusChanged")],
    *,
    as_json: Json = False,
) -> None:
    """Show the fields of an event: name, type, whether it must be there, class, what it means.

    personal: n none, p personal, s sensitive. Events that registered connectors brought are known
    where a hub runs.
    """
    with answering():
        events = events_here(settings.load())
        short = name.rpartition(".")[2]
        if short not in events.full_names or name not in (short, events.full_names[short]):
            near = nearest(short, sorted(events.full_names))
            fix = f"did you mean {near}?" if near else "hub schema list"
            raise Usage(f"'{name}' is no event", "NAME", fix)
        record = events.records[short]
        if not as_json:
            say(f"{events.full_names[short]}: {record.doc}".rstrip(": "))
        show_rows(_rows(record, events.records, "", DEEP), COLUMNS, as_json=as_json)


def _rows(
    record: Record, types: Mapping[str, Record], before: str, deep: int
) -> Iterator[Document]:
    """A row for each value, by its path; `[]` behind a list."""
    for each in record.fields:
        inner, path = _inside(each.type, types), f"{before}{each.name}"
        many = "[]" if isinstance(each.type, ListOf) else ""
        yield {
            "field": path + many,
            "type": _kind(each.type),
            "must": each.required and not each.nullable,
            "personal": each.pii,
            "doc": each.doc.partition("\n")[0],
        }
        if inner is not None and deep > 1:
            yield from _rows(inner, types, f"{path}{many}.", deep - 1)


def _kind(kind: Type) -> str:
    """In words; all values of an enumeration, for they are what a code table needs."""
    if isinstance(kind, Text) and kind.values is not None:
        return f"one of {', '.join(kind.values)}"
    return describe(kind)


def _inside(kind: Type, types: Mapping[str, Record]) -> Record | None:
    while isinstance(kind, ListOf | Ref):
        kind = kind.item if isinstance(kind, ListOf) else types[kind.name]
    return kind if isinstance(kind, Record) else None
