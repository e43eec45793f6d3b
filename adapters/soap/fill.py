"""Values that the registration puts into every request that has the field: keys, unit codes."""

from collections.abc import Callable, Mapping

from hub.contract.paths import put
from hub.contract.types import Document, JsonScalar, Record, Ref
from hub.errors import Reject

Fill = Callable[[Document, str], Document]
_KEY = "$key"


def filler(fill: Mapping[str, JsonScalar], record: Record, types: Mapping[str, Record]) -> Fill:
    """The function that fills a request of `record`; it copies what it changes.

    `fill`: dotted path of a field -> literal, or "$key" for the idempotency key. A path that this
    record does not have is another operation's. Raises Reject for "$token": there is no login here.
    """
    if "$token" in fill.values():
        raise Reject(
            "a SOAP request cannot be filled with $token",
            where="outbound.fill",
            fix="use usernametoken or x509",
        )
    rows = tuple(
        (path, value) for path, value in fill.items() if _has(record, path.split("."), types)
    )
    if not rows:
        return lambda document, _: document

    def apply(document: Document, key: str) -> Document:
        for path, value in rows:
            document = put(document, path, key if value == _KEY else value)
        return document

    return apply


def _has(record: Record, path: list[str], types: Mapping[str, Record]) -> bool:
    f = record.field(path[0])
    if f is None or len(path) == 1:
        return f is not None
    inner = types.get(f.type.name) if isinstance(f.type, Ref) else f.type
    return isinstance(inner, Record) and _has(inner, path[1:], types)
