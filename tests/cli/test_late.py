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
