"""The same answer again is not read again, and speaks of nobody but the one who is told it."""

from adapters.http.connection import RawAnswer
from adapters.http.known import MOST, Known
from adapters.rest.answers import compile_answers
from hub.contract.binding import Limits
from hub.contract.types import Anything, Field, Operation, Record, RestWire, Text

JSON = ((b"content-type", b"application/json"),)
NAMED = b'{"loi": "Khong co Tran Thi Mau, Le Van Thu"}'
TOLD = Operation(
    "POST /gui",
    Record("Gui", (Field("ten", Text(), pii="p"),)),
    {"default": Anything()},
    RestWire("POST", "/gui", (), "", "application/json"),
)


def test_only_the_very_same_answer_is_known() -> None:
    known: Known[str] = Known()
    yes = RawAnswer(200, JSON, b"yes")
    assert known.of(yes) is None
    assert "read" == known.keep(yes, "read")
    assert "read" == known.of(RawAnswer(200, JSON, b"yes"))
    for other in (
        RawAnswer(201, JSON, b"yes"),
        RawAnswer(200, (), b"yes"),
        RawAnswer(200, JSON, b"no"),
    ):
        assert known.of(other) is None


def test_a_large_answer_is_not_kept_and_puts_none_out() -> None:
    known: Known[str] = Known()
    small, large = RawAnswer(200, JSON, b"yes"), RawAnswer(200, JSON, b"x" * (MOST + 1))
    known.keep(small, "small")
    assert "large" == known.keep(large, "large")
    assert known.of(large) is None
    assert "small" == known.of(small)


def test_each_request_has_its_own_persons_taken_out_of_the_same_answer() -> None:
    read = compile_answers(TOLD, {}, Limits())
    for ten, shown in (
        ("Tran Thi Mau", "loi: Khong co ***, Le Van Thu"),
        ("Le Van Thu", "loi: Khong co Tran Thi Mau, ***"),
        ("", "loi: Khong co Tran Thi Mau, Le Van Thu"),
    ):
        answer = read(RawAnswer(200, JSON, NAMED), {"ten": ten}, "")
        assert shown == answer.excerpt


def test_another_answer_is_read_anew() -> None:
    read = compile_answers(TOLD, {}, Limits())
    for ma in ("00", "01", "01", "00"):
        raw = RawAnswer(200, JSON, b'{"ma": "%b"}' % ma.encode())
        assert {"ma": ma} == read(raw, {}, "").document
