"""When a value of one type may be written where another is asked for."""

import pytest

from hub.contract.fits import fits
from hub.contract.types import (
    Anything,
    Boolean,
    Date,
    Field,
    Group,
    Integer,
    ListOf,
    MapOf,
    Number,
    OneOf,
    Record,
    Ref,
    Text,
    Timestamp,
    Type,
)

AB = Text(values=("A", "B"))
POINT = Record("Point", (Field("x", Integer()), Field("y", Integer(), required=False)))
TREE = Record("Tree", (Field("kids", ListOf(Ref("Tree"))), Field("name", Text())))
SHRUB = Record("Shrub", (Field("kids", ListOf(Ref("Shrub"))), Field("name", Text())))
THORN = Record("Thorn", (Field("kids", ListOf(Ref("Thorn"))), Field("name", Integer())))
TYPES = {r.name: r for r in (POINT, TREE, SHRUB, THORN)}


def record(*fields: Field, closed: bool = True) -> Record:
    return Record("R", fields, closed=closed)


YES: list[tuple[Type, Type]] = [
    (Text(), Text()),
    (Text(max_length=20), Text(max_length=50)),
    (Text(min_length=2, max_length=20), Text(min_length=1)),
    (Text(pattern="[a-z]"), Text(pattern="[a-z]")),
    (Text(format="date"), Text(format="date")),
    (Text(format="date"), Text()),
    (Text(), Text(format="dd/MM/yyyy")),
    (AB, AB),
    (Text(values=("A",)), AB),
    (AB, Text()),
    (AB, Text(max_length=1, pattern="[A-Z]")),
    (Text(values=("2026-01-31",)), Text(format="date")),
    (Integer(), Integer()),
    (Integer(minimum=1, maximum=5), Integer(minimum=0, maximum=5)),
    (Integer(values=(1, 2)), Integer(values=(1, 2, 3))),
    (Integer(values=(1, 2)), Integer(minimum=1)),
    (Integer(), Number()),
    (Integer(values=(1,)), Number(maximum=2)),
    (Number(minimum=0), Number()),
    (Boolean(), Boolean()),
    (Timestamp(), Timestamp()),
    (Date(), Date()),
    (Text(), Anything()),
    (POINT, Anything()),
    (ListOf(AB), ListOf(Text())),
    (ListOf(Text(), min_items=1, max_items=3), ListOf(Text(), max_items=3)),
    (MapOf(AB), MapOf(Text())),
    (POINT, POINT),
    (POINT, Record("Open", (Field("x", Number()),), closed=False)),
    (Ref("Point"), POINT),
    (Ref("Tree"), Ref("Shrub")),
    (AB, OneOf((Integer(), Text()))),
    (OneOf((Integer(values=(1,)), AB)), OneOf((Integer(), Text()))),
    (record(Field("x", Integer())), POINT),
    (record(Field("x", Integer()), Field("y", Integer(), required=False, nullable=True)), POINT),
]

CHECK: list[tuple[Type, Type, str]] = [
    (Text(), Text(max_length=5), "whether it is at most 5 characters is known at run time only"),
    (Text(), Text(min_length=1), "whether it is at least 1 characters is known at run time only"),
    (Text(), Text(pattern="[0-9]+"), "whether it matches [0-9]+ is known at run time only"),
    (Text(), Text(format="date"), "whether it has the form date is known at run time only"),
    (Integer(), Integer(minimum=1), "whether it is at least 1 is known at run time only"),
    (Integer(), Number(maximum=9), "whether it is at most 9 is known at run time only"),
    (Integer(minimum=1), Integer(minimum=0, maximum=5), "whether it is at most 5"),
    (ListOf(Text()), ListOf(Text(), max_items=2), "whether it is at most 2 items"),
    (ListOf(Text()), ListOf(Text(max_length=2)), "whether it is at most 2 characters"),
    (Text(), OneOf((Integer(), Text(max_length=3))), "whether it is at most 3 characters"),
    (record(Field("x", Text())), record(Field("x", Text(max_length=3))), "x: whether it is"),
]

