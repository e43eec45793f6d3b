"""`make demo`: play the stories, ask every system, exit 0 only if all agrees."""

import argparse
import shutil
import signal
import sys
import threading
import time
from pathlib import Path

from hub.dev import runfiles
from hub.errors import HubError
from ops.demo.lines import line
from ops.demo.play import PlayError, play
from ops.demo.stage import Stage, StageError, health, say, stage, tail
from ops.demo.stories import STORIES
from ops.demo.verdict import show

PROCESSES = ("gateway", "worker", "views", "auditor", "registry")


def main() -> int:
    """Play, compare, stop everything."""
    parser = argparse.ArgumentParser(prog="python -m ops.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave it running until Ctrl-C")
    parser.add_argument("--home", type=Path, default=Path(".hub/demo"), help="data folder, emptied")
    given = parser.parse_args()
    # both by hand: a shell starts background jobs with SIGINT ignored
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _interrupted)
    home: Path = given.home.absolute()
    if others := runfiles.read_all(home):
        names = ", ".join(f"{other.name} ({other.pid})" for other in others)
        say(f"{home} is in use by {names}: end them, or choose another folder with --home")
        return 1
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    began = time.monotonic()
    try:
        with stage(home, Path(".hub/dev").absolute()) as running:
            health(running)
            say(f"everything serves after {time.monotonic() - began:.1f} s; playing")
            return _play(running, keep=given.keep)
    except KeyboardInterrupt:
        say("interrupted; everything was stopped")
        return 130
    except (StageError, HubError, TimeoutError) as error:
        say(f"stopped: {error}")
        return 1


def _play(running: Stage, *, keep: bool) -> int:
    try:
        found = play(running, STORIES)
    except PlayError as error:
        line(f"\n✗ {error}")
        for name in PROCESSES:
            say(f"end of {name}.log:\n{tail(running.home, name)}")
        return 1
    line("")
    agreed = show(found)
    line("every cell agrees" if agreed else "✗ some cells do not agree")
    if keep:
        _kept(running)
    return 0 if agreed else 1


def _kept(running: Stage) -> None:
    """Tell where everything is, and wait for Ctrl-C."""
    code = STORIES[0].dossiers[0]
    line("\nleft running; Ctrl-C stops it. Addresses:")
    for name in PROCESSES:
        line(f"  {name:<10} {running.url(name)}")
    for name, url in running.inspect.items():
        line(f"  {name:<10} {url}/_sim/state  (what it holds)")
    line("\nfive commands worth trying next:")
    for name in ("HUB_HOME", "HUB_REGISTRATIONS", "HUB_PARTITIONS"):
        line(f"  export {name}={running.environment[name]}")
    for command in (
        f"hub dossier show {code}",
        f"hub event list --dossier {code}",
        f"hub receipt list --dossier {code}",
        "hub status",
        "hub connector test connectors/onestop",
    ):
        line(f"  .venv/bin/{command}")
    threading.Event().wait()


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
