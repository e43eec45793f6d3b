"""A backtest over 10,000 events of a real topic: nothing differs, nothing leaves the machine."""

import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

import pytest
import yaml

from hub.broker import KafkaBroker
from hub.contract.types import Document
from hub.errors import HubError
from hub.events import Codec
from hub.records import Outgoing, Position
from hub.registry.schemas.client import RegistryClient, register_all
from hub.settings import environment
from hub.topics import ensure_all, topic_of
from tests.backtest.backtest_kit import ROOT, case_events, catalogue
from tests.brokers import running_broker
from tests.registry.serving import serving

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]
EVENTS = 10_000
WAIT = 120  # seconds


@dataclass
class Past:
    """A topic with events, two folders of one connector, and a listener where its system stands."""

    home: Path
    variables: dict[str, str]
    system: socket.socket

    def backtest(self, folder: str) -> tuple[int, Document]:
        command = [sys.executable, "-m", "hub.cli", "connector", "backtest"]
        given = [str(self.home / folder / "portal"), "--last", str(EVENTS), "--json"]
        done = subprocess.run(
            [*command, *given],
            env=self.variables,
            capture_output=True,
            timeout=WAIT,
            check=False,
        )
        assert done.stdout, done.stderr.decode()
        found: Document = json.loads(done.stdout)
        return done.returncode, found

    def called(self) -> bool:
        """Whether anybody connected to the system."""
        try:
            self.system.accept()
        except BlockingIOError:
            return False
        return True


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Past]:
    home = tmp_path_factory.mktemp("past")
    with running_broker(home / "kafka") as live, socket.socket() as system:
        broker = KafkaBroker(live.bootstrap)
        ensure_all(broker, 4)
        with serving(broker) as registry:
            register_all(RegistryClient(registry), ROOT / "schemas" / "avro")
            _fill(broker, Codec(catalogue(), RegistryClient(registry)))
            system.bind(("127.0.0.1", 0))
            system.listen()
            system.setblocking(False)
            _folders(home, f"http://127.0.0.1:{system.getsockname()[1]}")
            variables = environment(
                {
                    "HUB_HOME": str(home),
                    "HUB_BOOTSTRAP": live.bootstrap,
                    "HUB_REGISTRY_URL": registry,
                    "HUB_CONNECTORS": str(home / "live"),
                    "HUB_REGISTRATIONS": str(home / "registrations.yaml"),
                }
            )
            yield Past(home, variables, system)


def _fill(broker: KafkaBroker, codec: Codec) -> None:
    """Every event of the connector's cases again and again, each time of another dossier."""
    writer = broker.writer()
    results: list[Position | HubError] = []
    given = enumerate(islice(cycle(case_events("portal")), EVENTS))
    for number, (kind, event) in given:
        code = f"H44.99.99-251013-{number:04}"
        key = code if "dossier_code" in event else str(next(iter(event.values())))
        changed = {**event, "dossier_code": code} if "dossier_code" in event else event
        value = codec.encode(kind, changed)
        headers = (("ce_type", kind.encode()),)
        writer.append(Outgoing(topic_of(kind), key.encode(), value, headers), results.append)
    writer.close()
    assert len(results) == EVENTS
    assert all(isinstance(one, Position) for one in results)


def _folders(home: Path, endpoint: str) -> None:
    for place in ("live", "same", "other"):
        shutil.copytree(ROOT / "connectors" / "portal", home / place / "portal")
    mapping = home / "other" / "portal" / "mapping.py"
    text = mapping.read_text(encoding="utf-8")
    changed = text.replace('"PROCESSING": "DANG_XU_LY"', '"PROCESSING": "KHONG_RO"')
    assert changed != text
    mapping.write_text(changed, encoding="utf-8")
    entry = {
        "connector": "portal",
        "endpoint": endpoint,
        "allow_addresses": ["127.0.0.0/8"],
        "settings": {"client_id": "T"},
        "secrets": {"inbound_token": "env:NOT_THERE", "client_secret": "env:NOT_THERE"},
    }
    text = yaml.safe_dump({"registrations": [entry]})
    (home / "registrations.yaml").write_text(text, encoding="utf-8")


def test_an_identical_version_shows_no_difference_over_10_000_events(past: Past) -> None:
    code, found = past.backtest("same")
    assert (code, found["differing"], found["groups"]) == (0, 0, [])
    assert (found["read"], found["compared"]) == (EVENTS, EVENTS)
    assert not past.called(), "no request leaves the machine"


def test_a_changed_table_is_counted_over_all_of_them(past: Past) -> None:
    code, found = past.backtest("other")
    expected = sum(
        (kind, event.get("status")) == ("dossier.v1.StatusChanged", "PROCESSING")
        for kind, event in islice(cycle(case_events("portal")), EVENTS)
    )
    groups = found["groups"]
    assert isinstance(groups, list)
    assert [group["cause"] for group in groups] == ["code table TO_STATUS"]  # type: ignore[index,call-overload]  # JSON
    assert [group["dossiers"] for group in groups] == [expected]  # type: ignore[index,call-overload]  # JSON
    assert (code, found["differing"], expected > 100) == (0, expected, True)
    assert not past.called()
