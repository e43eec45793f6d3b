"""What a hostile sender may try: each is refused in its own words, soon, and in little memory."""

import resource
import time
from collections.abc import Callable

import pytest

from adapters.soap.usernametoken import Account, token_text
from hub.contract.binding import Auth, Limits
from tests.adapters.soap.doors import CONTENT, door, message, post, refusal
from tests.adapters.soap.keys import identity

AUTH = Auth("usernametoken", {"username": "a", "password": "b"})
SIGNED = Auth("x509", {"ca": identity("CA tỉnh").pem})
HEADER = token_text(Account("a", "b"))
GOOD = message(header=HEADER).decode()
BODY = "<soap:Body>"
SECONDS = 3.0  # on a busy machine; each takes milliseconds
MEGABYTES = 64


def doctype(subset: str, reference: str = "") -> Callable[[], bytes]:
    def make() -> bytes:
        declared = GOOD.replace("?>", f"?><!DOCTYPE x [{subset}]>", 1)
        return declared.replace("GD-1", reference or "GD-1").encode()

    return make


LAUGHS = '<!ENTITY a "ha">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9)
)


def inside(block: str) -> Callable[[], bytes]:
    return lambda: GOOD.replace(BODY, f"{BODY}{block}").encode()


def header(block: str) -> Callable[[], bytes]:
    return lambda: message(header=HEADER + block)


def encoded(encoding: str) -> Callable[[], bytes]:
    return lambda: GOOD.replace("UTF-8", encoding).encode(encoding)


NAMESPACES = "".join(f' xmlns:p{n}="urn:{n}"' for n in range(20_000))
ATTRIBUTES = "".join(f' a{n}="{n}"' for n in range(20_000))

CASES: dict[str, tuple[Callable[[], bytes], str, str]] = {
    "doctype": (doctype(""), "malformed", "DOCTYPE"),
    "entity bomb": (doctype(LAUGHS, "&j;"), "malformed", "DOCTYPE"),
    "quadratic": (doctype(f'<!ENTITY a "{"x" * 100_000}">', "&a;" * 1_000), "malformed", "DOCTYPE"),
    "file": (doctype('<!ENTITY a SYSTEM "file:///etc/passwd">', "&a;"), "malformed", "DOCTYPE"),
    "url": (doctype('<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;'), "malformed", "DOCTYPE"),
    "undefined entity": (lambda: GOOD.replace("GD-1", "&a;").encode(), "malformed", "well-formed"),
    "two million elements": (lambda: message(content="<a/>" * 2_000_000), "too-large", "bytes"),
    "many elements": (header("<x>" + "<a/>" * 60_000 + "</x>"), "too-large", "elements"),
    "deep": (header("<x>" * 5_000 + "</x>" * 5_000), "malformed", ""),
    "deeper than allowed": (header("<x>" * 100 + "</x>" * 100), "too-large", "deeper"),
    "giant attribute": (header(f'<x a="{"y" * 3_000_000}"/>'), "too-large", "bytes"),
    "large attribute": (inside(f'<x a="{"y" * 900_000}"/>'), "malformed", ""),
    "giant text": (inside(f"<x>{'y' * 3_000_000}</x>"), "too-large", "bytes"),
    "many namespaces": (inside(f"<x{NAMESPACES}/>"), "malformed", ""),
    "many attributes": (inside(f"<x{ATTRIBUTES}/>"), "malformed", ""),
    "attribute twice": (inside('<x a="1" a="2"/>'), "malformed", "well-formed"),
    "utf-16": (encoded("utf-16"), "malformed", "UTF-8"),
    "utf-16 without mark": (encoded("utf-16-le"), "malformed", "well-formed"),
    "utf-32": (encoded("utf-32"), "malformed", "UTF-8"),
    "utf-7 declared": (
        lambda: GOOD.replace("UTF-8", "UTF-7").encode(), "malformed", "other than UTF-8",
    ),
    "hidden doctype": (
        lambda: GOOD.replace("UTF-8", "UTF-7").replace("?>", "?>+ADwAIQ-DOCTYPE x>", 1).encode(),
        "malformed",
        "other than UTF-8",
    ),
    "latin-1 declared": (
        lambda: GOOD.replace("UTF-8", "ISO-8859-1").encode(), "malformed", "other than UTF-8",
    ),
    "not utf-8": (lambda: GOOD.encode().replace(b"GD-1", b"\xff\xfe"), "malformed", "well-formed"),
    "overlong utf-8": (lambda: GOOD.encode().replace(b"GD", b"\xc0\xbc"), "malformed", "well-fo"),
    "nul": (lambda: GOOD.replace("GD-1", "GD\x00").encode(), "malformed", "well-formed"),
    "truncated": (lambda: GOOD.encode()[:-10], "malformed", "well-formed"),
    "two roots": (lambda: GOOD.encode() + b"<a/>", "malformed", "well-formed"),
    "html": (lambda: b"<html><body>x</body></html>", "malformed", "SOAP Envelope"),
    "json": (lambda: b'{"Ma": 1}', "malformed", "UTF-8"),
    "nothing": (lambda: b"", "malformed", "UTF-8"),
    "xinclude": (
        inside('<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>'),
        "malformed",
        "",
    ),
    "foreign type": (
        lambda: GOOD.replace(
            "<n0:Loai>",
            '<n0:Loai xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="n0:BaSo">',
        ).encode(),
        "contract",
        "Loai",
    ),
    "schema elsewhere": (
        lambda: GOOD.replace(
            "<n0:Gui ",
            '<n0:Gui xmlns:x="http://www.w3.org/2001/XMLSchema-instance" '
            'x:schemaLocation="urn:x http://127.0.0.1:9/x.xsd" la="1" ',
        ).encode(),
        "contract",
        "attribute",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "code", "words"), CASES.values(), ids=CASES)
