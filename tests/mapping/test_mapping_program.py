"""What accepted mappings do."""

from dataclasses import replace

import pytest

from hub.contract.types import Boolean, Document, Field, Integer, ListOf, OneOf, Record, Text
from hub.errors import Reject
from hub.mapping.program import FlowSignature
from tests.mapping.mapping_kit import (
    DOC,
    DOCUMENT,
    EMIT,
    MADE,
    OTHER,
    SETTING_VALUES,
    codes,
    compiled,
    emitted,
    optional,
    value_of,
)

ROWS = [{"name": "a", "size": 1}, {"name": "b"}]


@pytest.mark.parametrize(
    ("expression", "field", "changes", "expected"),
    [
        ('"fixed"', "note", {}, "fixed"),
        ("None", "note", {}, None),
        ("doc.key", "note", {}, "H44.99.99-251013-0001"),
        ("doc.note", "note", {}, None),
        ("doc.note", "note", {"note": "n"}, "n"),
        ("doc.place.ward", "note", {}, None),
        ("doc.place.ward", "note", {"place": {"street": "s", "ward": "w"}}, "w"),
        ("doc.place.street", "note", {"place": {"street": "s"}}, "s"),
        ("doc.from_", "note", {"from": "f"}, "f"),
        ("setting.customer", "note", {}, "T-TEST"),
        ("setting.hint", "note", {}, None),
        ("trim(doc.note)", "note", {"note": " n "}, "n"),
        ("trim(doc.note)", "note", {}, None),
        ('default(doc.note, "none")', "note", {}, "none"),
        ('default(doc.note, f"{doc.key}!")', "note", {"key": "k"}, "k!"),
        ('default(doc.place.ward, default(doc.note, "deep"))', "note", {}, "deep"),
        ('f"{doc.key}/{doc.count}"', "note", {"key": "k"}, "k/3"),
        ('"a" if doc.sure else "b"', "note", {"sure": False}, "b"),
        ('doc.note if doc.note is not None else "b"', "note", {}, "b"),
        ("doc.count", "count", {}, 3),
        ("doc.count", "share", {}, 3),
        ("-5", "count", {}, -5),
        ("doc.share", "share", {"share": 0.5}, 0.5),
        ("doc.sure", "sure", {}, True),
        ("not doc.sure", "sure", {}, False),
        ("doc.sure and doc.count > 2", "sure", {}, True),
        ("doc.sure and doc.count > 3", "sure", {}, False),
        ('doc.note == "x"', "sure", {}, False),
        ('doc.note != "x"', "sure", {}, True),
        ('doc.kind == "1"', "sure", {}, True),
        ("doc.count <= 3", "sure", {}, True),
        ("doc.note is None", "sure", {}, True),
        ("doc.note is not None and starts_with(doc.note, doc.key)", "sure", {}, False),
        ("doc.note is None or starts_with(doc.note, doc.key)", "sure", {"note": "q"}, False),
        ("default(doc.perhaps, False)", "sure", {}, False),
        ('"x" in doc.words', "sure", {}, True),
        ('"z" not in doc.words', "sure", {}, True),
        ("doc.words", "words", {}, ["x", "y"]),
        ('[f"{w}{w}" for w in doc.words if w != "x"]', "words", {}, ["yy"]),
        ('doc.words + ["z"]', "words", {}, ["x", "y", "z"]),
        ("[]", "words", {}, []),
        ("[r.name for r in default(doc.rows, []) if r.size is not None]", "words",
         {"rows": ROWS}, ["a"]),
        ("[Paper(title=r.name) for r in default(doc.rows, [])]", "papers", {"rows": ROWS},
         [{"title": "a", "number": None}, {"title": "b", "number": None}]),
        ("Paper(title=doc.key, number=doc.note)", "paper",
         {"key": "k"}, {"title": "k", "number": None}),
        ("cut(doc.note, 5)", "short", {"note": "1234567"}, "12345"),
        ("doc.note", "short", {"note": "12345"}, "12345"),
        ("doc.note", "code", {"note": "AB"}, "AB"),
        ("doc.many", "small", {"many": 5}, 5),
        ("doc.many", "small", {}, None),
        ('code(setting.codes, doc.note, otherwise="other")', "note", {"note": "a"}, "1"),
        ('code(setting.codes, doc.note, otherwise="other")', "note", {"note": "b"}, "other"),
        ('code(setting.codes, doc.note, otherwise="other")', "note", {}, None),
        ("code(setting.codes, doc.note, otherwise=trim(doc.place.ward))", "note",
         {"note": "b", "place": {"street": "", "ward": " w"}}, "w"),
        ("cut(length=3, text=doc.key)", "note", {"key": "abcd"}, "abc"),
        ("default(doc.words, []) if doc.sure else []", "words", {}, ["x", "y"]),
        ("doc.sure and trim(doc.place.ward) is None", "sure", {}, True),
        ("not doc.sure or trim(doc.place.ward) is not None", "sure", {}, False),
        ("doc.sure or trim(doc.place.ward) is not None", "sure", {"sure": False}, False),
        ("doc.sure and trim(doc.place.ward) is None and doc.sure", "sure", {"sure": False}, False),
        ("trim(trim(doc.place.ward))", "note", {"place": {"street": "", "ward": " w"}}, "w"),
        ("count([w for w in doc.words if trim(doc.place.ward) is None])", "count", {}, 2),
        ("instant(doc.moment)", "at", {"moment": "2025-10-13T09:05:00+07:00"}, 1760321100000),
        ('local_date(doc.day, "dd/MM/yyyy")', "day", {"day": "02/01/1970"}, 1),
    ],
)  # fmt: skip
def test_an_expression_gives_its_value(
    expression: str, field: str, changes: dict[str, object], expected: object
) -> None:
    assert expected == value_of(expression, field, **changes)


