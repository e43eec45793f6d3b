"""Single values and instants: what is read, what is refused; excerpts without personal values."""

import pytest

from adapters.soap import stream, tree
from adapters.soap.names import SOAP11
from adapters.soap.personal import masker
from adapters.soap.scalars import reader, writer
from adapters.soap.table import compile_node
from adapters.soap.template import compile_template
from adapters.soap.times import instant, written
from hub.contract.binding import Limits
from hub.contract.types import (
    Anything,
    Boolean,
    Date,
    Document,
    Field,
    Integer,
    ListOf,
    Number,
    Record,
    Ref,
    Text,
    Type,
    Value,
    Xml,
)
from hub.contract.xml import parse
from hub.errors import Reject


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (Text(), " a ", " a "),
        (Text(max_length=1), "e\u0302", "ê"),
        (Text(values=("Vĩnh",)), " Vi\u0303nh ", "Vĩnh"),
        (Text(format="time"), "09:05:00Z", "09:05:00Z"),
        (Text(format="date-time"), " 2024-02-29T09:05:00 ", "2024-02-29T09:05:00"),
        (Integer(), " +007 ", 7),
        (Integer(values=(1, 2)), "2", 2),
        (Number(), "-1.50", -1.5),
        (Number(), "1E3", 1000.0),
        (Boolean(), " 1 ", True),
    ],
)
def test_a_value_is_read_from_its_text(type_: Type, text: str, value: Value) -> None:
    assert value == reader(type_)(text)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (Text(max_length=1), "ab"),
        (Text(min_length=1), ""),
        (Text(pattern="[0-9]+"), "a"),
        (Text(format="date"), "2023-02-29"),
        (Text(format="time"), "24:05:00"),
        (Integer(), "1_000"),
        (Integer(), "٣"),
        (Integer(), "9" * 5_000),
        (Integer(minimum=1), "0"),
        (Integer(values=(1, 2)), "3"),
        (Number(), "NaN"),
        (Number(), "1e999"),
        (Number(minimum=0), "-0.1"),
        (Boolean(), "yes"),
    ],
)
def test_a_text_that_is_no_value_is_refused_and_not_shown(type_: Type, text: str) -> None:
    with pytest.raises(Reject) as refused:
        reader(type_)(text)
    assert "contract" == refused.value.code
    assert not text or text[:20] not in refused.value.what.split()


@pytest.mark.parametrize("type_", [Date(), Anything()])
def test_a_type_without_a_form_in_xml_is_refused(type_: Type) -> None:
    with pytest.raises(Reject, match="has no form in XML"):
        reader(type_)
    with pytest.raises(Reject, match="has no form in XML"):
        writer(type_)


@pytest.mark.parametrize(
    ("value", "text"), [(3, "3"), (0.1, "0.1"), (1e-7, "0.0000001"), (1e21, "1" + "0" * 21)]
)
def test_a_number_is_written_without_an_exponent(value: Value, text: str) -> None:
    assert text == writer(Number())(value)


@pytest.mark.parametrize("value", ["1", True, None])
def test_a_value_of_another_kind_is_no_number(value: Value) -> None:
    with pytest.raises(TypeError):
        writer(Number())(value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10.0),
        ("1970-01-01T00:00:10.250", 10.25),
        ("1970-01-01T07:00:10+07:00", 10.0),
        ("1969-12-31T19:00:10-05:00", 10.0),
        ("1970-13-01T00:00:10Z", None),
        ("1970-01-01T00:00:10+99:00", None),
        ("hôm nay", None),
    ],
)
def test_an_instant_is_read_with_any_zone(text: str, seconds: float | None) -> None:
    assert seconds == instant(text)


def test_an_instant_is_read_as_it_was_written() -> None:
    assert 1_760_321_100.125 == instant(written(1_760_321_100.125))


# -- contracts of other shapes


TREE = Record("Cây", (Field("con", ListOf(Ref("Cây")), pii="n"), Field("ten", Text(), pii="p")))


