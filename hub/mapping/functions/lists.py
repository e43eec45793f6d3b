"""Lists: the first, how many, the sum, whether any."""

from collections.abc import Sequence
from typing import Annotated

from hub.contract.types import Anything, Boolean, Date, Integer, ListOf, OneOf, Text, Timestamp
from hub.mapping.functions.declare import function
from hub.mapping.statics import NEVER, Known, Many

_SCALARS = OneOf((Text(), Integer(), Boolean(), Timestamp(), Date()))
AnyList = Annotated[list[object], ListOf(Anything())]
ScalarList = Annotated[list[object], ListOf(_SCALARS)]


def _item(arguments: Sequence[Known], _: Sequence[object]) -> Known:
    known = arguments[0]
    many = known.type if isinstance(known.type, Many) else Many(NEVER)
    return Known(many.item, known.absent or many.min_items == 0)


def _fewer(arguments: Sequence[Known], _: Sequence[object]) -> Known:
    known = arguments[0]
    many = known.type if isinstance(known.type, Many) else Many(NEVER)
    return Known(Many(many.item, min(many.min_items, 1), many.max_items), known.absent)


@function(refine=_item)
def first(items: AnyList) -> Annotated[object, Anything()] | None:
    """The first element of a list; absent where the list is empty.

    Example: first([r.itemCode for r in doc.results])
    """
    return items[0] if items else None


@function()
def count(items: AnyList) -> Annotated[int, Integer(minimum=0)]:
    """How many elements a list has.

    Example: count(doc.TaiLieu) > 0
    """
    return len(items)


@function()
def total(numbers: list[int]) -> int:
    """The sum of whole numbers; 0 of none.

    Example: total([fee.amount_vnd for fee in event.fees])
    """
    return sum(numbers)


@function()
def any_of(truths: list[bool]) -> bool:
    """Whether at least one is true; False of none.

    Example: any_of([a.digitised for a in event.dossier.attachments])
    """
    return any(truths)


@function()
def all_of(truths: list[bool]) -> bool:
    """Whether all are true; True of none.

    Example: all_of([fee.method == "ONLINE" for fee in event.dossier.fees])
    """
    return all(truths)


@function(refine=_fewer)
def distinct(items: ScalarList) -> Annotated[list[object], ListOf(Anything())]:
    """The elements of a list without repetition, in the order in which they first come.

    Example: distinct(["a", "b", "a"]) = ["a", "b"]
    """
    return list(dict.fromkeys(items))
