"""`python -m ops.bench [name …]`: measure, print a table, say which targets are reached.

Names: translate, http, ingest, delivery, memory, startup, archive, audit; without a name all of
these. And rivals, which takes an hour (ops/bench/rivals). Exit 0 when everything could be measured,
whatever the figures are; 1 when a measurement does not count.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hub.errors import HubError
from hub.log import configure
from ops.bench.archive import archive
from ops.bench.audit import audit
from ops.bench.delivery import delivery
from ops.bench.figures import Figure, Machine, machine, table
from ops.bench.http_calls import http
from ops.bench.ingest import ingest
from ops.bench.memory import memory
from ops.bench.processes import BenchError
from ops.bench.rivals.compare import rivals
from ops.bench.startup import startup
from ops.bench.translate import translate

BENCHES: dict[str, Callable[[], list[Figure]]] = {
    "translate": translate,
    "http": http,
    "ingest": ingest,
    "delivery": delivery,
    "memory": memory,
    "startup": startup,
    "archive": archive,
    "audit": audit,
    "rivals": rivals,
}
USUAL = [name for name in BENCHES if name != "rivals"]  # without a name


def main(arguments: list[str] | None = None) -> int:
    """Measure what was named."""
    parser = argparse.ArgumentParser(
        prog="python -m ops.bench", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("name", nargs="*", help=", ".join(BENCHES))
    parser.add_argument("--json", action="store_true", help="figures as JSON on stdout")
    parser.add_argument("--out", type=Path, help="write the JSON into this file, too")
    given = parser.parse_args(arguments)
    unknown = [name for name in given.name if name not in BENCHES]
    if unknown:
        parser.error(f"'{unknown[0]}' is none of {', '.join(BENCHES)}")
    configure("bench", level=logging.WARNING)
    return report(machine(), given.name or USUAL, as_json=given.json, out=given.out)


def report(where: Machine, names: list[str], *, as_json: bool, out: Path | None) -> int:
    """Run the benches and show what they gave."""
    figures: list[Figure] = []
    failed: dict[str, str] = {}
    for name in names:
        started = time.monotonic()
        _say(f"{name} …")
        try:
            figures += BENCHES[name]()
        except (BenchError, HubError, TimeoutError) as error:
            failed[name] = str(error)
            _say(f"{name} does not count: {error}")
        _say(f"{name} took {time.monotonic() - started:.0f} s")
    found = {
        "machine": where.as_dict(),
        "figures": [figure.as_dict() for figure in figures],
        "failed": failed,
    }
    text = json.dumps(found, ensure_ascii=False, indent=2)
    if out is not None:
        out.write_text(text + "\n", encoding="utf-8")
    shown = text if as_json else f"{where.line()}\n{table(figures)}"
    sys.stdout.write(f"{shown}\n")
    return 1 if failed else 0


def _say(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
