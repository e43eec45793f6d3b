"""Which operation a method and a path mean. Compiled once; one look-up per segment count."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from adapters.http.messages import Refusal
from adapters.rest.parameters import decode_part

LONGEST = 4_096  # characters of a path


@dataclass(frozen=True, slots=True)
class Template:
    """A path such as "/ho-so/{maHoSo}/bo-sung": literal segments, and names of parameters."""

    segments: tuple[str, ...]
    names: tuple[str | None, ...]  # per segment; None for a literal

    def match(self, parts: list[str]) -> bool:
        """Whether encoded `parts` fit; literals are compared as written."""
        return all(
            name is not None or segment == part
            for segment, name, part in zip(self.segments, self.names, parts, strict=True)
        )

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


@dataclass(frozen=True, slots=True)
class _Place:
    template: Template
    methods: dict[str, tuple[str, Template]] = field(default_factory=dict)  # with its own names


class Routes:
    """All operations of one server. Templates with fewer parameters are tried first."""

    def __init__(self, operations: Iterable[tuple[str, str, str]]) -> None:
        """`operations`: (method, path template, name of the operation)."""
        places: dict[tuple[str | None, ...], _Place] = {}
        for method, path, name in operations:
            template = parse_template(path)
            pairs = zip(template.segments, template.names, strict=True)
            shape = tuple(segment if name is None else None for segment, name in pairs)
            place = places.setdefault(shape, _Place(template))
            place.methods[method.upper()] = (name, template)
        self._by_length: dict[int, list[_Place]] = {}
        for shape, place in sorted(places.items(), key=lambda item: item[0].count(None)):
            self._by_length.setdefault(len(shape), []).append(place)

    def find(self, method: str, path: str) -> tuple[str, dict[str, str]]:
        """The operation and its path parameters by their names on the wire.

        `path` is still percent-encoded. Raises Refusal: 404, or 405 with Allow; Reject for a
        parameter that is not UTF-8.
        """
        parts = path.split("/")[1:] if len(path) <= LONGEST else []
        allowed: set[str] = set()
        for place in self._by_length.get(len(parts), ()):
            if place.template.match(parts):
                found = place.methods.get(method)
                if found is not None:
                    return found[0], found[1].values(parts)
                allowed |= place.methods.keys()
        if allowed:
            raise _not_allowed(", ".join(sorted(allowed)))
        raise Refusal(404, "unknown-operation", "Nothing is served under this address")


def _not_allowed(allowed: str) -> Refusal:
    return Refusal(
        405,
        "not-allowed",
        "This address is not served with that method",
        f"allowed: {allowed}",
        headers=(("allow", allowed),),
    )
