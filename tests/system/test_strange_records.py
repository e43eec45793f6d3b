"""Records that no process of the hub wrote stand on its topics: the work goes on around them."""

from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
from confluent_kafka import Producer

from hub.dev.waiting import until
from hub.topics import SCHEMAS, TOPICS
from ops.demo import stage
from tests.system.messages import code, filed
from tests.system.world import FAR, World, running_world

pytestmark = [pytest.mark.system, pytest.mark.timeout(480)]

Strange: TypeAlias = tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]
EMPTY: Strange = (None, None, [])
NAMES = (
    *("ce_type", "ce_id", "ce_source", "hub_connector", "hub_kind"),
    *("hub_act", "hub_outcome", "hub_dead_source", "hub_digest"),
)
HEADERS_WITHOUT_VALUES: Strange = (b"\xff", b"\xff\xfe", [(name, None) for name in NAMES])
NEARLY_OURS: Strange = (
    b"portal|hub.dossier|x",
    b"\x00\x00\x00\x00\x01",
    [
        ("ce_type", b"dossier.v1.Received"),
        ("ce_id", b"\xff"),
        ("hub_connector", b"onestop"),
        ("hub_act", b"RESUMED"),
        ("hub_outcome", b"DELIVERED"),
        ("hub_dead_connector", b"onestop"),
        ("hub_dead_source", b"hub.dossier/0/99"),
        ("hub_dead_series", "²".encode()),
    ],
)
LISTS = ("event", "act", "receipt", "dead-letter", "parked")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One of its own: what is put onto its topics stays there."""
    with running_world(tmp_path_factory.mktemp("strange")) as world:
        yield world


def put(world: World, *records: Strange) -> None:
    """These records onto every partition of every topic of the hub."""
    producer = Producer({"bootstrap.servers": world.broker.bootstrap})
    refused: list[object] = []
    for topic in (topic for topic in TOPICS if topic.name != SCHEMAS):
        for number in range(1 if topic.single else int(stage.PARTITIONS)):
            for key, value, headers in records:
                if key is None and "compact" in str(topic.config["cleanup.policy"]):
                    continue  # the broker refuses a record without a key there
                producer.produce(
                    topic.name,
                    value,
                    key,
                    number,
                    headers=headers,  # type: ignore[arg-type]  # a header's value may be None
                    on_delivery=lambda error, _: refused.append(error) if error else None,
                )
    assert producer.flush(FAR) == 0
    assert refused == []


def test_strange_records_are_passed_by_all_processes_also_when_they_begin_anew(
    world: World,
) -> None:
    put(world, EMPTY, HEADERS_WITHOUT_VALUES, NEARLY_OURS)
    number = code()
    filed(world, number)
    assert until(lambda: world.told("onestop", number) == ["NhanHoSo"], FAR), _last(world)
    for name in ("worker", "gateway"):
        world.end(name)
        world.start(name)
    put(world, NEARLY_OURS, HEADERS_WITHOUT_VALUES)
    other = code()
    filed(world, other)
    assert until(lambda: world.told("onestop", other) == ["NhanHoSo"], FAR), _last(world)
    assert world.told("onestop", number) == ["NhanHoSo"], "once"
    for group in LISTS:
        world.hub(group, "list", "--json")
    letters = world.hub("dead-letter", "list", "--json", "-n", "1000")
    assert any(row["registration"] == "onestop" for row in letters)
    bugs = [line for name in ("worker", "gateway") for line in world.log(name)]
    assert [line for line in bugs if line["event"].endswith("_bug")] == []


def _last(world: World) -> list[dict[str, Any]]:
    return [line for line in world.log("worker") if line["level"] != "info"][-5:]
