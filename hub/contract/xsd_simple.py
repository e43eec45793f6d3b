"""Simple types of XML Schema into texts, numbers and Booleans."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from hub.contract.patterns import matcher
from hub.contract.types import Anything, Boolean, Integer, Number, Text, Type
from hub.contract.xsd_files import XS, Definition, SchemaSet
from hub.contract.xsd_patterns import translate
from hub.errors import Reject

_XSD: Final = XS.strip("{}")
_ZONE: Final = r"(?:Z|[+-][0-9]{2}:[0-9]{2})?"
BUILT_IN: Final[Mapping[str, Type]] = {
    **dict.fromkeys(
        ("string", "normalizedString", "token", "language", "Name", "NCName", "NMTOKEN", "ID",
         "IDREF", "anyURI", "anySimpleType"),
        Text(),
    ),
    "boolean": Boolean(),
    "decimal": Number(),
    "float": Number(),
    "double": Number(),
    "integer": Integer(),
    "nonNegativeInteger": Integer(minimum=0),
    "positiveInteger": Integer(minimum=1),
    "nonPositiveInteger": Integer(maximum=0),
    "negativeInteger": Integer(maximum=-1),
    "long": Integer(-(2**63), 2**63 - 1),
    "int": Integer(-(2**31), 2**31 - 1),
    "short": Integer(-(2**15), 2**15 - 1),
    "byte": Integer(-128, 127),
    "unsignedLong": Integer(0, 2**64 - 1),
    "unsignedInt": Integer(0, 2**32 - 1),
    "unsignedShort": Integer(0, 2**16 - 1),
    "unsignedByte": Integer(0, 255),
    "dateTime": Text(format="date-time"),
    "date": Text(format="date"),
    "time": Text(format="time"),
    "duration": Text(format="duration"),
    "base64Binary": Text(format="byte"),
    "hexBinary": Text(format="hex", pattern="(?:[0-9A-Fa-f]{2})*"),
    "gYear": Text(format="gYear", pattern="-?[0-9]{4,}" + _ZONE),
    "gYearMonth": Text(format="gYearMonth", pattern="-?[0-9]{4,}-[0-9]{2}" + _ZONE),
    "anyType": Anything(),
}  # fmt: skip
_COLLAPSED: Final = frozenset({"preserve", "replace", "collapse"})
_LENGTHS: Final = frozenset({"length", "minLength", "maxLength"})
_BOUNDS: Final = frozenset({"minInclusive", "maxInclusive", "minExclusive", "maxExclusive"})
_PLAIN_NUMBER = re.compile(r"^[+-]?[0-9]{1,40}(?:\.[0-9]{1,40})?$")  # no exponent: it may be huge
_DEPTH = 40


def is_built_in(user: Definition, prefixed: str) -> str | None:
    """The local name, if a QName is one of XML Schema's own types."""
    namespace, local = user.name_of(prefixed)
    return local if namespace == _XSD else None


