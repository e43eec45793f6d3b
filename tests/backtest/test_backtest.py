"""What a new version would change, told field by field with the change that causes it."""

import pytest

from hub.contract.types import Document
from hub.events.masks import HIDDEN
from tests.backtest.backtest_kit import (
    ROOT,
    Edits,
    backtest,
    case_events,
    live,
    only,
    said,
)

PORTAL = "mapping.py"
PROGRESS = "dossier.v1.StatusChanged"


def portal(*pairs: tuple[str, str], **other: list[tuple[str, str]]) -> Edits:
    return {PORTAL: pairs, **other}


def line_of(text: str, edits: Edits) -> int:
    """Where a text stands in the new mapping."""
    source = (ROOT / "connectors" / "portal" / "mapping.py").read_text(encoding="utf-8")
    for old, new in edits[PORTAL]:
        source = source.replace(old, new, 1)
    return source[: source.index(text)].count("\n") + 1


@pytest.mark.parametrize("name", ["ioc", "ngsp", "onestop", "portal", "postal", "postal_my"])
def test_an_identical_version_shows_no_difference(name: str) -> None:
    given = case_events(name)
    report = backtest(live(name), live(name), given)
    assert (report.compared, report.differing, report.groups) == (len(given), 0, [])
    assert report.compared > 1


def test_a_code_table_is_named_with_its_old_and_new_value() -> None:
    new = portal(('"PROCESSING": "DANG_XU_LY"', '"PROCESSING": "KHONG_RO"'))
    group = only(backtest(live("portal"), live("portal", new), case_events("portal")))
    assert (
        str(group) == ("code table TO_STATUS: 2 dossiers, progress trangThai DANG_XU_LY → KHONG_RO")
        or group.dossiers == 1
    )
    assert group.values == "DANG_XU_LY → KHONG_RO"
    assert not group.grave


def test_dossiers_are_counted_once_however_many_events_they_have() -> None:
    new = portal(('"PROCESSING": "DANG_XU_LY"', '"PROCESSING": "KHONG_RO"'))
    (kind, event) = next(e for e in case_events("portal") if e[0] == PROGRESS)
    event = {**event, "status": "PROCESSING"}
    given = [(kind, {**event, "dossier_code": f"H44.99.99-251013-{n % 37:04}"}) for n in range(99)]
    group = only(backtest(live("portal"), live("portal", new), given))
    assert (group.events, group.dossiers) == (99, 37)
    assert len(group.examples) == 3


def test_an_expression_is_named_by_its_line() -> None:
    new = portal(("noiDung=event.content,", 'noiDung=f"{event.content}!",'))
    group = only(backtest(live("portal"), live("portal", new), case_events("portal")))
    at = line_of('f"{event.content}!"', new)
    assert group.cause.label == f"expression at mapping.py:{at} changed"
    assert (group.flow, group.path, group.kind) == ("supplement_request", "noiDung", "changed")


def test_a_change_in_a_helper_is_named_there_for_every_flow_that_calls_it() -> None:
    new = portal(("tenDonVi=event.dossier.agency_name", "tenDonVi=event.dossier.agency_code"))
    report = backtest(live("portal"), live("portal", new), case_events("portal"))
    assert {group.cause.label for group in report.groups} == {
        f"expression at mapping.py:{line_of('tenDonVi=event.dossier.agency_code', new)} changed"
    }
    assert {group.flow for group in report.groups} == {"registered", "accepted", "refused"}
    assert report.to_confirm == []


def test_a_format_that_the_contract_forbids_is_told_as_rejections_to_confirm() -> None:
    new = portal(('local_time_text(at, "dd/MM/yyyy HH', 'local_time_text(at, "dd-MM-yyyy HH'))
    report = backtest(live("portal"), live("portal", new), case_events("portal"))
    assert {group.kind for group in report.groups} == {"now rejected"}
    assert report.to_confirm == report.groups