def test_personal_values_are_masked_wherever_they_stand() -> None:
    record = Record(
        "R",
        (
            Field("goc", Ref("Cây")),
            Field("ai", Record("Ai", (Field("ten", Text()), Field("so", ListOf(Text())))), pii="s"),
            Field("ma", Text(), pii="n"),
        ),
    )
    document: Document = {
        "goc": {"ten": "Lê Giả Định", "con": [{"ten": "Phạm Ví Dụ"}]},
        "ai": {"ten": "Vũ Minh Họa", "so": ["AB12"]},
        "ma": "H44-1",
    }
    text = "Lê Giả Định, Phạm Ví Dụ, Vũ Minh Họa, AB12, 0300000066, H44-1, 2025-10-13"
    assert "***, ***, ***, ***, ***, H44-1, 2025-10-13" == masker(record, {"Cây": TREE})(
        text, document
    )


OPEN = Record(
    "R",
    (
        Field("a", Text(), xml=Xml()),
        Field("b", Integer(), default=7, xml=Xml()),
        Field("gi", Anything(), required=False, xml=Xml()),
        Field("c", Text(), required=False, default="mặc định", xml=Xml(attribute=True)),
        Field("d", ListOf(Text(), min_items=2), xml=Xml()),
    ),
)


def soap(content: str) -> bytes:
    return f'<s:Envelope xmlns:s="{SOAP11}"><s:Body>{content}</s:Body></s:Envelope>'.encode()


CONTENT = "<R><a>x</a><b/><gi><la>1</la></gi><d>1</d><d>2</d></R>"
READ = {"a": "x", "b": 7, "c": "mặc định", "d": ["1", "2"]}


def test_defaults_are_put_in_and_any_content_is_dropped() -> None:
    node = compile_node({}, OPEN)
    assert READ == stream.read(soap(CONTENT), SOAP11, "R", node, Limits())
    assert READ == tree.read(parse(CONTENT.encode(), Limits()), node)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (CONTENT.replace("<d>2</d>", ""), "d is missing"),
        (CONTENT.replace("<a>x</a>", ""), "a is missing"),
        (CONTENT.replace("<a>", "<a>x</a><a>"), "more of a than"),
        (CONTENT.replace("<R>", '<R e="1">'), "an attribute that the contract does not know"),
        (CONTENT.replace("<a>", '<a e="1">'), "an attribute that the contract does not know"),
        (CONTENT.replace("<R>", "<R>chữ"), "text between elements"),
        (CONTENT.replace("<a>x</a><b/>", "<b/><a>x</a>"), "a is out of order"),
    ],
)
def test_the_table_says_what_is_missing_or_too_much(content: str, why: str) -> None:
    with pytest.raises(stream.Unfit, match=why):
        stream.read(soap(content), SOAP11, "R", compile_node({}, OPEN), Limits())


def test_where_the_contract_has_xs_all_elements_may_change_places() -> None:
    node = compile_node({}, OPEN, ordered=False)
    content = CONTENT.replace("<a>x</a><b/>", "<b/><a>x</a>")
    assert READ == stream.read(soap(content), SOAP11, "R", node, Limits())


@pytest.mark.parametrize(
    ("content", "where"),
    [
        (CONTENT.replace("<R>", '<R e="1">'), ""),
        (CONTENT.replace("<a>", "<a>x</a><a>"), "a"),
        (CONTENT.replace("<a>", "<la/><a>"), ""),
        (CONTENT.replace("<R>", '<R c="&#x85;">'), "c"),
    ],
)
def test_the_tree_refuses_what_another_type_brought_in(content: str, where: str) -> None:
    with pytest.raises(Reject) as refused:
        tree.read(parse(content.encode(), Limits()), compile_node({}, OPEN))
    assert where == refused.value.where


def test_any_content_is_not_written() -> None:
    render = compile_template({}, OPEN, None, "R")
    with pytest.raises(Reject, match="any content cannot be written"):
        render({"a": "x", "b": 1, "d": ["1", "2"], "gi": {}})


def test_a_mention_of_no_type_is_refused() -> None:
    record = Record("R", (Field("a", Ref("Không có"), xml=Xml()),))
    with pytest.raises(Reject, match="not one record"):
        compile_node({}, record)
    with pytest.raises(Reject, match="not one record"):
        compile_template({}, record, None, "R")
