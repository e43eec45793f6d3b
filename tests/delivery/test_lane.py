"""A lane and its inbox on the broker's twin, with a peer in memory that does as it is told."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable

import pytest

from adapters.http.messages import Answer
from hub.broker_memory import MemoryBroker
from hub.contract.types import Document
from hub.delivery.archive import Archive
from hub.delivery.exchange import Attempt
from hub.delivery.inbox import Inbox
from hub.delivery.intake import share_of
from hub.delivery.lane import Lane
from hub.delivery.means import Means
from hub.delivery.outcomes import compile_rows
from hub.delivery.outflow import Outflow
from hub.delivery.receipts import request_digest
from hub.delivery.returning import DueDates
from hub.delivery.takeover import Takeover
from hub.delivery.versions import Earlier, Name, Terms
from hub.errors import Halt, HubError, Reject, Retry
from hub.events.catalogue import Catalogue
from hub.events.codec import Codec
from hub.events.headers import Envelope, write_headers
from hub.events.schemas_memory import MemorySchemas
from hub.records import Done, Outgoing, Position, Spot
from hub.registry.manifest_delivery import Delivery, RetryPolicy
from hub.registry.manifest_flow import Outcome

pytestmark = pytest.mark.process

WITHDRAWN = "dossier.v1.Withdrawn"
ROWS = compile_rows(
    [
        Outcome({"Ma": ["00", "01"]}, "delivered"),
        Outcome({"Ma": "02"}, "reject"),
        Outcome({"Ma": "03"}, "retry"),
    ],
    {},
)
Answering = Callable[[str, Document, str], Awaitable[Answer]]


async def done(operation: str, document: Document, key: str) -> Answer:
    del operation, document, key
    return Answer(200, {"Ma": "00"})


class Peer:
    """A client whose answers a test decides; remembers every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, str]] = []  # dossier, note, key
        self.under_way: dict[str, int] = defaultdict(int)
        self.most = 0
        self.answer: Answering = done
        self.renewed = 0

    async def call(self, operation: str, document: Document, key: str) -> Answer:
        dossier = str(document["code"])
        self.calls.append((dossier, str(document["note"]), key))
        self.under_way[dossier] += 1
        assert self.under_way[dossier] == 1, "two calls at once for one dossier"
        self.most = max(self.most, sum(self.under_way.values()))
        try:
            return await self.answer(operation, document, key)
        finally:
            self.under_way[dossier] -= 1

    async def renew(self) -> None:
        self.renewed += 1

    async def close(self) -> None:
        pass


DIGEST_KEY = b"d" * 32


def mapping(
    event: Document, answer: Document | None, settings: object, flags: list[str]
) -> tuple[str, Document] | None:
    del answer, settings, flags
    if event["reason"] == "nothing":
        return None
    if event["reason"] == "never":
        raise Reject("no such thing", where="mapping.py:1:1")
    if event["reason"] == "bug":
        raise KeyError("Nguyễn Văn Mẫu")
    return "tell", {"code": event["dossier_code"], "note": event["reason"]}