@dataclass(frozen=True, slots=True)
class SimpleTypes:
    """Compiles simple types; notes what is not supported."""

    schemas: SchemaSet

    def named(self, user: Definition, prefixed: str, depth: int = 0) -> Type:
        """The simple type of that QName, as written at `user`."""
        local = is_built_in(user, prefixed)
        if local is not None:
            if local not in BUILT_IN:
                self._refuse(user, f"xs:{local} is not supported", "use xs:string")
            return BUILT_IN.get(local, Text())
        found = self.schemas.find("type", user, prefixed)
        if found is None:
            return Text()
        if found.tag != "simpleType":
            self._refuse(user, f"{prefixed} is not a simple type")
            return Text()
        return self.of(found, depth)

    def of(self, definition: Definition, depth: int = 0) -> Type:
        """The type of an xs:simpleType."""
        if not self.schemas.step(definition):
            return Text()
        if depth > _DEPTH:
            self._refuse(definition, f"simple types derived more than {_DEPTH} times")
            return Text()
        for child in definition.children():
            match child.tag:
                case "restriction":
                    return self.restriction(child, depth + 1)
                case "union":
                    return self._union(child, depth + 1)
                case tag:
                    self._refuse(child, f"xs:{tag} is not supported", "use a repeated element")
                    return Text()
        self._refuse(definition, "an empty xs:simpleType")
        return Text()

    def restriction(self, definition: Definition, depth: int) -> Type:
        """An xs:restriction, whose base is named or stands inside."""
        prefixed, inner = definition.get("base"), definition.child("simpleType")
        if prefixed is not None:
            base = self.named(definition, prefixed, depth)
        elif inner is not None:
            base = self.of(inner, depth)
        else:
            self._refuse(definition, "xs:restriction without a base")
            return Text()
        return self.facets(definition, base)

    def facets(self, definition: Definition, base: Type) -> Type:
        """`base`, narrowed by the facets that stand in `definition`."""
        patterns: list[str] = []
        values: list[str] = []
        for facet in definition.children():
            value = facet.get("value") or ""
            match facet.tag:
                case "enumeration":
                    values.append(value)
                case "pattern":
                    patterns.extend(self._pattern(facet, value))
                case "whiteSpace" if value in _COLLAPSED:
                    pass
                case "simpleType" | "attribute" | "attributeGroup" | "anyAttribute":
                    pass  # the base, or of a simpleContent
                case _:
                    base = self._facet(facet, value, base)
        if patterns:
            base = self._with_pattern(definition, base, patterns)
        return self._with_values(definition, base, values) if values else base

    def _facet(self, facet: Definition, value: str, base: Type) -> Type:
        try:
            narrowed = _narrow(base, facet.tag, Decimal(_PLAIN_NUMBER.findall(value)[0]))
        except IndexError:
            narrowed = None
        if narrowed is None:
            what = f"xs:{facet.tag} {value!r} is not supported on this type"
            self._refuse(facet, what, "leave it out, or choose another base")
            return base
        return narrowed

    def _pattern(self, facet: Definition, value: str) -> list[str]:
        try:
            pattern = translate(value)
            matcher(pattern)
        except Reject as error:
            self._refuse(facet, error.what, error.fix)
            return []
        return [pattern]

    def _with_pattern(self, definition: Definition, base: Type, patterns: list[str]) -> Type:
        if not isinstance(base, Text) or base.pattern is not None or base.values is not None:
            what = "xs:pattern is not supported on this type"
            self._refuse(definition, what, "use it on a text, once")
            return base
        return replace(base, pattern=patterns[0] if len(patterns) == 1 else _either(patterns))

    def _with_values(self, definition: Definition, base: Type, values: list[str]) -> Type:
        if isinstance(base, Text):
            return replace(base, values=tuple(dict.fromkeys(values)))
        if isinstance(base, Integer):
            try:
                return Integer(values=tuple(dict.fromkeys(int(value) for value in values)))
            except ValueError:
                pass
        self._refuse(definition, "xs:enumeration is not supported on this type")
        return base

    def _union(self, definition: Definition, depth: int) -> Type:
        names = (definition.get("memberTypes") or "").split()
        members = [self.named(definition, name, depth) for name in names]
        members += [self.of(child, depth) for child in definition.children()]
        texts = [member for member in members if isinstance(member, Text)]
        if texts and len(texts) == len(members):
            joined = _joined(texts)
            if joined is not None:
                return joined
        self._refuse(definition, "this xs:union is not supported", "use one type for all values")
        return Text()

    def _refuse(self, definition: Definition, what: str, fix: str = "") -> None:
        self.schemas.problems.add(definition.where, what, fix)


def _joined(texts: list[Text]) -> Text | None:
    """One text type that admits what any of `texts` does and nothing else, if there is one."""
    if Text() in texts:
        return Text()
    if all(text.values is not None for text in texts):
        return Text(tuple(dict.fromkeys(v for text in texts for v in text.values or ())))
    if all(text == Text(pattern=text.pattern) for text in texts):
        return Text(pattern=_either([text.pattern or "" for text in texts]))
    return None


def _either(patterns: list[str]) -> str:
    return "|".join(f"(?:{pattern})" for pattern in patterns)


def _narrow(base: Type, facet: str, value: Decimal) -> Type | None:
    match base:
        case Text() if facet in _LENGTHS and value == int(value) and base.values is None:
            return _lengths(base, facet, int(value))
        case Integer() if facet in _BOUNDS and value == int(value):
            return _integer_bounds(base, facet, int(value))
        case Integer() if facet == "totalDigits" and 0 < value < _DIGITS:
            most = 10 ** int(value) - 1
            return Integer(_tighter(max, base.minimum, -most), _tighter(min, base.maximum, most))
        case Integer() if facet == "fractionDigits" and value == 0:
            return base
        case Number() if facet == "fractionDigits" and value == 0:
            return _as_integer(base)
        case Number() if facet == "minInclusive":
            return replace(base, minimum=float(value))
        case Number() if facet == "maxInclusive":
            return replace(base, maximum=float(value))
        case _:
            return None


_DIGITS = 1_000  # a bound of more digits is nobody's meaning


def _lengths(base: Text, facet: str, value: int) -> Text:
    if facet == "length":
        return replace(base, min_length=value, max_length=value)
    if facet == "minLength":
        return replace(base, min_length=max(base.min_length, value))
    return replace(base, max_length=_tighter(min, base.max_length, value))


def _integer_bounds(base: Integer, facet: str, value: int) -> Integer:
    value += {"minExclusive": 1, "maxExclusive": -1}.get(facet, 0)
    if facet.startswith("min"):
        return replace(base, minimum=_tighter(max, base.minimum, value))
    return replace(base, maximum=_tighter(min, base.maximum, value))


def _as_integer(base: Number) -> Integer:
    low = None if base.minimum is None else int(base.minimum)
    return Integer(low, None if base.maximum is None else int(base.maximum))


def _tighter(choose: Callable[[int, int], int], known: int | None, value: int) -> int:
    return value if known is None else choose(known, value)
