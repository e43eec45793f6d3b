"""How many connections the questions about a cluster take."""

from typing import Any

import pytest

from hub.broker import KafkaBroker, cluster


class Admin:
    """An admin client that knows one topic; each takes a connection."""

    opened = 0
    open_now = 0

    def __init__(self, **_: object) -> None:
        Admin.opened += 1
        Admin.open_now += 1

    def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        return [{"topic": name, "partitions": [0, 1, 2]} for name in names]

    def close(self) -> None:
        Admin.open_now -= 1


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> KafkaBroker:
    monkeypatch.setattr(cluster, "KafkaAdminClient", Admin)
    monkeypatch.setattr(cluster, "look", lambda *_: None)
    monkeypatch.setattr(Admin, "opened", 0)
    return KafkaBroker("127.0.0.1:9")


def test_what_is_asked_together_takes_one_connection(broker: KafkaBroker) -> None:
    with broker.together():
        assert [3, 3, 3] == [broker.partitions(name) for name in ("a", "b", "c")]
    assert (1, 0) == (Admin.opened, Admin.open_now)


def test_what_is_asked_apart_takes_one_each(broker: KafkaBroker) -> None:
    with broker.together():
        broker.partitions("a")
    broker.partitions("b")
    broker.partitions("c")
    assert (3, 0) == (Admin.opened, Admin.open_now)
