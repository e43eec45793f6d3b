"""`hub connector register` and what follows it, against a control plane that listens."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.applications import Starlette
from typer.testing import CliRunner

from adapters.http.simple import fetch
from hub.access.guard import guarded
from hub.cli import plane as plane_of_commands
from hub.cli.main import app
from hub.errors import Retry
from hub.registry.control.checking import Checker
from hub.registry.control.routes import control_routes
from tests.access.kit import gate
from tests.registry.control.desk_kit import PEOPLE, ROOT, SCHEMAS, Plane, plane
from tests.registry.serving import listening

pytestmark = pytest.mark.process

ENTRIES = """registrations:
  - connector: postal
    name: north
    endpoint: http://127.0.0.1:9
    start: beginning
    allow_addresses: [127.0.0.0/8]
    settings: {customer_code: C1}
    secrets: {consumer_key: "env:POSTAL_KEY", consumer_secret: "env:POSTAL_SECRET"}
  - {connector: postal, name: wrong, start: now, endpoint: "http://127.0.0.1:9"}
"""


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Plane, str]]:
    checker = Checker(SCHEMAS)
    try:
        with plane(checker) as found:
            routes = guarded("registry", control_routes(found.desk), gate(PEOPLE))
            with listening(Starlette(routes=[*routes])) as url:
                yield found, url
    finally:
        checker.close()


@pytest.fixture
def folder(tmp_path: Path, served: tuple[Plane, str], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in: a connector, a file of entries, and a credential."""
    shutil.copytree(ROOT / "connectors" / "postal", tmp_path / "postal")
    (tmp_path / "entries.yaml").write_text(ENTRIES, encoding="utf-8")
    monkeypatch.setenv("HUB_CONTROL_URL", served[1])
    monkeypatch.setenv("HUB_TOKEN", "env:MY_TOKEN")
    monkeypatch.setenv("MY_TOKEN", "an")
    return tmp_path


def hub(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["connector", *arguments])
    return result.exit_code, result.stdout, result.stderr


def register(folder: Path, name: str, *more: str) -> tuple[int, str, str]:
    entry = f"{folder}/entries.yaml/{name}"
    return hub("register", f"{folder}/postal", "--registration", entry, "--reason", "agreed", *more)


