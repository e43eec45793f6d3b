"""`hub connector new`, as a person and as a program use it."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from tests.scaffold.scaffold_kit import WATER

runner = CliRunner()


def new(folder: Path, *arguments: str) -> tuple[int, str, str]:
    file = folder / "water.yaml"
    file.write_text(WATER, encoding="utf-8")
    where = ["--openapi", str(file), "--into", str(folder / "made")]
    result = runner.invoke(app, ["connector", "new", "water", *where, *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_the_folder_appears_whole_with_what_is_left_to_decide(tmp_path: Path) -> None:
    code, out, _ = new(tmp_path, "--on", "StatusChanged=tellStep", "--json")
    told = json.loads(out)
    made = tmp_path / "made" / "water"
    assert code == 0
    assert told["folder"] == str(made)
    assert told["files"] == sorted(
        path.relative_to(made).as_posix() for path in made.rglob("*") if path.is_file()
    )
    assert {"hole", "not-total"} <= {problem["code"] for problem in told["left"]}
    assert (tmp_path / "made" / "connector.schema.json").is_file()
    assert sorted(path.name for path in (tmp_path / "made").iterdir()) == [
        "connector.schema.json",
        "water",
    ]


def test_what_new_says_is_left_is_what_check_says(tmp_path: Path) -> None:
    _, out, _ = new(tmp_path, "--on", "StatusChanged=tellStep", "--json")
    checked = runner.invoke(app, ["connector", "check", str(tmp_path / "made/water"), "--json"])
    left = [problem["at"] for problem in json.loads(out)["left"]]
    assert checked.exit_code == 1
    assert all(at in checked.stdout for at in left)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "water"
    folder.mkdir(parents=True)
    (folder / "mapping.py").write_text("mine", encoding="utf-8")
    code, _, said = new(tmp_path, "--on", "StatusChanged=tellStep")
    assert (code, "is there already" in said) == (1, True)
    assert (folder / "mapping.py").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "no flow is chosen"),
        (("--on", "StatusChanged=broken"), "text/csv is not supported"),
        (("--on", "StatusChanged=tellStep", "--auth", "magic"), "no kind of outbound auth"),
        (("--on", "nonsense"), "EVENT=OPERATION"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    code, _, told = new(tmp_path, *arguments)
    assert (code, said in told) == (1, True), told
    assert not (tmp_path / "made").exists()


def test_one_interface_is_named(tmp_path: Path) -> None:
    result = runner.invoke(app, ["connector", "new", "water", "--into", str(tmp_path)])
    assert (result.exit_code, "name one interface" in result.stderr) == (1, True)


@pytest.mark.process
def test_on_a_terminal_it_asks(tmp_path: Path) -> None:
    file = tmp_path / "water.yaml"
    file.write_text(WATER, encoding="utf-8")
    terminal, ours = pty.openpty()
    words = ["new", "water", "--openapi", str(file), "--into", str(tmp_path / "made"), "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "hub.cli", "connector", *words],
        stdin=ours,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.write(terminal, b"tellStep\non\nStatusChanged\n\n")
        out, _ = process.communicate(timeout=60)
    os.close(ours)
    os.close(terminal)
    assert process.returncode == 0
    assert (tmp_path / "made" / "water" / "mapping.py").is_file()
    assert json.loads(out)["folder"].endswith("water")
