"""What an answer means: the outcome table of a contract, compiled; the first row that fits decides.

Peers disagree about everything: 200 with an error code inside, "already exists" as an error, three
spellings of zero. So the table is data of the connector (decision 0003), and what it does not say
falls to the defaults below. An answer that breaks its contract never counts as delivered.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from adapters.http.messages import Answer
from hub.contract.paths import get, get_all
from hub.contract.types import Document, JsonScalar, Value
from hub.errors import Reject
from hub.registry.manifest_flow import Outcome
from hub.registry.manifest_words import Then
from hub.registry.yaml_file import Plain

Read: TypeAlias = Callable[[Answer], list[Value]]
Test: TypeAlias = Callable[[Answer, Document], bool]  # the answer, and what it is compared with
EVENT = "$event."
ITEM = "$item."
SETTING = "$setting."
CODE = re.compile(r"-?(?!\d{9})[A-Za-z0-9_.]{1,20}")  # nine digits may be a person's number
MOST_CODES = 3  # in one reason


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do now. `row` is the table's row (from 0), None for a default."""

    then: Then
    row: int | None = None
    change: Mapping[str, JsonScalar] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A compiled row: all tests must hold."""

    tests: tuple[Test, ...]
    verdict: Verdict
    codes: tuple[str, ...] = ()  # paths of the answer that it compares with fixed values


def compile_rows(rows: Sequence[Outcome], settings: Mapping[str, Value]) -> tuple[Row, ...]:
    """Compile a table. Raises Reject naming the row that makes no sense.

    A row `delivered` that names neither a status nor a fault fits answers of 2XX only.
    """
    made: list[Row] = []
    for index, row in enumerate(rows):
        where = f"outcomes[{index}]"
        if (row.then == "again") != bool(row.set):
            fix = "add set: {field: value}" if row.then == "again" else "take `set` out"
            raise Reject("`again` needs `set`, and only `again` has it", where=where, fix=fix)
        verdict = Verdict(row.then, index, row.set or {}, row.note)
        tests = compile_when(row.when, settings, where)
        if row.then == "delivered" and not {"status", "fault"} & row.when.keys():
            tests = (_success, *tests)
        made.append(Row(tests, verdict, tuple(_code_paths(row.when))))
    return tuple(made)


def _code_paths(when: Mapping[str, Plain]) -> Iterator[str]:
    for key, wanted in when.items():
        if key in ("status", "fault") or key.startswith("header."):
            continue
        if compared(wanted, EVENT) is None and (
            not isinstance(wanted, dict) or "integer" in wanted
        ):
            yield key


def codes_said(rows: Sequence[Row], answer: Answer) -> str:
    """The system's own codes in an answer, for people: "error_code -99"; "" where it has none.

    Only what the table compares with fixed values, and only what looks like a code: an answer's
    other texts may speak of persons.
    """
    paths = dict.fromkeys(path for row in rows for path in row.codes)
    said = [
        f"{path} {value}"
        for path in paths
        for value in get_all(answer.document, path)
        if isinstance(value, str | int) and CODE.fullmatch(str(value))
    ]
    return ", ".join(said[:MOST_CODES])


def _success(answer: Answer, _: Document) -> bool:
    """A broken product may still write its code for success."""
    return 200 <= answer.status < 300  # noqa: PLR2004 - HTTP


def compile_when(
    when: Mapping[str, Plain], settings: Mapping[str, Value], where: str, other: str = EVENT
) -> tuple[Test, ...]:
    """The tests of one condition. Raises Reject naming the key that makes no sense.

    `other` begins the name of what answers may be compared with: "$event.", or "$item." of a
    received item.
    """
    if not when:
        raise Reject("has no condition", where=where, fix="say when it holds")
    return tuple(
        _test(key, value, settings, f"{where}.{key}", other) for key, value in when.items()
    )


def compared(wanted: Plain, other: str) -> str | None:
    """The path in the event or item that a condition compares with, or None."""
    value = wanted.get("text") if isinstance(wanted, dict) else wanted
    found = isinstance(value, str) and value.startswith(other)
    return str(value).removeprefix(other) if found else None


def judge(
    rows: Sequence[Row], answer: Answer, request: Document, event: Document, used: set[int]
) -> Verdict:
    """The verdict of the first row that fits, or of the defaults.

    A row `again` fits only where the request carries the fields that it changes, and once: rows in
    `used` have had their turn in this attempt.
    """
    for row in rows:
        verdict = row.verdict
        if verdict.then == "delivered" and not answer.valid:
            continue
        if verdict.row in used:
            continue
        if verdict.change and not all(get(request, p) is not None for p in verdict.change):
            continue
        if _fits(row, answer, event):
            return verdict
    return Verdict(_default(answer))


def _fits(row: Row, answer: Answer, event: Document) -> bool:
    for test in row.tests:  # noqa: SIM110 - `all` would make a generator for each answer
        if not test(answer, event):
            return False
    return True


def _default(answer: Answer) -> Then:
    status = answer.status
    if answer.fault is not None:
        return "reject" if answer.fault == "Client" else "retry"
    if not answer.valid or status in (408, 429) or status >= 500:  # noqa: PLR2004 - HTTP
        return "system"
    if status >= 400:  # noqa: PLR2004 - HTTP
        by_status: Mapping[int, Then] = {401: "login", 403: "halt"}
        return by_status.get(status, "reject")
    return "retry"


def _test(key: str, wanted: Plain, settings: Mapping[str, Value], where: str, other: str) -> Test:
    if key == "status":
        return _status(wanted, where)
    read = _reader(key)
    if isinstance(wanted, dict) and len(wanted) != 1:
        fix = "write one of integer, contains, text or present in it"
        raise Reject(f"{wanted!r} is not one condition", where=where, fix=fix)
    path = compared(wanted, other)
    if path is not None:
        like = _same_text if isinstance(wanted, dict) else _same
        return lambda answer, that: any(like(v, get(that, path)) for v in read(answer))
    if isinstance(wanted, dict):
        ((kind, value),) = wanted.items()
        return _special(read, kind, _of_settings(value, settings), where)
    return _is_one_of(read, wanted if isinstance(wanted, list) else [wanted])


def _is_one_of(read: Read, allowed: Sequence[Value]) -> Test:
    def test(answer: Answer, _: Document) -> bool:
        for found in read(answer):
            for value in allowed:
                if _same(found, value):
                    return True
        return False

    return test


def _reader(key: str) -> Read:
    if key == "fault":
        return lambda answer: [answer.fault] if answer.fault else []
    if key.startswith("header."):
        name = key.removeprefix("header.").lower()
        return lambda answer: [answer.headers[name]] if name in answer.headers else []
    return lambda answer: get_all(answer.document, key)


def _of_settings(value: Plain, settings: Mapping[str, Value]) -> Plain:
    if isinstance(value, str) and value.startswith(SETTING):
        return settings.get(value.removeprefix(SETTING))
    return value


def _status(wanted: Plain, where: str) -> Test:
    several = wanted if isinstance(wanted, list) else [wanted]
    exact = {value for value in several if isinstance(value, int)}
    classes = {
        value[0]
        for value in several
        if isinstance(value, str) and value[:1] in "12345" and value[1:] == "XX"
    }
    if len(exact) + len(classes) != len(several):
        raise Reject(f"status {wanted!r} is no status", where=where, fix='write 404 or "5XX"')
    return lambda answer, _: answer.status in exact or str(answer.status)[:1] in classes


def _special(read: Read, kind: str, value: Plain, where: str) -> Test:
    several = value if isinstance(value, list) else [value]
    if kind == "integer" and all(isinstance(v, int) for v in several):
        return lambda answer, _: any(_integer(v) in several for v in read(answer))
    if kind == "contains" and isinstance(value, str):
        part = _folded(value)
        return lambda answer, _: any(part in _folded(v) for v in read(answer))
    if kind == "text" and all(isinstance(v, str | int) for v in several):
        texts = {_text(v) for v in several}
        return lambda answer, _: any(_text(v) in texts for v in read(answer))
    if kind == "present" and isinstance(value, bool):
        return lambda answer, _: any(v != [] for v in read(answer)) is value
    raise Reject(
        f"'{kind}: {value}' is not a condition",
        where=where,
        fix="use integer, contains, text or present",
    )


def _same(found: Value, wanted: Value) -> bool:
    # True == 1 in Python, but an answer's true is not its 1
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _same_text(found: Value, wanted: Value) -> bool:
    # what is absent is not the same as an empty text
    return wanted is not None and _text(found) == _text(wanted)


def _integer(value: Value) -> int | None:
    """`int(str(x).strip())`: 0, "0" and "00" are the same answer of one product."""
    try:
        return None if value is None or isinstance(value, bool) else int(str(value).strip())
    except ValueError:
        return None


def _text(value: Value) -> str:
    """The JSON text of a scalar, trimmed and case-folded: 100 and "100", true and "True"."""
    return _folded(value).strip()


def _folded(value: Value) -> str:
    return unicodedata.normalize("NFC", "" if value is None else str(value)).casefold()