def test_two_changes_are_told_apart_in_one_event() -> None:
    new = portal(
        ('"PROCESSING": "DANG_XU_LY"', '"PROCESSING": "KHONG_RO"'),
        ("phongBan=event.department", "phongBan=event.officer_name"),
    )
    (kind, event) = next(e for e in case_events("portal") if e[0] == PROGRESS)
    given: list[tuple[str, Document]] = [
        (kind, {**event, "status": "PROCESSING", "department": "Phòng A", "officer_name": "B"})
    ]
    report = backtest(live("portal"), live("portal", new), given)
    assert {group.path: group.cause.label for group in report.groups} == {
        "trangThai": "code table TO_STATUS",
        "phongBan": f"expression at mapping.py:{line_of('phongBan=event.officer', new)} changed",
    }


def test_a_field_that_is_new_and_one_that_is_gone_are_named() -> None:
    gone = portal(("        soHieu=event.item_code,\n", ""))
    group = only(backtest(live("portal"), live("portal", gone), case_events("portal")))
    assert (group.kind, group.path) == ("field gone", "soHieu")
    assert group.cause.label.startswith("the field soHieu at mapping.py:")
    group = only(backtest(live("portal", gone), live("portal"), case_events("portal")))
    assert (group.kind, group.path) == ("new field", "soHieu")
    assert group.cause.label.startswith("the field soHieu at mapping.py:")


def test_what_is_now_rejected_wants_confirmation_with_its_reason() -> None:
    refusal = '    if event.note is None:\n        return reject("a note is needed")\n'
    new = portal(("    return ThemHanhTrinh(", f"{refusal}    return ThemHanhTrinh("))
    report = backtest(live("portal"), live("portal", new), case_events("portal"))
    group = only(report)
    assert (group.kind, group.values) == ("now rejected", "now rejected: a note is needed")
    assert report.to_confirm == [group]
    assert group.cause.label.startswith("the function scan at mapping.py:")
    back = only(backtest(live("portal", new), live("portal"), case_events("portal")))
    assert (back.kind, back.grave) == ("no longer rejected", False)


def test_a_flow_that_is_gone_wants_confirmation_and_a_new_one_is_told() -> None:
    line = '  came_back: {on: ConsignmentReturned, call: "POST /ho-so/{maHoSo}/thong-bao"}\n'
    source = (ROOT / "connectors/portal/mapping.py").read_text(encoding="utf-8")
    start = source.index("def came_back(")
    function = source[start : source.index("\n\n\n", start)]
    gone: Edits = {"connector.yaml": [(line, "")], PORTAL: [(function, "")]}
    given = case_events("portal")
    group = only(backtest(live("portal"), live("portal", gone), given))
    assert (group.kind, group.grave) == ("no longer sent", True)
    assert group.cause.label == "the flow came_back is gone"
    group = only(backtest(live("portal", gone), live("portal"), given))
    assert (group.kind, group.grave) == ("now sent", False)


def test_changes_that_only_work_together_are_unexplained() -> None:
    new = portal(
        ("def papers(results):", "def papers(results, mark):"),
        ("ma=paper.code, ten", "ma=mark, ten"),
        ("ketQua=papers(event.results)", 'ketQua=papers(event.results, "a")'),
        ("ketQua=papers(event.results)", 'ketQua=papers(event.results, "a")'),
    )
    report = backtest(live("portal"), live("portal", new), case_events("portal"))
    assert report.groups
    assert report.to_confirm == report.groups
    assert {g.cause.label for g in report.groups} == {
        "several changes of the mapping, which only work together"
    }


def test_a_setting_of_the_registration_is_a_cause() -> None:
    old = live("postal_my", settings={"service_code": "CTN009"})
    new = live("postal_my", settings={"service_code": "CTN010"})
    report = backtest(old, new, case_events("postal_my"))
    assert {g.cause.label for g in report.groups} == {"the setting service_code"}
    assert {g.path for g in report.groups} == {"informationOrder.serviceCode"}


