"""`hub connector unserved`: what went to nobody, and what would go to nobody now."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from hub.cli import connector, unserved
from hub.cli.browse import Browser
from hub.contract.types import Document
from hub.events.headers import Envelope, write_headers
from hub.records import Outgoing
from hub.registry.bundle_files import digest_of, read_files
from hub.registry.ledger import Entry, Registered, bundle_record, registration_record
from hub.settings import load
from hub.topics import DOSSIER, REGISTRY
from tests.cli.desk import AT, MASKS, Desk
from tests.events.records import CATALOGUE

POSTAL = Path(__file__).parents[2] / "connectors" / "postal"
CANCELLED = "consignment.v1.CancellationRequested"
ORDERED = "consignment.v1.ConsignmentOrdered"
SERVED, NOT_SERVED = "H44.01", "H44.02"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """A hub that has the postal connector, and nobody registered for it."""
    desk = Desk(tmp_path)
    (tmp_path / "connectors").mkdir()
    (tmp_path / "connectors" / "postal").symlink_to(POSTAL)
    (tmp_path / "registrations.yaml").write_text("registrations: []\n", encoding="utf-8")
    browser = Browser(load(desk.environment), desk.broker, CATALOGUE, desk.codec, MASKS)
    monkeypatch.setattr(unserved, "open_browser", lambda _: browser)
    monkeypatch.setattr(unserved, "now_ms", lambda: AT)
    return desk


def rows(desk: Desk) -> list[Document]:
    """The rows, by agency."""
    done = CliRunner().invoke(connector.app, ["unserved", "--json"], env=desk.environment)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def keep(desk: Desk, agency: str, unserved: tuple[str, ...] = ("postal",)) -> None:
    """A cancellation, as the gateway keeps it."""
    desk.events += 1
    record: Document = {
        "dossier_code": "H44.99.99-251013-0001",
        "at": AT,
        "order_number": f"O-{desk.events}",
        "agency_code": agency,
        "reason": None,
    }
    headers = write_headers(
        Envelope(f"e{desk.events}", "portal", CANCELLED, AT, "f", unserved=unserved)
    )
    value = desk.codec.encode(CANCELLED, record)
    desk.keep(Outgoing(DOSSIER, b"H44.99.99-251013-0001", value, tuple(headers)))


def register(desk: Desk, agency: str, was: str = "") -> None:
    """Serve an agency; where another one `was` served before, that is the second version."""
    files = read_files(POSTAL)
    entry: Entry = {
        "endpoint": "http://post.example.test",
        "agencies": [agency],
        "settings": {"customer_code": "C1"},
        "secrets": {"consumer_key": "env:A", "consumer_secret": "env:B"},
    }
    live = Registered("post", "postal", digest_of(files), entry, "live", 1, "An", 0)
    if was:
        first = replace(live.now, entry={**entry, "agencies": [was]})
        live = replace(live, version=2, before=(first,))
    for pair in (bundle_record(files), registration_record(live)):
        desk.keep(Outgoing(REGISTRY, *pair, partition=0))


def test_types_that_a_connector_wants_and_nobody_is_registered_for(desk: Desk) -> None:
    found = rows(desk)
    assert {CANCELLED, ORDERED} <= {str(row["type"]) for row in found}
    assert all(row["now"] == ["nobody"] and row["events"] == 0 for row in found)
    assert all(row["wanted_by"] == ["postal"] for row in found)


def test_events_of_an_agency_that_no_registration_names_are_counted(desk: Desk) -> None:
    register(desk, SERVED)
    keep(desk, NOT_SERVED)
    keep(desk, NOT_SERVED)
    keep(desk, SERVED, unserved=())
    (row,) = rows(desk)
    assert (row["type"], row["agency"], row["events"]) == (CANCELLED, NOT_SERVED, 2)
    assert row["now"] == ["nobody"]


def test_an_agency_that_was_registered_once_is_named_though_nothing_came(desk: Desk) -> None:
    register(desk, NOT_SERVED)
    register(desk, SERVED, was=NOT_SERVED)
    found = {(row["type"], row["agency"], row["events"]) for row in rows(desk)}
    assert found == {(CANCELLED, NOT_SERVED, 0), (ORDERED, NOT_SERVED, 0)}


def test_what_went_to_nobody_stays_listed_when_somebody_is_registered_later(desk: Desk) -> None:
    keep(desk, SERVED)
    register(desk, SERVED)
    (row,) = rows(desk)
    assert (row["agency"], row["events"], row["now"]) == (SERVED, 1, ["post"])


def test_where_everything_is_served_there_is_nothing_to_list(desk: Desk) -> None:
    register(desk, SERVED)
    keep(desk, SERVED, unserved=())
    assert rows(desk) == []
