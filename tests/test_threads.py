"""Blocking work beside a loop."""

import asyncio
import threading
import time
from contextvars import ContextVar

import pytest

from hub.threads import AT_ONCE, apart

WHO: ContextVar[str] = ContextVar("who", default="nobody")


def test_it_gives_what_the_work_gives_and_raises_what_it_raises() -> None:
    def work(number: int, *, by: int) -> tuple[int, str, str]:
        return number * by, threading.current_thread().name, WHO.get()

    def fails() -> None:
        raise KeyError("no such thing")

    async def scene() -> None:
        WHO.set("me")
        assert await apart(work, 3, by=2) == (6, "apart", "me")
        with pytest.raises(KeyError):
            await apart(fails)

    asyncio.run(scene())


def test_no_more_threads_than_that_at_once() -> None:
    lock, now, most = threading.Lock(), [0], [0]
    go = threading.Event()

    def work() -> None:
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        go.wait(10)
        with lock:
            now[0] -= 1

    async def scene() -> None:
        tasks = [asyncio.create_task(apart(work)) for _ in range(3 * AT_ONCE)]
        while now[0] < AT_ONCE:
            await asyncio.sleep(0.005)
        go.set()
        await asyncio.gather(*tasks)

    asyncio.run(scene())
    assert most[0] == AT_ONCE


def test_the_loop_ends_without_what_hangs() -> None:
    hangs = threading.Event()

    async def scene() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(apart(hangs.wait, 30), 0.05)

    began = time.monotonic()
    asyncio.run(scene())
    assert time.monotonic() - began < 5
    hangs.set()  # its word to a loop that has ended goes nowhere
