"""What a system answered, checked against the contract's answer for that status.

A body that is not what the contract says never counts as success, whatever its status. A status
that the contract does not know, of the error classes, is an answer all the same if it is JSON or
empty: the outcome table decides.
"""

import re
from collections.abc import Callable, Mapping

from adapters.http.messages import Answer
from adapters.http.transport import RawAnswer
from adapters.rest.json_body import read_json
from hub.contract.binding import Limits
from hub.contract.types import Document, Operation, Record, Type, Value
from hub.contract.validate import compile_validator
from hub.errors import Reject

EXCERPT = 300  # characters for a person
PAGE = 4_096  # bytes of an error page that are looked at
_TAGS = re.compile(r"(?is)<(?:script|style)\b.{0,1000}?</(?:script|style)>|<[^<>]{0,1000}>")
_PERSONAL = re.compile(r"[0-9][0-9 .-]{5,}[0-9]|[^\s@]{1,64}@[^\s@]{1,255}")
_SPACE = re.compile(r"\s+")
_OF_PERSONS = frozenset("ps")

Read = Callable[[RawAnswer], Answer]


def compile_answers(operation: Operation, types: Mapping[str, Record], limits: Limits) -> Read:
    """The function that reads answers of `operation`. It raises nothing."""
    known = {
        status: (compile_validator(type_, types).check, _shown(type_))
        for status, type_ in operation.answers.items()
    }

    def read(raw: RawAnswer) -> Answer:
        status, headers = raw.status, raw.fields()
        value, readable = _read(raw.body, headers, limits)
        told = known.get(str(status)) or known.get(f"{status // 100}XX") or known.get("default")
        if not readable:
            return Answer(status, {}, None, headers, valid=False, excerpt=_page(raw.body))
        if told is None:
            valid = not 200 <= status < 300 or (not raw.body and not known)  # noqa: PLR2004 - HTTP
            return Answer(status, _document(value), None, headers, valid, _excerpt(value, None))
        check, shown = told
        checked, problems = check(value)
        document = _document(value if problems else checked)
        return Answer(status, document, None, headers, not problems, _excerpt(value, shown))

    return read


def _read(body: bytes, headers: Mapping[str, str], limits: Limits) -> tuple[Value, bool]:
    """The value, and whether it could be read; an empty body is an empty record."""
    if headers.get("content-encoding", "identity") != "identity":
        return {}, False
    if not body:
        return {}, True
    try:
        return read_json(body, limits, size=limits.answer_bytes)[1], True
    except Reject:
        return {}, False


def _document(value: Value) -> Document:
    """A list or a scalar stands in the one field `body` (decision 0001)."""
    return value if isinstance(value, dict) else {"body": value}


def _shown(type_: Type) -> frozenset[str]:
    """The fields at the top of an answer that are not marked as personal data."""
    if not isinstance(type_, Record):
        return frozenset()
    return frozenset(f.name for f in type_.fields if f.pii not in _OF_PERSONS)


def _excerpt(value: Value, shown: frozenset[str] | None) -> str:
    """Scalars at the top of the document; where no contract speaks, numbers are masked."""
    if not isinstance(value, dict):
        return ""
    parts = [
        f"{name}: {item}"
        for name, item in value.items()
        if isinstance(item, str | int | float) and (shown is None or name in shown)
    ]
    return _masked("; ".join(parts)[: 2 * EXCERPT])


def _page(body: bytes) -> str:
    """What a person would see of an error page, numbers and addresses masked."""
    return _masked(_TAGS.sub(" ", body[:PAGE].decode("utf-8", "replace")))


def _masked(text: str) -> str:
    return _SPACE.sub(" ", _PERSONAL.sub("…", text)).strip()[:EXCERPT]