def test_a_connectors_life_from_the_command_line(folder: Path) -> None:
    code, _, said = register(folder, "north", "--override", "a test", "--start", "now")
    assert (code, "north: version 1 is live" in said) == (0, True), said
    for step, state in (("pause", "paused"), ("resume", "live")):
        code, out, _ = hub(step, "north", "--reason", f"to {step}", "--json")
        assert (code, json.loads(out)["state"]) == (0, state)
    mapping = folder / "postal" / "mapping.py"
    mapping.write_text(mapping.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    first = json.loads(hub("registrations", "north")[1])["bundle"]
    code, _, said = register(folder, "north", "--override", "a test")
    assert (code, "were not compared" in said, "--uncompared" in said) == (1, True, True)
    why = ("--override", "a test", "--uncompared", "no broker here")
    assert register(folder, "north", *why)[0] == 0
    assert hub("rollback", "north", "--reason", "as before")[0] == 0
    assert json.loads(hub("registrations", "north")[1])["bundle"] == first
    rows = [json.loads(line) for line in hub("history", "north", "--json")[1].splitlines()]
    assert [row["did"] for row in rows] == ["rollback", "register", "resume", "pause", "register"]
    assert [row["reason"] for row in rows][-1] == "agreed"
    assert "north" in hub("registrations")[1]
    assert hub("retire", "north", "--reason", "over")[0] == 2
    assert hub("retire", "north", "--reason", "over", "--yes")[0] == 0


def test_a_draft_goes_live_with_a_reason(folder: Path) -> None:
    (folder / "entries.yaml").write_text(ENTRIES.replace("north", "draft"), encoding="utf-8")
    code, _, said = register(folder, "draft", "--hold")
    assert (code, "is draft" in said) == (0, True), said
    code, _, said = hub("golive", "draft", "--reason", "now", "--override", "tried by hand")
    assert (code, "is live" in said) == (0, True), said


def test_all_that_is_wrong_is_told_and_nothing_is_changed(
    folder: Path, served: tuple[Plane, str]
) -> None:
    code, _, said = register(folder, "wrong", "--override", "a test")
    assert code == 1
    for word in ("customer_code", "consumer_key", "consumer_secret", "loopback"):
        assert word in said
    code, out, _ = register(folder, "wrong", "--override", "a test", "--json")
    assert (code, len(json.loads(out)["problems"])) == (1, 4)
    assert "wrong" not in served[0].keeping.fresh().registrations


def test_who_was_not_first_hears_what_changed(folder: Path) -> None:
    (folder / "entries.yaml").write_text(ENTRIES.replace("north", "raced"), encoding="utf-8")
    assert register(folder, "raced", "--override", "a test")[0] == 0
    assert hub("pause", "raced", "--reason", "floods", "--on", "1")[0] == 0
    code, _, said = hub("retire", "raced", "--reason", "x", "--yes", "--on", "1")
    assert (code, "version 2: pause by an" in said, "floods" in said) == (1, True, True), said


def test_a_dry_run_asks_all_and_changes_nothing(folder: Path, served: tuple[Plane, str]) -> None:
    (folder / "entries.yaml").write_text(ENTRIES.replace("north", "tried"), encoding="utf-8")
    before = served[0].keeping.fresh()
    code, _, said = register(folder, "tried", "--dry-run", "--override", "a test")
    assert (code, "tried: version 1 would be live" in said) == (0, True), said
    code, _, said = register(folder, "tried", "--dry-run")
    assert (code, "has no certificate" in said) == (1, True), said
    code, _, said = register(folder, "wrong", "--dry-run", "--override", "a test")
    assert (code, "customer_code" in said, "loopback" in said) == (1, True, True), said
    assert register(folder, "tried", "--dry-run", "--override", "a test", "--on", "4")[0] == 1
    assert served[0].keeping.fresh() == before
    tried = [kind for kind, name, *_ in served[0].acts() if name in ("tried", "wrong")]
    assert tried[-4:] == ["REGISTRATION_TRIED"] * 4


def test_a_step_whose_answer_is_lost_is_asked_again_by_itself(
    folder: Path, served: tuple[Plane, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "entries.yaml").write_text(ENTRIES.replace("north", "unheard"), encoding="utf-8")
    assert register(folder, "unheard", "--override", "a test")[0] == 0
    asked: list[str] = []

    def deaf(method: str, url: str, **more: object) -> tuple[int, dict[str, str], bytes]:
        answer = fetch(method, url, **more)  # type: ignore[arg-type]  # handed on
        asked.append(method)
        if asked == ["GET", "POST"]:
            raise Retry("no answer: ReadTimeout", system=True, sent=True)
        return answer

    monkeypatch.setattr(plane_of_commands, "fetch", deaf)
    code, _, said = hub("pause", "unheard", "--reason", "floods")
    assert (code, "unheard: version 2 is paused" in said) == (0, True), said
    assert asked == ["GET", "POST", "POST"]
    assert served[0].keeping.fresh().registrations["unheard"].version == 2


def test_what_a_person_may_not_is_said(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "portal-team")
    code, _, said = register(folder, "north", "--override", "a test")
    assert (code, "not among yours" in said) == (1, True), said


def test_without_a_token_somebody_has_to_say_who_they_are(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HUB_TOKEN")
    code, _, said = hub("pause", "north", "--reason", "x")
    assert (code, "--by" in said) == (2, True)


def test_where_no_control_plane_runs_one_may_try_later(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HUB_CONTROL_URL")
    monkeypatch.setenv("HUB_HOME", str(folder))
    assert hub("registrations")[0] == 3