def test_a_hostile_message_is_refused_in_bounded_time_and_memory(
    make: Callable[[], bytes], code: str, words: str
) -> None:
    server, request = door(AUTH), post(make())
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    refused = refusal(server, request)
    took = time.perf_counter() - start
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert code == refused.code
    assert words in f"{refused.title} {refused.detail} {refused.field}"
    assert took < SECONDS
    assert grown < MEGABYTES
    assert b"passwd" not in server.refuse(refused).body


@pytest.mark.parametrize(
    "block",
    [
        "<s:Signature xmlns:s='http://www.w3.org/2000/09/xmldsig#'/>" * 5_000,
        "<x/>" * 40_000,
        "".join(
            '<x xmlns:u="http://docs.oasis-open.org/wss/2004/01/'
            f'oasis-200401-wss-wssecurity-utility-1.0.xsd" u:Id="i{n}"/>'
            for n in range(5_000)
        ),
    ],
)
def test_a_signed_message_full_of_parts_is_refused_soon(block: str) -> None:
    security = (
        '<w:Security xmlns:w="http://docs.oasis-open.org/wss/2004/01/'
        f'oasis-200401-wss-wssecurity-secext-1.0.xsd">{block}</w:Security>'
    )
    start = time.perf_counter()
    refused = refusal(door(SIGNED), post(message(header=security)))
    assert time.perf_counter() - start < SECONDS
    assert "denied" == refused.code


def test_a_comment_or_an_instruction_never_cuts_a_value() -> None:
    for between in ("<!-- x -->", "<?x y?>", "<![CDATA[]]>"):
        body = GOOD.replace("GD-1", f"GD{between}-1").encode()
        assert "GD-1" == door(AUTH).read(post(body)).document["Ma"]


def test_a_cdata_section_is_text_and_no_markup() -> None:
    body = message(content=CONTENT.replace("GD-1", "<![CDATA[<a>&b]]>"))
    assert "<a>&b" == door().read(post(body)).document["Ma"]


def test_the_limits_of_the_registration_count() -> None:
    small = door(limits=Limits(body_bytes=100))
    assert (413, "too-large") == ((r := refusal(small, post(message()))).status, r.code)
    few = door(limits=Limits(elements=5))
    assert "too-large" == refusal(few, post(message())).code
    assert 413 == few.refuse(refusal(few, post(message()))).status