def test_a_table_turns_codes_into_codes() -> None:
    source = """
KIND = {"1": "A", "2": "B", "3": None}
LEVEL = {1: "A", 2: "B"}
def flow(doc):
    return [Happened(key=doc.key, kind=code(KIND, doc.kind)),
            Happened(key=doc.key, kind=code(KIND, doc.maybe_kind)),
            Happened(key=doc.key, kind=code(LEVEL, doc.level)),
            Happened(key=doc.key, kind=code(KIND, doc.note, otherwise="UNKNOWN"))]
"""
    made = emitted(source, kind="3", note="?")
    assert isinstance(made, list)
    assert [None, None, "A", "UNKNOWN"] == [record["kind"] for _, record in made]


def test_an_early_return_narrows_names_and_paths() -> None:
    source = """
INNER = ("3",)
KIND = {"1": "A", "2": "B"}
def flow(doc):
    if doc.place is None or doc.kind in INNER:
        return None
    ward = doc.place.ward
    if ward is None:
        return Failed(key=doc.place.street)
    return Happened(key=ward, kind=code(KIND, doc.kind))
"""
    place = {"street": "s", "ward": "w"}
    assert [] == emitted(source)
    assert [] == emitted(source, place=place, kind="3")
    assert [("test.v1.Failed", {"key": "s", "why": None})] == emitted(source, place={"street": "s"})
    made = emitted(source, place=place)
    assert isinstance(made, list)
    assert ("w", "A") == (made[0][1]["key"], made[0][1]["kind"])


def test_a_local_may_be_assigned_in_every_branch() -> None:
    source = """
def flow(doc):
    if doc.sure:
        word = "yes"
    elif doc.count == 0:
        word = "none"
    else:
        word = doc.key
    return Failed(key=word)
"""
    assert [("test.v1.Failed", {"key": "yes", "why": None})] == emitted(source)
    assert [("test.v1.Failed", {"key": "k", "why": None})] == emitted(source, sure=False, key="k")


