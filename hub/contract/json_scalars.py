"""Texts and whole numbers of JSON Schema: enumerations, bounds, lengths, patterns."""

from dataclasses import dataclass
from typing import Final

from hub.contract.documents import Node
from hub.contract.patterns import matcher, searched
from hub.contract.problems import Problems
from hub.contract.types import Integer, JsonScalar, Text
from hub.errors import Reject

_BOUNDS: Final = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}

_LARGEST = 1e300  # YAML reads 1e999 as infinity


@dataclass(frozen=True, slots=True)
class JsonScalars:
    """Compiles scalar schemas; notes what is not right."""

    problems: Problems

    def text(self, node: Node) -> Text:
        """A schema of type string."""
        values: tuple[str, ...] | None = None
        if (found := self._values(node)) is not None:
            values = tuple(value for value in found if isinstance(value, str))
        form = node.word("format") or None
        if form == "binary":
            self.problems.add(node.where, "format binary is not supported", "use byte (base64)")
        most = self.count(node, "maxLength")
        return Text(values, self.count(node, "minLength") or 0, most, self._pattern(node), form)

    def _pattern(self, node: Node) -> str | None:
        if not node.has("pattern"):
            return None
        pattern = searched(node.word("pattern"))
        try:
            matcher(pattern)
        except Reject as error:
            self.problems.add(node.where, error.what, error.fix)
            return None
        return pattern

    def integer(self, node: Node) -> Integer:
        """A schema of type integer."""
        if (found := self._values(node)) is not None:
            return Integer(values=tuple(value for value in found if isinstance(value, int)))
        low, high = _BOUNDS.get(node.word("format"), (None, None))
        least = _most(low, self._whole(node, "minimum"), self._beyond(node, "Minimum", 1))
        most = _least(high, self._whole(node, "maximum"), self._beyond(node, "Maximum", -1))
        return Integer(least, most)

    def _beyond(self, node: Node, which: str, step: int) -> int | None:
        """An exclusive bound as an inclusive one: a number in 3.1, a flag of the bound in 3.0."""
        value = node.child(f"exclusive{which}").value
        if value is True:
            value = node.child(which.lower()).value
        if value is None or value is False:
            return None
        if isinstance(value, int):
            return value + step
        self.problems.add(node.where, f"exclusive{which} is not a whole number")
        return None

    def _values(self, node: Node) -> list[JsonScalar] | None:
        """What `enum` or `const` list, without null; noted if not all of the stated type."""
        if not node.has("enum") and not node.has("const"):
            return None
        listed = [node.child("const").value] if node.has("const") else node.scalars("enum")
        values = [value for value in listed if value is not None]
        if {type(value) for value in values} not in ({str}, {int}):
            self.problems.add(node.where, "an enumeration of texts or of whole numbers is expected")
            return None
        if len(set(map(str, values))) != len(values):
            self.problems.add(node.where, "a value stands twice in the enumeration")
        return [value for value in values if isinstance(value, str | int)]

    def no_values(self, node: Node) -> None:
        """Note an enumeration where there can be none."""
        if node.has("enum") or node.has("const"):
            self.problems.add(node.where, "enum and const are for texts and whole numbers")

    def count(self, node: Node, keyword: str) -> int | None:
        """A keyword that holds a number of things."""
        found = self._whole(node, keyword)
        if found is not None and found < 0:
            self.problems.add(node.where, f"{keyword} is negative")
        return found

    def _whole(self, node: Node, keyword: str) -> int | None:
        found = self.number(node, keyword)
        if found is not None and int(found) != found:
            self.problems.add(node.where, f"{keyword} is not a whole number")
        return None if found is None else int(found)

    def number(self, node: Node, keyword: str) -> float | None:
        """A keyword that holds a number."""
        value = node.child(keyword).value
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _LARGEST:
            self.problems.add(node.where, f"{keyword} is not a number")
            return None
        return value


def _most(*bounds: int | None) -> int | None:
    return max((bound for bound in bounds if bound is not None), default=None)


def _least(*bounds: int | None) -> int | None:
    return min((bound for bound in bounds if bound is not None), default=None)
