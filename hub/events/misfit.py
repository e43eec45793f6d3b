"""Says which field of a record does not fit its schema, without saying what it holds.

fastavro's own errors quote the value, which may be a person's. So when writing fails, the record is
walked once more, slowly, to find the place.
"""

from collections.abc import Mapping

from hub.events.catalogue import Definition, Json, fields_of, full_name

INT = 2**31
LONG = 2**63


def misfit(kind: Json, value: object) -> tuple[str, str] | None:
    """The path of the first part of `value` that does not fit, and why; None if all of it fits."""
    return _Walk().look(kind, value, "")


class _Walk:
    """Remembers named types on the way, because a later mention is only a name."""

    def __init__(self) -> None:
        self._named: dict[str, Definition] = {}

    def look(self, kind: Json, value: object, path: str) -> tuple[str, str] | None:
        if isinstance(kind, str):
            if kind in self._named:
                return self.look(self._named[kind], value, path)
            return None if _primitive(kind, value) else (path, f"is not of type {kind}")
        if isinstance(kind, list):
            return self._union(kind, value, path)
        if not isinstance(kind, dict):
            return (path, "has no readable type")
        match kind.get("type"):
            case "record":
                return self._record(kind, value, path)
            case "array":
                return self._array(kind, value, path)
            case "enum":
                return self._enum(kind, value, path)
            case other:
                return self.look(other, value, path)

    def _union(self, kind: list[Json], value: object, path: str) -> tuple[str, str] | None:
        if value is None:
            return None if "null" in kind else (path, "is absent, but required")
        found = [self.look(part, value, path) for part in kind if part != "null"]
        return None if None in found else found[0] if found else (path, "must be null")

    def _record(self, kind: Definition, value: object, path: str) -> tuple[str, str] | None:
        self._named[full_name(kind)] = kind
        if not isinstance(value, Mapping):
            return (path, "is not a record")
        fields = dict(fields_of(kind))
        for name in value:
            if name not in fields:
                return (path, f"has a field that the schema has not: {name!r:.60}")
        for name, field in fields.items():
            if name not in value and "default" in field:
                self.look(field.get("type"), None, "")  # types that are first mentioned here
                continue
            found = self.look(field.get("type"), value.get(name), f"{path}.{name}".lstrip("."))
            if found is not None:
                return found
        return None

    def _array(self, kind: Definition, value: object, path: str) -> tuple[str, str] | None:
        if not isinstance(value, list):
            return (path, "is not a list")
        for index, item in enumerate(value):
            found = self.look(kind.get("items"), item, f"{path}[{index}]")
            if found is not None:
                return found
        return None

    def _enum(self, kind: Definition, value: object, path: str) -> tuple[str, str] | None:
        self._named[full_name(kind)] = kind
        symbols = kind.get("symbols")
        known = isinstance(symbols, list) and value in symbols
        return None if known else (path, f"is no symbol of {full_name(kind)}")


def _primitive(kind: str, value: object) -> bool:
    whole = isinstance(value, int) and not isinstance(value, bool)
    match kind:
        case "null":
            return value is None
        case "string":
            return isinstance(value, str) and _encodable(value)
        case "int" | "long":
            limit = INT if kind == "int" else LONG
            return isinstance(value, int) and whole and -limit <= value < limit
        case "boolean":
            return isinstance(value, bool)
        case "float" | "double":
            return whole or isinstance(value, float)
        case _:
            return isinstance(value, bytes)


def _encodable(text: str) -> bool:
    """Not so for a lone half of a surrogate pair, which JSON lets through."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
