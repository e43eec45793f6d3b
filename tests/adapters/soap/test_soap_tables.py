"""Both readers give the document that was written; the stream's verdict is the XML Schema's."""

import re
from collections.abc import Callable
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from adapters.soap import stream, tree
from adapters.soap.envelope import bare
from adapters.soap.names import SOAP11, SOAP12, XSI
from adapters.soap.table import compile_node
from adapters.soap.template import compile_template
from hub.contract.binding import Limits
from hub.contract.text import normalise
from hub.contract.types import Document, Value
from hub.contract.xml import Element, parse
from hub.errors import Reject
from tests.adapters.soap.oracle import documents
from tests.adapters.soap.samples import DOCUMENT, GUI, NS, XSD, contract

TYPES = contract().types
SCHEMA = etree.XMLSchema(etree.fromstring(XSD.encode()))
NODE = compile_node(TYPES, GUI)
LIMITS = Limits()
TAG = f"{{{NS}}}Gui"
render = compile_template(TYPES, GUI, NS, "Gui")
wrap = bare("1.1")


def normal(value: Value) -> Value:
    """What a reader makes of a document: NFC; an empty optional list cannot be told from none."""
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items() if item != []}
    if isinstance(value, list):
        return [normal(item) for item in value]
    return normalise(value) if isinstance(value, str) else value


def by_stream(message: str) -> Document:
    return stream.read(message.encode(), SOAP11, TAG, NODE, LIMITS)


def by_tree(message: str) -> Document:
    element = parse(message.encode(), LIMITS)[-1][0]
    assert SCHEMA.validate(element), SCHEMA.error_log
    return tree.read(element, NODE)


@settings(max_examples=40)
@given(document=documents(GUI, TYPES))
@pytest.mark.parametrize("read", [by_stream, by_tree])
def test_what_was_written_is_read_again(
    read: Callable[[str], Document], document: Document
) -> None:
    assert normal(document) == read(wrap(render(document)))


# Not among them, because the type model knows less than the schema and the table lets them pass:
# "1e3" for a decimal (a double's form), " A" for an enumeration (right, if its base is a token).
TEXTS = (
    *("", " ", "x", "1", " 5 ", "+7", "-0", "1_0", "1001", ".5", "5.", "INF", "NaN", "true", " 0 "),
    *("TRUE", "A", "Đ", "12", "123", "1234", "2025-10-13", "2025-02-30", "2025-10-13Z", "٣"),
    *("2025-10-13T09:05:00", "2025-10-13T09:05:00+14:00", "2025-10-13T09:05:00+14:01"),
    *("2025-10-13T25:05:00Z", "9223372036854775808", "x" * 21),
)


def replace_text(target: Element, data: st.DataObject) -> None:
    target.text = data.draw(st.sampled_from(TEXTS))


def drop(target: Element, _: st.DataObject) -> None:
    target.getparent().remove(target)  # type: ignore[union-attr]  # never the root


def repeat(target: Element, _: st.DataObject) -> None:
    target.getparent().append(deepcopy(target))  # type: ignore[union-attr]  # never the root


def put_first(target: Element, _: st.DataObject) -> None:
    target.getparent().insert(0, target)  # type: ignore[union-attr]  # never the root


def rename(target: Element, data: st.DataObject) -> None:
    target.tag = data.draw(st.sampled_from([f"{{{NS}}}La", etree.QName(target).localname]))


def say_nil(target: Element, data: st.DataObject) -> None:
    if etree.QName(target).localname != "Rong":  # see the server's test of an item
        target.set(f"{{{XSI}}}nil", data.draw(st.sampled_from(["true", "1", "false"])))


def add_attribute(target: Element, data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(["so", "nhan", "la", "{urn:x}so"]))
    target.set(name, data.draw(st.sampled_from(TEXTS)))


def write_between(target: Element, _: st.DataObject) -> None:
    target.tail = "chữ"


CHANGES = (replace_text, drop, repeat, put_first, rename, say_nil, add_attribute, write_between)


def schema_says(element: Element) -> bool:
    return bool(SCHEMA.validate(etree.fromstring(etree.tostring(element))))


def stream_says(element: Element) -> bool:
    message = wrap(etree.tostring(element, encoding="unicode"))
    try:
        by_stream(message)
    except stream.Unfit:
        return False
    return True


