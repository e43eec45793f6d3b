"""A refused credential is not tried again at every call."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from adapters.rest.token import REFUSED_FIRST, REFUSED_LONGEST, Grant, Token
from hub.errors import Halt, Retry


class Office:
    """Gives credentials, or raises what a test says; its clock goes when it is told."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.asked = 0
        self.trouble: Exception | None = Halt("the login was refused", "POST /login", "ask")

    async def fetch(self) -> Grant:
        self.asked += 1
        await asyncio.sleep(0)
        if self.trouble is not None:
            raise self.trouble
        return Grant(f"t-{self.asked}", None)


def run(work: Callable[[Office, Token], Awaitable[None]]) -> Office:
    async def bounded() -> Office:
        office = Office()
        token = Token(office.fetch, lambda: office.now)
        async with asyncio.timeout(10):
            await work(office, token)
        return office

    return asyncio.run(bounded())


async def refused(token: Token) -> str:
    with pytest.raises(Halt) as caught:
        await token.get()
    return str(caught.value)


def test_all_callers_share_one_refusal() -> None:
    async def work(office: Office, token: Token) -> None:
        said = await asyncio.gather(*(refused(token) for _ in range(8)))
        said += [await refused(token) for _ in range(8)]
        assert {"POST /login: the login was refused; ask"} == set(said)

    assert 1 == run(work).asked


def test_the_pause_grows_to_a_quarter_of_an_hour() -> None:
    pauses: list[float] = []

    async def work(office: Office, token: Token) -> None:
        await refused(token)
        last = office.now
        while len(pauses) < 6:
            office.now += 10.0
            before = office.asked
            await refused(token)
            if office.asked > before:
                pauses.append(office.now - last)
                last = office.now

    run(work)
    assert [60.0, 120.0, 240.0, 480.0, 900.0, 900.0] == pauses
    assert (REFUSED_FIRST, REFUSED_LONGEST) == (pauses[0], pauses[-1])


def test_success_forgets_the_refusals() -> None:
    async def work(office: Office, token: Token) -> None:
        await refused(token)
        office.trouble, office.now = None, office.now + 60
        assert "t-2" == await token.get()
        token.drop()
        office.trouble = Halt("no")
        await refused(token)
        office.now += 60
        await refused(token)
        assert 4 == office.asked

    run(work)


def test_a_person_may_ask_at_once_but_a_call_whose_token_was_refused_may_not() -> None:
    async def work(office: Office, token: Token) -> None:
        office.trouble = None
        both_used = asyncio.Barrier(2)

        async def call() -> None:
            await token.get()
            await both_used.wait()
            token.drop()
            await refused(token)

        async def first() -> str:
            return await token.get()

        await asyncio.create_task(first())
        office.trouble = Halt("the password was changed")
        await asyncio.gather(call(), call())
        assert 2 == office.asked
        token.drop()  # by a task that has used no token
        await refused(token)
        assert 3 == office.asked

    run(work)


def test_a_system_that_is_down_is_asked_again() -> None:
    async def work(office: Office, token: Token) -> None:
        office.trouble = Retry("no token: status 503", system=True)
        for _ in range(3):
            with pytest.raises(Retry):
                await token.get()

    assert 3 == run(work).asked
