"""A JSON body as a document whose every text is in its one form (decision 0001).

Most bodies are in that form already. That is seen by looking at the whole text at once: the
characters that make JSON's structure compose with nothing, so the text as a whole is in NFC exactly
if each string in it is. Only where it is not, or where escapes hide characters, is every string
looked at.
"""

import re

from hub.contract.binding import Limits
from hub.contract.json import decode
from hub.contract.text import normalise
from hub.contract.types import Value
from hub.errors import Reject

_HIDDEN = re.compile(rb"\\[ubf]")


def read_json(body: bytes, limits: Limits, *, size: int | None = None) -> tuple[Value, Value]:
    """The value as it was sent, and with its texts in their one form (often the same object).

    The first is for signatures alone. `size`: most bytes, default `limits.body_bytes`.
    Raises Reject("malformed", "too-large", "control_character") without any of the content.
    """
    sent = decode(body, limits, size=size)
    if not _HIDDEN.search(body):
        text = body.decode("utf-8")
        if normalise(text) == text:
            return sent, sent
    return sent, _normalised(sent)


def _normalised(value: Value) -> Value:
    if isinstance(value, str):
        return normalise(value)
    if isinstance(value, list):
        return [_normalised(item) for item in value]
    if isinstance(value, dict):
        found = {normalise(key): _normalised(item) for key, item in value.items()}
        if len(found) != len(value):
            raise Reject("a key stands twice in one object", "document", code="malformed")
        return found
    return value
