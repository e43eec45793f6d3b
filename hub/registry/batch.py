"""`batch` of a flow: one call tells a system of many dossiers, and the answer says of each.

Only a contract that answers for every item may be batched: what is matched here, and how, is read
off the answer's rows.
"""

from collections.abc import Iterable, Mapping
from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from hub.registry.yaml_file import Plain

POSITION = "$position"  # rows stand in the order of the items, one each
LONGEST_LINGER = 1.0  # seconds
Pairs: TypeAlias = tuple[tuple[str, str], ...]  # path in the item, path in its row


class Batch(Struct, frozen=True, forbid_unknown_fields=True):
    """Which list of the request holds the items, and which of the answer a row for each."""

    join: str  # path of the list in the request
    """Path of the list in the request."""
    rows: str  # path of the list in the answer
    """Path of the list in the answer."""
    match: str | list[str] | dict[str, str]  # what a row has in common with its item
    """What an item and its row have in common: a field, several, pairs, or `$position`."""
    most: Annotated[int, Meta(ge=2, le=1_000)] = 50  # items in one call
    """Items in one call."""
    # seconds that a call waits to be full, while another one of the registration is under way
    linger: Annotated[float, Meta(ge=0, le=LONGEST_LINGER)] = 0.0
    """Seconds that a call which is not full waits while another is under way."""
    too_large: dict[str, Plain] = {}  # how an answer says that there were too many, beside 413
    """Conditions by which an answer says that there were too many, beside 413."""


def pairs(batch: Batch) -> Pairs:
    """What makes a row the row of an item: equal values at these paths; none: its position."""
    match = batch.match
    if match == POSITION:
        return ()
    if isinstance(match, Mapping):
        return tuple(match.items())
    return tuple((path, path) for path in ([match] if isinstance(match, str) else match))


def codes(batch: Batch, conditions: Iterable[Mapping[str, Plain]]) -> tuple[str, ...]:
    """The fields of a row that conditions of an outcome table compare with codes, each once.

    Not those in which a part of a sentence is looked for, or which have only to be there.
    """
    start = f"{batch.rows}."
    named = [
        key.removeprefix(start)
        for when in conditions
        for key, wanted in when.items()
        if key.startswith(start)
        and not (isinstance(wanted, dict) and {"contains", "present"} & wanted.keys())
    ]
    return tuple(dict.fromkeys(named))
