"""Which operation a method and a path mean.

Compiled once; then one look-up for each way in which templates of that many segments have literals
and parameters in turn. Literals are compared as written, still percent-encoded.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import TypeAlias

from adapters.http.messages import Refusal
from adapters.rest.parameters import decode_part

LONGEST = 4_096  # characters of a path


@dataclass(frozen=True, slots=True)
class Template:
    """A path such as "/ho-so/{maHoSo}/bo-sung": literal segments, and names of parameters."""

    segments: tuple[str, ...]
    names: tuple[str | None, ...]  # per segment; None for a literal

    def values(self, parts: list[str]) -> dict[str, str]:
        """The decoded parameters. Raises Reject for bytes that are not UTF-8."""
        return {
            name: decode_part(part)
            for name, part in zip(self.names, parts, strict=True)
            if name is not None
        }


def parse_template(path: str) -> Template:
    """A parameter takes a whole segment, as OpenAPI paths of the field do."""
    segments = tuple(path.split("/")[1:])
    names = tuple(s[1:-1] if s.startswith("{") and s.endswith("}") else None for s in segments)
    return Template(segments, names)


# A method's operation, with its own names of the parameters.
_Place: TypeAlias = dict[str, tuple[str, Template]]
_Pick: TypeAlias = Callable[[Sequence[str]], object]  # the segments at the places of literals


class Routes:
    """All operations of one server. Templates with fewer parameters are tried first."""

    def __init__(self, operations: Iterable[tuple[str, str, str]]) -> None:
        """`operations`: (method, path template, name of the operation)."""
        by_literals: dict[int, dict[tuple[int, ...], dict[object, _Place]]] = {}
        for method, path, name in operations:
            template = parse_template(path)
            literals = tuple(n for n, parameter in enumerate(template.names) if parameter is None)
            same = by_literals.setdefault(len(template.names), {}).setdefault(literals, {})
            place = same.setdefault(_pick(literals)(template.segments), {})
            place[method.upper()] = (name, template)
        self._by_length: dict[int, list[tuple[_Pick, dict[object, _Place]]]] = {
            length: [(_pick(n), places[n]) for n in sorted(places, key=len, reverse=True)]
            for length, places in by_literals.items()
        }

    def find(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        """The operation and its path parameters by their names on the wire.

        `path` is still percent-encoded. Raises Refusal: 404, or 405 with Allow; Reject for a
        parameter that is not UTF-8.
        """
        parts = path.split("/")[1:] if len(path) <= LONGEST else []
        allowed: set[str] = set()
        for pick, places in self._by_length.get(len(parts), ()):
            place = places.get(pick(parts))
            if place is not None:
                found = place.get(method)
                if found is not None:
                    return found[0], found[1].values(parts)
                allowed |= place.keys()
        if allowed:
            raise _not_allowed(", ".join(sorted(allowed)))
        raise Refusal(404, "unknown-operation", "Nothing is served under this address")


def _pick(places: tuple[int, ...]) -> _Pick:
    return itemgetter(*places) if places else _nothing


def _nothing(_: Sequence[str]) -> None:
    """A template of parameters alone has no literal."""


def _not_allowed(allowed: str) -> Refusal:
    return Refusal(
        405,
        "not-allowed",
        "This address is not served with that method",
        f"allowed: {allowed}",
        headers=(("allow", allowed),),
    )
