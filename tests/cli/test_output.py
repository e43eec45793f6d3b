"""How commands answer: who reads may stop, and a word that nothing knows is refused."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.cli.narrowing import known_registration
from hub.contract.types import Document
from hub.errors import Reject
from hub.settings import load


@pytest.mark.process
@pytest.mark.parametrize("words", [("mapping", "functions"), ("settings",), ("--help",)])
def test_a_reader_that_has_gone_ends_a_command_quietly(words: tuple[str, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "hub.cli", *words],
            stdout=writer,
            stderr=subprocess.PIPE,
            timeout=30,
            check=False,
        )
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (0, b"")


@pytest.mark.process
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_an_answer_without_room_is_told_as_such() -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "hub.cli", "settings", "--json"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert ended.returncode == 3
    assert ended.stderr.startswith(b"error: answer: cannot be written: No space left"), ended.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            "event list --type StatusChange_",
            "--type: 'StatusChange_' is not known; did you mean St",
        ),
        ("event list --type Zzz", "--type: 'Zzz' is not known; known: Accepted, "),
        ("receipt list --outcome DELIVERD", "--outcome: 'DELIVERD' is not known; did you mean DEL"),
        ("act list --kind CONFLICTS", "--kind: 'CONFLICTS' is not known; did you mean CONFLICT?"),
    ],
)
def test_a_word_that_no_schema_knows_is_refused(words: str, said: str) -> None:
    answer = CliRunner().invoke(app, words.split())
    assert (answer.exit_code, said in answer.stderr) == (2, True), answer.output


def test_a_registration_is_known_by_the_file_or_by_what_it_left(tmp_path: Path) -> None:
    file = tmp_path / "registrations.yaml"
    entry = {"connector": "none", "endpoint": "http://127.0.0.1:9", "name": "post_of_phu_tho"}
    lines = [f"{'- ' if key == 'connector' else '  '}{key}: {v}" for key, v in entry.items()]
    file.write_text("registrations:\n" + "\n".join(lines) + "\n", encoding="utf-8")
    settings = load({"HUB_REGISTRATIONS": str(file)})
    rows: list[Document] = [{"registration": "gone_since"}, {"registration": None}]
    for known in (None, "post_of_phu_tho", "gone_since"):
        known_registration(known, rows, settings)
    with pytest.raises(Reject, match=r"--registration: .*did you mean post_of_phu_tho\?"):
        known_registration("post_of_phu_th", rows, settings)
    with pytest.raises(Reject, match="known: gone_since, post_of_phu_tho"):
        known_registration("x", rows, settings)
