"""What a process says of itself, and of where it says it."""

import asyncio
import re

from hub.probes import Event, Probed, Scope


class Well:
    """Nothing is wrong."""

    def problems(self) -> list[str]:
        return []


def asked(path: str) -> tuple[int, str]:
    """Status and body."""
    sent: list[Event] = []

    async def send(event: Event) -> None:
        sent.append(event)

    async def receive() -> Event:
        raise AssertionError

    scope: Scope = {"type": "http", "path": path}
    asyncio.run(Probed(Well())(scope, receive, send))
    return sent[0]["status"], sent[1]["body"].decode()


def test_every_address_that_a_refusal_names_is_served() -> None:
    status, body = asked("/health")
    assert status == 404
    named = re.findall(r"(?<!\w)/[\w/]+", body.partition("title")[2])
    assert [asked(path)[0] for path in named] == [200, 200, 200]
