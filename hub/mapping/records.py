"""Constructors, and whether a value goes into a field."""

import ast
from dataclasses import replace

from hub.contract.types import Anything, Field, Integer, JsonScalar, ListOf, Record, Text, Type
from hub.contract.words import describe as describe_type
from hub.mapping import checks
from hub.mapping.context import Context, Env
from hub.mapping.nodes import (
    Call,
    Choose,
    Default,
    Each,
    Items,
    Join,
    Limit,
    Literal,
    Make,
    Node,
    Untag,
)
from hub.mapping.statics import (
    NEVER,
    Known,
    Made,
    Many,
    Never,
    Poison,
    Several,
    describe,
    fit,
)

_LISTED = 12  # missing fields that one finding spells out


def construct(context: Context, call: ast.Call, record: Record, env: Env) -> Node:
    """`Record(field=…)`: every required field once, only fields that exist, each fitting."""
    for argument in call.args:
        context.error(argument, "wrong-arguments", "a field without its name", fix="write field=…")
    given = _keywords(context, call, record)
    for other in call.keywords:
        if other not in given.values():  # reported; what it holds is looked at all the same
            context.evaluate(other.value, env)
    _missing(context, call, record, given)
    _groups(context, call, record, given)
    items = []
    for each in record.fields:
        keyword = given.get(each.name)
        node = _rest(context, call, each) if keyword is None else None
        if keyword is not None:
            value = context.evaluate(keyword.value, env)
            node = into_field(context, value, each, record)
        if node is not None:
            items.append((each.name, node))
    tag = _tag(context, record)
    known = Known(record if tag is None else Made(record, tag))
    return Make(known, call, tuple(items), tag)


def _tag(context: Context, record: Record) -> str | None:
    """The name under which this record is returned, if the flow may return it."""
    if context.scope.results.get(record.name) is not record:
        return None
    return context.scope.result_names.get(record.name, record.name)


def _keywords(context: Context, call: ast.Call, record: Record) -> dict[str, ast.keyword]:
    given: dict[str, ast.keyword] = {}
    filled = context.scope.filled.get(record.name, frozenset())
    for keyword in call.keywords:
        if keyword.arg is None:
            continue
        name = keyword.arg
        found = field_of(record, name)
        if found is None:
            names = [f.name for f in record.fields]
            what = f"{record.name} has no field {name!r}"
            near = context.report.did_you_mean(name, names)
            fix = near or f"its fields are: {', '.join(names[:_LISTED])}"
            context.error(_head(keyword), "unknown-field", what, fix=fix, field=name)
        elif found.name in given:
            what = f"the field {name!r} is given twice"
            context.error(_head(keyword), "wrong-arguments", what, fix="keep one of the two")
        elif found.name in filled:
            what = f"{name!r} is filled by the adapter"
            context.error(_head(keyword), "filled-field", what, fix="leave it out here", field=name)
        else:
            given[found.name] = keyword
    return given


def _head(keyword: ast.keyword) -> ast.AST:
    """The field's name alone, for underlining."""
    end = keyword.col_offset + len(keyword.arg or "")
    return ast.Pass(
        lineno=keyword.lineno,
        col_offset=keyword.col_offset,
        end_lineno=keyword.lineno,
        end_col_offset=end,
    )


def field_of(record: Record, name: str) -> Field | None:
    """The field that a mapping means by a name: `from_` is the field `from`, a word of Python."""
    found = record.field(name)
    return record.field(name[:-1]) if found is None and name.endswith("_") else found


def _constant(type_: Type) -> JsonScalar:
    """The one value that the type allows, or None."""
    if isinstance(type_, Text | Integer) and type_.values is not None and len(type_.values) == 1:
        return type_.values[0]
    return None


