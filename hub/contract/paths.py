"""Dotted paths into documents, as manifests write them: `body.isUpdating`, `_id.$oid`.

A path is looked up key by key; a list is entered by a whole number. What is not there is None.
"""

from hub.contract.types import Document, Value


def get(document: Value, path: str) -> Value:
    """The value at `path`, or None."""
    found: Value = document
    for part in path.split("."):
        if isinstance(found, dict):
            found = found.get(part)
        elif isinstance(found, list) and part.isdigit() and int(part) < len(found):
            found = found[int(part)]
        else:
            return None
    return found


def put(document: Document, path: str, value: Value) -> Document:
    """A copy of `document` with `value` at `path`; records on the way are made."""
    head, _, rest = path.partition(".")
    inner = document.get(head)
    if rest:
        value = put(inner if isinstance(inner, dict) else {}, rest, value)
    return {**document, head: value}


def get_all(document: Value, path: str) -> list[Value]:
    """Every value at `path`, entering every element of the lists on the way; nulls left out."""
    head, _, rest = path.partition(".")
    if isinstance(document, list):
        return [
            found for item in document if isinstance(item, dict) for found in get_all(item, path)
        ]
    inner = document.get(head) if isinstance(document, dict) else None
    if inner is None:
        return []
    return get_all(inner, rest) if rest else [inner]
