"""Who delivers hears of acts of people, also in partitions that came later."""

import asyncio

import pytest

from hub.broker_memory import MemoryBroker
from hub.delivery import orders as following
from hub.delivery.orders import Orders
from hub.records import Outgoing
from hub.topics import ACT

pytestmark = pytest.mark.process
HEADERS = (("hub_act", b"RESUMED"), ("hub_connector", b"portal"))


def test_an_act_is_heard_where_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "COUNT_EVERY", 0.05)
    monkeypatch.setattr(following, "AGAIN", 0.05)
    monkeypatch.setattr(following, "POLL", 0.02)
    broker = MemoryBroker()
    broker.ensure_topic(ACT, 1, {})
    broker.keep(Outgoing(ACT, b"portal", b"before the start", HEADERS, 0))

    async def go() -> list[int]:
        heard: asyncio.Queue[int] = asyncio.Queue()
        orders = Orders(broker, asyncio.get_running_loop())
        orders.tell("portal", heard.put_nowait)
        orders.start()
        found = []
        try:
            async with asyncio.timeout(20):
                while heard.empty():  # until it follows: what was there before is not told
                    broker.keep(Outgoing(ACT, b"portal", b"v", HEADERS, 0))
                    await asyncio.sleep(0.02)
                found.append(await heard.get())
                broker.ensure_topic(ACT, 2, {}, grows=True)
                broker.keep(Outgoing(ACT, b"postal", b"v", (*HEADERS[:1], ("hub_connector", b"x"))))
                broker.keep(Outgoing(ACT, b"portal", b"v", HEADERS, 1))
                while (number := await heard.get()) == 0:
                    pass
                found.append(number)
        finally:
            await asyncio.to_thread(orders.stop)
        return found

    assert asyncio.run(go()) == [0, 1]