def test_helpers_are_compiled_for_each_kind_of_argument() -> None:
    source = """
def shown(value):
    return default(value, "-")
def failed(doc, key):
    return Failed(key=key, why=shown(doc.note))
def flow(doc):
    if doc.sure:
        return failed(doc, shown(doc.key))
    return [failed(doc, row.name) for row in default(doc.rows, [])] + [failed(doc, "last")]
"""
    assert [("test.v1.Failed", {"key": "k", "why": "-"})] == emitted(source, key="k")
    made = emitted(source, sure=False, rows=ROWS)
    assert isinstance(made, list)
    assert ["a", "b", "last"] == [record["key"] for _, record in made]


def test_a_helper_may_be_called_with_a_literal_that_fails_its_test() -> None:
    source = """
def why(status):
    return "refused" if status == "REFUSED" else None
def flow(doc):
    return [Failed(key="a", why=why("REFUSED")), Failed(key="b", why=why("ACCEPTED"))]
"""
    made = emitted(source)
    assert isinstance(made, list)
    assert ["refused", None] == [record["why"] for _, record in made]


@pytest.mark.parametrize(
    "step",
    [
        'f"{{a{0}}}{{a{0}}}"',
        'f"' + "{{a{0}}}" * 100 + '"',
        'joined([a{0}, a{0}, a{0}], "")',
        'f"{{count([x for x in doc.words])}}{{a{0}}}{{a{0}}}{{a{0}}}"',
    ],
)
def test_texts_do_not_grow_without_bound(step: str) -> None:
    lines = "".join(f"    a{n + 1} = {step.format(n)}\n" for n in range(60))
    with pytest.raises(Reject) as caught:
        emitted(f"def flow(doc):\n    a0 = doc.key\n{lines}    return Failed(key=a60)\n")
    assert "mapping.py:" in caught.value.where


def test_lists_do_not_grow_without_bound() -> None:
    lines = "".join(f"    a{n + 1} = a{n} + a{n}\n" for n in range(60))
    with pytest.raises(Reject, match="too long"):
        emitted(
            f"def flow(doc):\n    a0 = doc.words\n{lines}    return Failed(key=joined(a60, ''))\n"
        )


def test_each_of_a_list_may_be_another_event() -> None:
    source = """
def flow(doc):
    made = [Failed(key=w) if w == "x" else Happened(key=w) for w in doc.words]
    if doc.count == 0:
        return made
    if doc.count == 1:
        return made if doc.sure else []
    if doc.count == 2:
        return default(first(made), Failed(key="none"))
    return [Failed(key=w) if w == "x" else Happened(key=w) for w in doc.words] + made
"""
    for count, sure, length in [
        (0, True, 2),
        (1, True, 2),
        (1, False, 0),
        (2, True, 1),
        (3, True, 4),
    ]:
        made = emitted(source, count=count, sure=sure)
        assert isinstance(made, list)
        names = ["test.v1.Failed", "test.v1.Happened"] * 2
        assert names[:length] == [name for name, _ in made]


def test_functions_keep_an_enumeration() -> None:
    source = """
T = {"A": "1", "B": "2"}
L = {"a": "1", "b": "2"}
def flow(doc):
    return [Failed(key=default(code(T, present(doc.x)), "-")), Failed(key=code(L, lower(doc.y))),
            Failed(key=code(T, upper(doc.z))), Failed(key=code(L, fold(trim(doc.z))))]
"""
    enumerations = {"x": ("A", "", "B"), "y": ("A", "B"), "z": (" a".strip(), "B")}
    record = Record("In", tuple(Field(n, Text(values=v)) for n, v in enumerations.items()))
    run = compiled(source, replace(EMIT, parameters=(record,)))["flow", ""]
    made = run({"x": "", "y": "B", "z": "a"}, None, {}, [])
    assert isinstance(made, list)
    assert ["-", "2", "1", "1"] == [made_record["key"] for _, made_record in made]


