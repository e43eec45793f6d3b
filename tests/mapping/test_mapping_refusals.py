"""What the checker refuses, and how it says so."""

from dataclasses import replace

import pytest

from hub.contract.types import Field, Group, Integer, OneOf, Record, Text
from hub.mapping.program import MappingErrors, check_only, compile_mapping
from tests.mapping.mapping_kit import (
    DOC,
    EMIT,
    MADE,
    SETTINGS,
    codes,
    field_codes,
    findings,
    optional,
)
from tests.mapping.test_mapping_program import CALL


@pytest.mark.parametrize(
    ("expression", "field", "expected"),
    [
        ("doc.nota", "note", "unknown-field"),
        ("doc.place.wardd", "note", "unknown-field"),
        ("doc.key.length", "note", "unknown-field"),
        ("doc.rows.name", "note", "unknown-field"),
        ("setting.customers", "note", "unknown-field"),
        ("dic.note", "note", "unknown-name"),
        ("setting", "note", "not-allowed"),
        ("trim", "note", "not-allowed"),
        ("trimm(doc.key)", "note", "unknown-function"),
        ("trim()", "note", "wrong-arguments"),
        ("trim(doc.key, doc.key)", "note", "wrong-arguments"),
        ("trim(doc.count)", "note", "does-not-fit"),
        ("cut(doc.key, doc.count)", "note", "not-literal"),
        ("cut(doc.key, -1)", "note", "wrong-literal"),
        ('local_time(doc.key, "dd/mm/yyyy")', "at", "wrong-literal"),
        ('local_time(doc.key, "hh:mm")', "at", "wrong-literal"),
        ('epoch(doc.count, "minutes")', "at", "wrong-literal"),
        ("contains(doc.key, doc.note)", "sure", "may-be-absent"),
        ("doc.count", "note", "does-not-fit"),
        ("doc.key", "count", "does-not-fit"),
        ("doc.key", "at", "does-not-fit"),
        ("doc.key", "day", "does-not-fit"),
        ("doc.share", "count", "does-not-fit"),
        ("doc.sure", "count", "does-not-fit"),
        ("doc.sure", "share", "does-not-fit"),
        ("doc.sure", "note", "does-not-fit"),
        ("doc.key", "kind", "does-not-fit"),
        ("doc.kind", "kind", "does-not-fit"),
        ('"C"', "kind", "does-not-fit"),
        ('"abcdef"', "short", "does-not-fit"),
        ('"ab"', "code", "does-not-fit"),
        ("6", "small", "does-not-fit"),
        ("doc.place", "paper", "does-not-fit"),
        ("doc.place", "note", "does-not-fit"),
        ("doc.words", "papers", "does-not-fit"),
        ("[1]", "words", "does-not-fit"),
        ('["a"]', "note", "does-not-fit"),
        ("[doc.key, doc.note]", "words", "may-be-absent"),
        ("[r.name for r in doc.rows]", "words", "may-be-absent"),
        ("[w for w in doc.key]", "words", "not-a-list"),
        ("doc.key + doc.key", "note", "not-a-list"),
        ("doc.key if doc.note else doc.key", "note", "not-boolean"),
        ("doc.key if doc.count else doc.key", "note", "not-boolean"),
        ("doc.key if doc.words else doc.key", "note", "not-boolean"),
        ("doc.key if doc.perhaps else doc.key", "note", "may-be-absent"),
        ("not doc.key", "sure", "not-boolean"),
        ("doc.key and doc.sure", "sure", "not-boolean"),
        ('doc.count == "3"', "sure", "not-comparable"),
        ("doc.sure == 1", "sure", "not-comparable"),
        ("doc.place == doc.place", "sure", "not-comparable"),
        ("doc.words == doc.words", "sure", "not-comparable"),
        ('doc.key < "a"', "sure", "not-comparable"),
        ("doc.many < 3", "sure", "may-be-absent"),
        ("doc.note == None", "sure", "not-allowed"),
        ('doc.note is "a"', "sure", "not-allowed"),
        ('doc.kind == "4"', "sure", "never-equal"),
        ("doc.level == 3", "sure", "never-equal"),
        ('"a" in doc.key', "sure", "not-a-list"),
        ("doc.count in doc.words", "sure", "not-comparable"),
        ('f"{doc.note}"', "note", "may-be-absent"),
        ('f"{doc.sure}"', "note", "does-not-fit"),
        ('f"{default(doc.share, 0.5)}"', "note", "does-not-fit"),
        ("reject(doc.key)", "note", "not-literal"),
        ("code(KIND, doc.kind)", "kind", "unknown-name"),
        ("code(doc.words, doc.kind)", "kind", "not-a-table"),
        ("code(setting.codes, doc.kind)", "note", "not-total"),
        ("1 < doc.count < 3", "sure", "not-allowed"),
        ("Paper(title=doc.key, titel=doc.key)", "paper", "unknown-field"),
        ("Paper(title=doc.key, title=doc.key)", "paper", "wrong-arguments"),
        ("Paper(doc.key)", "paper", "wrong-arguments"),
        ("Paper()", "paper", "missing-field"),
        ("Paper(title=doc.note)", "paper", "may-be-absent"),
        ("Paper(title=None)", "paper", "may-be-absent"),
        ("default(doc.note)", "note", "wrong-arguments"),
        ("code(doc.note)", "note", "wrong-arguments"),
        ("code(setting.codes, doc.count, otherwise=None)", "note", "does-not-fit"),
        ("cut(doc.key, length=3, length=4)", "note", "wrong-arguments"),
        ("cut(doc.key, size=3)", "note", "wrong-arguments"),
        ("cut(doc.key)", "note", "wrong-arguments"),
        ("reject()", "note", "wrong-arguments"),
        ("setting.codes.a", "note", "unknown-field"),
        ("doc.note is None and doc.note", "sure", "not-boolean"),
        ("doc.nokey == doc.nokey", "sure", "unknown-field"),
        ("doc.nokey in doc.words", "sure", "unknown-field"),
        ("doc.key in doc.rows", "sure", "not-a-list"),
        ("doc.note == doc.count", "sure", "not-comparable"),
        ('doc.kind in ["8", "9"]', "sure", "never-equal"),
        ("[w for w in doc.nowords]", "words", "unknown-field"),
        ("[doc for doc in doc.words]", "words", "name"),
        ("doc.words + doc.nowords", "words", "unknown-field"),
        ('f"{doc.nokey}"', "note", "unknown-field"),
        ("trim(doc.nokey)", "note", "unknown-field"),
        ("nothing(doc.nokey)", "note", "unknown-field"),
    ],
)  # fmt: skip
def test_an_expression_is_refused(expression: str, field: str, expected: str) -> None:
    assert expected in field_codes(expression, field)


