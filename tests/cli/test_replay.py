"""`hub replay` on the broker's twin: plans, sandbox runs, approvals and live runs."""

import json
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.cli import replay, replaying
from hub.cli.browse import Browser
from hub.cli.main import app
from hub.delivery.receipts import request_digest
from hub.records import Outgoing, Record, Spot
from hub.registry.bundle import Bundle, read_bundle
from hub.registry.entries import read_entry
from hub.registry.event_types import read_events
from hub.registry.ledger import Entry, Registered, bundle_record, registration_record
from hub.registry.live import Live, outflows
from hub.registry.registration import complete
from hub.settings import load
from hub.surroundings import digest_key
from hub.topics import DOSSIER, RECEIPT, REGISTRY
from tests.cli.auditor import archive_all, sign_all
from tests.cli.desk import BY, MASKS, Desk
from tests.events.records import CATALOGUE
from tests.test_architecture import ROOT

ENTRY: Entry = {
    "endpoint": "http://127.0.0.1:9",
    "allow_addresses": ["127.0.0.0/8"],
    "settings": {"client_id": "T"},
    "secrets": {"inbound_token": "env:NO", "client_secret": "env:NO"},
}
SECOND = ("--by", "Lê Văn Thử", "--because", "đã xem")
EVENTS = read_events(ROOT / "schemas" / "avro")


def environment(desk: Desk) -> dict[str, str]:
    return {**desk.environment, "HUB_CONNECTORS": str(ROOT / "connectors")}


@dataclass
class Place:
    """The portal as it was when its receipts were written, and as it is today."""

    desk: Desk
    browser: Browser
    then: Live
    plan: Path

    def hub(self, *words: str) -> Result:
        return CliRunner().invoke(app, ["replay", *words], env=environment(self.desk))

    def planned(self, *words: str, exit_code: int = 0) -> Result:
        self.plan.unlink(missing_ok=True)
        done = self.hub("plan", *words, *BY, "--out", str(self.plan))
        assert done.exit_code == exit_code, done.output
        return done

    def delivered(self, code: str, status: str = "PROCESSING", **more: object) -> Record:
        """An event and its receipt, as the worker wrote it under the version of then."""
        event = self.desk.event(code, status=status)
        name, record = self.desk.codec.decode(event.value or b"")
        flow = outflows(self.then, EVENTS)[name]
        made = flow.make(record, None, flow.settings, [])
        assert made is not None
        key = digest_key(load(self.desk.environment))
        said = {"request": request_digest(*made, key), "bundle": self.then.bundle.digest}
        terms = {"settings": self.then.registration.digest}
        self.desk.receipt(event, "DELIVERED", **(said | terms | more))
        return event

    def register(
        self, version: int, bundle: Bundle, before: Registered | None = None
    ) -> Registered:
        for key, value in (bundle_record(bundle.files),):
            self.desk.broker.keep(Outgoing(REGISTRY, key, value, ()))
        registered = Registered(
            "portal",
            "portal",
            bundle.sha256,
            ENTRY,
            "live",
            version,
            "Trần Thị Thử",
            1,
            before=(before.now,) if before else (),
        )
        key, value = registration_record(registered)
        self.desk.broker.keep(Outgoing(REGISTRY, key, value, ()))
        return registered


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    desk = Desk(tmp_path)
    (tmp_path / "registrations.yaml").write_text("registrations: []\n", encoding="utf-8")
    bundle = read_bundle(ROOT / "connectors" / "portal", EVENTS)
    entry = complete(read_entry("portal", "portal", ENTRY), bundle.manifest)
    browser = Browser(load(environment(desk)), desk.broker, CATALOGUE, desk.codec, MASKS)
    found = Place(desk, browser, Live(bundle, entry), tmp_path / "plan.json")
    found.register(1, bundle)
    monkeypatch.setattr(replay, "open_browser", lambda _: browser)
    return found


def newer(place: Place, folder: Path, old: str, new: str) -> None:
    """Today's version has another mapping."""
    target = folder / "new" / "portal"
    shutil.copytree(ROOT / "connectors" / "portal", target)
    file = target / "mapping.py"
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    first = place.register(1, place.then.bundle)
    place.register(2, read_bundle(target, EVENTS), first)


