"""How a function becomes part of the mapping language.

The signature that the checker needs is the one that Python sees already: annotations give the
kinds, a parameter `flags` lets a function mark a message, `| None` says that something may be
absent. The docstring is the reference. So nothing is written twice, and nothing can disagree.

    str Text · int Integer · float Number · bool Boolean · Moment Timestamp · Day Date
    list[...] a list · Mapping[str, str] a map · Annotated[..., <type>] that very type

*Absent in, absent out*: unless its first parameter is declared `| None`, a function is not called
for an absent first argument, and its result is absent then. Functions raise nothing but Reject,
without the value; the place is added by the program.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, TypeAlias, TypeVar, get_args, get_origin

from hub.contract.types import (
    Anything,
    Boolean,
    Date,
    Integer,
    ListOf,
    MapOf,
    Number,
    Text,
    Timestamp,
    Type,
)
from hub.mapping.statics import Known

Moment: TypeAlias = Annotated[int, Timestamp()]
Day: TypeAlias = Annotated[int, Date()]
AnyValue: TypeAlias = Annotated[object, Anything()]

Refine: TypeAlias = Callable[[Sequence[Known], Sequence[object]], Known]
_F = TypeVar("_F", bound=Callable[..., object])


@dataclass(frozen=True, slots=True)
class Constant:
    """Marks a parameter whose literals are checked when the mapping is read.

    `check` gives what is wrong with a literal, or "". `example`: one that is right. `only`: nothing
    but a literal is accepted.
    """

    check: Callable[[object], str]
    example: str
    only: bool = True


@dataclass(frozen=True, slots=True)
class Argument:
    name: str
    type: Type
    may_be_absent: bool
    optional: bool  # has a default: may be left out
    repeated: bool  # *name: any number
    constant: Constant | None


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the library, as the checker and the reference see it."""

    name: str
    call: Callable[..., object]
    arguments: tuple[Argument, ...]
    result: Known
    lifted: bool
    flags: bool
    refine: Refine | None
    group: str
    doc: str
    form: bool = False  # the checker knows it by name; it is never called

    @property
    def signature(self) -> str:
        """`local_time(text, form, …)`."""
        shown = []
        for argument in self.arguments:
            name = f"{argument.name}=…" if argument.optional else argument.name
            shown.append(f"{argument.name} …" if argument.repeated else name)
        return f"{self.name}({', '.join(shown)})"


REGISTRY: dict[str, Function] = {}


def function(
    refine: Refine | None = None, *, form: bool = False, result: Type | None = None
) -> Callable[[_F], _F]:
    """Make a Python function part of the mapping language.

    `refine` narrows the result by the arguments' kinds and literals (None where not a literal).
    `form`: the checker itself says what it means; only name and docstring are used. `result`
    overrides what the annotation of the result says.
    """

    def declare(call: _F) -> _F:
        known = _known(call, result)
        REGISTRY[call.__name__] = Function(
            name=call.__name__,
            call=call,
            arguments=_arguments(call),
            result=known,
            lifted=_lifted(call),
            flags="flags" in inspect.signature(call).parameters,
            refine=refine,
            group=call.__module__.rpartition(".")[2],
            doc=inspect.getdoc(call) or "",
            form=form,
        )
        return call

    return declare


def _parameters(call: Callable[..., object]) -> list[inspect.Parameter]:
    signature = inspect.signature(call, eval_str=True)
    return [p for p in signature.parameters.values() if p.name != "flags"]


def _arguments(call: Callable[..., object]) -> tuple[Argument, ...]:
    return tuple(_argument(parameter) for parameter in _parameters(call))


def _argument(parameter: inspect.Parameter) -> Argument:
    inner, absent = _without_none(parameter.annotation)
    constants = [m for m in getattr(inner, "__metadata__", ()) if isinstance(m, Constant)]
    return Argument(
        name=parameter.name,
        type=_type(inner),
        may_be_absent=absent,
        optional=parameter.default is not inspect.Parameter.empty,
        repeated=parameter.kind is inspect.Parameter.VAR_POSITIONAL,
        constant=constants[0] if constants else None,
    )


def _lifted(call: Callable[..., object]) -> bool:
    arguments = _arguments(call)
    return bool(arguments) and not arguments[0].may_be_absent


def _known(call: Callable[..., object], result: Type | None) -> Known:
    annotation = inspect.signature(call, eval_str=True).return_annotation
    inner, absent = _without_none(annotation)
    return Known(_type(inner) if result is None else result, absent)


def _without_none(annotation: object) -> tuple[object, bool]:
    """An annotation without `| None`, and whether it had it."""
    if isinstance(annotation, UnionType) or get_origin(annotation) is not None:
        parts = get_args(annotation)
        rest = [part for part in parts if part is not NoneType]
        if NoneType in parts and len(rest) == 1:
            return rest[0], True
    return annotation, False


_PLAIN: dict[object, Type] = {
    str: Text(),
    int: Integer(),
    float: Number(),
    bool: Boolean(),
    object: Anything(),
}


def _type(annotation: object) -> Type:
    for mark in getattr(annotation, "__metadata__", ()):
        if not isinstance(mark, Constant):
            declared: Type = mark
            return declared
    if get_origin(annotation) is Annotated:
        return _type(get_args(annotation)[0])
    if get_origin(annotation) is list:
        return ListOf(_type(get_args(annotation)[0]))
    if get_origin(annotation) is Mapping:
        return MapOf(_type(get_args(annotation)[1]))
    return _PLAIN[annotation]
