"""Refused messages are on record by the identity of their items, never by what they say."""

import pytest

from hub.contract.types import Document
from hub.errors import Reject
from hub.intake.inflow import Inflow
from hub.intake.refusals import A_MINUTE, Refusals

NOW = 1_760_321_100_000  # epoch ms
ERROR = Reject("is not a procedure", field="maTTHC", where="mapping.py:3:1", code="mapping")
SAID: Document = {"maHoSo": "H44.99.99-251013-0001", "chuHoSo": "Nguyễn Văn Mẫu"}


def inflow(split: str | None = None, identity: tuple[str, ...] = ("maHoSo",)) -> Inflow:
    return Inflow("portal", "filed", lambda *_: [], {}, split=split, identity=identity)


@pytest.fixture
def refusals() -> Refusals:
    return Refusals(b"k" * 32)


def test_a_refusal_tells_whose_it_is_and_why(refusals: Refusals) -> None:
    act = refusals.act(inflow(), SAID, {}, ERROR, NOW)
    assert act is not None
    assert (act.kind, act.registration, act.flow) == ("REFUSED", "portal", "filed")
    assert (act.subject, act.reason) == (SAID["maHoSo"], "maTTHC: is not a procedure")
    assert "Mẫu" not in repr(act)


def test_every_item_of_a_list_is_named_that_has_a_name(refusals: Refusals) -> None:
    rows: Document = {"rows": [{"maHoSo": "A"}, {"other": 1}, {"maHoSo": "B"}]}
    act = refusals.act(inflow("rows"), rows, {}, ERROR, NOW)
    assert act is not None
    assert act.subject == "A B"
    nameless = refusals.act(inflow(), {"other": 1}, {}, ERROR, NOW)
    assert nameless is not None
    assert nameless.subject is None


def test_what_bears_a_secrecy_mark_is_not_named_here(refusals: Refusals) -> None:
    secret = Reject("bears a secrecy mark", where="DoMat", code="secrecy")
    assert refusals.act(inflow(), SAID, {}, secret, NOW) is None


def test_so_many_a_minute_and_no_more(refusals: Refusals) -> None:
    told = [refusals.act(inflow(), SAID, {}, ERROR, NOW) for _ in range(A_MINUTE + 5)]
    assert sum(one is not None for one in told) == A_MINUTE
    assert refusals.act(inflow(), SAID, {}, ERROR, NOW + 60_000) is not None
