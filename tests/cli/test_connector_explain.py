"""`hub connector explain`, as a data protection officer and a program use it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.broker_memory import MemoryBroker, MemoryReader
from hub.cli import registered
from hub.cli.main import app
from hub.errors import Retry
from hub.records import Outgoing, Spot
from hub.registry.bundle_files import digest_of, read_files
from hub.registry.ledger import Entry, Registered, bundle_record, registration_record
from hub.topics import REGISTRY

DESK = Path(__file__).parents[1] / "registry" / "corpus" / "connectors" / "desk"


def hub(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["connector", "explain", *arguments])
    return result.exit_code, result.stdout, result.stderr


def rows(*arguments: str) -> list[dict[str, Any]]:
    code, out, _ = hub(*arguments, "--json")
    assert code == 0
    return [json.loads(line) for line in out.splitlines()]


def test_which_systems_receive_the_citizens_number() -> None:
    found = rows("--personal", "--field", "id_number")
    assert {row["connector"] for row in found if row["direction"] == "out"} == {
        "ngsp",
        "onestop",
        "portal",
    }
    assert ("portal", "registered", "soGiayTo", "p") in {
        (row["connector"], row["flow"], row["field"], row["pii"]) for row in found
    }
    assert all(row["owner"] and row["title"] for row in found)


def test_people_are_told_in_one_line_who_receives_it() -> None:
    code, _, said = hub("--personal", "--field", "id_number")
    assert (code, " receive it: ngsp, onestop, portal\n" in said) == (0, True)
    assert hub("postal", "--field", "id_number")[2].endswith("0 of 1 receive it: none\n")


def test_a_field_that_is_not_personal_is_found_unless_personal_ones_are_asked_for() -> None:
    assert {row["pii"] for row in rows("--field", "status_raw")} <= {"n", "p"}
    assert "n" in {row["pii"] for row in rows("--field", "status_raw")}
    assert "n" not in {row["pii"] for row in rows("--field", "status_raw", "--personal")}


def test_a_word_of_the_schemas_finds_the_field_too() -> None:
    by_word, by_name = (
        rows("--field", word) for word in ("identity paper, or tax code", "id_number")
    )
    assert by_word
    assert {row["at"] for row in by_word} <= {row["at"] for row in by_name}


def test_a_connector_is_named_or_is_a_folder() -> None:
    assert rows("postal") == rows("connectors/postal")
    fields = {(row["flow"], row["field"]): row for row in rows("postal")}
    order = fields["order", "SenderName"]
    assert (order["sources"], order["pii"]) == ([{"field": "event.sender.name", "pii": "p"}], "p")
    assert order["at"].startswith("mapping.py:")


def test_people_see_a_table_for_each_flow() -> None:
    code, out, _ = hub("postal")
    assert code == 0
    assert "order: ConsignmentOrdered → POST" in out
    assert "event.sender.name" in out


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> MemoryBroker:
    """A hub whose ledger holds the corpus's desk, which no file of this hub knows."""
    broker = MemoryBroker()
    broker.ensure_topic(REGISTRY, 1, {})
    files = read_files(DESK)
    entry: Entry = {
        "endpoint": "https://desk.example",
        "settings": {"unit": "H44"},
        "secrets": {"token": "env:A", "desk_token": "env:B"},
    }
    known = Registered("front", "desk", digest_of(files), entry, "live", 1, "lan", 5)
    for key, value in (bundle_record(files), registration_record(known)):
        broker.keep(Outgoing(REGISTRY, key, value, partition=0))
    monkeypatch.setenv("HUB_BOOTSTRAP", "127.0.0.1:9")
    monkeypatch.setattr("hub.broker.cluster.KafkaBroker", lambda *_: broker)
    return broker


@pytest.mark.parametrize("name", ["desk", "front"])
def test_what_was_registered_at_the_running_hub_is_told_too(
    name: str, running: MemoryBroker
) -> None:
    found = rows(name)
    assert {(row["connector"], *row["registrations"]) for row in found} == {("desk", "front")}
    assert "desk" in {row["connector"] for row in rows("--personal")}


def test_a_schema_breaks_what_is_registered_too(running: MemoryBroker, tmp_path: Path) -> None:
    schema = json.loads(Path("schemas/avro/common.v1.DossierStatus.avsc").read_bytes())
    schema["symbols"].append("SUSPENDED")
    (tmp_path / "new.avsc").write_text(json.dumps(schema), encoding="utf-8")
    result = CliRunner().invoke(app, ["schema", "check", str(tmp_path / "new.avsc"), "--json"])
    found = {json.loads(line)["connector"] for line in result.stdout.splitlines()}
    assert {"desk", "ngsp", "portal"} <= found


class Away(MemoryBroker):
    """A broker that cannot be read."""

    def reader(self, spots: Sequence[Spot]) -> MemoryReader:
        raise Retry("the broker does not answer", system=True)


def test_a_broker_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    away = Away()
    away.ensure_topic(REGISTRY, 1, {})
    monkeypatch.setenv("HUB_BOOTSTRAP", "127.0.0.1:9")
    monkeypatch.setattr("hub.broker.cluster.KafkaBroker", lambda *_: away)
    monkeypatch.setattr(registered, "SECONDS", 0.1)
    code, out, said = hub("postal", "--json")
    assert (code, bool(out)) == (0, True)
    assert "by the files alone" in said


@pytest.mark.parametrize("name", ["postall", "nowhere/at/all"])
def test_what_is_no_connector_is_told_with_those_that_are(name: str) -> None:
    code, _, said = hub(name)
    assert (code, "there is: " in said, "postal" in said) == (1, True, True)
