"""Cases become events of one dossier of today."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.certify.fresh import moved, new_code, renamed, with_other_words
from hub.certify.samples import Run, samples
from hub.contract.types import Date, Document, Field, ListOf, Record, Timestamp
from tests.backtest.backtest_kit import live

OLD, NEW = "H44.99.99-251013-0001", "H44.99.99-251013-4711"
NOW = 1_795_000_000_000


def test_a_code_is_renamed_wherever_it_stands_and_a_number_made_of_it_becomes_the_code() -> None:
    event: Document = {
        "dossier_code": OLD,
        "order_number": f"{OLD}.C1",
        "papers": [{"url": f"https://files.example.test/{OLD}/1.pdf"}],
        "note": f"về hồ sơ {OLD} và hồ sơ khác",
        "other": "H44.99.99-251013-0002",
        "score": 5,
    }
    assert renamed(event, OLD, NEW) == {
        "dossier_code": NEW,
        "order_number": NEW,
        "papers": [{"url": f"https://files.example.test/{NEW}/1.pdf"}],
        "note": f"về hồ sơ {NEW} và hồ sơ khác",
        "other": "H44.99.99-251013-0002",
        "score": 5,
    }


@given(st.from_regex(r"[A-Z]{1,3}\.[0-9]{1,6}-[0-9]{1,6}", fullmatch=True), st.integers(0, 10**9))
def test_a_new_code_has_the_form_of_the_old(code: str, number: int) -> None:
    made = new_code(code, number)
    assert len(made) == len(code)
    assert made.rpartition("-")[0] == code.rpartition("-")[0]


def test_a_code_without_digits_at_its_end_stays() -> None:
    assert new_code("ABC", 7) == "ABC"


def test_moments_move_and_days_stay() -> None:
    inner = Record("Inner", (Field("when", Timestamp()), Field("born", Date())))
    kind = Record(
        "Outer",
        (Field("at", Timestamp()), Field("rows", ListOf(inner)), Field("none", Timestamp())),
    )
    value: Document = {"at": 5, "rows": [{"when": 7, "born": 3}], "none": None}
    assert moved(value, kind, {}, 10) == {
        "at": 15,
        "rows": [{"when": 17, "born": 3}],
        "none": None,
    }


@pytest.mark.parametrize("name", ["ngsp", "onestop", "portal", "postal", "postal_my"])
def test_every_flow_has_a_sample_of_one_dossier_of_the_last_day(name: str) -> None:
    made = live(name, agencies=["H44.99.99", "H62.99.99"])
    found = samples(made, Run(4711, NOW))
    calling = {n for n, flow in made.bundle.manifest.flows.items() if flow.kind == "on"}
    assert {sample.flow.flow for sample in found} == calling
    codes = {str(c) for s in found if (c := s.record.get("dossier_code")) is not None}
    assert len(codes) == 1
    assert codes.pop().endswith("4711")
    times = [at for s in found if isinstance(at := s.record.get("at"), int)]
    assert all(NOW - 86_400_000 < at <= NOW for at in times)


def test_other_words_change_the_longest_text_that_has_several() -> None:
    made = live("onestop")
    outbound = made.bundle.outbound
    op = outbound.operations["MotCuaTiepNhan.NhanDanhGia"]
    request: Document = {"MaHoSo": OLD, "GopY": "Nhanh và tốt"}
    assert with_other_words(request, op, outbound.types) == {**request, "GopY": "Nhanh và tố*"}
    assert with_other_words({"MaHoSo": OLD}, op, outbound.types) is None


def test_what_is_about_something_else_than_a_dossier_is_fresh_too() -> None:
    found = {s.flow.flow: s for s in samples(live("portal"), Run(4711, NOW))}
    procedure = found["procedure"]
    assert (procedure.key, procedure.code) == ("procedure_code", "9.004711")
    assert found["progress"].code.endswith("004711")
    assert procedure.of_another(8).code == "9.000008"