BODY = "def flow(doc):\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (BODY + "    if doc.sure:\n        return None\n", "no-return"),
        (BODY + "    return None\n    return None\n", "unreachable"),
        (BODY + "    x = doc.key\n    x = doc.key\n    return None\n", "name"),
        (BODY + "    doc = 1\n    return None\n", "name"),
        (BODY + "    setting = 1\n    return None\n", "name"),
        ("T = {'a': 'b'}\n" + BODY + "    T = 1\n    return None\n", "name"),
        (BODY + "    if doc.sure:\n        x = 1\n    return Failed(key=f'{x}')\n", "unassigned"),
        (BODY + "    return doc.key\n", "wrong-result"),
        (BODY + "    return Paper(title=doc.key)\n", "wrong-result"),
        (BODY + "    return [Paper(title=doc.key)]\n", "wrong-result"),
        ("def flow(a, b):\n    return None\n", "wrong-parameters"),
        ("def other(doc):\n    return None\n", "missing-flow"),
        ("T = {}\n" + BODY + "    return Failed(key=T)\n", "not-allowed"),
        ("def g(x):\n    return x\n" + BODY + "    return Failed(key=g(x=doc.key))\n",
         "wrong-arguments"),
        ("def g(x):\n    return x\n" + BODY + "    return Failed(key=g)\n", "not-allowed"),
        ("T = {None: 'a'}\n" + BODY + "    return None\n", "not-allowed"),
        ("_t = 1\n" + BODY + "    return None\n", "name"),
        ("def flow(_doc):\n    return None\n", "not-allowed"),
        ("1 + 1\n" + BODY + "    return None\n", "not-allowed"),
        (BODY + "    x = [Failed(key=w) for w in doc.words] if doc.sure else doc.rows\n"
         "    return default(x, doc.rows)\n", "wrong-result"),
        (BODY + "    return default(doc.rows, [])\n", "wrong-result"),
        ("def g(x):\n    return x\n" + BODY + "    return None\n", "unused-function"),
        ("def flow(doc, doc):\n    return None\n", "name"),
        ("def g(x):\n    return x\n" + BODY + "    return Failed(key=g())\n", "wrong-arguments"),
        ("def trim(x):\n    return x\n" + BODY + "    return Failed(key=trim(doc.key))\n", "name"),
        ("x = 1\nx = 2\n" + BODY + "    return None\n", "name"),
        ("T = {'a': 'x', 'a': 'y'}\n" + BODY + "    return None\n", "table"),
        ("K = {'1': 'A'}\n" + BODY + "    return Happened(key=doc.key, kind=code(K, doc.kind))\n",
         "not-total"),
        ("K = {'a': 'A'}\n" + BODY + "    return Happened(key=doc.key, kind=code(K, doc.key))\n",
         "not-total"),
        ("K = {1: 'A'}\n" + BODY + "    return Happened(key=doc.key, kind=code(K, doc.kind))\n",
         "does-not-fit"),
        ("K = {'1': 'A', '2': 'B', '3': 'D'}\n" + BODY
         + "    return Happened(key=doc.key, kind=code(K, doc.kind))\n", "does-not-fit"),
        ("K = {'1': 'A', '2': 'B', '3': None}\n" + BODY
         + "    return Failed(key=code(K, doc.kind))\n", "may-be-absent"),
        (BODY + "    w = doc.words\n    return [Failed(key=w) for w in w]\n", "name"),
    ],
)  # fmt: skip
def test_a_function_is_refused(source: str, expected: str) -> None:
    assert expected in codes(source)


