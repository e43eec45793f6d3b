"""What people decide about deliveries is carried out, once, and is on record."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from hub.dev.waiting import until
from tests.loopback import PLAIN
from tests.system.messages import code, filed
from tests.system.world import FAR, World

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
BY = ("--by", "Trần Thị Thử", "--because", "đã sửa", "--json")
WHERE = ("--registration", "onestop")
WISH = {"nguon": "TINH", "thoiDiem": "03/11/2025 14:00:00", "lyDo": "Nộp nhầm"}


@pytest.fixture(autouse=True)
def mended(world: World) -> Iterator[None]:
    """No system goes on failing."""
    yield
    world.faults("onestop")


def answers(world: World, number: str, said: str) -> None:
    """What the one-stop says to each call for this dossier, keeping nothing of it."""
    answer = {"kind": "error", "answer": {"Ma": said}}
    rule = {"name": "no", "match": {"dossier": number}, "action": answer}
    world.faults("onestop", rules=[rule], on=[])


def wished(world: World, number: str) -> None:
    """The citizen wants the dossier back."""
    operation = "POST /ho-so/{maHoSo}/rut"
    told = world.act("portal", operation, WISH, key=f"rut-{number}", dossier=number)
    assert told["accepted"], told["answer"]


def refused(world: World, number: str) -> dict[str, Any]:
    """A filing that the one-stop refuses for ever, as the dead letter that it became."""
    answers(world, number, "02")
    filed(world, number)
    assert until(lambda: ends(world, number) == ["DEAD_LETTERED"], FAR, 0.2)
    return letter(world, number)


def ends(world: World, number: str) -> list[str]:
    """How the dossier's events ended at the one-stop, and ended again."""
    told = [row.headers for row in world.rows("hub.receipt", number)]
    return [
        h["hub_outcome"] for h in told if h["hub_connector"] == "onestop" and "hub_outcome" in h
    ]


def letter(world: World, number: str) -> dict[str, Any]:
    """The dossier's dead letter as the command tells it."""
    (found,) = world.hub("dead-letter", "list", "--dossier", number, "--json")
    return found


def keys(world: World, number: str) -> list[str]:
    """The idempotency key of every call for this dossier, also of those that were refused."""
    url = f"{world.inspect['onestop']}/_sim/calls?direction=in&dossier={number}&limit=1000"
    return [call["key"] for call in httpx.get(url, timeout=FAR, verify=PLAIN).json()]


def test_a_discarded_letter_is_closed_with_name_and_reason(world: World) -> None:
    number = code()
    before = refused(world, number)
    place = before["letter"]
    assert before["state"] == "open"
    (done,) = world.hub("dead-letter", "discard", place, *BY)
    after = letter(world, number)
    assert after["state"] == "discarded"
    assert after["decision"] == {"kind": "DISCARDED", "by": "Trần Thị Thử", "because": "đã sửa"}
    acts = {f"hub.act/{r.partition}/{r.offset}": r for r in world.rows("hub.act", "onestop")}
    act = acts[done["act"]]
    assert (act.headers["hub_act"], act.headers["hub_connector"]) == ("DISCARDED", "onestop")
    assert str(act.partition) == place.split("/")[1], "at the event's partition number"


def test_a_requeued_letter_goes_out_late_with_the_same_key(world: World) -> None:
    number = code()
    place = refused(world, number)["letter"]
    world.faults("onestop")
    world.hub("dead-letter", "requeue", place, *BY)
    assert until(lambda: ends(world, number) == ["DEAD_LETTERED", "DELIVERED"], FAR, 0.2)
    assert letter(world, number)["state"] == "delivered-late"
    assert world.told("onestop", number) == ["NhanHoSo"]
    first, second = keys(world, number)
    assert first == second
    world.end("worker")
    world.start("worker")
    wished(world, number)
    assert until(lambda: len(ends(world, number)) == 3, FAR, 0.2)
    assert world.told("onestop", number) == ["NhanHoSo", "NhanYeuCauRut"], "once, also after this"


def test_a_letter_that_is_refused_again_is_open_again(world: World) -> None:
    number = code()
    place = refused(world, number)["letter"]
    world.hub("dead-letter", "requeue", place, *BY)
    assert until(lambda: ends(world, number) == ["DEAD_LETTERED"] * 2, FAR, 0.2)
    again = letter(world, number)
    assert (again["state"], again["letter"] != place) == ("open", True)
    assert len(keys(world, number)) == 2


def test_an_edited_letter_goes_out_with_a_key_of_its_own(world: World, tmp_path: Path) -> None:
    number = code()
    filed(world, number)
    assert until(lambda: ends(world, number) == ["DELIVERED"], FAR, 0.2)
    answers(world, number, "02")
    wished(world, number)
    assert until(lambda: ends(world, number)[1:] == ["DEAD_LETTERED"], FAR, 0.2)
    world.faults("onestop")
    place = letter(world, number)["letter"]
    (shown,) = world.hub("dead-letter", "show", place)
    file = tmp_path / "new.json"
    file.write_text(json.dumps(shown["event"] | {"reason": "Xin rút để nộp lại"}), encoding="utf-8")
    (done,) = world.hub("dead-letter", "edit", place, "--event", str(file), *BY)
    assert done["changed"] == ["reason"]
    assert until(lambda: ends(world, number)[2:] == ["DELIVERED"], FAR, 0.2)
    assert letter(world, number)["state"] == "delivered-late"
    (kept,) = world.dossier("onestop", number)["NhanYeuCauRut"]
    assert kept["LyDo"] == "Xin rút để nộp lại"
    _, original, edited = keys(world, number)
    assert original != edited


@contextmanager
def parking_soon(world: World) -> Iterator[None]:
    """A worker that parks what the one-stop cannot take for half a second."""
    file = world.home / "registrations.yaml"
    before = file.read_text(encoding="utf-8")
    found = yaml.safe_load(before)
    for entry in found["registrations"]:
        if entry["connector"] == "onestop":
            entry["delivery"]["retry"] = {"first": 0.1, "longest": 0.3, "give_up": 0.5}
    world.end("worker")
    file.write_text(yaml.safe_dump(found, allow_unicode=True), encoding="utf-8")
    world.start("worker")
    try:
        yield
    finally:
        world.end("worker")
        file.write_text(before, encoding="utf-8")
        world.start("worker")


def parked(world: World, number: str) -> list[dict[str, Any]]:
    """What `hub parked list` says of a dossier; other tests may have parked others."""
    rows = world.hub("parked", "list", *WHERE, "--json")
    return [row for row in rows if row["dossier"] == number]


def test_a_parked_dossier_goes_on_in_order_when_somebody_says_so(world: World) -> None:
    number = code()
    with parking_soon(world):
        answers(world, number, "03")
        filed(world, number)
        assert until(lambda: ends(world, number) == ["PARKED"], FAR, 0.2)
        wished(world, number)
        assert until(lambda: ends(world, number) == ["PARKED"] * 2, FAR, 0.2)
        (row,) = parked(world, number)
        assert (row["behind"], row["type"]) == (1, "Received")
        world.faults("onestop")
        (done,) = world.hub("parked", "resume", *WHERE, "--dossier", number, *BY)
        assert done["act"].startswith("hub.act/")
        assert until(lambda: ends(world, number)[2:] == ["DELIVERED"] * 2, FAR, 0.2)
        assert world.told("onestop", number) == ["NhanHoSo", "NhanYeuCauRut"]
        assert until(lambda: parked(world, number) == [], FAR, 0.3)
        assert len(set(keys(world, number))) == 2, "an event has one key, however often it goes out"
