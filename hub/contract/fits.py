"""Whether every value of one type may stand where another type is asked for.

A mapping is accepted only if each value that it writes fits its field (decision 0002). What a
type alone cannot prove (a length, a pattern, a bound) is left to a check at run time; what can
never be right, or could be wrong only through an oversight (a free text for an enumeration), is
refused before anything is live.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

from hub.contract.formats import format_check
from hub.contract.patterns import matcher
from hub.contract.types import (
    Anything,
    Boolean,
    Date,
    Field,
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
from hub.contract.words import describe, values_in_words

_V = TypeVar("_V", str, int)
_RANK = {"yes": 0, "check": 1, "no": 2}
_DISJOINT = frozenset({"date", "date-time", "time", "uuid", "email", "uri"})


@dataclass(frozen=True, slots=True)
class Fit:
    """The answer: contained, to be checked at run time, or never; `why` is empty for "yes"."""

    kind: Literal["yes", "check", "no"]
    why: str = ""

    @property
    def ok(self) -> bool:
        """Whether a mapping may write it, with or without a check at run time."""
        return self.kind != "no"


YES = Fit("yes")


def fits(
    source: Type,
    target: Type,
    types: Mapping[str, Record],
    target_types: Mapping[str, Record] | None = None,
) -> Fit:
    """Whether a value of `source` may be written where `target` is expected.

    `types` resolves the Refs of both; `target_types` those of the target, if they differ. Absence
    is not judged at the top (that is the field's business), but is inside records.
    """
    context = _Context(types, types if target_types is None else target_types, set())
    return context.fits(source, target)


@dataclass(frozen=True, slots=True)
class _Context:
    sources: Mapping[str, Record]
    targets: Mapping[str, Record]
    assumed: set[
        tuple[str, str]
    ]  # pairs of records in progress: a recursion holds if the rest does

    def fits(self, source: Type, target: Type) -> Fit:
        source = self._resolved(source, self.sources)
        target = self._resolved(target, self.targets)
        if isinstance(target, Anything):
            return YES
        if isinstance(source, OneOf):
            return worst(self.fits(option, target) for option in source.options)
        if isinstance(target, OneOf):
            return self._into_one_of(source, target)
        return self._plain(source, target)

    def _plain(self, source: Type, target: Type) -> Fit:
        match source, target:
            case Text(), Text():
                return _text(source, target)
            case Integer(), Integer():
                return _integer(source, target)
            case ((Integer() | Number()), Number()):
                return _bounds(source, target)
            case (Boolean(), Boolean()) | (Timestamp(), Timestamp()) | (Date(), Date()):
                return YES
            case _:
                return self._structure(source, target)

    def _structure(self, source: Type, target: Type) -> Fit:
        match source, target:
            case ListOf(), ListOf():
                return worst((_sizes(source, target), self.fits(source.item, target.item)))
            case MapOf(), MapOf():
                return self.fits(source.value, target.value)
            case Record(), Record():
                return self._record(source, target)
            case _:
                return Fit("no", f"{describe(source)} is not {describe(target)}")

    def _resolved(self, type_: Type, types: Mapping[str, Record]) -> Type:
        return types[type_.name] if isinstance(type_, Ref) else type_

    def _into_one_of(self, source: Type, target: OneOf) -> Fit:
        found = [self.fits(source, option) for option in target.options]
        best = min(found, key=lambda fit: _RANK[fit.kind])
        if best.ok:
            return best
        return Fit("no", f"{describe(source)} is none of: {describe(target)}")

    def _record(self, source: Record, target: Record) -> Fit:
        pair = (source.name, target.name)
        if source is target or pair in self.assumed:
            return YES
        self.assumed.add(pair)
        if target.groups and target.groups != source.groups:
            return Fit("no", f"{source.name} does not promise the choices of {target.name}")
        extra = [field.name for field in source.fields if target.field(field.name) is None]
        if extra and target.closed:
            return Fit("no", f"{target.name} has no field {extra[0]}")
        return worst(self._member(source, field, target.name) for field in target.fields)

    def _member(self, source: Record, wanted: Field, name: str) -> Fit:
        given = source.field(wanted.name)
        if given is None:
            if not wanted.required:
                return YES
            return Fit("no", f"{source.name} has no field {wanted.name}, which {name} requires")
        if wanted.required and not wanted.nullable and (given.nullable or not given.required):
            return Fit("no", f"{source.name}.{given.name} may be absent, {name} requires it")
        inner = self.fits(given.type, wanted.type)
        return inner if inner.kind == "yes" else Fit(inner.kind, f"{wanted.name}: {inner.why}")


def worst(found: Iterable[Fit]) -> Fit:
    """The gravest of several answers; "yes" of none."""
    answer = YES
    for fit in found:
        if fit.kind == "no":
            return fit
        if answer.kind == "yes":
            answer = fit
    return answer


def _text(source: Text, target: Text) -> Fit:
    if target.values is not None:
        return _values(source.values, target.values)
    if source.values is not None:
        wrong = [value for value in source.values if not _admits(target, value)]
        return _unless(wrong, target)
    return worst((_text_lengths(source, target), _text_form(source, target)))


def _text_form(source: Text, target: Text) -> Fit:
    if format_check(target.format) is not None and target.format != source.format:
        if {source.format, target.format} <= _DISJOINT:
            return Fit("no", f"{describe(source)} is not {describe(target)}")
        return Fit("check", f"whether it has the form {target.format} is known at run time only")
    if target.pattern is not None and target.pattern != source.pattern:
        return Fit("check", f"whether it matches {target.pattern} is known at run time only")
    return YES


def _text_lengths(source: Text, target: Text) -> Fit:
    return _range(
        (source.min_length, source.max_length),
        (target.min_length, target.max_length),
        "characters",
    )


def _sizes(source: ListOf, target: ListOf) -> Fit:
    return _range(
        (source.min_items, source.max_items), (target.min_items, target.max_items), "items"
    )


def _integer(source: Integer, target: Integer) -> Fit:
    if target.values is not None:
        return _values(source.values, target.values)
    return _bounds(source, target)


def _bounds(source: Integer | Number, target: Integer | Number) -> Fit:
    if isinstance(source, Integer) and source.values is not None:
        low, high = target.minimum, target.maximum
        wrong = [v for v in source.values if _outside(v, low, high)]
        return _unless(wrong, target)
    return _range((source.minimum, source.maximum), (target.minimum, target.maximum), "")


def _range(
    given: tuple[float | None, float | None], wanted: tuple[float | None, float | None], unit: str
) -> Fit:
    """Whether the range `given` lies in `wanted`; bounds are inclusive, None is unbounded."""
    unit = f" {unit}" if unit else ""
    if _above(given[0], wanted[1]) or _above(wanted[0], given[1]):
        return Fit("no", f"{_span(given)}{unit} can never be {_span(wanted)}{unit}")
    low_holds = wanted[0] is None or (given[0] is not None and given[0] >= wanted[0])
    high_holds = wanted[1] is None or (given[1] is not None and given[1] <= wanted[1])
    if low_holds and high_holds:
        return YES
    return Fit("check", f"whether it is {_span(wanted)}{unit} is known at run time only")


def _above(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and low > high


def _span(span: tuple[float | None, float | None]) -> str:
    low, high = span
    if low is not None and low == high:
        return str(low)
    if high is None:
        return f"at least {low}" if low else "any"
    return f"at most {high}" if not low else f"{low} to {high}"


def _outside(value: float, low: float | None, high: float | None) -> bool:
    return (low is not None and value < low) or (high is not None and value > high)


def _values(given: tuple[_V, ...] | None, wanted: tuple[_V, ...]) -> Fit:
    if given is None:
        return Fit("no", f"a free value does not go into {values_in_words(wanted)}; use code()")
    missing = tuple(value for value in given if value not in wanted)
    if missing:
        return Fit("no", f"{values_in_words(missing)} is not among {values_in_words(wanted)}")
    return YES


def _unless(wrong: list[str] | list[int], target: Type) -> Fit:
    return Fit("no", f"{wrong[0]!r} is not {describe(target)}") if wrong else YES


def _admits(target: Text, value: str) -> bool:
    if _outside(len(value), target.min_length, target.max_length):
        return False
    check = format_check(target.format)
    if check is not None and not check(value):
        return False
    return target.pattern is None or matcher(target.pattern)(value)
