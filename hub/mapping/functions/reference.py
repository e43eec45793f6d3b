"""The reference of the library, from signatures and docstrings."""

import sys
from collections.abc import Mapping

from hub.mapping.functions.declare import Argument, Function
from hub.mapping.functions.library import LIBRARY
from hub.mapping.statics import describe, view

_TITLES: Mapping[str, str] = {
    "forms": "Forms",
    "text": "Texts",
    "time": "Days and moments",
    "lists": "Lists",
    "identifiers": "Identifiers",
    "units": "Administrative units",
}


def as_dict(function: Function) -> dict[str, object]:
    """One function for machines."""
    return {
        "name": function.name,
        "group": function.group,
        "signature": function.signature,
        "arguments": [] if function.form else [_argument(a) for a in function.arguments],
        "result": "" if function.form else _result(function),
        "absent_in_absent_out": function.lifted and not function.form,
        "flags": function.flags,
        "doc": function.doc,
    }


def _argument(argument: Argument) -> dict[str, object]:
    return {
        "name": argument.name,
        "type": describe(view(argument.type, {})),
        "may_be_absent": argument.may_be_absent,
        "optional": argument.optional,
        "repeated": argument.repeated,
        "literal": argument.constant is not None and argument.constant.only,
    }


def _result(function: Function) -> str:
    absent = " or absent" if function.result.absent else ""
    return describe(function.result.type) + absent


def text(function: Function) -> str:
    """One function for a person."""
    lines = [function.signature]
    if not function.form:
        lines += [f"    gives {_result(function)}{_notes(function)}"]
        lines += [f"    {a.name}: {_words(a)}" for a in function.arguments]
    lines += [f"    {line}" if line else "" for line in function.doc.splitlines()]
    return "\n".join([*lines, ""])


def _words(argument: Argument) -> str:
    literal = ", a literal" if argument.constant is not None and argument.constant.only else ""
    absent = ", or absent" if argument.may_be_absent else ""
    many = ", any number" if argument.repeated else ""
    return f"{describe(view(argument.type, {}))}{absent}{literal}{many}"


def _notes(function: Function) -> str:
    notes = ["absent where its first argument is"] if function.lifted else []
    if function.flags:
        notes.append("may flag the message")
    return f" ({'; '.join(notes)})" if notes else ""


def markdown() -> str:
    """The whole reference as a page; `hub mapping functions` prints it from the same source."""
    lines = [
        "# Functions of the mapping language",
        "",
        "Generated from the docstrings (`hub.mapping.functions.reference.markdown()`); a test",
        "holds it current. The language itself is decision 0002. *Absent in, absent out*: a",
        "function is not called where its first argument is absent, and its result is absent then,",
        "unless said otherwise. What cannot give a result refuses the message (`Reject`).",
    ]
    for group, title in _TITLES.items():
        found = [f for f in LIBRARY.values() if f.group == group]
        if found:
            lines += ["", f"## {title}"]
        for function in found:
            lines += ["", f"### {function.signature}", "", *_body(function)]
    return "\n".join([*lines, ""])


def _body(function: Function) -> list[str]:
    lines = []
    if not function.form:
        lines = [f"Gives {_result(function)}{_notes(function)}.", ""]
        lines += [f"* `{a.name}`: {_words(a)}" for a in function.arguments]
        lines += [""] if function.arguments else []
    for line in function.doc.splitlines():
        key, colon, rest = line.partition(": ")
        lines.append(f"*{key}*: `{rest}`" if colon and key == "Example" else line)
        if colon and key == "Example":
            lines.append("")
    return lines


if __name__ == "__main__":
    sys.stdout.write(markdown())
