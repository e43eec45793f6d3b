"""`python -m ops.systems <system> …` runs one system; `make-config DIR` makes their credentials."""

import argparse
import asyncio
import gc
import json
import sys
from pathlib import Path

import uvloop

from ops.systems.make_config import make_config
from ops.systems.serve import SYSTEMS, Options, serve


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ops.systems", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in SYSTEMS:
        one = commands.add_parser(name, help=f"run the simulated {name}")
        one.add_argument("--port", type=int, default=0, help="0 takes a free one")
        one.add_argument(
            "--inspect-port", type=int, default=0, help="of /_sim/ alone; 0: a free one"
        )
        one.add_argument(
            "--home", type=Path, required=True, help="HOME/run/<name>.json tells the URL"
        )
        one.add_argument("--hub", required=True, help="base URL of the hub's gateway")
        one.add_argument("--config", type=Path, required=True, help="file made by make-config")
        one.add_argument("--state", type=Path, help="folder kept across restarts")
        one.add_argument("--faults", type=Path, help="YAML script of faults, switches, schedule")
        one.add_argument(
            "--fast", action="store_true", help="under load: counters, no call records"
        )
        one.add_argument("--keep", type=int, default=100_000, help="dossiers, keys, calls kept")
    making = commands.add_parser("make-config", help="write credentials for all systems")
    making.add_argument("folder", type=Path)
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Exit 0 when stopped by a signal, 1 for an unfit configuration."""
    given = _parser().parse_args(arguments)
    if given.command == "make-config":
        print(json.dumps(make_config(given.folder), ensure_ascii=False, indent=2))  # noqa: T201 - the CLI's answer
        return 0
    options = Options(
        given.command,
        given.config,
        given.hub,
        given.port,
        given.inspect_port,
        given.state,
        given.faults,
        given.fast,
        given.keep,
    )
    factory = None
    if options.fast:
        # 1.3 times the calls of a core; young objects are few garbage and many kept records
        factory = uvloop.new_event_loop
        gc.set_threshold(50_000, 50, 50)
    try:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(serve(options, given.home))
    except ValueError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the CLI's complaint
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