NO: list[tuple[Type, Type, str]] = [
    (Text(), AB, "a free value does not go into 'A', 'B'; use code()"),
    (Text(values=("A", "C")), AB, "'C' is not among 'A', 'B'"),
    (Integer(), Integer(values=(1, 2)), "a free value does not go into 1, 2; use code()"),
    (Text(values=("abc",)), Text(max_length=2), "'abc' is not a text of at most 2 characters"),
    (Text(values=("abc",)), Text(pattern="[0-9]"), "'abc' is not a text that matches [0-9]"),
    (Text(values=("31/01",)), Text(format="date"), "'31/01' is not a text in the form date"),
    (Integer(values=(7,)), Integer(maximum=5), "7 is not a whole number of at most 5"),
    (Integer(), Text(), "a whole number is not a text"),
    (Text(), Integer(), "a text is not a whole number"),
    (Number(), Integer(), "a number is not a whole number"),
    (Boolean(), Integer(), "true or false is not a whole number"),
    (Boolean(), Number(), "true or false is not a number"),
    (Timestamp(), Integer(), "a timestamp (milliseconds) is not a whole number"),
    (Integer(), Timestamp(), "a whole number is not a timestamp (milliseconds)"),
    (Date(), Text(format="date"), "a date (days since 1970) is not a text in the form date"),
    (Text(format="date"), Text(format="date-time"), "is not a text in the form date-time"),
    (Anything(), Text(), "any value is not a text"),
    (Integer(minimum=6), Integer(maximum=5), "at least 6 can never be at most 5"),
    (Text(min_length=6), Text(max_length=5), "at least 6 characters can never be at most 5"),
    (ListOf(Text(), min_items=3), ListOf(Text(), max_items=2), "can never be at most 2 items"),
    (ListOf(Text()), Text(), "a list of text is not a text"),
    (Text(), ListOf(Text()), "a text is not a list of text"),
    (MapOf(Text()), MapOf(Integer()), "a text is not a whole number"),
    (POINT, Text(), "a Point is not a text"),
    (Boolean(), OneOf((Integer(), Text())), "is none of: a whole number or a text"),
    (OneOf((Integer(), Text())), Text(), "a whole number is not a text"),
    (record(), POINT, "R has no field x, which Point requires"),
    (record(Field("x", Integer()), Field("z", Text())), POINT, "Point has no field z"),
    (record(Field("x", Integer(), required=False)), POINT, "R.x may be absent, Point requires it"),
    (record(Field("x", Integer(), nullable=True)), POINT, "R.x may be absent, Point requires it"),
    (record(Field("x", Text())), POINT, "x: a text is not a whole number"),
    (Ref("Tree"), Ref("Thorn"), "name: a text is not a whole number"),
    (
        record(Field("x", Integer(), required=False)),
        Record("C", (Field("x", Integer(), required=False),), groups=(Group((("x",),)),)),
        "R does not promise the choices of C",
    ),
]


@pytest.mark.parametrize(("source", "target"), YES)
def test_a_contained_type_fits(source: Type, target: Type) -> None:
    found = fits(source, target, TYPES)
    assert ("yes", "") == (found.kind, found.why)


@pytest.mark.parametrize(("source", "target", "why"), CHECK)
def test_what_a_type_cannot_prove_is_checked_at_run_time(
    source: Type, target: Type, why: str
) -> None:
    found = fits(source, target, TYPES)
    assert found.kind == "check"
    assert why in found.why
    assert found.ok


@pytest.mark.parametrize(("source", "target", "why"), NO)
def test_what_can_be_wrong_by_oversight_does_not_fit(source: Type, target: Type, why: str) -> None:
    found = fits(source, target, TYPES)
    assert found.kind == "no"
    assert why in found.why
    assert not found.ok


def test_refs_of_the_target_are_those_of_its_own_contract() -> None:
    other = {"Point": Record("Point", (Field("x", Text()),))}
    assert fits(Ref("Point"), Ref("Point"), TYPES, other).kind == "no"
    assert fits(Ref("Point"), Ref("Point"), TYPES).kind == "yes"
