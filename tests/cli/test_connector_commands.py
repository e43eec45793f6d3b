"""`hub connector`, as a person and as a program use it."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli.main import app

runner = CliRunner()
IN_FLIGHT = "in_flight: 8, "
NIGHT = 'limits: {per_second: 5, closed: [{from: "22:00", to: "05:00"}]}, '
NEVER = "limits: {closed: [{from: 05:00, to: 23:00}, {from: 22:00, to: 05:00}]}, "
CONNECTORS = ("ioc", "ngsp", "onestop", "portal", "postal", "postal_my")


def hub(*arguments: str) -> tuple[int, str, str]:
    result = runner.invoke(app, list(arguments))
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    folder = tmp_path / "postal_my"
    shutil.copytree("connectors/postal_my", folder)
    return folder


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize("name", CONNECTORS)
def test_every_connector_of_ours_checks_and_its_cases_hold(name: str) -> None:
    code, _, said = hub("connector", "check", f"connectors/{name}")
    assert (code, "no problems" in said) == (0, True)
    code, _, said = hub("connector", "test", f"connectors/{name}")
    assert code == 0
    assert "cases hold" in said


def test_the_list_names_every_connector() -> None:
    code, out, _ = hub("connector", "list", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [row["connector"] for row in rows] == list(CONNECTORS)
    assert all(row["problems"] == 0 and row["flows"] > 2 for row in rows)


def test_a_connector_shows_what_comes_in_and_what_goes_out() -> None:
    code, out, _ = hub("connector", "show", "connectors/postal", "--json")
    flows = {flow["flow"]: flow for flow in json.loads(out)["flows"]}
    assert code == 0
    assert flows["order"]["from"] == "ConsignmentOrdered"
    assert flows["order"]["serves"] == "agency_code"
    assert flows["scan"]["kind"] == "poll"


def test_a_connector_shows_how_often_and_when_its_system_is_called(broken: Path) -> None:
    assert (
        "limits, where a registration has none of its own: none"
        in hub("connector", "show", str(broken))[2]
    )
    edit(broken / "connector.yaml", IN_FLIGHT, NIGHT)
    code, _, said = hub("connector", "show", str(broken))
    assert (code, "5 calls a second; closed 22:00 to 05:00 (every day)" in said) == (0, True)
    code, out, _ = hub("connector", "show", str(broken), "--json")
    assert (code, json.loads(out)["limits"]) == (
        0,
        {
            "per_second": 5.0,
            "per_day": None,
            "closed": [{"from": "22:00", "to": "05:00", "days": None}],
        },
    )


@pytest.mark.parametrize(
    ("file", "old", "new", "at", "said"),
    [
        ("connector.yaml", "adapter: rest", "adapter: fax", "connector.yaml:", "fax"),
        ("connector.yaml", "split: data", "splits: data", "connector.yaml:", "splits"),
        ("connector.yaml", "split: data", "split: dota", "connector.yaml:", "dota"),
        ("connector.yaml", "POST /CreateOrder", "POST /MakeOrder", "connector.yaml:", "MakeOrder"),
        ("connector.yaml", "$secret.password", "$secret.pasword", "connector.yaml:", "pasword"),
        ("connector.yaml", "kind: login", "kind: logon", "connector.yaml:", "logon"),
        ("connector.yaml", IN_FLIGHT, "limits: {per_day: 0}, ", "connector.yaml:54", "per_day: 0"),
        ("connector.yaml", IN_FLIGHT, NEVER, "connector.yaml:54", "whole week"),
        ("connector.yaml", IN_FLIGHT, "in_flight: 0, ", "connector.yaml:54", "in_flight"),
        ("connector.yaml", IN_FLIGHT, "timeout: 0, ", "connector.yaml:54", "timeout"),
        ("mapping.py", "row.updatedDate", "row.updateDate", "mapping.py:", "updateDate"),
        ("mapping.py", "def order(", "def ordre(", "mapping.py:", "order"),
    ],
)
def test_a_mistake_is_named_with_its_place(
    broken: Path, file: str, old: str, new: str, at: str, said: str
) -> None:
    edit(broken / file, old, new)
    code, out, _ = hub("connector", "check", str(broken), "--json")
    problems = json.loads(out)["problems"]
    assert code == 1
    assert any(p["at"].startswith(at) and said in json.dumps(p) for p in problems), problems


@pytest.mark.parametrize("header", ["Token", "Authorization"])
def test_a_credential_that_the_contract_declares_is_not_the_mappings(
    broken: Path, header: str
) -> None:
    parameter = f"{{name: {header}, in: header, required: true, schema: {{type: string}}}}"
    operation = "operationId: CreateOrder\n"
    edit(
        broken / "contract" / "myvnpost.openapi.yaml",
        operation,
        f"{operation}      parameters: [{parameter}]\n",
    )
    code, _, said = hub("connector", "check", str(broken))
    assert (code, "no problems" in said) == (0, True), said
    code, _, said = hub("connector", "test", str(broken))
    assert (code, "cases hold" in said) == (0, True), said


def test_a_schema_that_no_message_could_be_checked_by_is_a_problem(tmp_path: Path) -> None:
    """An element <a> that two rules of the type would take: only libxml2 sees that."""
    folder = tmp_path / "onestop"
    shutil.copytree("connectors/onestop", folder)
    unclear = (
        '<xs:complexType name="TwoWays"><xs:sequence>'
        '<xs:element name="a" type="xs:int" minOccurs="0"/>'
        '<xs:any minOccurs="0" processContents="lax"/></xs:sequence></xs:complexType></xs:schema>'
    )
    edit(folder / "contract" / "motcua.xsd", "</xs:schema>", unclear)
    code, _, said = hub("connector", "check", str(folder))
    assert (code, "the schemas are not consistent" in said) == (1, True), said
    assert "has 1 problem(s)" in said


def test_a_table_that_cannot_say_delivered_is_refused(broken: Path) -> None:
    manifest = broken / "connector.yaml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("then: delivered", "then: retry"), encoding="utf-8")
    code, _, said = hub("connector", "check", str(broken))
    assert (code, "every answer would be retried" in said) == (1, True)


def test_a_case_that_differs_is_shown_with_its_difference(broken: Path) -> None:
    case = next((broken / "cases" / "order").glob("*.out.json"))
    edit(case, "VNPOST", "VNPOSTE")
    code, _, said = hub("connector", "test", str(broken))
    assert code == 1
    assert "FAILED order/" in said
    assert "VNPOSTE" in said


def test_a_folder_that_is_no_connector_is_refused(tmp_path: Path) -> None:
    code, _, said = hub("connector", "check", str(tmp_path))
    assert (code, "has no connector.yaml" in said) == (1, True)


@pytest.mark.parametrize("command", ["show", "check", "test"])
def test_a_folder_that_is_not_there_is_wrong_usage(command: str) -> None:
    code, _, said = hub("connector", command, "postal")
    assert (code, "does not exist" in said) == (2, True)


def test_a_link_in_a_bundle_is_refused(broken: Path) -> None:
    (broken / "contract" / "extra.yaml").symlink_to("/etc/hostname")
    code, _, said = hub("connector", "check", str(broken))
    assert (code, "holds no links" in said) == (1, True)


def test_an_unknown_command_is_wrong_usage() -> None:
    assert hub("connector", "frobnicate")[0] == 2
    assert hub("connector", "check")[0] == 2


def test_every_command_has_help_with_what_it_does() -> None:
    for command in (
        ["up"], ["gateway"], ["worker"], ["registry"], ["views"], ["settings"],
        ["dev", "up"], ["dev", "down"], ["dev", "status"], ["dev", "logs"],
        ["event", "list"], ["event", "show"], ["receipt", "list"], ["act", "list"],
        ["dead-letter", "list"], ["dead-letter", "show"], ["dead-letter", "discard"],
        ["dead-letter", "requeue"], ["dead-letter", "edit"], ["dossier", "show"],
        ["parked", "list"], ["parked", "show"], ["parked", "resume"],
        ["connector", "list"], ["connector", "show"], ["connector", "check"], ["connector", "test"],
        ["connector", "certify"], ["connector", "backtest"],
        ["connector", "certificate"], ["connector", "certifier"],
        ["connector", "new"], ["connector", "schema"], ["connector", "explain"],
        ["mapping", "functions"], ["schema", "list"], ["schema", "check"],
    ):  # fmt: skip
        code, out, _ = hub(*command, "--help")
        assert code == 0, command
        assert "Usage:" in out