def _missing(
    context: Context, call: ast.Call, record: Record, given: dict[str, ast.keyword]
) -> None:
    filled = context.scope.filled.get(record.name, frozenset())
    missing = [
        each
        for each in record.fields
        if each.required
        and not each.nullable
        and each.name not in given
        and each.name not in filled
        and _constant(each.type) is None
        and not (context.scope.complete and each.default is not None)
    ]
    if not missing:
        return
    shown = "; ".join(f"{each.name}: {_wanted(each)}" for each in missing[:_LISTED])
    more = f"; and {len(missing) - _LISTED} more" if len(missing) > _LISTED else ""
    names = ", ".join(f"{each.name}=…" for each in missing[:_LISTED])
    what = f"{record.name} lacks required fields: {shown}{more}"
    context.error(call.func, "missing-field", what, fix=f"add {names}", field=missing[0].name)


def _wanted(each: Field) -> str:
    doc = f" ({each.doc.strip().splitlines()[0][:80]})" if each.doc.strip() else ""
    return describe_type(each.type) + doc


def _groups(
    context: Context, call: ast.Call, record: Record, given: dict[str, ast.keyword]
) -> None:
    """An xs:choice: at most one alternative is written, and one where the contract wants one."""
    for group in record.groups:
        used = [names for names in group.alternatives if any(name in given for name in names)]
        choices = " or ".join("+".join(names) for names in group.alternatives)
        if len(used) > 1:
            what = f"{record.name} takes only one of: {choices}"
            context.error(call.func, "choice", what, fix="leave all but one out")
        elif not used and group.minimum:
            what = f"{record.name} needs one of: {choices}"
            context.error(call.func, "choice", what, fix="add one")


def _rest(context: Context, call: ast.Call, each: Field) -> Node | None:
    """What stands in a field that the mapping leaves out; None where nothing does."""
    constant = _constant(each.type) if each.required else None
    if constant is not None:
        return Literal(Known(NEVER), call, constant)
    if context.scope.complete:
        return Literal(Known(NEVER), call, each.default)
    return None


def into_field(context: Context, value: Node, each: Field, record: Record) -> Node:
    """The value as it goes into a field, with the checks it still needs."""
    where = f"{record.name}.{each.name}"
    context.fields.append((value.at, each.name))
    needed = each.required and not each.nullable
    if needed and value.known.absent and not isinstance(value.known.type, Poison):
        nothing = isinstance(value.known.type, Never)
        what = f"{where} is required, but {'None is given' if nothing else 'this may be absent'}"
        fix = "use default(…, …), `… if … is not None else …`, or return earlier"
        context.error(value.at, "may-be-absent", what, fix=fix, field=each.name, note=_note(each))
        return value
    return coerce(context, value, each.type, each)


def _note(each: Field) -> str:
    doc = f": {each.doc.strip().splitlines()[0][:120]}" if each.doc.strip() else ""
    return f"the field {each.name}, {describe_type(each.type)}{doc}"


def coerce(context: Context, value: Node, target: Type, each: Field) -> Node:
    """The value as one of `target`; each branch by itself, so that a finding names the branch."""
    match value:
        case Choose(then=then, other=other):
            return replace(
                value,
                then=coerce(context, then, target, each),
                other=coerce(context, other, target, each),
            )
        case Default(base=base, other=other):
            return replace(
                value,
                base=coerce(context, base, target, each),
                other=coerce(context, other, target, each),
            )
        case Items() | Each() | Join() if isinstance(target, ListOf):
            return _coerce_list(context, value, target, each)
        case _:
            return _coerce_one(context, value, target, each)


def _coerce_list(context: Context, value: Items | Each | Join, target: ListOf, each: Field) -> Node:
    known = value.known.type
    sizes = Many(NEVER, known.min_items, known.max_items) if isinstance(known, Many) else NEVER
    inner = replace(target, min_items=0, max_items=None)
    changed: Node
    match value:
        case Items(items=items):
            parts = tuple(coerce(context, item, target.item, each) for item in items)
            changed = replace(value, items=parts)
        case Each(body=body):
            changed = replace(value, body=coerce(context, body, target.item, each))
        case Join(left=left, right=right):
            changed = replace(
                value,
                left=coerce(context, left, inner, each),
                right=coerce(context, right, inner, each),
            )
    bounds = ListOf(Anything(), target.min_items, target.max_items)
    judged = fit(sizes, bounds, context.scope.types)
    if judged.kind == "no":
        return _misfit(context, value, target, each, judged.why)
    return changed if judged.kind == "yes" else _checked(context, changed, bounds)


