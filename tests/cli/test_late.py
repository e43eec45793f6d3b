"""Commands load what they need: what others need is not waited for."""

import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

HEAVY = ("kafka", "joserfc", "zeep", "starlette", "faust", "duckdb", "signxml")
PROBE = """
import json, sys
from typer.testing import CliRunner
from hub.cli.main import app
done = CliRunner().invoke(app, sys.argv[1:])
print(json.dumps([done.exit_code, sorted(set(sys.modules) & set({heavy}))]))
"""


@pytest.mark.parametrize(
    "words",
    [
        ("connector", "check", "connectors/postal"),
        ("connector", "explain", "connectors/postal"),
        ("mapping", "functions", "code"),
        ("settings",),
    ],
)
def test_a_command_loads_no_library_of_anothers(words: tuple[str, ...]) -> None:
    probe = PROBE.format(heavy=HEAVY)
    argv = [sys.executable, "-c", probe, *words]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=50, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, []]


def test_a_soap_contract_alone_takes_a_soap_library() -> None:
    argv = [sys.executable, "-c", PROBE.format(heavy=HEAVY), "connector", "check"]
    argv.append("tests/registry/corpus/connectors/counter")
    done = subprocess.run(argv, capture_output=True, text=True, timeout=50, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [0, ["zeep"]]


@pytest.mark.parametrize(
    "modules",
    [("hub.cli.searching", "hub.cli.evidence"), ("hub.cli.why", "hub.cli.gathering")],
)
def test_who_asks_about_one_dossier_loads_no_database_and_no_contract(
    modules: tuple[str, ...],
) -> None:
    unwanted = (*HEAVY, "lxml", "re2", "prometheus_client", "hub.mapping", "adapters.rest")
    wanted = {"kafka"}  # what is not archived yet stands on the topics
    probe = f"import json, sys, hub.cli.main, {', '.join(modules)}\n"
    probe += f"print(json.dumps(sorted(set(sys.modules) & set({unwanted}))))"
    argv = [sys.executable, "-c", probe]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=50, check=True)
    assert set(json.loads(done.stdout)) == wanted
