"""Properties: generated contracts, accepted mappings, and documents that the contracts admit.

Whatever the checker accepts raises nothing but Reject, and what it gives is what its target says.
"""

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hub.contract.types import (
    Boolean,
    Date,
    Document,
    Field,
    Integer,
    ListOf,
    Number,
    Record,
    Text,
    Timestamp,
    Type,
    Value,
)
from hub.contract.validate import compile_validator
from hub.errors import Reject
from hub.mapping.functions.library import LIBRARY
from hub.mapping.program import FlowSignature, MappingErrors, Program, compile_mapping

WORDS = ("A", "B", "C")
TEXTS = st.sampled_from(
    ["", "A", "B", "x", "12", " 7 ", "2025-10-13T09:05:00+07:00", "H44.C1", "đ" * 9]
)

SCALARS: st.SearchStrategy[Type] = st.one_of(
    st.builds(
        Text,
        values=st.none() | st.lists(st.sampled_from(WORDS), min_size=1, unique=True).map(tuple),
    ),
    st.builds(Text, max_length=st.sampled_from([None, 1, 3, 50])),
    st.builds(
        Text, min_length=st.sampled_from([0, 2]), pattern=st.sampled_from([None, "[A-Z0-9]*"])
    ),
    st.just(Text(format="date-time")),
    st.builds(Integer, minimum=st.sampled_from([None, 0]), maximum=st.sampled_from([None, 9])),
    st.just(Integer(values=(1, 2))),
    st.just(Number()),
    st.just(Boolean()),
    st.just(Timestamp()),
    st.just(Date()),
)


@st.composite
def records(draw: st.DrawFn, name: str, depth: int = 2) -> Record:
    """A record of a few fields, some of them records and lists."""
    count = draw(st.integers(1, 5))
    fields = []
    for number in range(count):
        inner: st.SearchStrategy[Type] = SCALARS
        if depth:
            below = records(f"{name}{number}", depth - 1)
            inner = st.one_of(SCALARS, below, st.builds(ListOf, st.one_of(SCALARS, below)))
        required = draw(st.booleans())
        fields.append(Field(f"f{number}", draw(inner), required, nullable=not required))
    return Record(name, tuple(fields))


FITTING = ["", "A", "B", "12", "x", "ABC", "H44.C1", " 7 ", "đ" * 9]


def _text(draw: st.DrawFn, text: Text) -> str:
    if text.values is not None:
        return draw(st.sampled_from(text.values))
    if text.format == "date-time":
        return draw(st.sampled_from(["2025-10-13T09:05:00+07:00", "2024-02-29T23:59:59Z"]))
    validate = compile_validator(text, {})
    return draw(st.sampled_from([value for value in FITTING if not validate(value)]))


def _integer(draw: st.DrawFn, integer: Integer) -> int:
    if integer.values is not None:
        return draw(st.sampled_from(integer.values))
    low, high = integer.minimum, integer.maximum
    return draw(st.integers(-(10**20) if low is None else low, 10**20 if high is None else high))


def _value(draw: st.DrawFn, type_: Type) -> Value:
    """A value that the type admits."""
    match type_:
        case Text():
            return _text(draw, type_)
        case Integer():
            return _integer(draw, type_)
        case ListOf(item=item):
            return [_value(draw, item) for _ in range(draw(st.integers(0, 3)))]
        case Record():
            return _document(draw, type_)
        case _:
            return draw(OTHERS[type(type_)])


OTHERS: Mapping[type, st.SearchStrategy[Value]] = {
    Number: st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**300), 10**300),
    Boolean: st.booleans(),
    Timestamp: st.integers(-(10**15), 10**15),
    Date: st.integers(-(10**15), 10**15),
}


def _document(draw: st.DrawFn, record: Record) -> Document:
    document: Document = {}
    for field in record.fields:
        form = draw(st.sampled_from(["value", "value", "none", "missing"]))
        if field.required or form == "value":
            document[field.name] = _value(draw, field.type)
        elif form == "none":
            document[field.name] = None
    return document


def _paths(record: Record, prefix: str, depth: int = 3) -> list[str]:
    found = []
    for field in record.fields:
        path = f"{prefix}.{field.name}"
        found.append(path)
        if isinstance(field.type, Record) and depth:
            found += _paths(field.type, path, depth - 1)
    return found


