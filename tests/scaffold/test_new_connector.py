"""A new connector is whole but for what a person has to decide, and the check names just that."""

import json
import re
from pathlib import Path

import pytest

from hub.errors import Reject
from hub.registry.bundle import examine
from hub.registry.cases import record
from hub.registry.check import check
from hub.scaffold.folder import Folder
from hub.scaffold.interface import read_interface
from tests.scaffold.scaffold_kit import ROOT, events, made, openapi, text_of, wsdl

ONESTOP = ROOT / "connectors" / "onestop" / "contract"


@pytest.fixture(scope="module")
def water() -> Folder:
    return made(openapi(), on=("StatusChanged=tellStep",), receive=("rate=EvaluationGiven",))


def left(folder: Folder) -> list[str]:
    return [problem.what for problem in folder.problems]


def test_what_is_obvious_is_written(water: Folder) -> None:
    mapping = text_of(water, "mapping.py")
    assert "maHoSo=event.dossier_code," in mapping  # learnt from the connectors that are there
    assert "happenedAt=" in mapping
    assert "officerName=event.officer_name," in mapping
    assert "dossier_code=doc.ma_ho_so," in mapping
    assert "Idempotency_Key" not in mapping  # the adapter fills it


def test_what_is_not_obvious_is_a_hole_that_the_check_names(water: Folder) -> None:
    assert any(what.startswith("not written yet: The number of the meter") for what in left(water))
    holes = [problem for problem in water.problems if problem.code == "hole"]
    assert [hole.field for hole in holes] == ["happenedAt", "meter", "origin"]
    assert all(hole.fix and hole.at.startswith("mapping.py:") for hole in holes)


def test_an_optional_field_without_a_likely_value_is_left_out(water: Folder) -> None:
    assert "        # left out: class\n" in text_of(water, "mapping.py")


def test_a_code_table_has_the_rows_that_are_alike_and_the_check_names_the_others(
    water: Folder,
) -> None:
    mapping = text_of(water, "mapping.py")
    assert '"ACCEPTED": "ACCEPTED",' in mapping
    assert '# "WITHDRAWN": …,' in mapping
    assert any("the table lacks 'REGISTERED'" in what for what in left(water))


def test_the_manifest_says_what_the_interface_says(water: Folder) -> None:
    manifest = text_of(water, "connector.yaml")
    assert manifest.startswith("# yaml-language-server: $schema=x.json\n")
    assert "title: Nước sạch" in manifest
    assert "owner: Công ty cấp nước" in manifest
    assert "{kind: api_key, header: X-Water-Key, value: $secret.api_key}" in manifest
    assert "Idempotency_Key: $key" in manifest
    assert "- {when: {status: [201]}, then: delivered}" in manifest
    assert "status_changed: {on: StatusChanged, call: " in manifest


def test_each_flow_has_a_case_and_the_contracts_own_example_is_one(water: Folder) -> None:
    published = json.loads(water.files["cases/evaluation_given/published.in.json"])
    assert published == {"ratingId": "R-0001", "ma_ho_so": "H44.99.99-251013-0001", "score": 4}
    event = json.loads(water.files["cases/status_changed/made.in.json"])["event"]
    assert event["dossier_code"] == "H44.99.99-251013-0001"


def test_a_case_is_made_from_the_types_where_the_contract_has_no_example() -> None:
    text = openapi().files["water.yaml"].decode()
    silent = openapi(re.sub(r"\n +example: .*", "", text))
    case = json.loads(made(silent, receive=("rate=EvaluationGiven",)).files[
        "cases/evaluation_given/made.in.json"
    ])  # fmt: skip
    assert re.fullmatch("R-[0-9]{4}", case["ratingId"])
    assert 1 <= case["score"] <= 5


def test_an_operation_that_cannot_be_read_hinders_nobody_who_does_not_call_it(
    water: Folder,
) -> None:
    contract = json.loads(water.files["contract/water.json"])
    assert set(contract["paths"]) == {"/dossiers/{maHoSo}/steps", "/ratings"}
    assert any("a part of water.yaml: 2 of 3 operations" in note for note in water.notes)