def test_a_function_may_give_a_plain_value() -> None:
    flow = replace(EMIT, name="identity", results={}, constructors={}, many=False, value=Text())
    found = compiled('def identity(doc):\n    return f"{doc.key}/{doc.count}"\n', flow)
    assert "k/3" == found["identity", ""].value({**DOCUMENT, "key": "k"}, {}, [])


def test_a_flow_gives_a_list_one_or_nothing() -> None:
    source = """
def both(doc):
    return [Happened(key=doc.key), Failed(key="f")]
def flow(doc):
    if doc.count == 0:
        return None
    if doc.count == 1:
        return both(doc)
    if doc.count == 2:
        return Failed(key="two") if doc.sure else None
    return [] if doc.sure else Failed(key="other")
"""
    names = []
    for count, sure in [(0, True), (1, True), (2, True), (2, False), (3, True), (3, False)]:
        made = emitted(source, count=count, sure=sure)
        assert isinstance(made, list)
        names.append([name.rpartition(".")[2] for name, _ in made])
    assert [[], ["Happened", "Failed"], ["Failed"], [], [], ["Failed"]] == names


def test_an_event_that_was_kept_in_a_name_can_be_read_and_put_elsewhere() -> None:
    inner = Record("Outer", (Field("inner", OTHER), optional("word", Text())))
    flow = replace(
        EMIT,
        results={"Failed": OTHER, "Outer": inner},
        constructors={"Failed": OTHER, "Outer": inner},
        result_names={"Failed": "t.Failed", "Outer": "t.Outer"},
    )
    source = """
def flow(doc):
    made = Failed(key=doc.key)
    return [made, Outer(inner=made, word=made.key)]
"""
    made = compiled(source, flow)["flow", ""](DOCUMENT, None, SETTING_VALUES, [])
    failed = {"key": DOCUMENT["key"], "why": None}
    assert [
        ("t.Failed", failed),
        ("t.Outer", {"inner": failed, "word": DOCUMENT["key"]}),
    ] == made


REQUEST = Record(
    "datHang",
    (
        Field("session", Text()),
        Field("type", Text(values=("GUI",))),
        Field("code", Text(max_length=4)),
        Field("note", Text(), required=False),
        Field("items", ListOf(Record("Item", (Field("n", Integer()), Field("session", Text()))))),
    ),
)
ITEM = REQUEST.fields[4].type.item if isinstance(REQUEST.fields[4].type, ListOf) else None
CALL = FlowSignature(
    name="order",
    parameters=(DOC, Record("Answer", (Field("id", Text()),))),
    results={"datHang": REQUEST},
    result_names={"datHang": "POST /order"},
    constructors={"datHang": REQUEST} | ({"Item": ITEM} if isinstance(ITEM, Record) else {}),
    many=False,
    filled=frozenset({"session", "items.session"}),
)


def test_what_may_be_absent_stays_so_through_names_and_records() -> None:
    inner = Record("Outer", (optional("inner", OTHER), optional("word", Text())))
    flow = replace(
        EMIT,
        results={"Failed": OTHER, "Outer": inner},
        constructors={"Failed": OTHER, "Outer": inner},
        result_names={},
    )
    source = """
def made(doc):
    return Failed(key=doc.key) if doc.sure else None
def flow(doc):
    one = made(doc)
    if doc.count == 0:
        return [Outer(inner=w, word=w.key) for w in [Failed(key=w) for w in doc.words]]
    return Outer(inner=one, word=one.key)
"""
    run = compiled(source, flow)["flow", ""]
    failed = {"key": "k", "why": None}
    cases: list[tuple[Document, object]] = [
        ({"key": "k"}, [("Outer", {"inner": failed, "word": "k"})]),
        ({"sure": False}, [("Outer", {"inner": None, "word": None})]),
        ({"count": 0, "words": ["k"]}, [("Outer", {"inner": failed, "word": "k"})]),
    ]
    for document, expected in cases:
        assert expected == run({**DOCUMENT, **document}, None, SETTING_VALUES, [])


