"""`hub replay run --to`: a plan told to sandboxes, and what they said on hub.receipt."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from adapters.http.transport import Transport
from hub.audit.replay.calls import at_sandbox, live_address, receipt, tell
from hub.audit.replay.plan import Item, Plan
from hub.audit.replay.sandbox import GONE, NO_VERSION, Played, Reading
from hub.audit.replay.versions import THEN, Other, Versions
from hub.backtest.version import Version
from hub.cli import replaying
from hub.cli.browse import Browser
from hub.errors import Reject
from hub.records import Position, Record, Writer
from hub.registry.live import Live
from hub.registry.registration import RegistrationEntry, read_registrations
from hub.registry.yaml_file import read_yaml
from hub.surroundings import client_of, now_ms

CONNECTIONS = 8
ACKNOWLEDGED = 30.0  # seconds for the receipts


@dataclass(slots=True)
class _Way:
    """How one registration's items go: its versions of then, each with the sandbox behind it."""

    entry: RegistrationEntry
    versions: Versions
    other: Other  # goes, where it is another than that of then
    live: Sequence[Live]  # that no byte may go to

    def of(self, item: Item) -> Live | None:
        """None where the version is not kept. Raises Reject for a sandbox that is none."""
        then = self.versions.of(item.registration, item.bundle, item.settings)
        version = self.other.of(self.versions, item.registration, then) or then
        if version is None:
            return None
        found = at_sandbox(version, self.entry)
        name = live_address(found, self.live)
        if name is not None:
            what = f"stands at the address of the live registration '{name}'"
            fix = "give the sandbox's own address"
            raise Reject(what, where=f"sandbox '{item.registration}'", fix=fix, code="sandbox")
        return found


def read_sandboxes(file: Path) -> dict[str, RegistrationEntry]:
    """Entries as in registrations.yaml, by name. Raises Reject where one cannot be read."""
    entries, problems = read_registrations(read_yaml(file.read_bytes(), file.name))
    for name, found in problems.items():
        raise Reject(f"{found[0]}", where=f"sandbox '{name}'", code="sandbox")
    return {entry.name or entry.connector: entry for entry in entries}


def told(
    browser: Browser, plan: Plan, sandboxes: Mapping[str, RegistrationEntry], other: Other
) -> list[Played]:
    """Tell the sandboxes the whole plan, by the version of then or another.

    What another says is compared with then as without a way out. Raises Reject before the first
    call if a sandbox is missing or is none.
    """
    names = list(dict.fromkeys(item.registration for item in plan.items))
    missing = [name for name in names if name not in sandboxes]
    if missing:
        what = f"has no entry for {', '.join(missing)}"
        raise Reject(what, where="--to", fix="as in registrations.yaml; or narrow the plan")
    versions = replaying.kept_versions(browser)
    live, then = versions.landscape.live, other.name == THEN
    ways = {name: _Way(sandboxes[name], versions, other, live) for name in names}
    for item in plan.items:
        ways[item.registration].of(item)  # before the first call
    records = {record.place: record for record in replaying.events_of(browser, plan.items)}
    work = _Work(browser, replaying.reading(browser), records, then)
    found = asyncio.run(work.all(plan, ways))
    if then:
        return found
    outcomes = {(one.registration, one.bundle): one.outcomes for one in found}
    compared = list(replaying.sandbox(browser, plan, other))
    for one in compared:
        one.outcomes = outcomes[one.registration, one.bundle]
    return compared


@dataclass(slots=True)
class _Work:
    browser: Browser
    reading: Reading
    records: Mapping[Position, Record]
    then: bool  # the version of then goes, so its requests must be those of then

    async def all(self, plan: Plan, ways: Mapping[str, _Way]) -> list[Played]:
        """Registrations side by side, each in the plan's order."""
        writer, kept = self.browser.broker.writer(), list[Future[Position]]()
        try:
            async with Transport(connections=CONNECTIONS) as transport:
                parts = await asyncio.gather(
                    *(
                        self._one(list(items), ways[name], transport, writer, kept)
                        for name, items in groupby(plan.items, key=lambda x: x.registration)
                    )
                )
            for future in kept:
                await asyncio.to_thread(future.result, ACKNOWLEDGED)
        finally:
            await asyncio.to_thread(writer.close)
        return [played for part in parts for played in part]

    async def _one(
        self,
        items: Sequence[Item],
        way: _Way,
        transport: Transport,
        writer: Writer,
        kept: "list[Future[Position]]",
    ) -> list[Played]:
        found: list[Played] = []
        for _, few in groupby(items, key=lambda x: (x.bundle, x.settings)):
            of = list(few)
            played = Played(of[0].registration, of[0].bundle)
            found.append(played)
            live = way.of(of[0])
            if live is None:
                played.verdicts[NO_VERSION] += len(of)
                continue
            async with AsyncExitStack() as stack:
                client = client_of(live, transport)
                stack.push_async_callback(client.close)
                version = Version(live)
                pairs = [(item, self.records.get(item.place)) for item in of]
                async for one in tell(pairs, version, client, self.reading, now_ms):
                    if self.then:
                        played.note(one.item, one.verdict)
                    record = self.records.get(one.item.place)
                    if record is None or one.verdict == GONE:
                        continue
                    played.outcomes[one.outcome] += 1
                    encode = self.browser.codec.encode
                    kept.append(
                        writer.send(receipt(one, record, live, self.reading, encode, now_ms()))
                    )
        return found
