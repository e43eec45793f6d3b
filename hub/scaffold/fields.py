"""What goes into each field of a new request or event: the obvious value, or a hole.

Obvious is a value whose kind fits and whose name is clearly the likest. Everything else is a
person's to decide: a hole that says what is wanted and what could be meant. A field that may be
absent and has no obvious value is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from hub.contract.types import (
    Field,
    Group,
    Integer,
    ListOf,
    OneOf,
    Record,
    Ref,
    Text,
    Timestamp,
    Type,
)
from hub.contract.words import describe
from hub.mapping.candidates import Candidate, Given, candidates, named, readable, written
from hub.mapping.likeness import Synonyms, likeness, words
from hub.mapping.statics import Known, Many, Types, view
from hub.scaffold.expressions import Expression, Listed, Make, Tables, has_hole, hole
from hub.scaffold.tables import coded

OBVIOUS: Final = 0.8  # likeness from which a value is written without asking
_CLEAR: Final = 0.03  # by which it must lead the next one
_NEAR: Final = 0.3  # from which a value of another kind is worth a mention
_TIMES: Final = frozenset({"date", "time", "at", "ngay", "gio", "thoi", "moment", "when"})
_DEPTH: Final = 6  # records inside records that are written


@dataclass(frozen=True, slots=True)
class Sources:
    """What a function can read: its parameters, opened; and `received`, the time of receipt."""

    given: tuple[Given, ...]
    types: Types
    synonyms: Synonyms
    received: str = ""


@dataclass(frozen=True, slots=True)
class Filler:
    """Writes records from what can be read.

    `filled`: fields that the adapter fills in. `asks`: what is written is a request, whose list at
    the top holds the one thing that is told; the lists of an event are facts.
    """

    sources: Sources
    tables: Tables
    filled: frozenset[str] = frozenset()
    asks: bool = False
    path: tuple[str, ...] = field(default=())

    def record(self, record: Record) -> Make:
        """`record` with every required field, and each other one that is obvious."""
        left_out = self._not_chosen(record)
        found: list[tuple[str, Expression]] = []
        for each in record.fields:
            if each.name in left_out or not _can_be_written(each):
                continue
            value = self._field(each, must=each.required and not each.nullable)
            if value is not None:
                found.append((each.name, value))
        for group in record.groups:
            if group.minimum and not any(n in dict(found) for a in group.alternatives for n in a):
                found += self._alternative(record, group)
        given = {name for name, _ in found} | self.filled
        left = [f.name for f in record.fields if f.name not in given and not _constant(f.type)]
        return Make(record.name, tuple(found), tuple(left))

    def obvious(self, record: Record) -> int:
        """How many fields of a record have an obvious value: to choose between two records."""
        return sum(1 for each in record.fields if self._best(each) is not None)

    def _not_chosen(self, record: Record) -> frozenset[str]:
        """Of each xs:choice all but the alternative that is likest to what can be read."""
        left_out: set[str] = set()
        for group in record.groups:
            best = max(group.alternatives, key=lambda names: self._matched(record, names))
            left_out |= {n for names in group.alternatives for n in names} - set(best)
        return frozenset(left_out)

    def _matched(self, record: Record, names: tuple[str, ...]) -> int:
        members = [record.field(name) for name in names]
        return sum(1 for each in members if each is not None and self._best(each) is not None)

    def _alternative(self, record: Record, group: Group) -> list[tuple[str, Expression]]:
        """One alternative of a choice that must have one, holes included."""
        best = max(group.alternatives, key=lambda names: self._matched(record, names))
        members = [record.field(name) for name in best]
        values = [(m.name, self._field(m, must=True)) for m in members if m is not None]
        return [(name, value) for name, value in values if value is not None]

    def _field(self, each: Field, *, must: bool) -> Expression | None:
        if each.name in self.filled or _constant(each.type):
            return None
        kind = self._resolved(each.type)
        value: Expression | None
        if isinstance(kind, Record):
            value = self._inner(each, kind, must=must)
        elif isinstance(kind, OneOf) and must and (options := self._options(kind)):
            value = hole(f"one of {options}")
        elif isinstance(kind, ListOf) and isinstance(self._resolved(kind.item), Record):
            value = self._list(each, kind, must=must)
        else:
            value = self._single(replace(each, type=kind), must=must)
        return value

    def _inner(self, each: Field, record: Record, *, must: bool) -> Expression | None:
        if len(self.path) >= _DEPTH:
            return self._hole(each, []) if must else None
        made = self._within(each).record(record)
        if not must:
            return made if made.fields and not has_hole(made) else None
        empty = not made.fields and not any(_constant(inner.type) for inner in record.fields)
        names = ", ".join(inner.name for inner in record.fields)
        return hole(f"a {record.name}, with any of {names}") if empty else made

    def _options(self, kind: OneOf) -> str:
        """The records that a value may be, as a mapping writes them; "" where one is no record.

        Which of them is meant is a person's to decide.
        """
        records = [self._resolved(option) for option in kind.options]
        if not all(isinstance(record, Record) for record in records):
            return ""
        return ", ".join(_written(record) for record in records if isinstance(record, Record))

    def _within(self, each: Field) -> "Filler":
        return replace(self, path=(*self.path, each.name), filled=frozenset())

    def _list(self, each: Field, kind: ListOf, *, must: bool) -> Expression | None:
        """A list of records: of a list that is like it, or with one item made from the whole."""
        record = self._resolved(kind.item)
        if not isinstance(record, Record) or len(self.path) >= _DEPTH:
            return self._hole(each, []) if must else None
        source = self._like_list(each)
        if source is not None and isinstance(source.known.type, Many):
            names = {"item": Known(source.known.type.item)}
            inside = replace(self.sources, given=readable(names, self.sources.types))
            made = replace(self, sources=inside, path=(), filled=frozenset()).record(record)
            if must or not has_hole(made):
                text = f"default({source.text}, [])" if source.known.absent else source.text
                return Listed(made, "item", text)
        if must and (kind.min_items == 1 or (self.asks and not self.path and not kind.min_items)):
            return Listed(self._within(each).record(record))
        return self._hole(each, []) if must else None

    def _like_list(self, each: Field) -> Given | None:
        wanted = (*self.path, each.name)
        lists = [
            (likeness(wanted, given.path[1:] or given.path, self.sources.synonyms), given)
            for given in self.sources.given
            if isinstance(given.known.type, Many) and isinstance(given.known.type.item, Record)
        ]
        best = max(lists, key=lambda pair: pair[0], default=None)
        return best[1] if best is not None and best[0] >= OBVIOUS else None

    def _single(self, each: Field, *, must: bool) -> Expression | None:
        best = self._best(each)
        if best is None and each.name == "at" and self._untimed(each):
            return self.sources.received
        if best is None:
            return self._hole(each, self._candidates(each)) if must else None
        expression = best.expression
        if not must or not best.given.known.absent:
            return expression
        return f"default({expression}, {hole(f'what stands in {each.name} where there is none')})"

    def _untimed(self, each: Field) -> bool:
        """Whether a moment is wanted and the message names none, so that the hub's own counts."""
        moments = self._candidates(each) or self._timed_texts()
        return isinstance(each.type, Timestamp) and bool(self.sources.received) and not moments

    def _best(self, each: Field) -> Candidate | None:
        """The obvious value, or None."""
        table = self._coded(each)
        if table is not None:
            return table
        found = self._candidates(each)
        if not found or found[0].likeness < OBVIOUS:
            return None
        clear = len(found) == 1 or found[0].likeness - found[1].likeness >= _CLEAR
        return found[0] if clear else None

    def _coded(self, each: Field) -> Candidate | None:
        """A code table between an enumeration and what is clearly meant by it."""
        if not isinstance(each.type, Text | Integer) or each.type.values is None:
            return None
        near = self._near(each)
        if not near or near[0].likeness < OBVIOUS:
            return None
        static = near[0].given.known.type
        if written(near[0].given, each.type, self.sources.types) is not None:
            return near[0]
        expression = coded(near[0].given.text, static, each, self.tables)
        return None if expression is None else replace(near[0], expression=expression)

    def _near(self, each: Field) -> list[Candidate]:
        """Single values by name alone, whatever their kind."""
        wanted = (*self.path, each.name)
        found = [
            Candidate(
                given,
                given.text,
                likeness(wanted, given.path[1:] or given.path, self.sources.synonyms),
            )
            for given in self.sources.given
            if not isinstance(given.known.type, Record)
            and isinstance(given.known.type, Many) == isinstance(each.type, ListOf)
        ]
        return sorted(found, key=lambda c: (-c.likeness, len(c.given.path)))[:5]

    def _timed_texts(self) -> list[Given]:
        """Free texts and numbers that may be a local time or an epoch, by their names."""
        return [
            given
            for given in self.sources.given
            if isinstance(given.known.type, Text | Integer) and _TIMES & set(words(given.path[-1]))
        ]

    def _candidates(self, each: Field) -> list[Candidate]:
        wanted = (*self.path, each.name)
        sources = self.sources
        return candidates(wanted, each.type, sources.given, sources.types, sources.synonyms)

    def _hole(self, each: Field, found: list[Candidate]) -> str:
        near = named(found) or named([c for c in self._near(each) if c.likeness >= _NEAR])
        doc = each.doc.strip().partition("\n")[0].partition(". ")[0].rstrip(".")[:80]
        empty = "[]" if isinstance(each.type, ListOf) and not each.type.min_items else ""
        key = isinstance(each.type, Text) and each.type.format == "uuid" and self.asks
        filled = f"the adapter's: outbound fill {each.name}: $key" if key else ""
        perhaps = ", ".join(part for part in (near, empty, filled) if part)
        wanted = doc or describe(each.type)
        return hole(f"{wanted}; perhaps {perhaps}" if perhaps else wanted)

    def _resolved(self, kind: Type) -> Type:
        return self.sources.types[kind.name] if isinstance(kind, Ref) else kind


def sources(
    names: Mapping[str, Type], types: Types, synonyms: Synonyms, received: str = ""
) -> Sources:
    """What a function with these parameters can read."""
    knowns = {name: Known(view(kind, types)) for name, kind in names.items()}
    return Sources(readable(knowns, types), types, synonyms, received)


def _constant(kind: Type) -> bool:
    return isinstance(kind, Text | Integer) and kind.values is not None and len(kind.values) == 1


def _written(record: Record) -> str:
    """How a mapping makes it: its name, and the fields that it must have and nothing else says."""
    names = [f.name for f in record.fields if f.required and not _constant(f.type)]
    return f"{record.name}({', '.join(f'{name}=…' for name in names)})"


def _can_be_written(each: Field) -> bool:
    return each.name.isidentifier() and bool(words(each.name))