def test_a_record_that_was_read_may_be_returned() -> None:
    holder = Record("Holder", (Field("sure", OTHER), optional("perhaps", OTHER)))
    flow = replace(EMIT, parameters=(holder,))
    failed = {"key": "k", "why": None}
    run = compiled("def flow(doc):\n    return doc.perhaps\n", flow)["flow", ""]
    assert [("test.v1.Failed", failed)] == run({"perhaps": failed}, None, {}, [])
    assert [] == run({"sure": failed}, None, {}, [])
    run = compiled("def flow(doc):\n    return [doc.sure, Failed(key='x')]\n", flow)["flow", ""]
    made = run({"sure": failed}, None, {}, [])
    assert isinstance(made, list)
    assert ["k", "x"] == [record["key"] for _, record in made]


def test_a_field_of_several_records_is_read_where_all_have_it() -> None:
    one = Record("One", (Field("key", Text()), Field("a", Text())))
    two = Record("Two", (Field("key", Text()), Field("b", Text())))
    flow = replace(EMIT, parameters=(Record("Holder", (Field("body", OneOf((one, two))),)),))
    run = compiled("def flow(doc):\n    return Failed(key=doc.body.key)\n", flow)["flow", ""]
    assert [("test.v1.Failed", {"key": "k", "why": None})] == run(
        {"body": {"key": "k", "b": ""}}, None, {}, []
    )
    assert ["unknown-field"] == codes("def flow(doc):\n    return Failed(key=doc.body.a)\n", [flow])


@pytest.mark.parametrize(
    ("given", "expression", "expected"),
    [
        ((0, None), "[]", "does-not-fit"),
        ((0, None), '["a"]', None),
        ((0, None), '["a", "b", "c", "d"]', "does-not-fit"),
        ((1, 3), "doc.words", None),
        ((1, 3), '[w for w in doc.words if w != "z"]', "check"),
        ((0, None), "doc.words", "check"),
        ((4, 5), "doc.words", "does-not-fit"),
        ((1, 1), 'doc.words + ["x"]', None),
        ((0, None), 'doc.words + ["x"]', "check"),
        ((0, None), '["a"] if doc.sure else ["b", "c"]', None),
    ],
)
def test_the_length_of_a_list_is_proved_or_checked(
    given: tuple[int, int | None], expression: str, expected: str | None
) -> None:
    source = Record("In", (Field("sure", Boolean()), Field("words", ListOf(Text(), *given))))
    target = Record("Out", (Field("words", ListOf(Text(), 1, 3)),))
    flow = replace(
        EMIT, parameters=(source,), constructors={"Out": target}, results={"Out": target}
    )
    text = f"def flow(doc):\n    return Out(words={expression})\n"
    if expected == "does-not-fit":
        assert ["does-not-fit"] == codes(text, [flow])
        return
    run = compiled(text, flow)["flow", ""]
    assert run({"sure": True, "words": ["a"]}, None, {}, [])
    if expected == "check":
        with pytest.raises(Reject, match="a list of"):
            run(
                {"sure": True, "words": ["z"] * 4 if "if w" not in expression else []}, None, {}, []
            )


def test_a_call_flow_gives_one_request_without_what_others_fill() -> None:
    source = """
def order(doc, answer):
    if not doc.sure:
        return None
    return datHang(code=answer.id, items=[Item(n=1)])
"""
    flow = compiled(source, CALL)["order", ""]
    request = {"type": "GUI", "code": "A", "items": [{"n": 1}]}
    assert ("POST /order", request) == flow(DOCUMENT, {"id": "A"}, SETTING_VALUES, [])
    assert flow(DOCUMENT | {"sure": False}, {"id": "A"}, SETTING_VALUES, []) is None


