"""Real brokers for tests: fresh data in a folder of the test, jars shared by the whole checkout."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hub.dev.kafka import DevBroker, prepare
from hub.dev.progress import to_stderr

CACHE = Path(__file__).resolve().parents[1] / ".hub" / "dev"


@dataclass(frozen=True, slots=True)
class LiveBroker:
    """Where a broker listens (host:port), and its HUB_HOME."""

    bootstrap: str
    home: Path
    control: DevBroker  # for tests that kill and restart their own broker, never the shared one


@contextmanager
def running_broker(home: Path) -> Iterator[LiveBroker]:
    """A broker of one's own in the folder `home`, ended with the block or with this process."""
    with DevBroker(home, cache=CACHE) as broker:
        yield LiveBroker(broker.bootstrap, home, broker)


def link_cache(home: Path) -> None:
    """Give `home` the jars without a download, for a test that runs `hub dev up` itself."""
    java = prepare(CACHE, to_stderr())
    (home / "dev" / java.jars.name).mkdir(parents=True)
    for path in [java.cache, *(java.jars / name for name in java.names)]:
        if path.exists():  # the start-up cache may be missing
            _link(path, home / "dev" / path.relative_to(CACHE))


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # another file system
        shutil.copy2(source, target)
