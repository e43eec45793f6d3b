"""The commands of ops/runbooks/undelivered.md do what the page says, in its order."""

import re
import shlex
from pathlib import Path

import pytest

from tests.cli.desk import CODE, OTHER, open_desk
from tests.cli.test_parked import wait

PAGE = Path("ops/runbooks/undelivered.md").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    blocks = re.findall(r"^```\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return [shlex.split(line)[1:] for block in blocks for line in block.splitlines()]


def test_every_command_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = open_desk(tmp_path, monkeypatch)
    wait(desk, CODE, 2)
    for code in (OTHER, OTHER, CODE):
        desk.letter(desk.event(code))
    for words in commands():
        done = desk.hub(*words)
        assert done.exit_code == 0, (words, done.output)
    assert [one.kind for one in desk.acts()] == ["RESUMED", "DISCARDED", "REQUEUED", "DISCARDED"]