def test_a_flow_over_two_events_has_a_function_for_each() -> None:
    one = Record("One", (Field("key", Text()), Field("a", Text())))
    two = Record("Two", (Field("key", Text()), Field("a", Text(), required=False)))
    flows = [
        replace(EMIT, parameters=(record,), variant=f"t.{record.name}") for record in (one, two)
    ]
    source = 'def flow(doc):\n    return Failed(key=doc.key, why=default(doc.a, "none"))\n'
    found = compiled(source, *flows)
    assert {("flow", "t.One"), ("flow", "t.Two")} == set(found)
    assert [("test.v1.Failed", {"key": "k", "why": "none"})] == found["flow", "t.Two"](
        {"key": "k"}, None, {}, []
    )


@pytest.mark.parametrize(
    ("expression", "field", "changes", "part"),
    [
        ("doc.note", "short", {"note": "123456"}, "doc.note"),
        ("doc.note", "code", {"note": "abc"}, "doc.note"),
        ("doc.many", "small", {"many": 6}, "doc.many"),
        ("instant(doc.moment)", "at", {"moment": "2024-01-02T03:04:05"}, "instant"),
        ('doc.key if doc.sure else reject("why")', "note", {"sure": False}, "reject"),
    ],
)
def test_a_reject_names_the_place_and_the_field(
    expression: str, field: str, changes: dict[str, object], part: str
) -> None:
    with pytest.raises(Reject) as caught:
        value_of(expression, field, **changes)
    line = f"    return Happened(key=doc.key, {field}={expression})"
    assert f"mapping.py:2:{line.index(part) + 1} {field}" == caught.value.where
    assert not any(str(value) in str(caught.value) for value in changes.values())


@pytest.mark.parametrize(
    ("expression", "changes", "event", "sender"),
    [
        ("instant(doc.moment)", {"moment": "x"}, "at", "moment"),
        ("parsed(doc.moment)", {"moment": "x"}, "at", "moment"),
        ("begun(doc.place)", {"place": {"street": "x"}}, "at", "street"),
        ("doc.place.ward", {"place": {"street": "", "ward": "123456"}}, "short", "place.ward"),
        ("doc.from_", {"from": "abc"}, "code", "from"),
        ("default(doc.note, doc.key)", {"note": "123456"}, "short", "note"),
        ('f"{doc.key}{doc.count}"', {"key": "123456", "count": 9}, "short", ""),
        ("setting.customer", {}, "code", ""),
        ("own.why", {}, "code", ""),
    ],
)
def test_a_reject_names_the_senders_field_where_one_alone_is_read(
    expression: str, changes: dict[str, object], event: str, sender: str
) -> None:
    helpers = {
        "parsed": "def parsed(text):\n    return instant(text)\n",
        "begun": "def begun(place):\n    return instant(place.street)\n",
    }
    source = f"""{helpers.get(expression.partition("(")[0], "")}
def flow(doc):
    own = Failed(key=doc.key, why="why")
    return Happened(key=own.key, {event}={expression})
"""
    with pytest.raises(Reject) as caught:
        emitted(source, **changes)
    assert caught.value.where.rpartition(" ")[2] == event
    assert caught.value.field == sender


def test_absent_lists_of_an_event_are_empty_lists_only_if_the_mapping_says_so() -> None:
    made = emitted("def flow(doc):\n    return Happened(key=doc.key)\n")
    assert isinstance(made, list)
    assert {f.name for f in MADE.fields} == set(made[0][1])
    assert made[0][1]["papers"] is None


def test_a_message_that_multiplies_itself_is_refused_in_bounded_time() -> None:
    source = """
def inner(doc):
    return [count([c for c in doc.words]) for b in doc.words]
def flow(doc):
    return [Failed(key=f"{a}") for a in [total(inner(doc)) for x in doc.words]]
"""
    with pytest.raises(Reject, match="too long"):
        emitted(source, words=["w"] * 2000)
