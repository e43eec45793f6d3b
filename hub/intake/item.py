"""What a message says, item by item: which item it is, and whether it says the same as before.

A repeat must give the same event id in whatever batch it comes; the same id with another body is a
conflict. Hence an *identity*, taken from the item, and a *digest* of its canonical form without
what the manifest declares volatile. The digest is keyed: it stands in a header, and a telephone
number could otherwise be found by trying all of them.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

import msgspec

from hub.contract.paths import get
from hub.contract.types import Document, Value
from hub.errors import Reject

DIGEST_BYTES = 16
HEADER = "header."

_HOLDING = frozenset({dict, list})
_encoder = msgspec.json.Encoder(order="sorted")


def split(document: Document, path: str | None) -> list[Document]:
    """The items of a message: the records of the list at `path`, or the message itself."""
    if path is None:
        return [document]
    found = get(document, path)
    if not isinstance(found, list):
        return []
    return [item for item in found if isinstance(item, dict)]


def identity(item: Document, paths: Sequence[str], headers: Mapping[str, str]) -> tuple[str, ...]:
    """The values at `paths` as texts. `header.X` is the request's header X.

    Raises Reject where one is absent: an item that cannot be named cannot be kept once.
    """
    found: list[str] = []
    for path in paths:
        if path.startswith(HEADER):
            value: Value = headers.get(path.removeprefix(HEADER).lower())
        else:
            value = get(item, path)
        if value is None or isinstance(value, dict | list) or value == "":
            raise Reject("is needed to tell this item from others", where=path, code="identity")
        found.append(str(value))
    return tuple(found)


def canonical(item: Document, ignore: Sequence[str]) -> bytes:
    """Sorted keys, nothing absent, nothing volatile: equal bytes mean the same statement."""
    return _encoder.encode(_kept(item, _volatile(tuple(ignore))))


def digest(item: Document, ignore: Sequence[str], key: bytes) -> bytes:
    """16 bytes: BLAKE2b (RFC 7693), keyed, of the canonical item."""
    return hashlib.blake2b(canonical(item, ignore), digest_size=DIGEST_BYTES, key=key).digest()


Volatile: TypeAlias = "Mapping[str, Volatile | None]"  # None: all that stands there
_NOTHING: Volatile = {}


@lru_cache(maxsize=1_024)  # a few for each registration
def _volatile(paths: tuple[str, ...]) -> Volatile:
    """Dotted paths as nested names."""
    tree: dict[str, Volatile | None] = {}
    heads = {path: path.partition(".") for path in paths}
    for head, _, rest in heads.values():
        if not rest:
            tree[head] = None
    for head in {head for head, _, _ in heads.values()} - tree.keys():
        tree[head] = _volatile(tuple(rest for other, _, rest in heads.values() if other == head))
    return tree


def _kept(value: Value, volatile: Volatile) -> Value:
    """Without nulls and without what is volatile, in every element of a list on the way."""
    if type(value) is dict:
        if not volatile:
            return {
                key: _kept(part, _NOTHING) if type(part) in _HOLDING else part
                for key, part in value.items()
                if part is not None
            }
        kept: Document = {}
        for key, part in value.items():
            if part is None:
                continue
            inner = volatile.get(key, _NOTHING)
            if inner is not None:
                kept[key] = _kept(part, inner) if type(part) in _HOLDING else part
        return kept
    if type(value) is list:
        return [_kept(part, volatile) for part in value]
    return value
