"""What people decide about deliveries is carried out, once, and is on record."""

from collections.abc import Iterator
from typing import Any

import pytest

from hub.dev.waiting import until
from tests.system.messages import code, filed
from tests.system.world import FAR, World

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
BY = ("--by", "Trần Thị Thử", "--because", "đã sửa", "--json")


@pytest.fixture(autouse=True)
def mended(world: World) -> Iterator[None]:
    """No system goes on failing."""
    yield
    world.faults("onestop")


def refused(world: World, number: str) -> dict[str, Any]:
    """A filing that the one-stop refuses for ever, as the dead letter that it became."""
    match = {"dossier": number, "operation": "NhanHoSo"}
    rule = {"name": "no", "match": match, "action": {"kind": "error", "answer": {"Ma": "02"}}}
    world.faults("onestop", rules=[rule], on=[])
    filed(world, number)
    assert until(lambda: world.receipts(number) != {}, FAR, 0.2)
    assert world.receipts(number)["Received", "onestop"] == "DEAD_LETTERED"
    return letter(world, number)


def letter(world: World, number: str) -> dict[str, Any]:
    """The dossier's dead letter as the command tells it."""
    (found,) = world.hub("dead-letter", "list", "--dossier", number, "--json")
    return found


def test_a_discarded_letter_is_closed_with_name_and_reason(world: World) -> None:
    number = code()
    place = refused(world, number)["letter"]
    assert letter(world, number)["state"] == "open"
    (done,) = world.hub("dead-letter", "discard", place, *BY)
    after = letter(world, number)
    assert after["state"] == "discarded"
    assert after["decision"] == {"kind": "DISCARDED", "by": "Trần Thị Thử", "because": "đã sửa"}
    act = world.rows("hub.act", "onestop")[-1]
    assert (act.headers["hub_act"], act.headers["hub_connector"]) == ("DISCARDED", "onestop")
    assert done["act"] == f"hub.act/{act.partition}/{act.offset}"
    assert str(act.partition) == place.split("/")[1], "at the event's partition number"