def test_facts_do_not_outlive_their_branch() -> None:
    source = """
def flow(doc):
    if doc.note is not None and doc.sure:
        why = doc.note
    else:
        why = "none"
    rest = [Failed(key=row.name) for row in default(doc.rows, []) if row.size is not None]
    more = [Happened(key=f"{row.size}") for row in default(doc.rows, [])]
    return rest + more + [Failed(key=why), Failed(key=doc.note)]
"""
    assert [(8, "may-be-absent"), (9, "may-be-absent")] == [
        (finding.span.line, finding.code) for finding in findings(source)
    ]


def test_or_proves_only_what_holds_on_both_sides() -> None:
    accepted = """
def flow(doc):
    if doc.note is None or doc.place is None:
        return None
    return Failed(key=doc.note, why=doc.place.street)
"""
    refused = accepted.replace(" or ", " and ")
    assert [] == codes(accepted)
    assert ["may-be-absent"] == codes(refused)


def test_all_findings_come_together_in_the_order_of_the_source() -> None:
    source = """
KIND = {"1": "A"}
def flow(doc):
    import os
    kind = code(KIND, doc.kind)
    return Happened(
        kez=doc.key,
        at=doc.moment,
        note=doc.nota,
    )
"""
    found = [(finding.span.line, finding.code) for finding in findings(source)]
    assert [
        (4, "not-allowed"),
        (5, "not-total"),
        (6, "missing-field"),
        (7, "unknown-field"),
        (8, "does-not-fit"),
        (9, "unknown-field"),
    ] == found


def test_a_finding_reads_like_this() -> None:
    source = """
def flow(doc):
    return Happened(key=doc.key, note="Đã", at=doc.moment, kind=doc.kindd)
"""
    with pytest.raises(MappingErrors) as caught:
        check_only(source, "connectors/x/mapping.py", [EMIT], SETTINGS)
    assert (
        caught.value.render(source)
        == """\
connectors/x/mapping.py:3:48: does-not-fit: at: at takes a timestamp (milliseconds), but this is a \
text in the form date-time
  3 |     return Happened(key=doc.key, note="Đã", at=doc.moment, kind=doc.kindd)
    |                                                ^^^^^^^^^^
  expected by: the field at, a timestamp (milliseconds)
  instead: instant(…) or local_time(…, "dd/MM/yyyy HH:mm:ss")

connectors/x/mapping.py:3:69: unknown-field: kindd: Report has no field 'kindd'
  3 |     return Happened(key=doc.key, note="Đã", at=doc.moment, kind=doc.kindd)
    |                                                                     ^^^^^
  instead: did you mean 'kind'?"""
    )
    assert {
        "at": "connectors/x/mapping.py:3:69",
        "code": "unknown-field",
        "field": "kindd",
        "what": "Report has no field 'kindd'",
        "fix": "did you mean 'kind'?",
        "note": "",
    } == caught.value.diagnostics[1].as_dict()


