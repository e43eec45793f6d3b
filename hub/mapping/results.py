"""What a flow returns: its events or its request, each with the name under which it goes."""

from dataclasses import replace

from hub.mapping.context import Context, poison
from hub.mapping.nodes import Choose, Default, Each, Items, Join, Node, Tag
from hub.mapping.statics import Made, Many, Never, Poison, Several, Static, describe


def results(context: Context, node: Node) -> Node:
    """A list whose elements are all results of the flow."""
    match node:
        case Items(items=items):
            return replace(node, items=tuple(result(context, item) for item in items))
        case Each(body=inner):
            return replace(node, body=result(context, inner))
        case Join(left=left, right=right):
            return replace(node, left=results(context, left), right=results(context, right))
        case Choose(then=then, other=other):
            return replace(node, then=results(context, then), other=results(context, other))
        case Default(base=base, other=other):
            return replace(node, base=results(context, base), other=results(context, other))
        case _:
            static = node.known.type
            item = static.item if isinstance(static, Many) else static
            return node if _made(item) else _wrong_result(context, node, item)


def result(context: Context, node: Node) -> Node:
    """One result of the flow."""
    match node:
        case Choose(then=then, other=other):
            return replace(node, then=result(context, then), other=result(context, other))
        case Default(base=base, other=other):
            return replace(node, base=result(context, base), other=result(context, other))
        case _:
            static = node.known.type
            if _made(static):
                return node
            name = _readable(context, static)
            if name is not None:
                return Tag(node.known, node.at, node, name)
            return _wrong_result(context, node, static)


def _made(static: Static) -> bool:
    if isinstance(static, Several):
        return all(_made(option) for option in static.options)
    return isinstance(static, Made | Never | Poison)


def _readable(context: Context, static: Static) -> str | None:
    """The name of a result that was read from a message rather than made."""
    for constructor, record in context.scope.results.items():
        if static is record:
            return context.scope.result_names.get(constructor, constructor)
    return None


def _wrong_result(context: Context, node: Node, static: Static) -> Node:
    if isinstance(static, Poison):
        return poison(node.at)
    allowed = ", ".join(context.scope.results) or "nothing"
    what = f"this flow returns {allowed} or None, but this is {describe(static)}"
    fix = "return one of them, or name it in the flow's emit or call"
    return context.error(node.at, "wrong-result", what, fix=fix)
