"""What to ask next when an answer is one page of many. Pure; whoever asks keeps the cursor.

Numbered pages end with the first page that is not full: its length is the only sign that every
product gives. A cursor stays where it is when a page is empty, so nothing is skipped.
"""

from dataclasses import dataclass

from hub.contract.paths import get, put
from hub.contract.types import Document, Value
from hub.errors import Reject


@dataclass(frozen=True, slots=True)
class Numbered:
    """Pages by number. `parameter` and `items` are paths: in the request, in the answer."""

    parameter: str
    items: str
    size: int  # items of a full page
    first: int = 1
    most: int = 100  # pages of one walk


@dataclass(frozen=True, slots=True)
class Cursor:
    """Pages from a cursor. `next` is a path in the last item, `full` the items of a full page."""

    parameter: str
    items: str
    first: str
    next: str
    full: int


Paging = Numbered | Cursor


def first_request(document: Document, paging: Paging, cursor: str | None = None) -> Document:
    """The request of the first page; `cursor`: where a former walk ended."""
    if isinstance(paging, Cursor):
        return put(document, paging.parameter, cursor or paging.first)
    return put(document, paging.parameter, paging.first)


def items_of(answer: Document, paging: Paging) -> list[Value]:
    """The items of a page; a list that is absent is empty. Raises Reject for another thing."""
    found = get(answer, paging.items)
    if found is None:
        return []
    if not isinstance(found, list):
        raise Reject("is not a list", where=f"answer {paging.items}", code="contract")
    return found


def next_request(document: Document, answer: Document, paging: Paging) -> Document | None:
    """The request after `document`, whose answer was `answer`; None after the last page.

    Raises Reject if the last item has no cursor, or if pages go on beyond `most`.
    """
    items = items_of(answer, paging)
    if isinstance(paging, Cursor):
        if len(items) < paging.full:
            return None
        return put(document, paging.parameter, next_cursor(answer, paging))
    if len(items) < paging.size:
        return None
    page = get(document, paging.parameter)
    number = page if isinstance(page, int) else int(str(page or paging.first))
    if number - paging.first + 1 >= paging.most:
        raise Reject(f"more than {paging.most} pages", where=paging.parameter, code="paging")
    return put(document, paging.parameter, number + 1)


def next_cursor(answer: Document, paging: Cursor) -> str | None:
    """Where to go on after this page; None if it was empty: then the cursor stays.

    It may be stored only when every event of the page is kept. Raises Reject if the last item has
    none.
    """
    items = items_of(answer, paging)
    if not items:
        return None
    found = get(items[-1], paging.next)
    if not isinstance(found, str | int) or isinstance(found, bool):
        raise Reject("the last item has no cursor", where=f"answer {paging.next}", code="paging")
    return str(found)
