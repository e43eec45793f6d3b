"""`confirm` of a receive flow: what is wrong with it is found when the connector is read."""

import shutil
from pathlib import Path

import pytest

from hub.registry.bundle import read_bundle
from hub.registry.event_types import Events, read_events
from hub.registry.problem import BundleErrors

ROOT = Path(__file__).parents[2]
FOUND = (
    "{body.results.status: {text: $item.status}, body.results.saleOrderCode: $item.saleOrderCode}"
)


@pytest.fixture(scope="module")
def events() -> Events:
    return read_events(ROOT / "schemas" / "avro")


def changed(folder: Path, file: str, before: str, after: str) -> Path:
    """A copy of postal_my with one text replaced."""
    copy = folder / "postal_my"
    shutil.copytree(ROOT / "connectors" / "postal_my", copy)
    text = (copy / file).read_text(encoding="utf-8")
    assert text.count(before) == 1
    (copy / file).write_text(text.replace(before, after), encoding="utf-8")
    return copy


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (FOUND, "{body.results.state: {text: $item.status}}", "leads nowhere at 'state'"),
        (FOUND, "{results.status: {text: $item.status}}", "leads nowhere at 'results'"),
        (FOUND, "{body.results.status: {text: $item.state}}", "leads nowhere at 'state'"),
        (FOUND, "{body.results.status: $item.state}", "leads nowhere at 'state'"),
        (FOUND, "{body.results.status: {text: 1, contains: x}}", "is not one condition"),
        (FOUND, "{body.results.status: {like: $item.status}}", "is not a condition"),
        (FOUND, "{}", "has no condition"),
        (FOUND, FOUND + "\n      timeout: 0", "confirm.timeout is "),
        (FOUND, FOUND + "\n      timeout: 61", "confirm.timeout is "),
        ("ask: GET /getOrder", "ask: GET /nowhere", "'GET /nowhere' is not an operation"),
        ("ask: GET /getOrder", "ask: GET /GetListOrder", "leads nowhere at 'body'"),
        (  # another kind of flow
            "    serves: agency_code\n    outcomes:\n      - {when: {status: 200, orderHdrID",
            (
                "    confirm: {ask: GET /getOrder, found: {status: 200}}\n    outcomes:\n"
                "      - {when: {status: 200, orderHdrID"
            ),
            "flow 'order' (on) cannot say confirm",
        ),
    ],
)
def test_a_confirmation_that_cannot_work_keeps_the_connector_down(
    tmp_path: Path, events: Events, before: str, after: str, said: str
) -> None:
    folder = changed(tmp_path, "connector.yaml", before, after)
    with pytest.raises(BundleErrors) as refused:
        read_bundle(folder, events)
    assert said in "\n".join(problem.what for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("def scans_confirm(row, first):", "def scans_sure(row, first):"),
        ("def scans_confirm(row, first):", "def scans_confirm(row):"),
        ("return GetOrder(code=row.itemCode)", "return GetOrder(code=row.saleOrderCode)"),
        ("return GetOrder(code=row.itemCode)", "return orders(row.updatedDate, row.updatedDate)"),
    ],
    ids=["absent", "one parameter", "what may be absent", "another operation"],
)
def test_the_mapping_must_make_the_question(
    tmp_path: Path, events: Events, before: str, after: str
) -> None:
    folder = changed(tmp_path, "mapping.py", before, after)
    with pytest.raises(BundleErrors):
        read_bundle(folder, events)
