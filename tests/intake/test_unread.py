"""What an unread message is perhaps about: codes in their strict form, and never much."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.intake.unread import A_MINUTE, LOOKED_AT, MINUTE_MS, MOST, Unread, codes_in

CODE = "H44.99.99-251013-0001"
OLD = "000.00.12.H62-201105-0004"


@pytest.mark.parametrize(
    ("raw", "found"),
    [
        (f'{{"maHoSo":"{CODE}"', [CODE]),
        (
            f"<MaHoSo>{CODE}</MaHoSo><MaHoSo>{OLD}",
            [CODE, OLD],
        ),
        (f"{CODE} {CODE}", [CODE]),
        (f"x{CODE} {CODE}9x H44-1-2 .{CODE}", []),
        (f"<DoMat>1</DoMat>{CODE}", []),
        (f"{CODE} MẬT", []),
        ("", []),
    ],
)
def test_codes_are_read_in_their_strict_form(raw: str, found: list[str]) -> None:
    assert codes_in(raw.encode(), ("DoMat",)) == found


@given(st.binary(max_size=300))
def test_any_bytes_give_few_texts_without_blanks(raw: bytes) -> None:
    found = codes_in(raw + b" " + CODE.encode())
    assert len(found) <= MOST
    assert all(code.isascii() and not any(map(str.isspace, code)) for code in found)


def test_a_long_message_is_looked_at_in_its_beginning_alone() -> None:
    many = b" ".join(b"H44.99.99-251013-%04d" % n for n in range(20))
    assert len(codes_in(many)) == MOST
    assert codes_in(b" " * LOOKED_AT + CODE.encode()) == []


def test_few_a_minute_are_recorded_and_nothing_else_of_the_message() -> None:
    unread, raw = Unread(), f'{{"maHoSo": "{CODE}", "ten": "Trần Thị Thử'.encode()
    made = [unread.act("portal", raw, (), "not well-formed JSON", 0) for _ in range(A_MINUTE + 1)]
    assert made[-1] is None
    assert made[0] is not None
    assert (made[0].kind, made[0].subject) == ("REFUSED", f"perhaps {CODE}")
    assert made[0].reason == "unread, unproved: not well-formed JSON"
    assert "Thử" not in str(made[0])
    later = unread.act("portal", b"{", (), "x", MINUTE_MS)
    assert later is not None
    assert later.subject is None
