"""Many items in one call: who goes together, and which part of the answer is whose.

A mapping makes the request of one event, with one item in its list. Requests that differ in that
item alone are joined by putting their items into one list. The answer is taken apart again: each
item gets the answer with its own row alone, which is what the system would have said had the item
come alone, so that one outcome table judges both (decision 0013).

Nothing is sent here.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

from msgspec.structs import replace

from adapters.http.messages import Answer
from hub.contract.paths import get, put
from hub.contract.types import Document, Value
from hub.delivery.outcomes import Test
from hub.registry.batch import Batch, Pairs

TOO_LARGE = 413  # HTTP
LONGEST_CODE = 20  # characters; what is longer is a sentence
Name = tuple[str, ...]  # what an item and its row have in common


@dataclass(frozen=True, slots=True)
class Joining:
    """`batch` of a flow, compiled.

    `too_large`: all hold for an answer that says so. `codes`: the fields of a row that the outcome
    table compares with codes; people are shown them.
    """

    flow: str
    batch: Batch
    pairs: Pairs
    too_large: tuple[Test, ...] = ()
    codes: tuple[str, ...] = ()

    def part(self, operation: str, request: Document) -> "Part | None":
        """The request as a part of a call; None where it has no list of one item, and goes alone.

        Alone goes, too, what lacks the values that its row would be known by.
        """
        items = get(request, self.batch.join)
        if not isinstance(items, list) or len(items) != 1 or not isinstance(items[0], dict):
            return None
        name = _name(items[0], [path for path, _ in self.pairs])
        if name is None:
            return None
        rest = put(request, self.batch.join, None)
        return Part(self.flow, operation, request, rest, items[0], name)

    def joined(self, parts: Sequence["Part"]) -> Document:
        """One request of all the items, in their order; the parts go together, and are not none."""
        return put(parts[0].request, self.batch.join, [part.item for part in parts])

    def apart(self, answer: Answer, parts: Sequence["Part"]) -> list[Answer | None] | None:
        """Each part's answer, None for a part without a row of its own; None: there are no rows.

        Two rows of one item contradict each other, unless they are the same: it has none then. By
        position, rows count only if there is one for each item.
        """
        rows = get(answer.document, self.batch.rows)
        if not isinstance(rows, list) or not rows:
            return None
        found = self._by_name(rows, parts) if self.pairs else _by_position(rows, parts)
        return [None if row is None else self._alone(answer, row) for row in found]

    def refuses_so_many(self, answer: Answer) -> bool:
        """Whether an answer says that there were too many items in the call."""
        said = self.too_large and all(test(answer, {}) for test in self.too_large)
        return answer.status == TOO_LARGE or bool(said)

    def _by_name(self, rows: list[Value], parts: Sequence["Part"]) -> list[Value]:
        named: dict[Name, Value] = {}
        paths = [path for _, path in self.pairs]
        for row in rows:
            name = _name(row, paths)
            if name is not None:
                named[name] = row if named.get(name, row) == row else None
        return [named.get(part.name) for part in parts]

    def _alone(self, answer: Answer, row: Value) -> Answer:
        codes = [f"{path}: {str(get(row, path))[:LONGEST_CODE]}" for path in self.codes]
        excerpt = "; ".join([answer.excerpt, *codes])
        document = put(answer.document, self.batch.rows, [row])
        return replace(answer, document=document, excerpt=excerpt)


@dataclass(frozen=True, slots=True)
class Part:
    """What one item brings to a call.

    `rest`: the request without its list. `name`: what its row is known by; () by position.
    """

    flow: str
    operation: str
    request: Document = field(repr=False)
    rest: Document = field(repr=False)
    item: Value = field(repr=False)
    name: Name = field(repr=False)

    @property
    def made(self) -> tuple[str, Document]:
        """The operation and the request, as the mapping made it."""
        return self.operation, self.request

    def like(self, other: "Part") -> bool:
        """Whether they differ in nothing but their items."""
        mine, theirs = (self.flow, self.operation), (other.flow, other.operation)
        return mine == theirs and self.rest == other.rest


def company(parts: Sequence[Part | None], most: int) -> list[int]:
    """The places of those that go with the first, itself included: `most` of them, 1 at least.

    They are alike, and no two have one name, or nobody could tell whose row it is. None stands for
    what goes alone.
    """
    first = parts[0]
    places = [0]
    if first is None:
        return places
    names = {first.name}
    for place, part in enumerate(parts[1:], 1):
        if len(places) >= most:
            break
        if part is not None and first.like(part) and (not part.name or part.name not in names):
            places.append(place)
            names.add(part.name)
    return places


def key_of(keys: Sequence[str]) -> str:
    """The idempotency key of a call: an item's own where it goes alone.

    For several, 32 hex digits that the same items in the same order give again.
    """
    if len(keys) == 1:
        return keys[0]
    whole = sha256()
    for key in keys:
        whole.update(f"{len(key)}:{key}".encode())
    return whole.hexdigest()[:32]


def _by_position(rows: list[Value], parts: Sequence[Part]) -> list[Value]:
    return rows if len(rows) == len(parts) else [None] * len(parts)


def _name(item: Value, paths: Sequence[str]) -> Name | None:
    """The texts at these paths; None unless a scalar stands at each of them.

    7 and "7" are the same name: a system may write a number as it likes.
    """
    found = [get(item, path) for path in paths]
    if any(value is None or isinstance(value, list | Mapping) for value in found):
        return None
    return tuple(unicodedata.normalize("NFC", str(value)).strip() for value in found)
