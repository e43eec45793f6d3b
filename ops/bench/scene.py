"""A hub's settings for a measurement: fresh test credentials, registrations at given addresses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import yaml

from hub.settings import resolve
from ops.bench.messages import Sender
from ops.systems.make_config import make_config

ROOT = Path(__file__).parents[2]
CONNECTORS = ROOT / "connectors"
AGENCIES = ("H44.99.99",)
DELIVERY: Mapping[str, object] = {"in_flight": 32, "timeout": 30}
NOBODY = "http://127.0.0.1:1"  # an address that nothing is called at


@dataclass(frozen=True, slots=True)
class Entry:
    """A registration: which connector, where its system stands, under which name, how fast."""

    connector: str
    endpoint: str = NOBODY
    name: str = ""
    delivery: Mapping[str, object] = field(default_factory=lambda: dict(DELIVERY))


@dataclass(frozen=True, slots=True)
class Scene:
    """A home with credentials."""

    home: Path
    hub: Mapping[str, Mapping[str, Mapping[str, str]]]  # connector -> settings, secrets

    @property
    def registrations(self) -> Path:
        """The file that the hub's processes read."""
        return self.home / "registrations.yaml"

    def register(self, *entries: Entry) -> None:
        """Write the registrations; processes read them when they start."""
        rows = [self._row(entry) for entry in entries]
        text = yaml.safe_dump({"registrations": rows}, allow_unicode=True, sort_keys=False)
        self.registrations.write_text(text, encoding="utf-8")

    def sender(self) -> Sender:
        """What a load generator needs."""
        filed = orjson.loads(
            (CONNECTORS / "portal/cases/filed/online_by_post.in.json").read_bytes()
        )
        del filed["Idempotency_Key"]  # travels as a header
        filed["maHoSo"] = "{code}"
        return Sender(
            token=resolve(self.hub["portal"]["secrets"]["inbound_token"]),
            username=self.hub["onestop"]["settings"]["inbound_username"],
            password=resolve(self.hub["onestop"]["secrets"]["inbound_password"]),
            filed=orjson.dumps(filed).decode(),
        )

    def _row(self, entry: Entry) -> dict[str, object]:
        credential = self.hub[entry.connector]
        manifest = yaml.safe_load(
            (CONNECTORS / entry.connector / "connector.yaml").read_text(encoding="utf-8")
        )
        return {
            "connector": entry.connector,
            "name": entry.name or entry.connector,
            "endpoint": entry.endpoint,
            "allow_addresses": ["127.0.0.0/8"],
            "route": "adapter" if entry.connector == "ngsp" else "default",
            "agencies": list(AGENCIES),
            "settings": dict(credential["settings"]),
            "secrets": {k: v for k, v in credential["secrets"].items() if k in manifest["secrets"]},
            "delivery": dict(entry.delivery),
        }


def make_scene(home: Path) -> Scene:
    """Draw credentials below `home`."""
    hub = make_config(home / "systems")
    return Scene(home, hub)