ONE = sorted(f.name for f in LIBRARY.values() if len(f.arguments) == 1 and not f.form)
LITERALS = ['"A"', '"x"', "1", "0.5", "True", "None", "[]", '["A", "B"]']
TWO = [
    "cut({0}, 3)", "default({0}, {1})", "contains({0}, {1})", 'f"{{{0}}}-{{{1}}}"', "[{0}, {1}]",
    "code(T, {0})", "code(T, {0}, otherwise={1})", "code(N, {0}, otherwise={1})", "{0} == {1}",
    "{0} < {1}", "{0} in {1}", "{0} is None", "({0}) and ({1})", "not ({0})", "{0} + {1}",
    "{0} if ({1}) else None", "{0} if {0} is not None else {1}", "[x for x in {0}]",
    '[f"{{x}}" for x in {0} if x == {1}]', "joined({0}, {1})", "total({0})", "any_of({0})",
    'local_time({0}, "dd/MM/yyyy")', 'local_time_text({0}, "yyyyMMdd")', "plus_days({0}, {1})",
    "id_number({0}, {1})", 'epoch({0}, "ms")', "{0} in T", "helper({0})", "distinct({0})",
    'date_text({0}, "dd/MM/yyyy")', "national_procedure({0}, None)", "first([y for y in {0}])",
]  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn, paths: list[str], depth: int = 3) -> str:
    leaf = st.sampled_from(paths) | st.sampled_from(LITERALS)
    if not depth or draw(st.booleans()):
        return draw(leaf)
    if draw(st.booleans()):
        return f"{draw(st.sampled_from(ONE))}({draw(expressions(paths, depth - 1))})"
    template = draw(st.sampled_from(TWO))
    return template.format(draw(expressions(paths, depth - 1)), draw(expressions(paths, depth - 1)))


HEAD = """
T = {"A": "B", "B": None, "C": "x"}
N = {1: "A", 2: "B"}
def helper(x):
    if x is None:
        return "none"
    return x
"""
EMPTY = Record("settings", ())


def _signature(source: Record, target: Record) -> FlowSignature:
    inner = {r.name: r for r in _below(target)}
    return FlowSignature("flow", (source,), {"Out": target}, {"Out": "t.Out"}, inner, many=True)


def _below(record: Record) -> list[Record]:
    found = [record]
    for field in record.fields:
        type_ = field.type.item if isinstance(field.type, ListOf) else field.type
        if isinstance(type_, Record):
            found += _below(type_)
    return found


def _written(draw: st.DrawFn, record: Record, flow: FlowSignature, paths: list[str]) -> str:
    """A constructor, each field with the first of a few expressions that is accepted."""
    parts = []
    for field in record.fields:
        for _ in range(4):
            expression = draw(expressions(paths))
            probe = Record("Out", (field,))
            signature = _signature(flow.parameters[0], probe)  # type: ignore[arg-type]  # the source is a record here
            try:
                compile_mapping(
                    _mapping("Out", f"{field.name}={expression}"), "m.py", [signature], EMPTY
                )
            except MappingErrors:
                continue
            parts.append(f"{field.name}={expression}")
            break
        else:
            assume(not field.required)
    return ", ".join(parts)


def _mapping(name: str, fields: str) -> str:
    used = HEAD if "helper(" in fields else HEAD[: HEAD.index("def")]
    return f"{used}\ndef flow(doc):\n    return {name}({fields})\n"


def _run(program: Program, document: Document) -> Reject | Document:
    try:
        return program.flow("flow").emit(document, {}, [])[0][1]
    except Reject as reject:
        return reject


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_what_is_accepted_gives_its_target_or_a_reject(data: st.DataObject) -> None:
    source = data.draw(records("In"))
    target = data.draw(records("Out", 0))
    flow = _signature(source, target)
    fields = data.draw(
        st.composite(lambda draw: _written(draw, target, flow, _paths(source, "doc")))()
    )
    program = compile_mapping(_mapping("Out", fields), "m.py", [flow], EMPTY)
    validate = compile_validator(target, {})
    for _ in range(5):
        document = data.draw(st.composite(lambda draw: _document(draw, source))())
        assert [] == compile_validator(source, {})(document)
        made = _run(program, document)
        if isinstance(made, Reject):
            assert made.where.startswith("m.py:")
        else:
            assert [] == validate(made)


@given(
    st.text(
        alphabet=st.sampled_from("abdefnotrul(){}[]=:.,'\"\\#+-* \n0123456789_é\x00"), max_size=200
    )
)
@settings(max_examples=200, deadline=None)
def test_any_text_is_refused_in_one_way(text: str) -> None:
    target = Record("Out", (Field("f0", Text()),))
    with pytest.raises(MappingErrors) as caught:
        compile_mapping(text, "m.py", [_signature(target, target)], EMPTY)
    assert caught.value.render(text)
