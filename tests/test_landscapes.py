"""What is live in a process that runs: at its start, and within moments of each change."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from hub.broker_memory import MemoryBroker
from hub.landscapes import Landscapes, open_landscapes
from hub.records import Outgoing
from hub.registry.bundle_files import digest_of
from hub.registry.difference import same_client
from hub.registry.ledger import Entry, Ledger, bundle_record, registration_record
from hub.registry.live import Landscape, Live
from hub.registry.present import present
from hub.topics import REGISTRY
from tests.registry.test_earlier import ENTRY, FIRST, MOVED, SECOND, files, ledger

pytestmark = pytest.mark.process
__all__ = ["files"]  # the fixture

SECRETS = ("consumer_key", "consumer_secret")
SOON = 5.0  # seconds: what the hub promises


class Hub:
    """A process, and `hub.registry` before it."""

    def __init__(self, files: Landscape) -> None:
        self.broker = MemoryBroker()
        self.broker.ensure_topic(REGISTRY, 1, {})
        self.files = files
        self.seen: list[Landscape] = []

    def say(self, known: Ledger) -> None:
        for bundle in known.bundles.values():
            self._keep(*bundle_record(bundle))
        for registered in known.registrations.values():
            self._keep(*registration_record(registered))

    def _keep(self, key: bytes, value: bytes) -> None:
        self.broker.keep(Outgoing(REGISTRY, key, value, partition=0))

    def run(self, scene: Callable[[Landscapes], Awaitable[None]]) -> None:
        async def main() -> None:
            async with AsyncExitStack() as stack:
                landscapes = await open_landscapes(stack, self.broker, self.files)
                landscapes.tell(self.seen.append)
                await scene(landscapes)

        asyncio.run(main())

    async def sees(self, holds: Callable[[tuple[Live, ...]], bool]) -> None:
        async with asyncio.timeout(SOON):
            while not holds(self.seen[-1].live):
                await asyncio.sleep(0.01)


def names(live: tuple[Live, ...]) -> list[str]:
    return [one.name for one in live]


def test_what_stood_there_at_the_start_is_live_at_the_start(files: Landscape) -> None:
    hub = Hub(files)
    hub.say(ledger((FIRST, ENTRY)))

    async def scene(landscapes: Landscapes) -> None:
        assert ["post"] == names(hub.seen[0].live) == names(landscapes.now.live)

    hub.run(scene)


def test_a_change_is_told_and_what_it_does_not_touch_is_the_same_object(files: Landscape) -> None:
    hub = Hub(files)
    hub.say(ledger((FIRST, ENTRY)))

    async def scene(landscapes: Landscapes) -> None:
        (first,) = landscapes.now.live
        hub.say(ledger((FIRST, ENTRY), (FIRST, ENTRY)))  # another version, of the same
        hub.say(ledger((FIRST, ENTRY), (FIRST, ENTRY), (SECOND, ENTRY)))
        await hub.sees(lambda live: live[0].bundle.digest != first.bundle.digest)
        for seen in hub.seen[:-1]:
            assert seen.live[0] is first
        again = landscapes.earlier("post", first.bundle.digest, first.registration.digest)
        assert again is not None
        assert again.bundle.sha256 == first.bundle.sha256

    hub.run(scene)


def test_a_secret_that_was_written_anew_makes_its_registration_another(
    files: Landscape, tmp_path: Path
) -> None:
    hub, secret = Hub(files), tmp_path / "key"
    secret.write_text("bí mật một", encoding="utf-8")
    entry: Entry = {**ENTRY, "secrets": dict.fromkeys(SECRETS, f"file:{secret}")}
    hub.say(ledger((FIRST, entry)))

    async def scene(landscapes: Landscapes) -> None:
        (first,) = landscapes.now.live
        secret.write_text("bí mật hai", encoding="utf-8")
        await hub.sees(lambda live: live[0] is not first)
        (second,) = landscapes.now.live
        assert not same_client(first, second)
        assert first.registration.digest == second.registration.digest
        hub.say(ledger((FIRST, entry), (SECOND, entry)))
        await hub.sees(lambda live: live[0].bundle.sha256 == digest_of(SECOND))
        assert landscapes.now.live[0].registration.renewed == second.registration.renewed

    with capture_logs() as said:
        hub.run(scene)
    told = [line for line in said if line["event"] == "secret_renewed"]
    assert {(line["registration"], line["secret"]) for line in told} == {
        ("post", name) for name in SECRETS
    }
    assert "bí mật" not in str(said)


def test_a_bundle_at_fault_is_named_and_the_one_before_goes_on(files: Landscape) -> None:
    hub = Hub(files)
    hub.say(ledger((FIRST, ENTRY)))
    bad = {**FIRST, "mapping.py": b"def order(event):\n    return event.no_such_field\n"}

    async def scene(landscapes: Landscapes) -> None:
        (first,) = landscapes.now.live
        hub.say(ledger((FIRST, ENTRY), (bad, MOVED)))
        async with asyncio.timeout(SOON):
            while not hub.seen[-1].problems:
                await asyncio.sleep(0.01)
        assert landscapes.now.live == (first,)
        assert landscapes.now.live[0] is first
        assert not landscapes.now.down
        hub.say(ledger((FIRST, ENTRY), (bad, MOVED), (FIRST, MOVED)))
        await hub.sees(lambda live: live[0].registration.endpoint.endswith(":10"))
        assert not landscapes.now.problems

    with capture_logs() as said:
        hub.run(scene)
    assert "not_live" in {line["event"] for line in said}


@pytest.mark.parametrize(("entry", "told"), [(ENTRY, []), (MOVED, ["post"])])
def test_what_a_file_says_in_vain_is_named_at_the_start(
    files: Landscape, entry: Entry, told: list[str]
) -> None:
    hub = Hub(present(files, ledger((FIRST, ENTRY))))  # as if a file registered it
    hub.say(ledger((FIRST, ENTRY), (FIRST, entry)))

    async def scene(landscapes: Landscapes) -> None:
        hub.say(ledger((FIRST, ENTRY), (FIRST, entry), (SECOND, MOVED)))
        await hub.sees(lambda live: live[0].bundle.sha256 == digest_of(SECOND))

    with capture_logs() as said:
        hub.run(scene)
    assert told == [x["name"] for x in said if x["event"] == "file_entry_superseded"]


def test_while_the_broker_is_away_what_was_live_stays_so(files: Landscape) -> None:
    hub = Hub(files)
    hub.say(ledger((FIRST, ENTRY)))

    async def scene(landscapes: Landscapes) -> None:
        hub.broker.down = True
        await asyncio.sleep(0.1)
        assert ["post"] == names(landscapes.now.live)
        hub.broker.down = False
        hub.say(ledger((FIRST, ENTRY), (SECOND, MOVED)))
        await hub.sees(lambda live: live[0].registration.endpoint.endswith(":10"))

    hub.run(scene)
