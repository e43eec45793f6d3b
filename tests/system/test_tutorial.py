"""The tutorial of connectors/README.md, followed to the letter: files written, commands run.

`# exit N` behind a command is its exit code, `# until WORD` repeats it until it says so. What a
text block shows stands in what the commands before it said.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hub.dev.waiting import until
from hub.settings import environment
from tests.brokers import link_cache

pytestmark = [pytest.mark.system, pytest.mark.timeout(900)]  # it starts a hub of its own

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "connectors" / "README.md"
BEGIN, END = "## From an interface to a live connector", "## Operations that take lists"
PORTS = ("8080", "8801", "8802")
BLOCK = re.compile(r"(?:^`([\w./]+)`\n\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXIT = re.compile(r"\s+# exit (\d+)$")
UNTIL = re.compile(r"\s+# until (\w+)$")
FAR = 240.0  # seconds for one command


@dataclass
class Reader:
    """Somebody who follows the page in a folder of their own."""

    folder: Path
    environment: dict[str, str] = field(repr=False)
    said: str = ""

    def run(self, command: str) -> None:
        """One command, as the page says."""
        wanted = int(found[1]) if (found := EXIT.search(command)) else 0
        word = found[1] if (found := UNTIL.search(command)) else ""
        code = -1

        def tried() -> bool:
            nonlocal code
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=self.folder,
                env=self.environment,
                capture_output=True,
                text=True,
                timeout=FAR,
                check=False,
            )
            code = done.returncode
            self.said += done.stdout + done.stderr
            return word in done.stdout

        assert until(tried, FAR), f"{command}\n{self.said}"
        assert code == wanted, f"{command}\n{self.said}"

    @contextmanager
    def beside(self, command: str) -> Iterator[None]:
        """A command that goes on beside the others, from when it serves to the end."""
        log = self.folder / "beside.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                ["bash", "-c", f"exec {command}"],
                cwd=self.folder,
                env=self.environment,
                stdout=out,
                stderr=out,
            )
        try:
            assert until(lambda: "serve" in log.read_text(), FAR), log.read_text()
            yield
        finally:
            process.terminate()
            process.wait(FAR)


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    """A folder with what the page says is there, and the hub on the path."""
    (tmp_path / "schemas").symlink_to(ROOT / "schemas")
    shutil.copytree(ROOT / "connectors", tmp_path / "connectors")
    home = tmp_path / "home"
    link_cache(home)
    programs = f"{Path(sys.executable).parent}{os.pathsep}{environment({})['PATH']}"
    # what is shown is compared line by line: nothing is folded to a narrow terminal
    changes = {"HUB_HOME": str(home), "PATH": programs, "COLUMNS": "240"}
    return Reader(tmp_path, environment(changes))


def page() -> str:
    """The tutorial, with ports that are free here."""
    text = PAGE.read_text(encoding="utf-8")
    text = text[text.index(BEGIN) : text.index(END)]
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in PORTS]
        for port, each in zip(PORTS, held, strict=True):
            each.bind(("127.0.0.1", 0))
            text = text.replace(port, str(each.getsockname()[1]))
    return text


def test_the_tutorial_can_be_followed(reader: Reader) -> None:
    blocks = BLOCK.findall(page())
    assert {kind for name, kind, _ in blocks if not name} == {"sh", "text"}
    with ExitStack() as stack:
        stack.callback(reader.run, "hub dev down")
        for name, kind, text in blocks:
            if name:
                file = reader.folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            elif kind == "text":
                for line in text.splitlines():
                    assert line in reader.said, line
            else:
                reader.said = ""
                for command in text.splitlines():
                    if command.endswith(" &"):
                        stack.enter_context(reader.beside(command.removesuffix(" &")))
                    else:
                        reader.run(command)
