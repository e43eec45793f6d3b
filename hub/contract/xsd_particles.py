"""How sequences, choices and groups become one flat list of fields.

A record knows its fields in order, which of them must be there, and groups of which one alternative
is chosen. Content that needs more than this (a choice that repeats, a choice inside an alternative)
is refused.
"""

from dataclasses import dataclass, field, replace

from hub.contract.problems import Problems
from hub.contract.types import Field, Group
from hub.contract.xsd_files import Definition


@dataclass(slots=True)
class Members:
    """What a part of a content model adds to its record."""

    fields: list[Field] = field(default_factory=list)
    groups: list[Group] = field(default_factory=list)
    open: bool = False


def joined(first: Members, second: Members) -> Members:
    """Both, one after the other."""
    return Members(
        first.fields + second.fields, first.groups + second.groups, first.open or second.open
    )


def flatten(particle: Definition, parts: list[Members], problems: Problems) -> Members:
    """The fields of an xs:sequence, xs:all, xs:choice or xs:group with these parts."""
    if particle.get("maxOccurs") not in (None, "0", "1"):
        what = f"a repeated xs:{particle.tag} is not supported"
        problems.add(particle.where, what, "put it into an element that repeats")
    if particle.get("maxOccurs") == "0":
        return Members()
    optional = particle.get("minOccurs") == "0"
    if particle.tag == "choice":
        return _choice(particle, parts, problems, optional=optional)
    whole = Members()
    for part in parts:
        whole = joined(whole, part)
    return _optional(particle, whole, problems) if optional else whole


def _optional(particle: Definition, whole: Members, problems: Problems) -> Members:
    """A sequence that may be absent as a whole: its required fields come together or not at all."""
    if whole.groups:
        what = f"a choice inside an optional xs:{particle.tag} is not supported"
        problems.add(particle.where, what, "put it into an element")
    required = tuple(f.name for f in whole.fields if f.required)
    fields = [replace(f, required=False) for f in whole.fields]
    if len(required) == len(fields) > 1:
        return Members(fields, [Group((required,), 0)], whole.open)
    if required and len(fields) > 1:
        what = f"an optional xs:{particle.tag} with required and optional elements"
        problems.add(particle.where, f"{what} is not supported", "put it into an element")
    return Members(fields, [], whole.open)


def _choice(
    particle: Definition, parts: list[Members], problems: Problems, *, optional: bool
) -> Members:
    alternatives: list[tuple[str, ...]] = []
    fields: list[Field] = []
    minimum = 0 if optional else 1
    for part in parts:
        names = tuple(f.name for f in part.fields)
        needed = [f for f in part.fields if f.required]
        if _nested_choice(part):
            alternatives += part.groups[0].alternatives
            minimum = min(minimum, part.groups[0].minimum)
        elif part.groups or (len(names) > 1 and len(needed) != len(names)):
            what = "an alternative of xs:choice with optional parts of its own is not supported"
            problems.add(particle.where, what, "put the alternative into an element")
        elif names:
            alternatives.append(names)
            minimum = minimum if needed else 0
        else:
            minimum = 0
        fields += [replace(f, required=False) for f in part.fields]
    is_open = any(part.open for part in parts)
    groups = [Group(tuple(alternatives), minimum)] if alternatives else []
    return Members(fields, groups, is_open)


def _nested_choice(part: Members) -> bool:
    """Whether a part is nothing but a choice, which then is part of the outer one."""
    if len(part.groups) != 1:
        return False
    chosen = {name for names in part.groups[0].alternatives for name in names}
    return chosen == {f.name for f in part.fields}
