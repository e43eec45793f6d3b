"""`batch` of a flow: what cannot work is found when the connector is read."""

from pathlib import Path

import pytest

from hub.contract.types import Document
from hub.delivery.outflow import Outflow
from hub.registry.bundle import read_bundle
from hub.registry.event_types import Events, read_events
from hub.registry.live import Live, outflows
from hub.registry.manifest_delivery import Delivery
from hub.registry.problem import BundleErrors
from hub.registry.registration import Registration
from tests.registry.batch_kit import rest, soap

ROOT = Path(__file__).parents[2]
STEP: Document = {
    "dossier_code": "H44.99.99-251013-0001",
    "status": "PROCESSING",
    "note": None,
}


@pytest.fixture(scope="module")
def events() -> Events:
    return read_events(ROOT / "schemas" / "avro")


def flow(folder: Path, events: Events) -> Outflow:
    nobody: frozenset[str] = frozenset()
    registration = Registration(
        "lists", "lists", "http://127.0.0.1:1", "default", {}, nobody, {}, {}, Delivery(), "now",
        paused=False,
    )  # fmt: skip
    return outflows(Live(read_bundle(folder, events), registration), events)[
        "dossier.v1.StatusChanged"
    ]


@pytest.mark.parametrize(
    ("connector", "operation", "rest_"),
    [
        (rest, "POST /steps", {"isUpdating": "False", "data": None}),
        (soap, "S.Do", {"TienDo": None}),
    ],
)
def test_a_mapping_makes_one_item_and_its_flow_joins_it(
    tmp_path: Path, events: Events, connector: object, operation: str, rest_: Document
) -> None:
    assert callable(connector)
    found = flow(connector(tmp_path), events)
    assert found.joining is not None
    made = found.make(STEP, None, {}, [])
    assert made is not None
    part = found.joining.part(*made)
    assert part is not None
    assert (part.operation, part.rest, part.name) == (operation, rest_, ("H44.99.99-251013-0001",))
    assert (part.flow, len(found.joining.codes)) == ("told", 1)


BATCH = "batch: {join: data, rows: result, match: {MaHoSo: ma_ho_so}, most: 20, linger: 0.02}"
DELIVERED = "{result.error_code: {integer: 0}}, then: delivered"


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("join: data", "join: steps", "no operation of the flow has a list of records at 'steps'"),
        ("join: data", "join: codes", "has a list of records at 'codes'"),
        ("join: data", "join: data.MaHoSo", "has a list of records at 'data.MaHoSo'"),
        ("join: data, ", "", "lacks the key 'join'"),
        ("rows: result", "rows: error_code", "has no list of records at 'error_code'"),
        ("{MaHoSo: ma_ho_so}", "{GhiChu: ma_ho_so}", "need not have 'GhiChu'"),
        ("{MaHoSo: ma_ho_so}", "{Ma: ma_ho_so}", "need not have 'Ma'"),
        ("{MaHoSo: ma_ho_so}", "MaHoSo", "a row of 'result' has no 'MaHoSo'"),
        ("{MaHoSo: ma_ho_so}", "[]", "batch.match names nothing"),
        ("{MaHoSo: ma_ho_so}", "{}", "batch.match names nothing"),
        ("most: 20", "most: 21", "batch.most is 21, the contract takes at most 20"),
        ("most: 20", "most: 1", "batch.most is 1"),
        ("maxItems: 20", "maxItems: 1", "the contract takes at most 1"),
        ("linger: 0.02", "linger: 2", "batch.linger is 2"),
        ("linger: 0.02", "too_large: {error_code: {like: 9}}", "batch.too_large.error_code: "),
        ("linger: 0.02", "lingers: 2", "batch.lingers is an unknown key"),
        (
            "{result.error_code: {integer: 0}}",
            "{error_code: {integer: 0}}",
            "says delivered whatever the item's own row says",
        ),
        ("{result.error_code: {integer: 0}}", "{status: 200}", "says delivered whatever"),
        ("fill: {}", "fill: {Key: $key}", "'POST /steps' carries $key, which changes"),
        ("call: POST /steps", "call: GET /step", "no operation of the flow has a list of records"),
        (BATCH, f"ask: {{call: GET /step}}\n    {BATCH}", "asks before each call"),
        (
            "on: StatusChanged\n    call: POST /steps",
            "receive: POST /steps\n    identity: isUpdating\n    emit: [StatusChanged]",
            "flow 'told' (receive) cannot say batch",
        ),
    ],
)
def test_a_batch_that_cannot_work_keeps_the_connector_down(
    tmp_path: Path, events: Events, before: str, after: str, said: str
) -> None:
    with pytest.raises(BundleErrors) as refused:
        read_bundle(rest(tmp_path, before, after), events)
    assert said in "\n".join(problem.what for problem in refused.value.problems)


def test_a_problem_says_where_and_what_to_write(tmp_path: Path, events: Events) -> None:
    with pytest.raises(BundleErrors) as refused:
        read_bundle(rest(tmp_path, "join: data", "join: steps"), events)
    (problem,) = refused.value.problems
    assert (problem.at, problem.fix) == ("connector.yaml:17", "write data")
    with pytest.raises(BundleErrors) as refused:
        read_bundle(rest(tmp_path, "rows: result", "rows: rows"), events)
    assert refused.value.problems[0].fix == "write result"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("match: {MaHoSo: ma_ho_so}", "match: $position"),
        ("most: 20, linger: 0.02", "most: 2"),
        ("linger: 0.02", "too_large: {error_code: {integer: 9}}"),
        ("when: {result.error_code: {integer: 0}}", "when: {status: 200, result.error_code: 0}"),
    ],
)
def test_what_makes_sense_is_taken(tmp_path: Path, events: Events, before: str, after: str) -> None:
    assert flow(rest(tmp_path, before, after), events).joining is not None


def test_a_key_in_the_request_is_allowed_where_a_doubt_is_asked_about(
    tmp_path: Path, events: Events
) -> None:
    after = "fill: {Key: $key}\n  in_doubt: {ask: GET /step, found: {result.error_code: 0}}"
    folder = rest(tmp_path, "fill: {}", after)
    mapping = folder / "mapping.py"
    question = '\n\ndef told_in_doubt(event):\n    """Is it there?"""\n'
    question += "    return FindStep(ma=event.dossier_code)\n"
    mapping.write_text(mapping.read_text(encoding="utf-8") + question, encoding="utf-8")
    assert flow(folder, events).in_doubt is not None