@settings(max_examples=120)
@given(document=documents(GUI, TYPES), data=st.data())
def test_the_streams_verdict_on_a_changed_message_is_the_schemas(
    document: Document, data: st.DataObject
) -> None:
    element = etree.fromstring(render(document))
    for _ in range(data.draw(st.integers(1, 3))):
        inner = list(element.iter())[1:]
        if inner:
            change = data.draw(st.sampled_from(CHANGES))
            change(data.draw(st.sampled_from(inner)), data)
    assert schema_says(element) == stream_says(element), etree.tostring(element, encoding="unicode")


BODY = "<soap:Body>"
GOOD = wrap(render(DOCUMENT))


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"", "not well-formed"),
        (b"<html><body>504</body></html>", "not an envelope"),
        (GOOD.encode()[:-30], "not well-formed"),
        (GOOD.replace(SOAP11, SOAP12).encode(), "not an envelope of this SOAP version"),
        (GOOD.replace(":Gui", ":Khac").encode(), "not the answer of this operation"),
        (GOOD.replace("<soap:Body>", "<soap:Body/><soap:Body>").encode(), "not one Header and one"),
        (re.sub(r"<soap:Body>.*</soap:Body>", "<soap:Body/>", GOOD).encode(), "has no body"),
        (GOOD.replace("<soap:Envelope", "<!DOCTYPE x><soap:Envelope").encode(), "DOCTYPE"),
        (GOOD.replace("UTF-8", "ISO-8859-1").encode(), "encoding other than UTF-8"),
        (GOOD.encode("utf-16"), "other than UTF-8"),
        (GOOD.encode("utf-16-le"), "other than UTF-8"),
        (GOOD.encode("utf-16-be"), "other than UTF-8"),
        (GOOD.encode().replace(b"GD-1", b"G\xe9"), "not well-formed"),
        (GOOD.replace("GD-1", "\x85").encode(), r"Ma: character U\+0085"),
        (b"<a>" * 100, "not an envelope"),
        (GOOD.replace(BODY, BODY + "<a>" * 70).encode(), "not the answer"),
        (GOOD.replace(":Ma>", ":Ma><b/>", 1).encode(), "element inside a single value"),
        (GOOD.replace("<soap:Body>", "<x/><soap:Body>").encode(), "not one Header and one Body"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_unfit_and_says_why(message: bytes, why: str) -> None:
    with pytest.raises(stream.Unfit, match=why):
        stream.read(message, SOAP11, TAG, NODE, LIMITS)


def test_elements_and_depth_are_bounded() -> None:
    many = GOOD.replace(BODY, f"<soap:Header>{'<a/>' * 60_000}</soap:Header>{BODY}")
    deep = GOOD.replace(BODY, f"<soap:Header>{'<a>' * 80}{'</a>' * 80}</soap:Header>{BODY}")
    for message in (many, deep):
        with pytest.raises(stream.Unfit, match="more or deeper elements"):
            by_stream(message)


def test_a_comment_does_not_cut_a_value() -> None:
    assert "GD-1" == by_stream(GOOD.replace("GD-1", "GD<!-- x -->-1"))["Ma"]
    assert "GD-1" == by_tree(GOOD.replace("GD-1", "GD<!-- x -->-1"))["Ma"]


def test_decomposed_letters_become_composed_and_the_icelandic_d_vietnamese() -> None:
    message = GOOD.replace(">GD-1<", ">Vi\u0303nh Ð\u00f0<").replace(">Đ<", ">\u0110<")
    assert "V\u0129nh Đđ" == by_stream(message)["Ma"]
    assert "V\u0129nh Đđ" == by_tree(message)["Ma"]


def test_a_refused_value_is_named_by_its_path_and_not_shown() -> None:
    document: Document = {
        **DOCUMENT,
        "Muc": [{"so": 1, "Ten": "t", "Con": [{"so": 2, "Ten": "u\x85"}]}],
    }
    element = etree.fromstring(render(document))
    with pytest.raises(Reject) as refused:
        tree.read(element, NODE)
    assert "Muc.Con.Ten" == refused.value.where
    assert "u" not in refused.value.what.split()


def test_a_list_of_one_is_a_list() -> None:
    assert ["a"] == by_stream(wrap(render({**DOCUMENT, "Nhan": ["a"]})))["Nhan"]


def test_an_open_record_passes_over_what_it_does_not_know() -> None:
    node = compile_node(TYPES, GUI)
    node.closed = False
    message = GOOD.replace("</n0:Gui>", '<x y="z"><b>1</b>t</x></n0:Gui>')
    assert DOCUMENT == stream.read(message.encode(), SOAP11, TAG, node, LIMITS)