class World:
    """Two partitions, one registration."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.broker = MemoryBroker()
        for topic in (
            "hub.dossier",
            "hub.catalogue",
            "hub.receipt",
            "hub.dead",
            "hub.parked",
            "hub.act",
        ):
            self.broker.ensure_topic(topic, 2, {})
        self.catalogue = catalogue
        self.codec = Codec(catalogue, MemorySchemas())
        self.writer = self.broker.writer()
        self.peer = Peer()
        self.bundle = "bundle"
        self.settings = "settings"
        self.earlier: dict[Name, Earlier] = {}  # versions that are still known
        self.due: DueDates | None = None
        self.number = 0
        self.now = 1_760_000_000_000
        self.step = 0  # ms that the clock goes on each time it is read
        self.flow = Outflow("peer", "withdrawn", WITHDRAWN, mapping, ROWS, {})
        self.retry = RetryPolicy(first=0.01, factor=2, longest=0.05, give_up=60)

    def clock(self) -> int:
        self.now += self.step
        return self.now

    def event(
        self,
        code: str,
        reason: str,
        *,
        source: str = "onestop",
        same_as: int = 0,
        digest: str = "d1",
        partition: int | None = None,
    ) -> None:
        self.number += 1
        record: Document = {
            "dossier_code": code,
            "at": 1,
            "origin": "PROVINCE",
            "local_code": None,
            "reason": reason,
            "officer_name": None,
        }
        number = same_as or self.number
        headers = write_headers(Envelope(f"id-{number}", source, WITHDRAWN, 1, "f", digest))
        value = self.codec.encode(WITHDRAWN, record)
        self.broker.keep(Outgoing("hub.dossier", code.encode(), value, tuple(headers), partition))

    async def run(
        self,
        until: Callable[["World"], bool],
        *,
        in_flight: int = 8,
        drain: float = 5,
        lanes: int = 1,
    ) -> Lane:
        """Deliver until the condition holds (20 s at most), then drain and commit."""
        terms = Terms(
            "peer",
            {WITHDRAWN: self.flow},
            Delivery(in_flight=in_flight, timeout=0.2, retry=self.retry),
            self.bundle,
            self.settings,
        )
        loop = asyncio.get_running_loop()

        def report(results: list[tuple[Done, Position | HubError]]) -> None:
            for done_, result in results:
                loop.call_soon(done_, result)

        writer = self.broker.writer(report)
        means = Means(Archive(self.broker), due=self.due, digest_key=DIGEST_KEY)
        lane = Lane(terms, self.peer, self.codec, writer, self.clock, means)
        self.lane = lane
        takeover = Takeover(
            self.broker, self.broker.writer(), self.codec, "peer", 2, self.earlier.get
        )
        inbox = Inbox(self.broker, lane, ["hub.dossier", "hub.catalogue"], loop, takeover)
        lane.intake.share = share_of(lanes)
        inbox.start()
        try:
            async with asyncio.timeout(20):
                while not until(self):
                    await asyncio.sleep(0.005)
        finally:
            await lane.drain(drain)
            inbox.stop()
            await asyncio.to_thread(inbox.join, 10)
            await lane.close()
        return lane

    def go(self, until: Callable[["World"], bool], *, in_flight: int = 8, drain: float = 5) -> Lane:
        return asyncio.run(self.run(until, in_flight=in_flight, drain=drain))

    @property
    def receipts(self) -> list[Document]:
        """The ends."""
        return [record for record in self.journal if record["kind"] == "OUTCOME"]

    @property
    def journal(self) -> list[Document]:
        """All that stands on hub.receipt."""
        return [
            self.codec.decode(record.value or b"")[1]
            for partition in (0, 1)
            for record in self.broker.since(Spot("hub.receipt", partition), 0)
        ]

    def attempts(self, receipt: Document) -> list[Attempt]:
        found = receipt["attempts"]
        assert isinstance(found, list)
        return [Attempt(0, "", str(a["outcome"])) for a in found if isinstance(a, dict)]

    def outcomes(self) -> dict[str, int]:
        counts: dict[str, int] = defaultdict(int)
        for receipt in self.receipts:
            counts[str(receipt["outcome"])] += 1
        return dict(counts)

    @property
    def committed(self) -> int:
        return sum(
            o for s, (o, _) in self.broker.committed("hub.peer").items() if s[0] == "hub.dossier"
        )

    @property
    def notes(self) -> dict[str, list[str]]:
        told: dict[str, list[str]] = defaultdict(list)
        for code, note, _ in self.peer.calls:
            told[code].append(note)
        return told


def settled(count: int) -> Callable[[World], bool]:
    return lambda world: len(world.receipts) >= count


def test_every_dossier_is_told_in_its_order_and_all_is_committed(world: World) -> None:
    for step in range(20):
        for code in "ABCDEFG":
            world.event(code, str(step))
    world.go(settled(140))
    assert world.notes == {code: [str(s) for s in range(20)] for code in "ABCDEFG"}
    assert world.outcomes() == {"DELIVERED": 140}
    assert world.committed == 140


def test_calls_run_beside_each_other_but_never_two_of_one_dossier(world: World) -> None:
    for step in range(3):
        for code in "ABCDEFGH":
            world.event(code, str(step))
    gate = asyncio.Event()

    async def wait(operation: str, document: Document, key: str) -> Answer:
        if world.peer.most >= 4:
            gate.set()
        await gate.wait()
        return await done(operation, document, key)

    world.peer.answer = wait
    world.go(settled(24), in_flight=4)
    assert world.peer.most == 4


def test_a_failing_dossier_keeps_its_order_and_holds_up_nobody(world: World) -> None:
    for step in range(3):
        world.event("A", str(step))
        world.event("B", str(step))
    tries = 0

    async def sometimes(operation: str, document: Document, key: str) -> Answer:
        nonlocal tries
        if document["code"] == "A" and document["note"] == "0":
            tries += 1
            if tries < 4:
                return Answer(200, {"Ma": "03"})
        return await done(operation, document, key)

    world.peer.answer = sometimes
    world.go(settled(6))
    assert world.notes["A"] == ["0", "0", "0", "0", "1", "2"]
    assert world.notes["B"] == ["0", "1", "2"]
    keys = {key for code, note, key in world.peer.calls if (code, note) == ("A", "0")}
    assert len(keys) == 1, "a retry carries the same key"
    tried = [[a.outcome for a in world.attempts(r)] for r in world.receipts if r["key"] == "A"]
    assert tried == [["retry"] * 3 + ["delivered"], ["delivered"], ["delivered"]]


def test_what_is_not_for_this_registration_leaves_no_receipt(world: World) -> None:
    world.event("A", "own", source="peer")
    world.event("A", "1")
    world.go(settled(1))
    assert world.notes == {"A": ["1"]}
    assert (world.outcomes(), world.committed) == ({"DELIVERED": 1}, 2)


def test_a_mapping_that_sends_nothing_settles(world: World) -> None:
    world.event("A", "nothing")
    world.go(settled(1))
    assert (world.outcomes(), world.peer.calls, world.committed) == ({"NOTHING_TO_SEND": 1}, [], 1)


@pytest.mark.parametrize(("reason", "said"), [("never", "no such thing"), ("bug", "bug: KeyError")])
def test_what_can_never_be_delivered_is_kept_whole_and_the_dossier_goes_on(
    world: World, reason: str, said: str
) -> None:
    world.event("A", reason)
    world.event("A", "2")
    world.go(settled(2))
    assert world.outcomes() == {"DEAD_LETTERED": 1, "DELIVERED": 1}
    assert world.notes == {"A": ["2"]}
    dead = [r for p in (0, 1) for r in world.broker.since(Spot("hub.dead", p), 0)]
    source = next(r for p in (0, 1) for r in world.broker.since(Spot("hub.dossier", p), 0))
    assert [(d.value, d.partition, d.key) for d in dead] == [
        (source.value, source.partition, source.key)
    ]
    headers = dict(dead[0].headers)
    assert said in headers["hub_dead_reason"].decode()
    assert "Mẫu" not in headers["hub_dead_reason"].decode()
    assert headers["hub_dead_source"] == f"hub.dossier/{source.partition}/0".encode()


def test_a_refusal_of_the_peer_is_a_dead_letter(world: World) -> None:
    world.event("A", "1")

    async def refuse(operation: str, document: Document, key: str) -> Answer:
        return Answer(200, {"Ma": "02"})

    world.peer.answer = refuse
    world.go(settled(1))
    assert world.outcomes() == {"DEAD_LETTERED": 1}


def test_foreign_bytes_are_a_dead_letter_and_nothing_waits_for_them(world: World) -> None:
    world.broker.keep(Outgoing("hub.dossier", b"A", b"not avro at all"))
    world.event("A", "1")
    world.go(settled(2))
    assert world.outcomes() == {"DEAD_LETTERED": 1, "DELIVERED": 1}


def test_the_same_fact_twice_on_the_topic_is_told_once(world: World) -> None:
    world.event("A", "1")
    world.event("A", "1", same_as=1)
    world.go(settled(2))
    assert world.outcomes() == {"DELIVERED": 1, "DUPLICATE": 1}
    assert world.notes == {"A": ["1"]}


@pytest.mark.process
def test_without_a_receipt_nothing_is_committed(world: World) -> None:
    world.event("A", "1")

    async def then_break(operation: str, document: Document, key: str) -> Answer:
        world.broker.down = True
        return await done(operation, document, key)

    world.peer.answer = then_break
    world.go(lambda w: len(w.peer.calls) == 1, drain=0.2)
    world.broker.down = False
    assert (world.receipts, world.committed) == ([], 0)
    world.peer.answer = done
    world.go(settled(1))
    assert world.committed == 1
    assert len({key for _, _, key in world.peer.calls}) == 1, "the repeat has the same key"


def test_a_halted_registration_stops_sending(world: World) -> None:
    for code in "ABCDEF":
        world.event(code, "1")

    async def closed(operation: str, document: Document, key: str) -> Answer:
        return Answer(403, {})

    world.peer.answer = closed
    lane = world.go(lambda w: len(w.peer.calls) >= 1, in_flight=1)
    assert lane.halted is not None
    assert len(world.peer.calls) == 1
    assert world.committed == 0


@pytest.mark.parametrize(
    ("error", "found", "calls"),
    [
        (Retry("reset", system=True, sent=True), True, 1),
        (Retry("reset", system=True, sent=True), False, 2),
        (Retry("refused", system=True, sent=False), True, 2),
    ],
)
def test_a_call_in_doubt_is_asked_about_before_it_is_repeated(
    world: World, error: HubError, found: bool, calls: int
) -> None:
    from dataclasses import replace

    from hub.delivery.outcomes import compile_when
    from hub.delivery.outflow import Question

    asked: list[str] = []

    def question(
        event: Document, answer: Document | None, settings: object, flags: list[str]
    ) -> tuple[str, Document]:
        return "ask", {"code": event["dossier_code"], "note": "?"}

    world.flow = replace(
        world.flow, in_doubt=Question("ask", question, None, compile_when({"Ma": "00"}, {}, "f"))
    )
    world.event("A", "1")

    async def lose(operation: str, document: Document, key: str) -> Answer:
        if operation == "ask":
            asked.append(key)
            return Answer(200, {"Ma": "00" if found else "03"})
        if sum(1 for c in world.peer.calls if c[1] != "?") == 1:
            raise error
        return await done(operation, document, key)

    world.peer.answer = lose
    world.go(settled(1))
    assert sum(1 for c in world.peer.calls if c[1] != "?") == calls
    (receipt,) = world.receipts
    assert receipt["outcome"] == "DELIVERED"
    if isinstance(error, Retry) and error.sent:
        assert "in doubt" in str(receipt["note"])
        assert len(asked) == 1
    else:
        assert asked == []


def test_a_credential_is_renewed_once_in_an_attempt(world: World) -> None:
    world.event("A", "1")

    async def expired(operation: str, document: Document, key: str) -> Answer:
        return Answer(401, {}) if world.peer.renewed == 0 else await done(operation, document, key)

    world.peer.answer = expired
    world.go(settled(1))
    assert (world.peer.renewed, world.outcomes()) == (1, {"DELIVERED": 1})


def test_halt_and_retry_are_what_a_client_may_raise(world: World) -> None:
    world.event("A", "1")
    errors: list[HubError] = [Retry("down", system=True), Halt("locked")]

    async def fail(operation: str, document: Document, key: str) -> Answer:
        raise errors.pop(0) if errors else Retry("down")

    world.peer.answer = fail
    lane = world.go(lambda w: len(w.peer.calls) >= 2)
    assert lane.halted == "locked"


def test_a_bug_in_a_piece_of_work_is_told_and_the_lane_goes_on(world: World) -> None:
    async def broken() -> None:
        raise KeyError("Nguyễn Văn Mẫu")

    async def play() -> Lane:
        delivering = asyncio.create_task(world.run(settled(2)))
        while not hasattr(world, "lane"):
            await asyncio.sleep(0)
        world.lane.task(broken())
        world.event("A", "1")
        world.event("A", "2")
        return await delivering

    assert asyncio.run(play()).bugs == 1
    assert world.notes == {"A": ["1", "2"]}


def test_a_receipt_names_what_was_said(world: World) -> None:
    world.event("H1", "một")
    world.event("H2", "nothing")
    world.go(settled(2))
    said = {str(told["key"]): told["request"] for told in world.receipts}
    wanted = request_digest("tell", {"code": "H1", "note": "một"}, DIGEST_KEY)
    assert said == {"H1": wanted, "H2": None}
    assert wanted != request_digest("tell", {"code": "H1", "note": "hai"}, DIGEST_KEY)
    assert wanted != request_digest("tell", {"code": "H1", "note": "một"}, b"x" * 32)