def test_other_agencies_are_a_cause() -> None:
    given = [e for e in case_events("postal_my") if e[0] == "consignment.v1.ConsignmentOrdered"]
    given = given[:1]
    agency = str(given[0][1]["agency_code"])
    old, new = live("postal_my", agencies=[agency]), live("postal_my", agencies=["H44.99.98"])
    group = only(backtest(old, new, given))
    assert (group.kind, group.grave) == ("no longer sent", True)
    assert group.cause.label == "the agencies of the registration"


def test_what_the_adapter_fills_in_is_a_cause() -> None:
    new: Edits = {
        "connector.yaml": [("    Idempotency_Key: $key\n", "    Idempotency_Key: fixed\n")]
    }
    report = backtest(live("portal"), live("portal", new), case_events("portal"))
    assert {g.cause.label for g in report.groups} == {"outbound.fill was changed"}
    assert {g.path for g in report.groups} == {"Idempotency_Key"}


def test_personal_values_are_hidden_and_codes_are_shown() -> None:
    new = portal(
        (
            "chuHoSo=event.dossier.applicant.full_name",
            "chuHoSo=upper(event.dossier.applicant.full_name)",
        ),
        ("email=event.dossier.applicant.email", "email=event.dossier.applicant.phone"),
        ("trichYeu=event.dossier.summary", "trichYeu=event.dossier.procedure_code"),
    )
    given = case_events("portal")
    names = {str(e["dossier"]["applicant"]["full_name"]) for _, e in given if "dossier" in e}  # type: ignore[index,call-overload]  # an event's shape
    report = backtest(live("portal"), live("portal", new), given)
    shown = str([group.as_dict() for group in report.groups])
    assert names
    assert not any(name in shown or name.upper() in shown for name in names)
    by_path = {group.path: group for group in report.groups}
    assert by_path["chuHoSo"].examples[0].new == HIDDEN
    assert str(by_path["trichYeu"].examples[0].new).startswith("9.9999")


def test_what_is_made_of_harmless_fields_alone_is_shown_however_it_is_written() -> None:
    new = portal(
        ("maGoc=event.state_raw", 'maGoc=date_text(date_of(event.at), "yyyy-MM-dd")'),
        (
            "ghiChu=event.note,\n    )\n\n\ndef not_",
            "ghiChu=lower(event.note),\n    )\n\n\ndef not_",
        ),
    )
    report = backtest(live("portal"), live("portal", new), case_events("portal"))
    shown = {group.path: [(e.old, e.new) for e in group.examples] for group in report.groups}
    assert shown == {
        "maGoc": [("14", "2025-10-16"), ("1", "2025-11-10")],
        "ghiChu": [(HIDDEN, HIDDEN)],
    }


def test_soap_requests_are_compared_too() -> None:
    new: Edits = {PORTAL: [("MaHoSo=event.dossier_code", 'MaHoSo=f"{event.dossier_code}.X"')]}
    report = backtest(live("onestop"), live("onestop", new), case_events("onestop"))
    assert {g.path for g in report.groups} == {"MaHoSo"}
    assert all("expression at mapping.py:" in text for text in said(report))


def test_a_contract_that_writes_the_same_request_in_other_bytes_is_unexplained() -> None:
    new: Edits = {"contract/motcua.xsd": [('Default="qualified"', 'Default="unqualified"')]}
    report = backtest(live("onestop"), live("onestop", new), case_events("onestop"))
    assert report.groups
    assert {(g.path, g.cause.label) for g in report.groups} == {
        ("", "the contract or the connector.yaml, not the mapping")
    }
    assert report.to_confirm == report.groups


def test_what_is_not_compared_is_said() -> None:
    report = backtest(live("postal_my"), live("postal_my"), [])
    assert any("cancel" in note and "question" in note for note in report.notes)
    assert any("scans" in note for note in report.notes)


def test_events_that_neither_version_takes_are_not_even_decoded() -> None:
    report = backtest(live("postal_my"), live("postal_my"), [("dossier.v1.Received", {})])
    assert (report.read, report.compared) == (1, 0)
