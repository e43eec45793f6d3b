"""The commands of ops/runbooks/registrations.md do what the page says, in its order."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner

from hub.access.guard import guarded
from hub.cli.main import app
from hub.registry.control.checking import Checker
from hub.registry.control.routes import control_routes
from hub.registry.ledger import Entry
from tests.access.kit import gate
from tests.cli.test_registering import ENTRIES
from tests.registry.control.desk_kit import ENTRY, PEOPLE, ROOT, SCHEMAS, Plane, plane
from tests.registry.serving import listening

pytestmark = pytest.mark.process

PAGE = (ROOT / "ops" / "runbooks" / "registrations.md").read_text(encoding="utf-8")
ELSEWHERE = "hub connector unserved"  # asks the topics; tests/cli/test_unserved.py runs it


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plane]:
    """A hub at which `postal` was registered twice, and a folder as the page's reader has one."""
    shutil.copytree(ROOT / "connectors" / "postal", tmp_path / "connectors" / "postal")
    entries = ENTRIES.replace("north", "postal")
    (tmp_path / "registrations.yaml").write_text(entries, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    checker = Checker(SCHEMAS)
    with plane(checker) as found:
        routes = guarded("registry", control_routes(found.desk), gate(PEOPLE))
        with listening(Starlette(routes=[*routes])) as url:
            monkeypatch.setenv("HUB_CONTROL_URL", url)
            monkeypatch.setenv("HUB_TOKEN", "env:MY_TOKEN")
            monkeypatch.setenv("MY_TOKEN", "admin")
            found.register("postal")
            moved: Entry = {**ENTRY, "endpoint": "http://127.0.0.1:10"}
            found.register("postal", on=1, entry=moved)
            yield found
    checker.close()


def commands() -> list[list[str]]:
    blocks = re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line != ELSEWHERE]
    return [shlex.split(line)[1:] for line in lines]


def test_every_command_of_the_page_runs(served: Plane) -> None:
    for words in commands():
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, (words, done.output)
    known = served.keeping.fresh().registrations["postal"]
    did = [version.did for version in (*known.before, known.now)]
    assert did == [
        "register", "register", "rollback", "rollback", "pause", "resume", "register", "retire",
    ]  # fmt: skip
    endpoints = [str(version.entry["endpoint"])[-2:] for version in known.before]
    assert endpoints[:4] == [":9", "10", ":9", "10"]
