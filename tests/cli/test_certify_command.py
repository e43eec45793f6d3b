"""`hub connector certify` and the certificate that it writes."""

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from hub.cli.main import app
from tests.backtest.backtest_kit import ROOT
from tests.ops.systems.conftest import configs, hub, loop, start
from tests.ops.systems.sim_kit import Sim, Start

__all__ = ["configs", "hub", "loop", "start"]
pytestmark = pytest.mark.process


class Place:
    def __init__(self, home: Path, sim: Sim, configs: Path) -> None:
        self.home, self.sim = home, sim
        known = json.loads((configs / "hub.json").read_text(encoding="utf-8"))["portal"]
        entry = {
            "connector": "portal",
            "endpoint": "https://production.example.test",
            "allow_addresses": ["127.0.0.0/8"],
            **known,
        }
        self.entries = home / "sandbox.yaml"
        self.entries.write_text(yaml.safe_dump({"registrations": [entry]}), encoding="utf-8")
        self.certificate = home / "portal.certificate.json"

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(
            app, ["connector", *words], env={"HUB_HOME": str(self.home), "HUB_ID": "province"}
        )

    def certify(self, *words: str) -> Result:
        url = str(self.sim.client.base_url)
        given = ["--endpoint", url, "--registration", str(self.entries)]
        out = ["--out", str(self.certificate)]
        return self.run("certify", str(ROOT / "connectors" / "portal"), *given, *out, *words)


@pytest.fixture
def place(tmp_path: Path, start: Start, configs: Path) -> Place:
    return Place(tmp_path, start("portal"), configs)


def test_a_certificate_is_written_and_holds_for_this_folder_alone(place: Place) -> None:
    done = place.certify("--yes")
    assert done.exit_code == 0, done.output
    assert "registered: happy-path, success-is-success" in done.stdout
    folder = str(ROOT / "connectors" / "portal")
    shown = place.run("certificate", folder, str(place.certificate), "--json")
    said = json.loads(shown.stdout)
    assert (shown.exit_code, said["hub"], said["connector"]) == (0, "province", "portal")
    assert said["endpoint"] == str(place.sim.client.base_url).rstrip("/")
    other = str(ROOT / "connectors" / "onestop")
    refused = place.run("certificate", other, str(place.certificate))
    assert (refused.exit_code, "is for bundle" in refused.stderr) == (1, True)


def test_a_failed_clause_is_told_and_no_certificate_is_written(place: Place) -> None:
    place.sim.switch(keyless=True)
    done = place.certify("--yes")
    assert (done.exit_code, place.certificate.exists()) == (1, False)
    assert "FAILED idempotency: " in done.stdout
    assert "nothing is certified" in done.stderr
    said = json.loads(place.certify("--yes", "--json").stdout)
    assert said["certificate"] is None
    assert {c["name"] for c in said["clauses"] if c["outcome"] == "failed"} == {"idempotency"}


def test_nothing_is_called_before_somebody_agreed(place: Place) -> None:
    done = place.certify()
    assert (done.exit_code, "say --yes" in done.stderr) == (2, True)
    assert place.sim.get("calls") == []


def test_no_secret_and_no_name_stand_in_a_certificate(place: Place, configs: Path) -> None:
    assert place.certify("--yes").exit_code == 0
    text = place.certificate.read_text(encoding="utf-8")
    for secret in (configs / "secrets" / "portal").iterdir():
        assert secret.read_text(encoding="utf-8") not in text
    assert "Nguyễn" not in text
