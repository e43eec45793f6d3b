"""A hub that knows people, on a real Kafka: stock clients, an identity provider, the record."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.error import SchemaRegistryError

from adapters.http.simple import fetch
from hub.access import tokens
from hub.broker import KafkaBroker
from hub.dev.waiting import until
from hub.events.catalogue import load
from hub.events.codec import Codec
from hub.records import every_spot
from hub.registry.schemas.client import RegistryClient
from hub.settings import environment
from hub.topics import ACT
from tests.access.sso import Sso, sso
from tests.brokers import LiveBroker
from tests.faults.processes import Processes
from tests.system.world import FAR

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

SCHEMAS = Path(__file__).parents[2] / "schemas" / "avro"
TEXT = json.dumps({"type": "record", "name": "Guest", "fields": [{"name": "a", "type": "int"}]})
ADMIN, OPERATOR = tokens.new_token(), tokens.new_token()
PEOPLE = f"""
principals:
  - {{name: quan, role: admin, token_sha256: {tokens.digest(ADMIN)}}}
"""
LAN = f"  - {{name: lan, role: operator, token_sha256: {tokens.digest(OPERATOR)}}}\n"


@dataclass
class Hub:
    url: str
    people: Path
    sso: Sso
    processes: Processes
    kafka: KafkaBroker

    def ask(self, method: str, path: str, token: str | None = None) -> int:
        headers = tokens.bearer(token) if token else {}
        return fetch(method, self.url + path, headers=headers)[0]

    def attempts(self) -> list[tuple[str, str, str]]:
        """Who tried what, and how it ended, as it stands on hub.act."""
        codec = Codec(load(SCHEMAS), RegistryClient(self.url))
        spots = every_spot(self.kafka, (ACT,))
        reader = self.kafka.reader(spots)
        found = []
        try:
            ends = reader.end()
            for spot, begin in reader.begin().items():
                reader.seek(spot, begin)
            while any(reader.position(spot) < ends[spot] for spot in spots):
                found += [codec.decode(one.value or b"")[1] for one in reader.poll(1.0)]
        finally:
            reader.close()
        kept = [act for act in found if act["kind"] == "ACCESS"]
        said = [(str(act["by"]), str(act["subject"]), str(act["reason"])) for act in kept]
        return [(by, what, reason.replace(", from 127.0.0.1", "")) for by, what, reason in said]


@pytest.fixture
def hub(kafka: LiveBroker, tmp_path: Path) -> Iterator[Hub]:
    home, people = tmp_path / "home", tmp_path / "people.yaml"
    home.mkdir()
    (tmp_path / "registrations.yaml").write_text("registrations: []\n", encoding="utf-8")
    with sso() as provider:
        people.write_text(PEOPLE + LAN + provider.entry, encoding="utf-8")
        variables = environment(
            {
                "HUB_HOME": str(home),
                "HUB_BOOTSTRAP": kafka.bootstrap,
                "HUB_REGISTRATIONS": str(tmp_path / "registrations.yaml"),
                "HUB_SCHEMAS": str(SCHEMAS),
                "HUB_ACCESS": str(people),
            }
        )
        with Processes(home, variables) as processes:
            url = processes.url(processes.hub("registry"))
            assert url is not None
            yield Hub(url, people, provider, processes, KafkaBroker(kafka.bootstrap))


def stock(url: str, credential: str | None = None) -> SchemaRegistryClient:
    known = {"basic.auth.user.info": credential} if credential else {}
    return SchemaRegistryClient({"url": url, "max.retries": 0, **known})


def test_who_may_is_let_in_and_every_attempt_is_on_record(hub: Hub) -> None:
    with stock(hub.url) as anybody:
        assert anybody.get_subjects()
        with pytest.raises(SchemaRegistryError) as refused:
            anybody.register_schema("guest", Schema(TEXT, "AVRO"))
        assert (401, 40101) == (refused.value.http_status_code, refused.value.error_code)
    with stock(hub.url, f"lan:{OPERATOR}") as operator:
        with pytest.raises(SchemaRegistryError) as refused:
            operator.register_schema("guest", Schema(TEXT, "AVRO"))
        assert 403 == refused.value.http_status_code
    with stock(hub.url, f"quan:{ADMIN}") as admin:
        assert admin.register_schema("guest", Schema(TEXT, "AVRO")) > 0

    assert 200 == hub.ask("GET", "/registrations", hub.sso.token("operator"))
    assert 200 == hub.ask("GET", "/registrations", hub.sso.token("auditor"))
    assert 401 == hub.ask("GET", "/registrations")
    assert 401 == hub.ask("GET", "/registrations", hub.sso.token("operator", aud="other"))
    assert 401 == hub.ask("GET", "/registrations", hub.sso.token("operator", exp=1))
    assert 401 == hub.ask("GET", "/registrations", hub.sso.token("boss"))
    assert 403 == hub.ask("DELETE", "/subjects/guest", hub.sso.token("operator"))

    versions, mine = "POST /subjects/guest/versions", "GET /registrations"
    wanted = {
        ("unknown", "POST /subjects/{subject}/versions", "refused: no credential"),
        ("lan", versions, "refused: this role may not"),
        ("quan", versions, "allowed"),
        ("oidc:thu", mine, "allowed"),
        ("unknown", mine, "refused: no credential"),
        ("unknown", mine, "refused: the token has expired"),
        ("oidc:thu", "DELETE /subjects/guest", "refused: this role may not"),
    }
    assert until(lambda: wanted <= set(hub.attempts()), FAR, 0.5), hub.attempts()
    told = json.dumps(hub.attempts()) + "".join(
        log.read_text() for log in (hub.people.parent / "home").rglob("*.log")
    )
    assert OPERATOR not in told
    assert ADMIN not in told


def test_whoever_is_taken_out_of_the_file_is_out(hub: Hub) -> None:
    assert 200 == hub.ask("GET", "/registrations", OPERATOR)
    hub.people.write_text(PEOPLE, encoding="utf-8")
    assert until(lambda: hub.ask("GET", "/registrations", OPERATOR) == 401, FAR, 0.1)
    assert 200 == hub.ask("GET", "/registrations", ADMIN)
    hub.people.write_text("principals: [", encoding="utf-8")
    assert until(lambda: hub.ask("GET", "/registrations", ADMIN) == 503, FAR, 0.1)


def test_a_guess_a_thousand_times_over_makes_few_records(hub: Hub) -> None:
    before = len(hub.attempts())
    for number in range(1_000):
        assert 401 == hub.ask("DELETE", f"/subjects/s{number}", f"hub_{number}")
    assert until(lambda: len(hub.attempts()) > before, FAR, 0.5)
    assert len(hub.attempts()) - before <= 2