def test_missing_fields_are_listed_with_their_types_and_words() -> None:
    record = Record(
        "Big", (Field("a", Text(), doc="the first"), Field("b", Integer()), optional("c", Text()))
    )
    flow = replace(EMIT, constructors={"Big": record}, results={"Big": record})
    found = findings("def flow(doc):\n    return Big(c=None)\n", [flow])
    assert ["Big lacks required fields: a: a text (the first); b: a whole number"] == [
        finding.what for finding in found
    ]
    assert "add a=…, b=…" == found[0].fix


def test_uncovered_codes_are_listed() -> None:
    source = """
K = {"1": "A", "x": "B"}
def flow(doc):
    return Happened(key=doc.key, kind=code(K, doc.kind))
"""
    assert ["the table lacks '2', '3'; 'x' in the table is none of its values"] == [
        finding.what for finding in findings(source)
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('datHang(code=answer.id, items=[], session="s")', ["filled-field"]),
        ('datHang(code=answer.id, items=[Item(n=1, session="s")])', ["filled-field"]),
        ("[datHang(code=answer.id, items=[])]", ["wrong-result"]),
        ("datHang(items=[])", ["missing-field"]),
        ("datHang(code=doc.key, items=[])", []),
    ],
)
def test_a_request_is_checked(body: str, expected: list[str]) -> None:
    assert expected == codes(f"def order(doc, answer):\n    return {body}\n", [CALL])


@pytest.mark.parametrize("value", ["doc.note", "doc.count", "None", "Failed(key=doc.key)"])
def test_a_plain_value_must_be_what_is_asked_for(value: str) -> None:
    flow = replace(EMIT, name="identity", many=False, value=Text())
    assert ["wrong-result"] == codes(f"def identity(doc):\n    return {value}\n", [flow])


def test_a_choice_takes_one_alternative() -> None:
    record = Record(
        "Choice",
        (optional("a", Text()), optional("b", Text()), optional("c", Text())),
        groups=(Group((("a", "b"), ("c",))),),
    )
    flow = replace(EMIT, constructors={"Choice": record}, results={"Choice": record})
    found = {
        arguments: codes(f"def flow(doc):\n    return Choice({arguments})\n", [flow])
        for arguments in ('a="1"', 'a="1", b="2"', 'c="3"', 'a="1", c="3"', "")
    }
    assert [[], [], [], ["choice"], ["choice"]] == list(found.values())


def test_a_value_of_several_kinds_must_be_converted_first() -> None:
    row = Record("Row", (Field("status", OneOf((Integer(), Text()))),))
    flow = replace(EMIT, parameters=(row,))
    source = "def flow(doc):\n    return Failed(key={})\n"
    assert ["does-not-fit"] == codes(source.format("doc.status"), [flow])
    assert [] == codes(source.format("text_of(doc.status)"), [flow])
    assert [] == codes(source.format('f"{doc.status}"'), [flow])


def test_a_field_that_only_one_event_has_may_not_be_read() -> None:
    one = Record("One", (Field("key", Text()), Field("a", Text())))
    two = Record("Two", (Field("key", Text()),))
    flows = [replace(EMIT, parameters=(r,), variant=r.name) for r in (one, two)]
    found = findings("def flow(doc):\n    return Failed(key=doc.a)\n", flows)
    assert ["Two has no field 'a'"] == [finding.what for finding in found]


def test_the_same_finding_for_two_events_is_told_once() -> None:
    flows = [replace(EMIT, parameters=(DOC,), variant=name) for name in ("a", "b")]
    source = """
def shown(x):
    return f"{x.note}"
def flow(doc):
    return Failed(key=shown(doc))
"""
    assert ["may-be-absent"] == codes(source, flows)


def test_checking_and_compiling_find_the_same() -> None:
    source = "def flow(doc):\n    return Happened(key=doc.nokey)\n"
    for check in (check_only, compile_mapping):
        with pytest.raises(MappingErrors, match="nokey"):
            check(source, "m.py", [EMIT], SETTINGS)
    assert MADE.field("key") is not None
