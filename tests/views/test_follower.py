"""Between Faust and the store: what waits, what is passed over, and that nothing is lost."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from hub.errors import Halt
from hub.events import Codec
from hub.records import Outgoing, Spot
from hub.topics import DOSSIER
from hub.views.follower import TRIES, Follower
from hub.views.store import Store
from tests.events.records import CATALOGUE
from tests.views.facts import on_time
from tests.views.kit import CLUSTER, Registry, Topics

SPOT = Spot(DOSSIER, 0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


def follower_of(store: Store, registry: Registry, end: int) -> Follower:
    return Follower(store, lambda: Codec(CATALOGUE, registry), {SPOT: end}, wait=0.001)


def test_a_batch_waits_for_the_registry(tmp_path: Path) -> None:
    topics = Topics()
    topics.tell(on_time())
    store = Store(tmp_path / "views.db", CLUSTER)
    follower = follower_of(store, topics.registry, 13)
    topics.registry.down = True

    async def main() -> None:
        folding = asyncio.create_task(follower.apply(topics.records))
        await until(lambda: topics.registry.asked > 3 * TRIES)
        assert (13, "the registry cannot be reached") == (follower.behind(), follower.holding)
        topics.registry.down = False
        await folding
        assert (0, "") == (follower.behind(), follower.holding)

    asyncio.run(main())
    store.close()


def test_a_schema_that_nobody_knows_is_passed_over_alone(tmp_path: Path) -> None:
    topics = Topics()
    events = topics.tell(on_time())
    foreign = topics.keep(Outgoing(DOSSIER, b"k", b"\x00\x00\x00\xff\xff\x02"))
    more = topics.tell(on_time()[:1])
    store = Store(tmp_path / "views.db", CLUSTER)
    follower = follower_of(store, topics.registry, 15)
    asyncio.run(follower.apply([*events, foreign, *more]))
    assert (0, {SPOT: 15}) == (follower.behind(), store.positions())
    store.close()


def test_a_schema_that_comes_late_is_waited_for(tmp_path: Path) -> None:
    topics = Topics()
    topics.tell(on_time())
    late = topics.registry.texts.pop()
    store = Store(tmp_path / "views.db", CLUSTER)
    follower = follower_of(store, topics.registry, 13)

    async def main() -> None:
        folding = asyncio.create_task(follower.apply(topics.records))
        await until(lambda: topics.registry.asked > 1)
        topics.registry.texts.append(late)
        await folding

    asyncio.run(main())
    assert {SPOT: 13} == store.positions()
    store.close()


def test_what_a_person_must_mend_stops_the_views(tmp_path: Path) -> None:
    topics = Topics()
    topics.tell(on_time())
    store = Store(tmp_path / "views.db", CLUSTER)

    def refused() -> Codec:
        raise Halt("the registry refuses the credential")

    follower = Follower(store, refused, {SPOT: 13})
    with pytest.raises(Halt):
        asyncio.run(follower.apply(topics.records))
    assert 13 == follower.behind()
    store.close()