def test_a_folder_whose_holes_are_filled_goes_live_with_recorded_cases() -> None:
    folder = made(openapi(), receive=("rate=EvaluationGiven",))
    files = dict(folder.files)
    mapping = files["mapping.py"].decode()
    filled = re.sub(r"origin=todo\(.*\),", 'origin="PROVINCE",', mapping)
    assert "todo(" in mapping
    assert "todo(" not in filled
    files["mapping.py"] = filled.encode()
    manifest = files["connector.yaml"].decode()
    files["connector.yaml"] = manifest.replace(
        "{receive: POST /ratings,", "{receive: POST /ratings, identity: [ratingId],"
    ).encode()
    bundle = examine("water", files, events()).bundle
    assert bundle is not None, check("water", files, events()).problems
    files |= record(bundle).files
    found = check("water", files, events())
    assert (found.problems, found.cases) == ((), 1)


def test_a_wsdl_becomes_a_folder_both_ways() -> None:
    interface = wsdl(ONESTOP, "motcua.wsdl")
    folder = made(interface, on=("FeePaid=NhanThanhToan",), receive=("BaoTienDo=StatusChanged",))
    mapping = text_of(folder, "mapping.py")
    assert "at=instant(doc.ThoiDiem)," in mapping
    assert "ThoiDiem=instant_text(event.at)," in mapping
    assert b"<n0:MaHoSo>" in folder.files["cases/status_changed/made.in.xml"]
    manifest = text_of(folder, "connector.yaml")
    assert "The answer has a verdict of its own (KetQua.Ma)" in manifest
    assert any("no outcome says `delivered`" in what for what in left(folder))


def test_nothing_that_is_left_open_can_go_live(water: Folder) -> None:
    assert examine("water", water.files, events()).bundle is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("StatusChanged", "EVENT=OPERATION"),
        ("StatusChange=tellStep", "did you mean StatusChanged?"),
        ("StatusChanged=tellStap", "did you mean tellStep?"),
        ("StatusChanged=POST /nothing", "POST /ratings"),
    ],
)
def test_a_misspelt_wish_is_told_what_there_is(text: str, said: str) -> None:
    with pytest.raises(Reject) as refused:
        made(openapi(), on=(text,))
    assert said in str(refused.value)


def test_files_that_lead_upwards_are_lifted_into_the_bundle(tmp_path: Path) -> None:
    files = {
        "a/service.wsdl": ONESTOP.joinpath("motcua.wsdl").read_bytes().replace(
            b'"motcua.xsd"', b'"../types/motcua.xsd"'
        ),
        "types/motcua.xsd": ONESTOP.joinpath("motcua.xsd").read_bytes(),
    }  # fmt: skip
    for name, body in files.items():
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(body)
    read = (tmp_path / "a").joinpath
    interface = read_interface("soap", "service.wsdl", lambda name: read(name).read_bytes())
    assert sorted(interface.files) == ["types/motcua.xsd", "up0/service.wsdl"]
    assert not any("../" in name for name in interface.files)
    assert made(interface, receive=("BaoTienDo=StatusChanged",)).files


def test_what_is_polled_has_a_request_and_an_item() -> None:
    file = ROOT / "connectors" / "postal" / "contract" / "vnpost-ngsp.openapi.yaml"
    interface = read_interface("rest", file.name, lambda _: file.read_bytes())
    folder = made(interface, poll=("DocHanhTrinh=ConsignmentTracked",))
    manifest, mapping = text_of(folder, "connector.yaml"), text_of(folder, "mapping.py")
    assert 'items: "_embedded.rh:doc"' in manifest
    assert "`cursor: {parameter, first, next}`" in manifest
    assert "def consignment_tracked_request():" in mapping
    assert "def consignment_tracked(doc):" in mapping  # EventTime may be when: a person decides
    assert "order_number=doc.OrderNumber," in mapping
    assert {problem.code for problem in folder.problems} == {"hole", "case"}


def test_an_operation_that_no_flow_calls_is_kept_for_a_question() -> None:
    folder = made(openapi(), on=("StatusChanged=tellStep",), also=("rate",))
    assert set(json.loads(folder.files["contract/water.json"])["paths"]) == {
        "/dossiers/{maHoSo}/steps",
        "/ratings",
    }
