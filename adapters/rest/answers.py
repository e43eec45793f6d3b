"""What a system answered, checked against the contract's answer for that status.

A body that is not what the contract says never counts as success, whatever its status; nor does
none at all, where the contract says what stands in it. A status
that the contract does not know, of the error classes, is an answer all the same if it is JSON or
empty: the outcome table decides.
"""

import html
import re
from collections.abc import Callable, Container, Mapping

from adapters.http.known import Known
from adapters.http.messages import Answer
from adapters.http.personal import PERSONAL, compile_personal, without
from adapters.http.transport import RawAnswer
from adapters.rest.json_body import read_json
from hub.contract.binding import Limits
from hub.contract.types import Anything, Document, Operation, Record, Type, Value
from hub.contract.validate import compile_validator
from hub.errors import Reject

EXCERPT = 300  # characters for a person
PAGE = 4_096  # bytes or characters of an answer that are looked at for it
_TAGS = re.compile(r"(?is)<(?:script|style)\b.{0,1000}?</(?:script|style)>|<[^<>]{0,1000}>")
_NUMBER = re.compile(r"[0-9][0-9 .-]{5,}[0-9]")
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,255}")
_SPACE = re.compile(r"\s{2,}|[^\S ]")
_BODILESS = frozenset((204, 205, 304))  # RFC 9110, 15: they never have content

Read = Callable[[RawAnswer, Document, str], Answer]  # the answer, what was sent, the token


def compile_answers(operation: Operation, types: Mapping[str, Record], limits: Limits) -> Read:
    """The function that reads answers of `operation`. It raises nothing.

    Neither the personal values of the request nor its token are in an excerpt.
    """
    known = {
        status: (compile_validator(type_, types).check, _hidden(type_))
        for status, type_ in operation.answers.items()
    }
    careless = {status for status, type_ in operation.answers.items() if type_ == Anything()}
    personal = compile_personal(operation.request, types)
    before: Known[Answer] = Known()

    def read(raw: RawAnswer, sent: Document, token: str) -> Answer:
        answer = before.of(raw) or before.keep(raw, whole(raw))
        if not answer.excerpt:
            return answer
        excerpt = _masked(without(answer.excerpt, [*personal(sent), token]))
        return Answer(answer.status, answer.document, None, answer.headers, answer.valid, excerpt)

    def whole(raw: RawAnswer) -> Answer:
        """What it says to anybody: its excerpt is not masked yet."""
        headers = raw.fields()
        document, valid, excerpt = understood(raw.status, raw.body, headers)
        return Answer(raw.status, document, None, headers, valid, excerpt)

    def understood(
        status: int, body: bytes, headers: Mapping[str, str]
    ) -> tuple[Document, bool, str]:
        """What was answered, whether it is what the contract says, and an unmasked excerpt."""
        value, readable = _read(body, headers, limits)
        key = _key(status, known)
        if not readable:  # which is no fault where the contract does not care
            return {}, key in careless, _page(body)
        if not key:
            valid = not 200 <= status < 300 or (not body and not known)  # noqa: PLR2004 - HTTP
            return _document(value), valid, _excerpt(value)
        check, hidden = known[key]
        checked, problems = check(value)
        document = value if problems else checked
        whole = bool(body) or key in careless or status in _BODILESS
        return _document(document), not problems and whole, _excerpt(document, hidden)

    return read


def _key(status: int, known: Container[str]) -> str:
    """Under which name the contract describes this status; "" if it does not."""
    exact = str(status)
    if exact in known:
        return exact
    return next((key for key in (f"{exact[0]}XX", "default") if key in known), "")


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


def _hidden(type_: Type) -> frozenset[str]:
    """The fields at the top of an answer that are marked as personal data."""
    fields = type_.fields if isinstance(type_, Record) else ()
    return frozenset(f.name for f in fields if f.pii in PERSONAL)


def _excerpt(value: Value, hidden: frozenset[str] = frozenset()) -> str:
    """Scalars at the top of the document."""
    if not isinstance(value, dict):
        return ""
    parts = [
        f"{name}: {item}"
        for name, item in value.items()
        if isinstance(item, str | int | float) and name not in hidden
    ]
    return "; ".join(parts)[:PAGE]


def _page(body: bytes) -> str:
    """What a person would see of an error page."""
    return html.unescape(_TAGS.sub(" ", body[:PAGE].decode("utf-8", "replace")))


def _masked(text: str) -> str:
    """At most 300 characters; numbers as long as a person's and addresses are masked."""
    text = _NUMBER.sub("…", text)
    if "@" in text:
        text = _EMAIL.sub("…", text)
    return _SPACE.sub(" ", text).strip()[:EXCERPT]
