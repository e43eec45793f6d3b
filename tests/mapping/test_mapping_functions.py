"""Each function of the library against the values that the field's documents give."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from hub.cli.mapping import app
from hub.errors import Reject
from hub.mapping.functions import identifiers, lists, text, time
from hub.mapping.functions.library import LIBRARY
from hub.mapping.functions.reference import markdown
from tests.mapping.mapping_kit import value_of

INSTANT = 1760321100000  # 2025-10-13 09:05:00 local (codes, section 7)
DAY = (date(2025, 10, 13) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        (text.trim, (" a ",), "a"),
        (text.fold, (" Đang XỬ LÝ ",), "đang xử lý"),
        (text.upper, ("đã",), "ĐÃ"),
        (text.lower, ("ĐÃ",), "đã"),
        (text.name_key, ("Phường  Xuân Hoà",), "phuong xuan hoa"),
        (text.name_key, ("phường Xuân Hòa",), "phuong xuan hoa"),
        (text.cut, ("abc", 2), "ab"),
        (text.cut, ("abc", 3), "abc"),
        (text.cut, ("ae\u0323\u0302b", 3), "a"),  # e with two marks is one cluster
        (text.cut, ("\U0001f1fb\U0001f1f3\U0001f1fb\U0001f1f3", 3), "\U0001f1fb\U0001f1f3"),
        (text.cut, ("a\U0001f468\u200d\U0001f469b", 3), "a"),
        (text.cut, ("a\r\nb", 2), "a"),
        (text.contains, ("đã tồn tại", "tồn"), True),
        (text.starts_with, ("H44.99", "H44."), True),
        (text.is_blank, (" \t",), True),
        (text.is_blank, (None,), True),
        (text.is_blank, ("a",), False),
        (text.present, (" ",), None),
        (text.present, ("a",), "a"),
        (text.digits_only, ("0210.384 ５a",), "0210384"),
        (text.without_query, ("https://a.test/x?y=1#z",), "https://a.test/x"),
        (text.joined, (["a", "b"], ", "), "a, b"),
        (text.text_of, (14,), "14"),
        (text.text_of, (" 14 ",), "14"),
        (text.number_text, (150000,), "150000"),
        (text.number_text, (150000.0,), "150000"),
        (text.number_text, (1e21,), "1000000000000000000000"),
        (text.number_text, (0.5,), "0.5"),
        (text.integer, (" +010 ",), 10),
        (text.integer, ("-3",), -3),
        (text.number, ("-150000.50",), -150000.5),
        (text.whole_number, (3.0,), 3),
        (time.instant, ("2025-10-13T09:05:00+07:00",), INSTANT),
        (time.instant, ("2025-10-13T02:05:00Z",), INSTANT),
        (time.instant, ("2025-10-13t02:05:00.5z",), INSTANT + 500),
        (time.instant, ("2025-10-12T21:05:00.1239-05:00",), INSTANT + 123),
        (time.instant_text, (INSTANT,), "2025-10-13T09:05:00+07:00"),
        (time.instant_text, (INSTANT + 999,), "2025-10-13T09:05:00+07:00"),
        (time.local_time, ("13/10/2025 09:05:00", "dd/MM/yyyy HH:mm:ss"), INSTANT),
        (time.local_time, ("20251013090500", "yyyyMMddHHmmss"), INSTANT),
        (time.local_time, ("13102025T090500", "ddMMyyyy'T'HHmmss"), INSTANT),
        (
            time.local_time,
            ("2025-10-13 09:05:00", "dd/MM/yyyy HH:mm:ss", "yyyy-MM-dd HH:mm:ss"),
            INSTANT,
        ),
        (time.local_time_text, (INSTANT, "yyyyMMddHHmmss"), "20251013090500"),
        (time.local_time_text, (INSTANT, "yyyy/MM/dd HH:mm:ss"), "2025/10/13 09:05:00"),
        (time.local_time_text, (-1, "dd/MM/yyyy HH:mm:ss.SSS"), "01/01/1970 06:59:59.999"),
        (time.epoch, (INSTANT, "ms"), INSTANT),
        (time.epoch, (INSTANT // 1000, "s"), INSTANT),
        (time.date_of, (INSTANT,), DAY),
        (time.date_of, (INSTANT + 14 * 3_600_000,), DAY),
        (time.date_of, (INSTANT + 15 * 3_600_000,), DAY + 1),
        (time.local_date, ("13/10/2025", "dd/MM/yyyy"), DAY),
        (time.date_text, (DAY, "yyyyMMdd"), "20251013"),
        (time.xsd_date, ("2025-10-13",), DAY),
        (time.xsd_date, ("2025-10-13+07:00",), DAY),
        (time.xsd_date_text, (DAY,), "2025-10-13"),
        (time.plus_days, (DAY, 19), (date(2025, 11, 1) - date(1970, 1, 1)).days),
        (identifiers.is_dossier_code, ("H44.99.99-251013-0001",), True),
        (identifiers.is_dossier_code, ("000.00.12.H62-201105-0004",), True),
        (identifiers.is_dossier_code, ("H44.99.99-251313-0001",), False),
        (identifiers.is_dossier_code, ("H44.99.99-251013-001",), False),
        (identifiers.dossier_of_order, ("H44.99.99-251110-0006.C1",), "H44.99.99-251110-0006"),
        (identifiers.dossier_of_order, ("H44.99.99-251110-0006",), "H44.99.99-251110-0006"),
        (identifiers.dossier_of_order, ("H62.99.99-250627-0008.R2",), "H62.99.99-250627-0008"),
        (identifiers.direction_of_order, ("H44.99.99-251110-0006.C1",), "COLLECT"),
        (identifiers.direction_of_order, ("H44.99.99-251110-0006.R2",), "RETURN"),
        (identifiers.direction_of_order, ("H44.99.99-251110-0006",), "RETURN"),
        (identifiers.matches_any, ("OLD-12", ["X-[0-9]+", "OLD-[0-9]+"]), True),
        (identifiers.matches_any, ("OLD-12x", ["OLD-[0-9]+"]), False),
        (identifiers.typed_item_number, ("EB990001015VN",), "EB990001015VN"),
        (identifiers.typed_item_number, ("opaque/1",), "opaque/1"),
        (
            identifiers.sha256_hex,
            ("MYVNP16/10/2025 10:15:30EB990001015VN14",),
            "a5aa6f2228421eeb528e78b03d834fd910a09be008e5e3472a5b1c2c17865eac",
        ),
        (lists.first, ([],), None),
        (lists.first, (["a", "b"],), "a"),
        (lists.count, ([1, 2],), 2),
        (lists.total, ([1, 2],), 3),
        (lists.any_of, ([],), False),
        (lists.all_of, ([],), True),
        (lists.distinct, (["b", "a", "b"],), ["b", "a"]),
    ],
)
def test_a_function_gives_its_value(
    call: Callable[..., object], arguments: tuple[object, ...], expected: object
) -> None:
    assert expected == call(*arguments)


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (text.integer, ("1.5",)),
        (text.integer, ("",)),
        (text.integer, ("１２",)),
        (text.integer, ("1" * 19,)),
        (text.integer, ("1_0",)),
        (text.number, ("1e5",)),
        (text.number, ("NaN",)),
        (text.number, (".",)),
        (text.number_text, (float("inf"),)),
        (text.whole_number, (0.5,)),
        (text.whole_number, (float("nan"),)),
        (text.joined, (["a" * 600_000] * 2, "")),
        (time.instant, ("2025-10-13T09:05:00",)),
        (time.instant, ("2025-02-30T09:05:00Z",)),
        (time.instant, ("2025-10-13T24:00:00Z",)),
        (time.instant, ("2025-10-13T09:05:60Z",)),
        (time.instant, ("2025-10-13T09:05:00+24:00",)),
        (time.instant, ("２０２５-10-13T09:05:00Z",)),
        (time.instant_text, (10**18,)),
        (time.local_time_text, (-(10**18), "yyyy-MM-dd")),
        (time.local_time, ("31/02/2025 09:05:00", "dd/MM/yyyy HH:mm:ss")),
        (time.local_time, ("13/10/2025 25:05:00", "dd/MM/yyyy HH:mm:ss")),
        (time.local_time, ("13/10/2025", "dd/MM/yyyy HH:mm:ss")),
        (time.epoch, (1, "min")),
        (time.epoch, (10**18, "ms")),
        (time.local_date, ("29/02/2025", "dd/MM/yyyy")),
        (time.local_date, ("29.02.2024", "dd/MM/yyyy")),
        (time.xsd_date, ("2025-13-01",)),
        (time.plus_days, (DAY, 10**12)),
        (identifiers.typed_item_number, ("EB990001016VN",)),
        (identifiers.matches_any, ("a", ["(?=a)"])),
    ],
)
def test_a_function_refuses(call: Callable[..., object], arguments: tuple[object, ...]) -> None:
    with pytest.raises(Reject):
        call(*arguments)


@pytest.mark.parametrize(
    ("call", "arguments", "expected", "flags"),
    [
        (identifiers.dossier_code, ("H44.99.99-251013-0001",), "H44.99.99-251013-0001", []),
        (identifiers.dossier_code, ("HS/12",), "HS/12", ["dossier_code_form"]),
        (identifiers.item_number, ("EB990001015VN",), "EB990001015VN", []),
        (identifiers.item_number, ("EB990001016VN",), "EB990001016VN", ["item_number_check"]),
        (identifiers.item_number, ("partner-1",), "partner-1", []),
        (identifiers.item_number, (" ",), None, []),
        (identifiers.phone, ("+84 300 000 011",), "0300000011", []),
        (identifiers.phone, ("0084.300.000.011",), "0300000011", []),
        (identifiers.phone, ("(0210) 384-5678",), "02103845678", []),
        (identifiers.phone, ("+84 210 384 5678",), "02103845678", []),
        (identifiers.phone, ("1900 1234",), "19001234", []),
        (identifiers.phone, ("0123 456 7890",), "01234567890", ["phone_old"]),
        (identifiers.phone, ("no phone",), "no phone", ["phone_form"]),
        (identifiers.id_number, ("026001000011", "CCCD"), "026001000011", []),
        (identifiers.id_number, ("０２６００１００００１１", "CCCD"), "026001000011", []),
        (identifiers.id_number, ("999001000011", "CCCD"), "999001000011", ["id_number_province"]),
        (identifiers.id_number, ("026301000011", "CCCD", -25_000), "026301000011",
         ["id_number_birth"]),
        (identifiers.id_number, ("026001000011", "CCCD", -25_169), "026001000011", []),
        (identifiers.id_number, ("123456789", "CMND"), "123456789", []),
        (identifiers.id_number, ("12345678", "CMND"), "12345678", ["id_number_form"]),
        (identifiers.id_number, ("0100109106", "TAX_CODE"), "0100109106", []),
        (identifiers.id_number, ("0100109107", "TAX_CODE"), "0100109107", ["id_number_form"]),
        (identifiers.id_number, ("B1234567", "PASSPORT"), "B1234567", []),
        (identifiers.id_number, ("B1234567", None), "B1234567", []),
        (identifiers.national_procedure, ("1.001193", None), "1.001193", []),
        (identifiers.national_procedure, ("3.000181.000.00.00.H22", {}), "3.000181", []),
        (identifiers.national_procedure, ("1.000948.H38", {}), "1.000948", []),
        (identifiers.national_procedure, ("TT-01", {"TT-01": "9.999901"}), "9.999901", []),
        (identifiers.national_procedure, ("TT-01.H44", {"TT-01": "9.999901"}), "9.999901", []),
        (identifiers.national_procedure, ("TT-02", {}), "TT-02", ["procedure_local"]),
    ],
)  # fmt: skip
def test_what_looks_wrong_is_flagged(
    call: Callable[..., object], arguments: tuple[object, ...], expected: object, flags: list[str]
) -> None:
    found: list[str] = []
    assert expected == call(*arguments, flags=found)
    assert flags == found


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (identifiers.dossier_code, ("",)),
        (identifiers.dossier_code, ("a b",)),
        (identifiers.dossier_code, ("a\nb",)),
        (identifiers.dossier_code, ("a" * 51,)),
        (identifiers.item_number, ("a" * 51,)),
        (identifiers.id_number, ("97500100001", "CCCD")),
        (identifiers.id_number, ("02600100001A", "CCCD")),
        (identifiers.id_number, ("", "OTHER")),
    ],
)
def test_what_cannot_be_a_key_is_refused(
    call: Callable[..., object], arguments: tuple[object, ...]
) -> None:
    with pytest.raises(Reject):
        call(*arguments, flags=[])


@pytest.mark.parametrize(
    "number",
    ["EB000717618HK", "EE471108151FR", "RR123456785GB", "LE704280574SE", "EH036261918US",
     "RK166520145LV", "LH256986182AU", "EB990001015VN", "EB990001029VN", "EB990001032VN",
     "EB990001046VN", "EB990001063VN", "EB990001077VN", "EB990001050VN", "EB990001085VN",
     "EB000000080VN", "EB000000155VN", "EB000000005VN"],
)  # fmt: skip
def test_published_item_numbers_hold(number: str) -> None:
    assert number == identifiers.typed_item_number(number)


def test_flags_reach_the_flow() -> None:
    from tests.mapping.mapping_kit import DOCUMENT, SETTING_VALUES, compiled

    flow = compiled("def flow(doc):\n    return Failed(key=dossier_code(doc.key))\n")["flow", ""]
    flags: list[str] = []
    flow({**DOCUMENT, "key": "odd"}, None, SETTING_VALUES, flags)
    assert ["dossier_code_form"] == flags


def test_an_absent_argument_is_not_looked_at() -> None:
    assert value_of("phone(doc.note)") is None
    assert value_of("id_number(doc.note, doc.maybe_kind, None)") is None


@given(st.text(max_size=30), st.integers(1, 10))
def test_a_cut_is_the_beginning_and_fits(value: str, length: int) -> None:
    found = text.cut(value, length)
    assert value.startswith(found)
    assert len(found) <= length


@given(st.integers(-62_135_596_800_000, 253_402_275_599_999))
def test_moments_survive_their_text(moment: int) -> None:
    form = "yyyy-MM-dd HH:mm:ss.SSS"
    assert moment == time.local_time(time.local_time_text(moment, form), form)
    assert moment // 1000 * 1000 == time.instant(time.instant_text(moment))


def _outcome(written: str) -> int | str:
    try:
        return time.instant(written)
    except Reject as error:
        return error.what


@given(
    st.from_regex(r"(000[01]|2024|9999)-[0-1]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\d", fullmatch=True),
    st.from_regex(r"Z|[+-][0-2]\d:[0-6]\d", fullmatch=True),
)
def test_a_moment_is_read_alike_with_and_without_a_fraction(clock: str, zone: str) -> None:
    assert _outcome(f"{clock}.0{zone}") == _outcome(f"{clock}{zone}")


def test_the_reference_page_is_current() -> None:
    """Anew: python -m hub.mapping.functions.reference > ops/reference/mapping-functions.md"""
    assert markdown() == Path("ops/reference/mapping-functions.md").read_text("utf-8")


def test_every_function_says_what_it_does_and_shows_an_example() -> None:
    for function in LIBRARY.values():
        assert "Example: " in function.doc, function.name


def test_the_command_prints_one_or_all_functions() -> None:
    runner = CliRunner()
    one = runner.invoke(app, ["functions", "local_time"])
    assert 0 == one.exit_code
    assert one.output.startswith("local_time(text, form, more …)\n")
    every = runner.invoke(app, ["functions", "--json"])
    assert len(LIBRARY) == len(every.output.splitlines())
    assert 2 == runner.invoke(app, ["functions", "lokal_time"]).exit_code
