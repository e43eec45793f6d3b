"""What an answer means: the outcome table of a contract, compiled; the first row that fits decides.

Peers disagree about everything: 200 with an error code inside, "already exists" as an error, three
spellings of zero. So the table is data of the connector (decision 0003), and what it does not say
falls to the defaults below. An answer that breaks its contract never counts as delivered.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from adapters.http.messages import Answer
from hub.contract.paths import get
from hub.contract.types import JsonScalar, Value
from hub.errors import Reject
from hub.registry.manifest import Outcome, Then

Test: TypeAlias = Callable[[Answer], bool]


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


def compile_rows(rows: Sequence[Outcome]) -> tuple[Row, ...]:
    """Compile a table. Raises Reject naming the row that makes no sense."""
    made: list[Row] = []
    for index, row in enumerate(rows):
        where = f"outcomes[{index}]"
        if not row.when:
            raise Reject("has no condition", where=where, fix="say when it holds")
        if (row.then == "again") != bool(row.set):
            raise Reject("`again` needs `set`, and only `again` has it", where=where)
        tests = tuple(_test(key, value, where) for key, value in row.when.items())
        made.append(Row(tests, Verdict(row.then, index, row.set or {}, row.note)))
    return tuple(made)


def judge(rows: Sequence[Row], answer: Answer) -> Verdict:
    """The verdict of the first row that fits, or of the defaults."""
    for row in rows:
        if row.verdict.then == "delivered" and not answer.valid:
            continue
        if all(test(answer) for test in row.tests):
            return row.verdict
    return Verdict(_default(answer))


def _default(answer: Answer) -> Then:
    status = answer.status
    if not answer.valid or status in (408, 429) or (status >= 500 and answer.fault is None):  # noqa: PLR2004 - HTTP
        return "system"
    if answer.fault is not None:
        return "reject" if answer.fault == "Client" else "retry"
    if 400 <= status < 500:  # noqa: PLR2004 - HTTP
        by_status: Mapping[int, Then] = {401: "login", 403: "halt"}
        return by_status.get(status, "reject")
    return "retry"


def _test(key: str, wanted: Value, where: str) -> Test:
    if key == "status":
        return _status(wanted, where)
    if key == "fault":
        return _on(lambda answer: answer.fault, wanted, where)
    if key.startswith("header."):
        name = key.removeprefix("header.").lower()
        return _on(lambda answer: answer.headers.get(name), wanted, where)
    return _on(lambda answer: get(answer.document, key), wanted, where)


def _status(wanted: Value, where: str) -> Test:
    several = wanted if isinstance(wanted, list) else [wanted]
    exact = {value for value in several if isinstance(value, int)}
    classes = {
        value[0]
        for value in several
        if isinstance(value, str) and value[:1] in "12345" and value[1:] == "XX"
    }
    if len(exact) + len(classes) != len(several):
        raise Reject(f"status {wanted!r} is no status", where=where, fix='write 404 or "5XX"')
    return lambda answer: answer.status in exact or str(answer.status)[:1] in classes


def _on(read: Callable[[Answer], Value], wanted: Value, where: str) -> Test:
    if isinstance(wanted, dict):
        if len(wanted) != 1:
            raise Reject(f"{wanted!r} is not one condition", where=where)
        ((kind, value),) = wanted.items()
        return _special(read, kind, value, where)
    allowed = wanted if isinstance(wanted, list) else [wanted]
    return lambda answer: any(_same(read(answer), value) for value in allowed)


def _special(read: Callable[[Answer], Value], kind: str, value: Value, where: str) -> Test:
    if kind == "integer":
        numbers = set(value) if isinstance(value, list) else {value}
        return lambda answer: _integer(read(answer)) in numbers
    if kind == "contains" and isinstance(value, str):
        part = _folded(value)
        return lambda answer: part in _folded(read(answer))
    if kind == "present" and isinstance(value, bool):
        return lambda answer: (read(answer) is not None) is value
    raise Reject(
        f"'{kind}' is not a condition", where=where, fix="use integer, contains or present"
    )


def _same(found: Value, wanted: Value) -> bool:
    # True == 1 in Python, but an answer's true is not its 1
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _integer(value: Value) -> int | None:
    """`int(str(x).strip())`: 0, "0" and "00" are the same answer of one product."""
    try:
        return None if value is None or isinstance(value, bool) else int(str(value).strip())
    except ValueError:
        return None


def _folded(value: Value) -> str:
    return unicodedata.normalize("NFC", str(value or "")).casefold()
