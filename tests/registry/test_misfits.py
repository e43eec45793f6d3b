"""Every misfit at once: what is told agrees with what msgspec takes, whatever the value is."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.contract.types import Value
from hub.registry.manifest import Manifest
from hub.registry.misfits import misfits
from hub.registry.registration import RegistrationEntry
from hub.registry.yaml_file import Plain, read_yaml

MANIFESTS = [read_yaml(f.read_bytes(), f.name).value for f in Path("connectors").glob("*/*.yaml")]
SCALARS: st.SearchStrategy[Value] = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 20_000), st.floats(-2, 2_000_000, width=32),
    st.text(max_size=4),
    st.sampled_from(["rest", "soap", "delivered", "string", "$setting.x", "hold", "now"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(value: Plain, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of every value inside."""
    steps: list[tuple[str | int, Plain]] = []
    if isinstance(value, dict):
        steps = list(value.items())
    elif isinstance(value, list):
        steps = list(enumerate(value))
    return [path, *(p for step, inner in steps for p in places(inner, (*path, step)))]


def put(value: Plain, path: tuple[str | int, ...], new: Plain) -> Plain:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if isinstance(value, dict):
        return {k: put(v, rest, new) if k == step else v for k, v in value.items()}
    assert isinstance(value, list)
    return [put(v, rest, new) if i == step else v for i, v in enumerate(value)]


def fits(value: Plain, kind: type) -> bool:
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return False
    return True


@given(st.data())
def test_a_changed_manifest_has_misfits_exactly_where_it_is_refused(data: st.DataObject) -> None:
    """One value of a real manifest becomes any other."""
    whole = data.draw(st.sampled_from(MANIFESTS))
    path = data.draw(st.sampled_from(places(whole)))
    changed = put(whole, path, data.draw(VALUES))
    assert (not list(misfits(changed, Manifest))) == fits(changed, Manifest), path


@given(st.dictionaries(st.sampled_from(RegistrationEntry.__struct_fields__), VALUES))
def test_an_entry_has_misfits_exactly_where_it_is_refused(value: dict[str, Value]) -> None:
    assert (not list(misfits(value, RegistrationEntry))) == fits(value, RegistrationEntry)


def test_all_misfits_are_told_each_with_what_to_write() -> None:
    value = read_yaml(Path("connectors/postal/connector.yaml").read_bytes(), "").value
    assert isinstance(value, dict)
    value |= {"adapter": "fax", "delivery": {"in_flight": 0, "timeouts": 9}, "secrets": []}
    del value["title"]
    found = {(str(misfit), misfit.fix) for misfit in misfits(value, Manifest)}
    assert found == {
        ("adapter is 'fax'", "write one of rest, soap"),
        ("delivery.in_flight is 0", "write a whole number from 1 to 1,024"),
        ("delivery.timeouts is an unknown key", "did you mean 'timeout'?"),
        ("lacks the key 'title'", "add title: a text"),
        ("secrets is a list", "write an object of name: an object with the keys doc, optional"),
    }


@pytest.mark.parametrize("secret", ["hunter2hunter2", "-----BEGIN PRIVATE KEY-----"])
def test_a_text_in_the_wrong_place_is_not_repeated(secret: str) -> None:
    assert secret not in "".join(map(str, misfits({"secrets": secret, "flows": secret}, Manifest)))
