"""What was changed in a mapping, and its text with one change taken back."""

import ast

import pytest

from hub.backtest.changes import changes

OLD = '''"""Says what it is."""

STATE = {"a": "A", "b": "B"}
UNIT = "kg"


def told(event):
    """One."""
    if event.note is None:
        return None
    name = upper(event.name)
    return Tell(
        code=code(STATE, event.code, otherwise="X"),
        name=name,
        inner=Inner(weight=f"{event.weight}", unit=UNIT),
        rows=[row(item) for item in event.rows],
    )


def row(item):
    return Row(ma=item.ma, other="x")
'''


def edited(*pairs: tuple[str, str]) -> str:
    text = OLD
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_the_same_text_has_no_changes() -> None:
    assert changes(OLD, OLD) == []
    assert changes(OLD, OLD.replace('"""One."""', '"""Another word."""') + "\n# remark\n") == []


@pytest.mark.parametrize(
    ("old", "new", "kind", "name", "field"),
    [
        ('"b": "B"', '"b": "C"', "code table", "STATE", ""),
        ('UNIT = "kg"', 'UNIT = "g"', "constant", "UNIT", ""),
        ("ma=item.ma", "ma=item.so", "expression", "row", "ma"),
        ('weight=f"{event.weight}"', 'weight="1"', "expression", "told", "weight"),
        ("upper(event.name)", "lower(event.name)", "expression", "told", ""),
        ("event.note is None", "event.name is None", "expression", "told", ""),
        (', other="x"', "", "field", "row", "other"),
        ("ma=item.ma", "ma=item.ma, neu=1", "field", "row", "neu"),
        ("def row(item):", "def row(item, more):", "function", "row", ""),
        ("    name = upper(event.name)\n", "", "function", "told", ""),
        ("event.code, otherwise=", "event.other, otherwise=", "expression", "told", "code"),
        ("rows=[row(item) for", "rows=[row(item.x) for", "expression", "told", "rows"),
    ],
)
def test_each_kind_of_change_is_named_and_taken_back(
    old: str, new: str, kind: str, name: str, field: str
) -> None:
    after = edited((old, new))
    (found,) = changes(OLD, after)
    assert (found.kind, found.name, found.field) == (kind, name, field)
    assert after.split("\n")[found.line - 1] != OLD.split("\n")[found.line - 1] or new == ""
    back = ast.dump(ast.parse(found.source))
    if kind == "field" and new:  # a field that the old one did not have is left absent
        assert "neu" in back
        assert "arg='neu', value=Constant(value=None)" in back
    else:
        assert _fields(found.source) == _fields(OLD)


def _fields(source: str) -> list[str]:
    """A mapping whatever the order in which the fields of a record stand."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords.sort(key=lambda keyword: str(keyword.arg))
    return sorted(ast.dump(statement) for statement in tree.body)


def test_several_changes_are_taken_back_one_by_one() -> None:
    after = edited(
        ('"b": "B"', '"b": "C"'), ("ma=item.ma", "ma=item.so"), ('UNIT = "kg"', 'UNIT = "g"')
    )
    found = changes(OLD, after)
    assert [one.kind for one in found] == ["code table", "constant", "expression"]
    assert all(
        changes(OLD, one.source) == [] or len(changes(OLD, one.source)) == 2 for one in found
    )


def test_what_an_old_text_needs_comes_along_and_what_nobody_calls_goes() -> None:
    after = edited(
        ('UNIT = "kg"\n', ""),
        ("unit=UNIT", "unit=unit(event)"),
        ("def row(item):", "def unit(event):\n    return event.unit\n\n\ndef row(item):"),
    )
    (found,) = changes(OLD, after)
    names = {getattr(n, "name", None) for n in ast.parse(found.source).body}
    assert 'UNIT = "kg"' in found.source
    assert "unit" not in names
    assert {"told", "row"} <= names


def test_letters_outside_ascii_do_not_shift_a_cut() -> None:
    old = OLD.replace('other="x"', 'other="Đã nhận", ma2="một"')
    after = old.replace('ma2="một"', 'ma2="hai"')
    (found,) = changes(old, after)
    assert 'other="Đã nhận", ma2=("một")' in found.source
