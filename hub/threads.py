"""Blocking work beside the event loop, for which nobody waits at the end.

`asyncio.to_thread` is waited for when the loop ends, however long it takes: a process that reads
from a broker which has just died would outlast its stop by half a minute.
"""

import asyncio
import contextvars
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

P = ParamSpec("P")
T = TypeVar("T")
AT_ONCE = 8  # threads of one loop: each may hold a connection to the broker

_places: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


async def apart(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` gives or raises, from a thread that dies with the process."""
    loop = asyncio.get_running_loop()
    async with _places.setdefault(loop, asyncio.Semaphore(AT_ONCE)):
        future: asyncio.Future[T] = loop.create_future()
        context = contextvars.copy_context()

        def run() -> None:
            try:
                result = context.run(work, *args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
                _say(loop, future, future.set_exception, error)
            else:
                _say(loop, future, future.set_result, result)

        threading.Thread(target=run, name="apart", daemon=True).start()
        return await future


def _say(
    loop: asyncio.AbstractEventLoop,
    future: "asyncio.Future[T]",
    tell: Callable[..., None],
    what: object,
) -> None:
    def told() -> None:
        if not future.done():  # nobody waits any more
            tell(what)

    with suppress(RuntimeError):  # the loop has ended
        loop.call_soon_threadsafe(told)
