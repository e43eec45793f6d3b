"""SARIF as others read it: the parts that its specification requires, and places that exist."""

import json
import shutil
from pathlib import Path
from urllib.parse import unquote, urljoin, urlparse

import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.registry.problem import Problem
from hub.registry.sarif import sarif

MISTAKES = {
    "connector.yaml": ("adapter: rest", "adapter: rest\ntimeout: 7"),
    "mapping.py": ("row.OrderNumber", "row.OrderNo"),
    "cases/scan/delivered.in.json": ("{", "{{"),
}


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    folder = tmp_path / "post al" / "postal"  # an address with something to escape
    shutil.copytree("connectors/postal", folder)
    for name, (old, new) in MISTAKES.items():
        file = folder / name
        file.write_text(file.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    return folder


def test_every_result_names_a_rule_and_a_line_that_exist(broken: Path) -> None:
    result = CliRunner().invoke(app, ["connector", "check", str(broken), "--sarif"])
    assert result.exit_code == 1
    log = json.loads(result.stdout)
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert run["tool"]["driver"]["name"]
    files = set()
    for found in run["results"]:
        assert rules[found["ruleIndex"]]["id"] == found["ruleId"]
        assert found["level"] == "error"
        assert found["message"]["text"]
        (location,) = found["locations"]
        place = location["physicalLocation"]
        base = run["originalUriBaseIds"][place["artifactLocation"]["uriBaseId"]]["uri"]
        file = Path(unquote(urlparse(urljoin(base, place["artifactLocation"]["uri"])).path))
        lines = file.read_text(encoding="utf-8").splitlines()
        region = place["region"]
        assert 1 <= region["startLine"] <= len(lines)
        assert 1 <= region.get("startColumn", 1) <= len(lines[region["startLine"] - 1]) + 1
        files.add(file.relative_to(broken.resolve()).as_posix())
    assert files == MISTAKES.keys()


def test_nothing_wrong_is_a_run_without_results() -> None:
    result = CliRunner().invoke(app, ["connector", "check", "connectors/postal", "--sarif"])
    (run,) = json.loads(result.stdout)["runs"]
    assert (result.exit_code, run["results"]) == (0, [])


@pytest.mark.parametrize(
    ("at", "uri", "region"),
    [
        ("mapping.py:14:15", "mapping.py", {"startLine": 14, "startColumn": 15}),
        ("contract/a.yaml:7 #/paths/~1x", "contract/a.yaml", {"startLine": 7}),
        ("contract/a.wsdl, line 3", "contract/a.wsdl", None),
        ("cases/order/two words", "cases/order/two%20words", None),
    ],
)
def test_a_place_becomes_an_address_and_a_region(
    at: str, uri: str, region: dict[str, int] | None
) -> None:
    (run,) = json.loads(json.dumps(sarif([Problem(at, "is wrong")], "file:///x/")))["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place.get("region")) == (uri, region)
