"""Is a folder of schemas fit to be registered: everything that is wrong with it, at once.

More than Avro asks: every record, enumeration and field says what it is, every value says which
class of personal data it is, and what is optional is so in the one way that the hub's readers know.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import orjson

from hub.errors import Reject
from hub.events.catalogue import Catalogue, Definition, Json, fields_of, full_name, inline
from hub.events.masks import PARTIAL
from hub.registry.problem import Problem
from hub.registry.schemas.compatibility import misfits
from hub.registry.schemas.errors import RegistryError
from hub.registry.schemas.state import DEFAULT_LEVEL
from hub.registry.schemas.text import parse

Sources: TypeAlias = Mapping[str, str]  # file name -> text

KEYS = frozenset({"name", "type", "default", "pii", "mask", "doc", "aliases"})
CLASSES = ("n", "p", "s")
LOGICAL = {"long": ("timestamp-millis",), "int": ("date",)}


def review(sources: Sources, chosen: frozenset[str]) -> list[Problem]:
    """The problems of the chosen files; the others are there to be mentioned.

    Empty: each may be registered, as far as it can be said without its earlier versions.
    """
    files: dict[str, Definition] = {}
    problems: list[Problem] = []
    for file, text in sources.items():
        try:
            files[file] = _definition(file, text)
        except Reject as error:
            problems.append(Problem(at=error.where, what=error.what, fix=error.fix))
    by_name = {full_name(definition): definition for definition in files.values()}
    for file in sorted(chosen & set(files)):
        found = [*_described(files[file]), *_valid(full_name(files[file]), by_name)]
        problems += [_placed(file, sources[file], problem) for problem in found]
    return [problem for problem in problems if problem.at.partition(":")[0] in chosen]


def changes(new: Mapping[str, str], old: Mapping[str, str]) -> list[Problem]:
    """What in the new texts (by full name) cannot read what was written with the old ones."""
    problems: list[Problem] = []
    for name in sorted(new.keys() & old.keys()):
        found = misfits(parse(new[name]).parsed, [(1, parse(old[name]).parsed)], DEFAULT_LEVEL)
        problems += [misfit(name, what) for what in found]
    return problems


def misfit(name: str, what: str) -> Problem:
    """A change that a registry would refuse."""
    fix = "give a new field a default, or give the event a new version in its name"
    return Problem(at=f"{name}.avsc", what=what, fix=fix)


def classes(catalogue: Catalogue, name: str) -> dict[str, str]:
    """The class of personal data of every value of a record, by its path."""
    return dict(_leaves(catalogue.files[name], catalogue.files, "", ()))


def _leaves(
    definition: Definition, files: Mapping[str, Definition], path: str, outer: tuple[str, ...]
) -> Iterator[tuple[str, str]]:
    for name, field in fields_of(definition):
        held = _held(field.get("type"), files)
        if held is None:
            yield f"{path}{name}", str(field.get("pii"))
        elif full_name(held) not in outer:
            inside = (*outer, full_name(held))
            yield from _leaves(held, files, f"{path}{name}.", inside)


def _held(kind: Json, files: Mapping[str, Definition]) -> Definition | None:
    """The record that a type holds, directly, optionally or in a list."""
    if isinstance(kind, str):
        found = files.get(kind)
        return found if found and found.get("type") == "record" else None
    if isinstance(kind, list):
        return next(filter(None, (_held(part, files) for part in kind)), None)
    return _held(kind.get("items"), files) if isinstance(kind, dict) else None


def _definition(file: str, text: str) -> Definition:
    try:
        found: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise Reject(error.msg, where=f"{file}:{error.lineno}:{error.colno}") from error
    if not isinstance(found, dict) or found.get("type") not in ("record", "enum"):
        raise Reject("is neither a record nor an enum", where=file, fix="one definition a file")
    if f"{full_name(found)}.avsc" != file:
        raise Reject(f"defines {full_name(found)!r}", where=file, fix="name the file after it")
    return found


def _described(definition: Definition) -> Iterator[Problem]:
    if not definition.get("doc"):
        yield Problem(at="", what="has no doc", fix="say what it is, in one sentence")
    for name, field in fields_of(definition):
        for what, fix in (*_marked(field), *_typed(field)):
            yield Problem(at="", what=what, fix=fix, field=name)


def _marked(field: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """Documentation and class of personal data."""
    if not field.get("doc"):
        yield "has no doc", "say what it holds, in one sentence"
    for key in sorted(field.keys() - KEYS):
        yield f"has the unknown attribute {key!r}", f"known are {', '.join(sorted(KEYS))}"
    pii, mask = field.get("pii"), field.get("mask")
    if pii is not None and pii not in CLASSES:
        yield f"has the unknown class {pii!r}", "n none, p personal, s sensitive"
    if mask is not None and (mask not in PARTIAL or pii not in ("p", "s")):
        yield f"has a mask {mask!r} that does not fit", "initials or ends, of a text marked p or s"


def _typed(field: dict[str, Json]) -> Iterator[tuple[str, str]]:
    kind = field.get("type")
    if isinstance(kind, list):
        if kind[:1] != ["null"] or len(kind) != 2 or field.get("default", 0) is not None:  # noqa: PLR2004 - null and one more
            yield "is a union", 'optional is ["null", …] with "default": null, others are not read'
        kind = kind[-1] if kind else None
    logical = kind.get("logicalType") if isinstance(kind, dict) else None
    if logical is not None and isinstance(kind, dict):
        known = LOGICAL.get(str(kind.get("type")), ())
        if logical not in known:
            yield f"has the logical type {logical!r}", "timestamp-millis of long, or date of int"


def _valid(name: str, files: Mapping[str, Definition]) -> Iterator[Problem]:
    """As an Avro schema, with all that it mentions."""
    try:
        parse(orjson.dumps(inline(name, files)).decode())
    except Reject as error:
        yield Problem(at="", what=error.what, fix=error.fix)
        return
    except RegistryError as error:
        yield Problem(at="", what=error.message)
        return
    for field_name, field in fields_of(files[name]):
        if _held(field.get("type"), files) is None and "pii" not in field:
            yield Problem(
                at="",
                field=field_name,
                what="does not say which class of personal data it is",
                fix='add "pii": "n" (none), "p" (personal) or "s" (sensitive)',
            )


def _placed(file: str, text: str, problem: Problem) -> Problem:
    """The same, with the file and the line of the field."""
    if not problem.field:
        return Problem(at=file, what=problem.what, fix=problem.fix)
    found = re.search(rf'"name"\s*:\s*"{re.escape(problem.field)}"', text)
    line = text.count("\n", 0, found.start()) + 1 if found else 1
    return Problem(f"{file}:{line}", f"{problem.field} {problem.what}", problem.fix, problem.field)
