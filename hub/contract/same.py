"""Whether two records that want one name are the same.

Records inside count by name, as each is compared under its own: types may share their parts so
often that walking all of them would never end. Words for people do not count.
"""

from dataclasses import replace

from hub.contract.types import ListOf, MapOf, OneOf, Record, Ref, Type


def same(one: Record, other: Record) -> bool:
    """Whether mappings and adapters can tell no difference between the two."""
    return one is other or _essence(one) == _essence(other)


def _essence(record: Record) -> tuple[object, ...]:
    fields = tuple(
        (f.name, _by_name(f.type), f.required, f.nullable, f.default, f.pii, f.xml)
        for f in record.fields
    )
    return fields, record.closed, record.groups


def _by_name(type_: Type) -> Type:
    match type_:
        case Record(name=name):
            return Ref(name)
        case ListOf(item=item):
            return replace(type_, item=_by_name(item))
        case MapOf(value=value):
            return MapOf(_by_name(value))
        case OneOf(options=options):
            return replace(type_, options=tuple(_by_name(option) for option in options))
        case _:
            return type_


def is_vast(type_: Type) -> bool:
    """Whether a type has more parts without a name of their own than anyone could mean.

    Unnamed options that share their parts multiply; a record counts once, wherever it stands.
    """
    pending = [type_]
    for _ in range(_MOST_PARTS):
        if not pending:
            return False
        part = pending.pop()
        match part:
            case ListOf(item=inner) | MapOf(value=inner):
                pending.append(inner)
            case OneOf(options=options):
                pending.extend(options)
            case _:
                pass
    return True


_MOST_PARTS = 1_000
