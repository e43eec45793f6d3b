"""The stories of the demo on a real broker, and what must hold after them.

One stage plays every scenario of the demo; the tests then look at it from outside: with stock
clients, in the logs, through the commands. One of them stops the hub and starts it again.
"""

import contextlib
import io
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime
from uuid import UUID

import httpx
import pytest

from hub.broker import KafkaBroker
from hub.dev.waiting import until
from hub.settings import Security
from ops.demo.http import get
from ops.demo.play import play
from ops.demo.stage import SYSTEMS, health, stage, tail
from ops.demo.stories import (
    STORIES,
    late,
    merger,
    online,
    payment,
    redelivery,
    supplement,
    withdrawal,
)
from ops.demo.verdict import show
from tests.brokers import CACHE
from tests.system.played import (
    CODES,
    EVENTS,
    FACTS,
    FAR,
    REGISTRATIONS,
    SERVING,
    TOPICS,
    Played,
    calls_at,
    of_stories,
    outcomes,
    pids,
    receipt,
    running,
    unsettled,
    wish,
)
from tests.system.privacy import leaks, logs, personal, secrets_of
from tests.system.reading import Decoder, Row, decoder, read_all

pytestmark = [pytest.mark.system, pytest.mark.timeout(480)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    home = tmp_path_factory.mktemp("stage")
    out = io.StringIO()
    with ExitStack() as stack:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            running = stack.enter_context(stage(home, CACHE))
            health(running)
            found = play(running, STORIES)
            show(found)
        yield Played(running, found, out.getvalue())


@pytest.fixture(scope="module")
def rows(played: Played) -> list[Row]:
    return read_all(played.stage.bootstrap, TOPICS)


@pytest.fixture
def decode(played: Played) -> Iterator[Decoder]:
    with decoder(played.url("registry")) as decode:
        yield decode


def test_every_system_holds_what_its_story_says(played: Played) -> None:
    wrong = [
        (cell.story.number, cell.where, cell.should, cell.holds)
        for cell in played.cells
        if not cell.agrees
    ]
    assert wrong == []
    asked = Counter((cell.where, cell.dossier) for cell in played.cells)
    for code in CODES:
        places = [asked[where, code] for where in ("portal", "onestop", "ngsp", "views")]
        assert places == [1, 1, 1, 1], code
    assert asked["hub", ""] == len(STORIES)


@pytest.mark.parametrize("system", SYSTEMS)
def test_no_system_was_treated_against_its_rules(played: Played, system: str) -> None:
    assert get(f"{played.stage.inspect[system]}/_sim/violations") == (200, [])


def test_a_stock_consumer_reads_every_record(rows: list[Row], decode: Decoder) -> None:
    for row in rows:
        value = decode(row)
        if row.topic == "hub.dossier":
            assert value["dossier_code"] == row.key
        if "hub_outcome" in row.headers:
            assert value["key"] == row.key
    kinds = Counter(row.topic for row in rows)
    assert kinds["hub.dossier"] >= FACTS
    assert kinds["hub.catalogue"] > 0, "the poll of the catalogue gave nothing"
    assert kinds["hub.receipt"] >= sum(sum(story.receipts.values()) for story in STORIES)


def test_events_bear_cloudevents_headers(rows: list[Row]) -> None:
    for row in rows:
        if row.topic not in EVENTS:
            continue
        headers = row.headers
        assert headers["ce_specversion"] == "1.0"
        assert str(UUID(headers["ce_id"])) == headers["ce_id"]
        assert headers["ce_source"].removeprefix("/connectors/") in (*REGISTRATIONS, "postal_my")
        assert datetime.fromisoformat(headers["ce_time"]).tzinfo is not None
        assert headers["content-type"] == "application/vnd.confluent.avro"
        assert headers["traceparent"].startswith("00-")
        assert row.value[0] == 0
        domain, _, name = headers["ce_type"].partition(".v1.")
        assert domain in ("dossier", "consignment", "payment", "catalogue")
        assert name


def test_a_dossier_has_one_partition_on_every_topic(rows: list[Row]) -> None:
    places: dict[str, set[int]] = {}
    for row in rows:
        if row.key in CODES:
            places.setdefault(row.key, set()).add(row.partition)
    assert {key: len(found) for key, found in places.items()} == dict.fromkeys(CODES, 1)


def test_every_fact_is_kept_once(rows: list[Row]) -> None:
    events = of_stories(rows)
    assert len(events) == FACTS
    assert len({row.headers["ce_id"] for row in events}) == len(events)


def test_every_fact_has_one_end_at_each_registration(rows: list[Row], decode: Decoder) -> None:
    ends = Counter(
        (value["event_id"], value["connector"])
        for value in outcomes(rows, decode)
        if value["outcome"] != "PARKED" and not str(value["note"]).startswith("replay to ")
    )
    assert {pair: count for pair, count in ends.items() if count != 1} == {}


def test_what_was_parked_was_delivered_in_its_order_by_a_persons_act(
    rows: list[Row], decode: Decoder
) -> None:
    found = [value for value in outcomes(rows, decode) if value["key"] == late.CODE]
    parked = [value["event_id"] for value in found if value["outcome"] == "PARKED"]
    assert len(parked) == 2
    resumed = [value for value in found if value["act"] >= 0]
    assert [value["event_id"] for value in resumed] == parked  # same events, so the same keys
    assert {(value["outcome"], value["connector"]) for value in resumed} == {("DELIVERED", "ngsp")}


def test_a_record_that_was_there_already_is_updated(played: Played) -> None:
    accepted = receipt(played, payment.CODE, "Accepted")
    first, second = accepted["attempts"]
    assert (accepted["tries"], first["outcome"], second["outcome"]) == (2, "again", "delivered")
    assert second["again"] is True
    calls = [c for c in played.calls("ngsp") if c["dossier"] == payment.CODE]
    assert [c["verdict"] for c in calls[:2]] == ["exists", "stored"]


def test_a_write_without_an_answer_is_asked_about_and_not_repeated(played: Played) -> None:
    accepted = receipt(played, redelivery.CODE, "Accepted")
    assert [attempt["outcome"] for attempt in accepted["attempts"]] == ["unknown", "asked"]
    assert "in doubt" in accepted["note"]
    calls = [c for c in played.calls("ngsp") if c["dossier"] == redelivery.CODE]
    said = [(call["operation"], call["verdict"]) for call in calls]
    assert said[:2] == [("DongBoHoSoMC", "stored"), ("TraCuuHoSo", "asked")]
    assert [row for row in said[2:] if row[0] == "TraCuuHoSo"] == []


def test_a_step_without_an_answer_is_repeated_as_it_was(played: Played) -> None:
    withdrawn = receipt(played, withdrawal.CODE, "Withdrawn")
    assert [attempt["outcome"] for attempt in withdrawn["attempts"]] == ["unknown", "delivered"]
    calls = [c for c in played.calls("ngsp") if c["operation"] == "CapNhatTienDoHoSoMC"]
    first, second = [call for call in calls if call["dossier"] == withdrawal.CODE]
    assert (first["verdict"], second["verdict"]) == ("stored", "repeated")
    assert first["content_digest"] == second["content_digest"]


def test_a_webhook_was_repeated_byte_for_byte(played: Played) -> None:
    _, sent = get(f"{played.stage.inspect['postal_my']}/_sim/calls?direction=out&limit=100000")
    of_failure = [call for call in sent if '"status":15' in call["body"]]
    assert len(of_failure) == 2
    assert len({call["digest"] for call in of_failure}) == 1


def test_what_belongs_to_another_customer_stands_in_no_event(rows: list[Row]) -> None:
    item = redelivery.FOREIGN_ITEM.encode()
    assert [row.offset for row in rows if item in row.value] == []


def test_a_dossier_filed_elsewhere_bears_the_local_code_beside_its_own(
    rows: list[Row], decode: Decoder
) -> None:
    told = [row for row in of_stories(rows) if row.key == supplement.CODE]
    codes = [(row.headers["ce_source"], decode(row).get("local_code")) for row in told]
    assert {code for source, code in codes if source.endswith("/onestop")} == {supplement.LOCAL}
    assert {code for source, code in codes if source.endswith("/ngsp")} == {None}


def test_addresses_keep_their_codes_and_their_day(rows: list[Row], decode: Decoder) -> None:
    found: dict[str, set[tuple[str, ...]]] = {}
    for row in of_stories(rows):
        value = decode(row)
        if row.key in (merger.A, merger.B) and "dossier" in value:
            where = value["dossier"]["applicant"]["address"]
            codes = (where["commune_code"], where["district_code"], where["province_code"])
            found.setdefault(row.key, set()).add((*codes, where["as_of"].isoformat()))
    assert found == {
        merger.A: {("08731", "243", "26", merger.DAY_A)},
        merger.B: {("04957", "152", "17", merger.DAY_B)},
    }


def test_the_reference_of_a_payment_is_shown_to_nobody(played: Played) -> None:
    shown = [("logs", text) for _, text in logs(played.stage.home)]
    for words in (("event", "list"), ("receipt", "list"), ("dead-letter", "list")):
        done = played.command(*words, "--json", "-n", "10000")
        shown.append((" ".join(words), done.stdout))
    listed = played.stage.hub("event", "list", "--dossier", payment.CODE, "--json", "-n", "100")
    (paid,) = [row for row in listed if row["type"].endswith(".FeePaid")]
    shown.append(("event show", played.command("event", "show", paid["id"]).stdout))
    assert leaks(shown, [payment.REFERENCE]) == []


def test_personal_values_stand_in_no_header(rows: list[Row]) -> None:
    texts = [(f"{r.topic} {n}", text) for r in rows for n, text in r.headers.items()]
    assert leaks(texts, personal()) == []


def test_logs_hold_neither_a_person_nor_a_secret(played: Played) -> None:
    needles = personal() | secrets_of(played.stage.home)
    found = dict(logs(played.stage.home))
    assert {"gateway.log", "worker.log", "views.log", "registry.log", "hub.log"} <= set(found)
    assert leaks(found.items(), needles) == []
    assert leaks([("demo", played.said)], needles) == []


@pytest.mark.parametrize(
    "words",
    [
        ("event", "list"),
        ("event", "list", "--json"),
        ("receipt", "list"),
        ("receipt", "list", "--json"),
        ("dead-letter", "list"),
        ("dossier", "show", online.CODE),
        ("dossier", "show", payment.CODE, "--json"),
        ("dev", "status", "--json"),
    ],
    ids=" ".join,
)
def test_commands_show_neither_a_person_nor_a_secret(
    played: Played, words: tuple[str, ...]
) -> None:
    more = ("-n", "1000") if "list" in words else ()
    done = played.command(*words, *more)
    assert done.returncode == 0, done.stderr
    needles = personal() | secrets_of(played.stage.home)
    assert leaks([("stdout", done.stdout), ("stderr", done.stderr)], needles) == []


def test_personal_data_is_shown_with_the_right_and_a_reason_only(
    played: Played, rows: list[Row]
) -> None:
    event = next(r for r in of_stories(rows) if r.headers["ce_type"] == "dossier.v1.Received")
    number = event.headers["ce_id"]
    masked = played.command("event", "show", number)
    assert masked.returncode == 0, masked.stderr
    assert leaks([("masked", masked.stdout)], personal()) == []
    access = played.stage.home / "log" / "access.jsonl"
    before = access.read_bytes().splitlines() if access.exists() else []
    refused = played.command("event", "show", number, "--unmask", "complaint 12")
    assert (refused.returncode, refused.stdout) == (4, "")
    assert "HUB_MAY_UNMASK" in refused.stderr
    shown = played.command(
        "event", "show", number, "--unmask", "complaint 12", HUB_MAY_UNMASK="yes"
    )
    assert shown.returncode == 0, shown.stderr
    assert leaks([("shown", shown.stdout)], personal()) == ["shown"]
    (line,) = access.read_bytes().splitlines()[len(before) :]
    entry = json.loads(line)
    assert (entry["reason"], entry["what"]) == ("complaint 12", f"event {number}")
    assert entry["who"]


@pytest.mark.parametrize("name", SERVING)
def test_every_process_tells_how_it_is(played: Played, name: str) -> None:
    url = played.url(name)
    assert httpx.get(f"{url}/health/live").status_code == 200
    assert httpx.get(f"{url}/health/ready").status_code == 200
    page = httpx.get(f"{url}/metrics")
    assert page.status_code == 200
    assert "# TYPE" in page.text
    assert leaks([(name, page.text)], personal() | secrets_of(played.stage.home)) == []


def test_counters_agree_with_the_topics(played: Played, rows: list[Row]) -> None:
    # the worker restarts in another test: what it has counted since is at most what was told
    page = httpx.get(f"{played.url('worker')}/metrics").text
    delivered = [line for line in page.splitlines() if line.startswith("hub_receipts_total")]
    assert sum(float(line.rpartition(" ")[2]) for line in delivered) <= len(rows)
    assert 'hub_halted{registration="ngsp"} 1.0' not in page


def test_the_gateway_listens_where_it_was_told(played: Played) -> None:
    assert played.url("gateway") == played.stage.gateway


def test_status_tells_where_everything_is(played: Played) -> None:
    (said,) = played.stage.hub("dev", "status", "--json")
    assert said["bootstrap"] == played.stage.bootstrap
    found = {row["name"]: row for row in said["processes"]}
    assert {"kafka", "registry", *SERVING} <= set(found)
    for name in SERVING:
        assert httpx.get(f"{found[name]['url']}/health/live").status_code == 200


def test_the_hub_ends_in_order_and_begins_where_it_was(played: Played) -> None:
    assert until(lambda: not unsettled(played), FAR), unsettled(played)
    before = {system: len(played.calls(system)) for system in REGISTRATIONS}
    ended = pids(played)
    played.stage.stop()
    assert until(lambda: not any(running(pid) for pid in ended), FAR)
    assert "was killed" not in tail(played.stage.home, "hub")
    assert unsettled(played) == {}
    played.stage.start()
    # an event of each partition passes every lane after the restart; nothing old goes before it
    broker = KafkaBroker(played.stage.bootstrap, Security())
    count = broker.partitions("hub.dossier")
    codes: dict[int, str] = {}
    number = 0
    while len(codes) < count:
        number += 1
        code = f"H44.99.99-251101-{number:04d}"
        codes.setdefault(broker.partition_of(code.encode(), count), code)
    for code in codes.values():
        report = wish(played, code)
        assert report["accepted"], report["answer"]
    assert until(lambda: not unsettled(played), FAR), unsettled(played)
    told = [c for c in calls_at(played, "onestop") if c["dossier"] in codes.values()]
    assert len(told) == count
    assert {system: len(played.calls(system)) for system in REGISTRATIONS} == before