def test_what_was_sent_is_made_again_and_is_the_same(place: Place) -> None:
    for number in range(5):
        place.delivered(f"H44.99.99-251013-000{number}")
    said = place.planned("--registration", "portal")
    assert "5 in" in said.stderr
    done = place.hub("run", str(place.plan), "--json")
    (played,) = json.loads(done.stdout)["played"]
    assert (done.exit_code, played["requests"]["same"], played["unexplained"]) == (0, 5, 0)
    shown = place.hub("diff", str(place.plan.with_suffix(".result.json")))
    assert (shown.exit_code, len(shown.stdout.splitlines())) == (0, 2), "a head and a row"


def test_what_the_topics_hold_no_more_comes_from_the_archive(place: Place) -> None:
    for number in range(3):
        place.delivered(f"H44.99.99-251013-000{number}")
    sign_all(place.desk, 1_800_000_000)
    archive_all(place.desk)
    spots = [Spot(topic, p) for topic in (DOSSIER, RECEIPT) for p in range(3)]
    ends = {spot: len(place.desk.broker.since(spot, 0)) for spot in spots}
    place.desk.broker.delete_before(ends)
    place.delivered("H44.99.99-251013-0003")
    assert "4 in" in place.planned().stderr
    done = place.hub("run", str(place.plan), "--json")
    (played,) = json.loads(done.stdout)["played"]
    assert (done.exit_code, played["requests"]) == (0, {"same": 4})


def test_a_receipt_that_names_another_request_is_found(place: Place) -> None:
    place.delivered("H44.99.99-251013-0001")
    bad = place.delivered("H44.99.99-251013-0002", request="0" * 32)
    place.planned()
    done = place.hub("run", str(place.plan))
    assert done.exit_code == 1
    assert f"NOT WHAT WAS SENT portal {bad.place.text}" in done.stdout


def test_a_changed_table_changes_just_the_dossiers_concerned(place: Place, tmp_path: Path) -> None:
    for number in range(4):
        place.delivered(f"H44.99.99-251013-000{number}", "WITHDRAWN" if number else "PROCESSING")
    newer(place, tmp_path, '"PROCESSING": "DANG_XU_LY"', '"PROCESSING": "KHONG_RO"')
    place.planned()
    done = place.hub("run", str(place.plan), "--beside", "today", "--json")
    (played,) = json.loads(done.stdout)["played"]
    assert (done.exit_code, played["requests"]["same"], played["unexplained"]) == (0, 4, 0)
    (group,) = played["beside"]["groups"]
    assert (group["cause"], group["dossiers"]) == ("code table TO_STATUS", 1)
    assert (group["path"], group["values"]) == ("trangThai", "DANG_XU_LY → KHONG_RO")


def test_a_folder_may_stand_beside(place: Place, tmp_path: Path) -> None:
    place.delivered("H44.99.99-251013-0001")
    folder = tmp_path / "later" / "portal"
    shutil.copytree(ROOT / "connectors" / "portal", folder)
    file = folder / "mapping.py"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('"PROCESSING": "DANG_XU_LY"', '"PROCESSING": "KHONG_RO"', 1))
    place.planned()
    done = place.hub("run", str(place.plan), "--beside", str(folder), "--json")
    (played,) = json.loads(done.stdout)["played"]
    assert [g["values"] for g in played["beside"]["groups"]] == ["DANG_XU_LY → KHONG_RO"]
    for bad, code in ((tmp_path / "nowhere", 2), (tmp_path, 1)):
        assert place.hub("run", str(place.plan), "--beside", str(bad)).exit_code == code


def test_a_version_that_is_not_kept_is_said(place: Place) -> None:
    place.delivered("H44.99.99-251013-0001", bundle="f" * 16)
    place.delivered("H44.99.99-251013-0002", settings="f" * 16)
    place.planned()
    played = json.loads(place.hub("run", str(place.plan), "--json").stdout)["played"]
    assert [one["requests"]["its version is not kept"] for one in played] == [1, 1]