def _coerce_one(context: Context, value: Node, target: Type, each: Field) -> Node:
    static = value.known.type
    if isinstance(static, Poison):
        context.fill(value.at, replace(each, type=target), _note(each))
    judged = fit(static, target, context.scope.types)
    if judged.kind == "no":
        return _misfit(context, value, target, each, judged.why)
    if isinstance(static, Made) or _all_made(static):
        return Untag(Known(static, value.known.absent), value.at, value)
    if _some_made(static):
        what = "new events are mixed with records that were read"
        return context.error(value.at, "does-not-fit", what, fix="make it here", field=each.name)
    return value if judged.kind == "yes" else _checked(context, value, target)


def _all_made(static: object) -> bool:
    return isinstance(static, Several) and all(isinstance(o, Made) for o in static.options)


def _some_made(static: object) -> bool:
    match static:
        case Several(options=options):
            return any(isinstance(option, Made) for option in options)
        case Many(item=item):
            return isinstance(item, Made) or _some_made(item)
        case _:
            return False


def _misfit(context: Context, value: Node, target: Type, each: Field, why: str) -> Node:
    found = describe(value.known.type)
    what = f"{each.name} takes {describe_type(target)}, but this is {found}"
    if why and found not in why:
        what = f"{what}: {why}"
    return context.error(
        value.at,
        "does-not-fit",
        what,
        fix=_remedy(value, target),
        field=each.name,
        note=_note(each),
    )


_CONVERSIONS: dict[tuple[str, str], str] = {
    ("Text", "Timestamp"): 'instant(…) or local_time(…, "dd/MM/yyyy HH:mm:ss")',
    ("Text", "Date"): 'xsd_date(…) or local_date(…, "dd/MM/yyyy")',
    ("Timestamp", "Text"): 'instant_text(…) or local_time_text(…, "yyyyMMddHHmmss")',
    ("Date", "Text"): 'xsd_date_text(…) or date_text(…, "dd/MM/yyyy")',
    ("Timestamp", "Date"): "date_of(…)",
    ("Integer", "Text"): 'text_of(…) or f"{…}"',
    ("Number", "Text"): "number_text(…)",
    ("Number", "Integer"): "whole_number(…)",
    ("Text", "Integer"): "integer(…)",
    ("Text", "Number"): "number(…)",
    ("Boolean", "Text"): '"1" if … else "0"',
    ("Text", "Boolean"): '… == "1"',
}


def _remedy(value: Node, target: Type) -> str:
    """What to write instead, where the two kinds say it."""
    static = value.known.type
    if isinstance(target, Text | Integer) and target.values is not None:
        values = ", ".join(repr(v) for v in target.values[:20])
        return f"code(TABLE, …) with values among {values}"
    return _CONVERSIONS.get((type(static).__name__, type(target).__name__), "")


def _checked(context: Context, value: Node, target: Type) -> Node:
    """The value with a check at run time; absent values are not looked at."""
    known, at = value.known, value.at
    longest = checks.only_longest(target)
    if longest is not None and isinstance(target, Text):
        name = _function(context, ("long", target), target)
        return Limit(known, at, value, longest, name)
    name = _function(context, ("check", target), target)
    return Call(known, at, name, (value,), lifted=True)


def _function(context: Context, key: tuple[str, Type], target: Type) -> str:
    name = context.checks.get(key)
    if name is None:
        name = context.checks[key] = f"c_{key[0]}_{len(context.checks)}"
        if key[0] == "long" and isinstance(target, Text):
            context.functions[name] = checks.too_long(target)
        else:
            context.functions[name] = checks.checker(target, context.scope.types)
    return name
