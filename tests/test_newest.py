"""Only the newest of what is asked for is brought about, one at a time."""

import asyncio

from structlog.testing import capture_logs

from hub.newest import Newest


def test_what_was_overtaken_while_another_was_under_way_is_left_out() -> None:
    async def scene() -> list[str]:
        gate, done = asyncio.Event(), list[str]()

        async def work(name: str) -> None:
            await gate.wait()
            done.append(name)

        newest = Newest(work)
        newest.ask("first")
        await asyncio.sleep(0)
        newest.ask("overtaken")
        newest.ask("last")
        gate.set()
        await newest.rest()
        return done

    assert ["first", "last"] == asyncio.run(scene())


def test_at_rest_nothing_is_waited_for_and_it_may_be_asked_again() -> None:
    async def scene() -> list[int]:
        done: list[int] = []

        async def work(number: int) -> None:
            done.append(number)

        newest = Newest(work)
        await newest.rest()
        for number in range(3):
            newest.ask(number)
            await newest.rest()
        return done

    assert [0, 1, 2] == asyncio.run(scene())


def test_a_bug_is_told_and_the_next_one_is_brought_about() -> None:
    async def scene() -> list[str]:
        done: list[str] = []

        async def work(name: str) -> None:
            if name == "bad":
                raise KeyError(name)
            done.append(name)

        newest = Newest(work)
        newest.ask("bad")
        await newest.rest()
        newest.ask("good")
        await newest.rest()
        return done

    with capture_logs() as said:
        assert ["good"] == asyncio.run(scene())
    assert ["change_bug"] == [line["event"] for line in said]