def test_a_plan_says_how_many_to_whom_and_which_are_known(place: Place) -> None:
    place.delivered("H44.99.99-251013-0001")
    event = place.desk.event("H44.99.99-251013-0002")
    place.desk.receipt(event, "DEAD_LETTERED")
    place.desk.letter(event)
    place.desk.receipt(place.desk.event("H44.99.99-251013-0003"), "PARKED")
    place.desk.event("H44.99.99-251013-0004")  # on its way
    rows = [json.loads(line) for line in place.planned("--json").stdout.splitlines()]
    assert {(r["outcome"], r["act"], r["events"], r["known"]) for r in rows} == {
        ("DELIVERED", "REPLAYED", 1, True),
        ("DEAD_LETTERED", "REQUEUED", 1, False),
        ("PARKED", "RESUMED", 1, False),
    }
    assert place.desk.acts() == [], "a plan sends nothing"
    assert "is there already" in place.hub("plan", *BY, "--out", str(place.plan)).stderr
    for words, code in (
        (("--outcome", "GONE"), 2),
        (("--offsets", "hub.dossier/x/1-2"), 2),
        (("--most", "1"), 1),
        (("--dossier", "H44.99.99-251013-0009"), 1),
    ):
        place.planned(*words, exit_code=code)
    one = f"hub.dossier/{event.partition}/{event.offset}-{event.offset}"
    assert "1 in" in place.planned("--offsets", one).stderr


def test_live_needs_a_second_person_and_every_attempt_is_on_record(place: Place) -> None:
    place.delivered("H44.99.99-251013-0001")
    place.planned()
    live = ("run", str(place.plan), "--live", "--by", "Trần Thị Thử", "--pace", "1000")
    refused = place.hub(*live)
    assert (refused.exit_code, "no second person" in refused.stderr) == (1, True)
    own = place.hub("approve", str(place.plan), *BY)
    assert (own.exit_code, "a second person approves it" in own.stderr) == (1, True)
    assert place.hub("approve", str(place.plan), *SECOND).exit_code == 0
    kinds = [one.kind for one in replaying.approvals(place.browser)]
    assert kinds == ["REPLAY_REFUSED", "REPLAY_REFUSED", "REPLAY_APPROVED"]
    done = place.hub(*live)
    assert (done.exit_code, "1 of 1 acts" in done.stderr) == (0, True)
    (act,) = place.desk.acts()
    assert (act.kind, act.by) == ("REPLAYED", "Trần Thị Thử, approved by Lê Văn Thử")
    again = place.hub(*live)
    assert (again.exit_code, len(place.desk.acts())) == (0, 1), "what stands there is not repeated"
    place.plan.write_bytes(place.plan.read_bytes().replace(b"0001", b"0002"))
    assert "no second person" in place.hub(*live).stderr, "another plan is another approval"
    assert place.hub("run", str(place.plan), "--live").exit_code == 2


def sandbox(place: Place, **change: object) -> str:
    """The file of sandboxes with the portal's."""
    entry = {"name": "portal", "connector": "portal", **ENTRY, "endpoint": "http://127.0.0.1:8"}
    file = place.desk.home / "sandbox.yaml"
    file.write_text(json.dumps({"registrations": [{**entry, **change}]}), encoding="utf-8")
    return str(file)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "postal"}, "has no entry for portal"),
        ({"endpoint": "http://127.0.0.1:9"}, "stands at the address of the live registration"),
        ({"endpoint": 7}, "sandbox 'portal'"),
        ({"settings": {"client_id": "http://127.0.0.1:7/x"}}, "'client_id' names another address"),
    ],
)
def test_what_is_no_sandbox_is_refused_before_the_first_call(
    place: Place, change: dict[str, object], said: str
) -> None:
    place.delivered("H44.99.99-251013-0001")
    place.planned()
    done = place.hub("run", str(place.plan), "--to", sandbox(place, **change))
    assert (done.exit_code, said in done.stderr) == (1, True), done.stderr


def test_a_sandbox_that_is_down_is_told_of_and_ends_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.delivered("H44.99.99-251013-0001")
    place.planned()
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    secrets = {"inbound_token": "env:SANDBOX", "client_secret": "env:SANDBOX"}
    to = sandbox(place, endpoint=f"http://127.0.0.1:{port}", secrets=secrets)
    monkeypatch.setenv("SANDBOX", "a secret of the sandbox")
    done = place.hub("run", str(place.plan), "--to", to, "--json")
    (played,) = json.loads(done.stdout)["played"]
    assert (played["requests"], played["outcomes"]) == ({"same": 1}, {"PARKED": 1})
    told = [
        place.desk.codec.decode(record.value or b"")[1]
        for partition in range(3)
        for record in place.desk.broker.since(Spot(RECEIPT, partition), 0)
    ]
    assert [(one["kind"], one["outcome"]) for one in told] == [
        ("OUTCOME", "DELIVERED"),
        ("REPLAY", "PARKED"),
    ]
    assert str(told[1]["note"]).startswith("replay to sandbox")
    assert "1 in" in place.planned("--outcome", "DELIVERED").stderr, "it is still delivered"
