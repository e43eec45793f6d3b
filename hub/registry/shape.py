"""A YAML file, or a part of it, as a checked struct; every misfit with its line."""

from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec import Struct, convert

from hub.errors import Reject
from hub.registry.misfits import misfits
from hub.registry.problem import Problem
from hub.registry.yaml_file import Path, Plain, YamlFile

S = TypeVar("S", bound=Struct)


def decode(file: YamlFile, kind: type[S], *, part: Plain = None, under: Path = ()) -> S:
    """A checked struct, of the file or of its `part` that stands `under` a path.

    Raises Reject with file, line and every misfit; `shape_problems` gives them one by one.
    """
    value = part if under else file.value
    try:
        return convert(value, kind)
    except msgspec.ValidationError as error:
        found = list(shape_problems(file, kind, part=part, under=under))
        if not found:
            raise Reject(str(error), where=file.place(under), code="manifest") from error
        what = "; ".join(problem.what for problem in found)
        raise Reject(what, found[0].at, found[0].fix, code="manifest") from error


def shape_problems(
    file: YamlFile, kind: type[S], *, part: Plain = None, under: Path = ()
) -> Iterator[Problem]:
    """Every key that is unknown or lacking, and every value that is not of its kind."""
    for misfit in misfits(part if under else file.value, kind):
        place = file.place((*under, *misfit.path))
        field = ".".join(map(str, misfit.path))
        yield Problem(place, str(misfit), misfit.fix, field, code=misfit.code)
