"""`hub audit why`: each cause injected, as whoever it comes from writes it down."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from msgspec.structs import replace

from hub.contract.types import Document
from hub.delivery.exchange import Attempt
from hub.delivery.held import Held, Part
from hub.delivery.journal import IN_DOUBT, Kind
from hub.delivery.parking import parked_record
from hub.delivery.receipts import Step, step_document, step_record
from hub.delivery.tracker import OffsetTracker
from hub.dev import runfiles
from hub.intake.acts import Act, as_document, record_of
from hub.records import Outgoing, Position, Record, Spot
from hub.surroundings import now_ms
from tests.cli.auditor import archive_all
from tests.cli.desk import AT, BY, CODE, STATUS, Desk, open_desk

AGENCY = "H44.99.99"
MANIFEST = """
hub: 1
name: {name}
title: {name}
owner: Sở Thử nghiệm
adapter: rest
contract: api.yaml
flows:
  progress: {{on: {on}, call: POST /x, serves: {serves}}}
"""
HOURS = "delivery: {limits: {closed: [{from: '00:00', to: '24:00', days: [%s]}]}}"
WEEK = "mon, tue, wed, thu, fri, sat, sun"


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = open_desk(tmp_path, monkeypatch)
    connect(desk)
    return desk


def connect(
    desk: Desk, entry: str = "", on: str = "StatusChanged", serves: str = "local_code"
) -> None:
    """The one registration of these tests: the portal, for one agency."""
    folder = desk.home / "connectors" / "portal"
    folder.mkdir(parents=True, exist_ok=True)
    manifest = MANIFEST.format(name="portal", on=on, serves=serves)
    (folder / "connector.yaml").write_text(manifest, encoding="utf-8")
    entry = entry or "paused: false"
    (desk.home / "registrations.yaml").write_text(
        f"registrations:\n- connector: portal\n  endpoint: 'https://portal.example.test'\n"
        f"  agencies: [{AGENCY}]\n  {entry}\n",
        encoding="utf-8",
    )


class Worker(BaseHTTPRequestHandler):
    """A worker that says how it is."""

    remarks: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        body = "\n".join(["ready", *self.remarks]).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[list[str]]:
    """What the running worker remarks."""
    Worker.remarks = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Worker)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    with runfiles.publish(tmp_path, "worker", f"http://127.0.0.1:{server.server_port}"):
        yield Worker.remarks
    server.shutdown()
    server.server_close()
    thread.join()


def event(desk: Desk, **change: str | None) -> Record:
    return desk.event(**{"local_code": AGENCY, **change})  # type: ignore[arg-type]  # spread


def why(desk: Desk, *words: str) -> Document:
    (row,) = desk.rows("audit", "why", CODE, *words)
    return row


def commit(desk: Desk, record: Record, offset: int) -> None:
    spot = Spot(record.topic, record.partition)
    desk.broker.commit_for("hub.portal", {spot: (offset, "")})


def step(desk: Desk, record: Record, kind: Kind, at: int, **more: object) -> None:
    """What a lane writes on the way to an end."""
    spot = Spot(record.topic, record.partition)
    plain = Step(kind, "portal", spot, at, offsets=(record.offset,), key=CODE, event_type=STATUS)
    one = replace(plain, **more)
    desk.keep(step_record(one, desk.codec.encode("hub.v1.Receipt", step_document(one))))


def park(desk: Desk, record: Record, *, first: bool, reason: str = "answered 404") -> None:
    held = Held(record, Part(OffsetTracker(0)), "e", STATUS, failures=int(first))
    settled = desk.settled(record, "PARKED", reason=reason)
    desk.keep(parked_record(held, settled))
    desk.receipt(record, "PARKED", reason=reason)


def refuse(desk: Desk, **more: object) -> None:
    act = Act("SET_ASIDE", "portal", "filed", f"nop {CODE}", "maTTHC is missing", None, **more)  # type: ignore[arg-type]  # spread
    desk.keep(record_of(act, desk.codec.encode("hub.v1.Act", as_document(act, AT))))


def never(desk: Desk) -> None:
    desk.event("H44.99.99-251013-0009")


def dead(desk: Desk) -> None:
    one = event(desk)
    desk.letter(one)
    desk.receipt(one, "DEAD_LETTERED")


def discarded(desk: Desk) -> None:
    dead(desk)
    desk.rows("dead-letter", "discard", "--registration", "portal", *BY)


def requeued(desk: Desk) -> None:
    dead(desk)
    desk.rows("dead-letter", "requeue", "--registration", "portal", *BY)


def late(desk: Desk) -> None:
    requeued(desk)
    (act,) = desk.acts()
    first = desk.record(Position(act.topic, act.partition, act.offset))
    desk.receipt(first, "DELIVERED", note="late", series=act.act + 1, act=act.act)


def behind(desk: Desk) -> None:
    park(desk, event(desk), first=True)
    park(desk, event(desk), first=False, reason="waits behind an earlier event of its dossier")


def doubt(desk: Desk) -> None:
    one = event(desk)
    commit(desk, one, one.offset)
    step(desk, one, "OWNER", AT)
    step(desk, one, "MARK", now_ms() - 120_000, epoch=0)


def timed_out(desk: Desk) -> None:
    refused = Attempt(AT, "PUT", "unknown", None, None)
    step(desk, event(desk), "ATTEMPT", AT, note=IN_DOUBT, reason="time-out", attempts=(refused,))


def retried(desk: Desk) -> None:
    one = event(desk)
    step(desk, one, "ATTEMPT", AT, reason="answered 404")
    step(desk, one, "ATTEMPT", AT, reason="answered 500")


def taken_up(desk: Desk) -> None:
    one = event(desk)
    commit(desk, one, one.offset)


def unwanted(desk: Desk) -> None:
    connect(desk, on="Accepted")
    event(desk)


def paused(desk: Desk) -> None:
    connect(desk, "paused: true")
    event(desk)


def misfitting(desk: Desk) -> None:
    connect(desk, "settings: {a: b}")
    event(desk)


INJECTED: dict[str, tuple[Callable[[Desk], object], str]] = {
    "never_received": (never, "never received anything"),
    "refused": (refuse, "maTTHC is missing"),
    "own": (lambda d: d.event(source="portal", local_code=AGENCY), "came from portal"),
    "not_wanted": (unwanted, "no flow for StatusChanged"),
    "not_served": (lambda d: event(d, local_code="H44.99.98"), "does not serve the agency"),
    "delivered": (lambda d: d.receipt(event(d), "DELIVERED"), "was delivered"),
    "delivered_late": (late, "after all"),
    "nothing_to_send": (lambda d: d.receipt(event(d), "NOTHING_TO_SEND"), "nothing to send"),
    "duplicate": (lambda d: d.receipt(event(d), "DUPLICATE"), "told the same fact"),
    "dead_letter": (dead, "not in STATE"),
    "discarded": (discarded, "Trần Thị Thử discarded it: bảng mã đã sửa"),
    "requeued": (requeued, "on its way"),
    "parked": (lambda d: park(d, event(d), first=True), "parked: answered 404"),
    "paused": (paused, "portal is paused"),
    "not_live": (misfitting, "is not live"),
    "worker_not_running": (event, "no worker runs"),
}
RUNNING: dict[str, tuple[Callable[[Desk], object], str, str]] = {
    "backlog": (taken_up, "", "only just come"),
    "not_live": (event, "", "has never begun"),
    "halted": (event, "portal: halted: the credential is refused", "the credential is refused"),
    "system_down": (event, "portal: down: 3 failures in a row", "3 failures in a row"),
    "in_doubt": (doubt, "", "nobody knows"),
    "retrying": (retried, "", "2 calls failed, the last: answered 500"),
}


@pytest.mark.parametrize("archived", [False, True])
@pytest.mark.parametrize("cause", INJECTED)
def test_an_injected_cause_is_the_answer(desk: Desk, cause: str, *, archived: bool) -> None:
    inject, says = INJECTED[cause]
    inject(desk)
    if archived:
        archive_all(desk)
    answer = why(desk, "--connector", "portal")
    assert (answer["cause"], says in str(answer["says"])) == (cause, True), answer


@pytest.mark.parametrize("cause", RUNNING)
def test_a_cause_is_the_answer_while_a_worker_runs(
    desk: Desk, worker: list[str], cause: str
) -> None:
    inject, remark, says = RUNNING[cause]
    inject(desk)
    worker += [remark] if remark else []
    answer = why(desk)
    assert (answer["cause"], says in str(answer["says"])) == (cause, True), answer


def test_a_time_out_after_the_send_is_in_doubt(desk: Desk, worker: list[str]) -> None:
    timed_out(desk)
    assert why(desk)["cause"] == "in_doubt"


def test_closed_hours_are_told(desk: Desk, worker: list[str]) -> None:
    days = WEEK.split(", ")
    today = days[((now_ms() // 3_600_000 + 7) // 24 + 3) % 7]  # 1970-01-01 was a Thursday
    connect(desk, HOURS % today)
    event(desk)
    assert why(desk)["cause"] == "closed_hours"


def test_the_chain_leads_from_the_event_to_what_is_in_the_way(desk: Desk) -> None:
    behind(desk)
    answer = why(desk)
    assert answer["cause"] == "parked"
    assert isinstance(answer["chain"], list)
    places = [str(link["place"]) for link in answer["chain"] if isinstance(link, dict)]
    assert [place.partition("/")[0] for place in places] == ["hub.dossier", "hub.parked"]
    assert "hub parked resume --registration portal" in str(answer["fix"])


def test_people_read_one_answer(desk: Desk) -> None:
    dead(desk)
    done = desk.hub("audit", "why", CODE)
    assert done.exit_code == 0
    assert done.stdout.startswith(
        f"{CODE} at portal: it is a dead letter: not in STATE  [dead_letter]"
    )
    assert "→ mend the cause" in done.stdout


def test_a_registration_that_nobody_knows_is_told(desk: Desk) -> None:
    assert desk.hub("audit", "why", CODE, "--connector", "portall").exit_code == 2


def test_records_of_others_change_nothing(desk: Desk) -> None:
    desk.keep(Outgoing("hub.parked", b"x", b"y", partition=0))
    desk.receipt(event(desk), "DELIVERED")
    assert why(desk)["cause"] == "delivered"
