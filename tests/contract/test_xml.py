"""Hostile XML is refused in bounded time and memory; ordinary XML is read as it stands."""

import resource

import pytest

from hub.contract.binding import Limits
from hub.contract.xml import canonical, parse
from hub.errors import Reject

LIMITS = Limits()

REFUSED = [
    (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>', "a DOCTYPE is not"),
    (b"<a>&undeclared;</a>", "not well-formed"),
    (b"<a>", "not well-formed"),
    (b"<a></b>", "not well-formed"),
    (b"<a/><b/>", "not well-formed"),
    (b"", "not an XML document"),
    (b"{}", "not an XML document"),
    (b"<a>\x00</a>", "not well-formed"),
    (b"<a>&#1;</a>", "not well-formed"),
    ("<a>é</a>".encode("utf-16"), "not an XML document"),
    ("<a>é</a>".encode("utf-16-le"), "not well-formed"),
    ("<a>é</a>".encode("latin-1"), "not well-formed"),
    (b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>', "encoding other than UTF-8"),
    (b"<a>" + b"<b/>" * 50_001 + b"</a>", "more than 50000 elements"),
    (b"<a>" * 65 + b"</a>" * 65, "nested deeper than 64"),
    (b"<a>" * 5_000 + b"</a>" * 5_000, "not well-formed"),
    (b"<a " + b"x=' " * 250_000, "too many attributes"),
    (b"<a>" + b" " * 1_048_576 + b"</a>", "more than 1048576 bytes"),
    (b"<" * 1_000_000, "not well-formed"),
    (b"<a " + b"x" * 1_000_000 + b"/>", "not well-formed"),
    (b"<a x" + b" " * 1_000_000 + b"/>", "not well-formed"),
]


@pytest.mark.parametrize(("body", "why"), REFUSED, ids=range(len(REFUSED)))
@pytest.mark.timeout(10)
def test_a_hostile_document_is_refused(body: bytes, why: str) -> None:
    with pytest.raises(Reject, match=why) as refused:
        parse(body, LIMITS)
    assert refused.value.code in {"malformed", "too-large"}


def test_the_deepest_allowed_document_is_read() -> None:
    assert parse(b"<a>" * 64 + b"</a>" * 64, LIMITS).tag == "a"


def test_a_comment_does_not_cut_a_text_in_two() -> None:
    root = parse("<a>Hồ<!-- x --> s<?pi y?>ơ<![CDATA[ <1>]]></a>".encode(), LIMITS)
    assert root.text == "Hồ sơ <1>"
    assert len(root) == 0


def test_a_byte_order_mark_and_a_declaration_are_fine() -> None:
    body = b'\xef\xbb\xbf<?xml version="1.0" encoding="UTF-8"?>\n<a b="x>y">1</a>'
    assert parse(body, LIMITS).get("b") == "x>y"


def test_names_of_strangers_do_not_stay_in_memory() -> None:
    def message(number: int) -> bytes:
        names = (b"n%08d%s" % (number * 10_000 + i, b"x" * 60) for i in range(10_000))
        return b"<a>" + b"".join(b"<%s/>" % name for name in names) + b"</a>"

    for number in range(5):
        assert len(parse(message(number), LIMITS)) == 10_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(5, 85):  # 55 MB of names
        parse(message(number), LIMITS)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 20_000  # KiB; without the thread of its own it is 60,000


def test_canonical_form_is_exclusive() -> None:
    root = parse(b'<s:e xmlns:s="u:s" xmlns:m="u:m"><m:b z="1" a="2"/></s:e>', LIMITS)
    assert canonical(root[0]) == b'<m:b xmlns:m="u:m" a="2" z="1"></m:b>'
    with_s = b'<m:b xmlns:m="u:m" xmlns:s="u:s" a="2" z="1"></m:b>'
    assert canonical(root[0], ("s",)) == with_s
