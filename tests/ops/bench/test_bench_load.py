"""The load generator and the fast system, against each other: what they count is what was sent."""

import asyncio
import re

import msgspec
import pytest

from ops.bench import board
from ops.bench.load import Job, Volley, discharge, fire, requests_of
from ops.bench.messages import MOST, code, status_changed, tracked
from ops.bench.peer import Book, Peer, System
from ops.bench.rivals import facts
from ops.bench.translate import parsed

FILED = '{"maHoSo":"{code}"}'


def job(kind: str, port: int = 1, count: int = 20) -> Job:
    given = {
        "port": port,
        "kind": kind,
        "first": 5,
        "count": count,
        "connections": 3,
        "token": "t",
        "username": "u",
        "password": "p",
        "filed": FILED,
    }
    return msgspec.convert(given, Job)


def test_every_dossier_has_a_code_of_its_own() -> None:
    numbers = [0, 1, 9_999, 10_000, 279_999, 280_000, MOST - 1]
    codes = [code(number) for number in numbers]
    assert len(set(codes)) == len(numbers)
    assert all(re.fullmatch(r"H44\.99\.99-25[01]\d[0-2]\d-\d{4}", one) for one in codes)


def test_a_message_says_its_length_and_its_dossier() -> None:
    for kind in ("rating", "filing", "progress"):
        for number, raw in enumerate(requests_of(job(kind)), start=5):
            request = parsed(raw)
            assert int(request.headers["content-length"]) == len(request.body)
            assert code(number).encode() in raw


def test_a_message_counts_only_with_its_yes() -> None:
    peers: list[Peer] = []

    def peer() -> Peer:
        peers.append(Peer(System()))
        return peers[-1]

    async def play() -> tuple[int, dict[str, int]]:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10), await loop.create_server(peer, "127.0.0.1", 0) as server:
            fired = await fire(job("filing", server.sockets[0].getsockname()[1]))
            while any(one.open for one in peers):
                await asyncio.sleep(0)
        return fired.yes, fired.others

    # the peer takes the body of a filing for SOAP and says so in XML: no yes for a REST sender
    assert (0, {"200": 20}) == asyncio.run(play())
    assert 3 == len(peers)


def told(lane: int, step: int, credential: bytes) -> bytes:
    body = board.write_json(facts.told(lane, step, "x"))
    head = b"POST /status HTTP/1.1\r\nhost: x\r\nauthorization: %b\r\ncontent-length: %d\r\n\r\n"
    return head % (credential, len(body)) + body


def volley(system: System, pace: float, credential: bytes) -> Volley:
    """Two messages over each of three connections."""
    lanes = [[told(lane, step, credential) for step in (0, 1)] for lane in range(3)]
    fired = Volley(lanes, b"00", pace)
    peers: list[Peer] = []

    def peer() -> Peer:
        peers.append(Peer(system))
        return peers[-1]

    async def play() -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10), await loop.create_server(peer, "127.0.0.1", 0) as server:
            await discharge(fired, server.sockets[0].getsockname()[1])
            while any(one.open for one in peers):
                await asyncio.sleep(0)

    asyncio.run(play())
    return fired


def test_the_board_answers_after_its_delay_and_notes_each_arrival() -> None:
    system = System(0.05)
    fired = volley(system, 0.0, b"Bearer " + board.TOKEN)
    assert {"yes": 6} == dict(fired.answers)
    assert min(fired.seconds) >= 0.05
    assert fired.took >= 0.1  # the second message of a lane follows the answer to its first
    for lane, times in enumerate(fired.sent):
        for step, at in enumerate(times):
            assert 0 <= system.book.arrivals[f"{code(lane)}/{step}"] - at < fired.took


def test_a_pace_is_kept_and_the_wait_for_an_answer_counts() -> None:
    fired = volley(System(0.1), 60.0, b"Bearer " + board.TOKEN)
    assert fired.took >= 5 / 60  # the sixth message is due then
    due = sorted(at for times in fired.sent for at in times)
    assert pytest.approx(5 / 60) == due[-1] - due[0]
    assert max(fired.seconds) > 0.14  # due 50 ms after its lane's first, held up by its answer


def test_what_a_broken_connection_had_to_carry_is_lost_at_once() -> None:
    class Rude(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            transport.close()

    fired = Volley([[b"x"] * 3, [b"x"]], b"00", pace=100.0)

    async def play() -> None:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(10), await loop.create_server(Rude, "127.0.0.1", 0) as server:
            await discharge(fired, server.sockets[0].getsockname()[1])

    asyncio.run(play())
    assert {"0": 4} == dict(fired.answers)


def test_the_board_wants_its_credential() -> None:
    system = System()
    fired = volley(system, 0.0, b"Bearer other")
    assert {"400": 6} == dict(fired.answers)
    assert (0, 6) == (system.book.counts.calls, system.book.counts.errors)


def test_each_system_keeps_a_book_of_its_own_and_can_be_made_slow() -> None:
    everybody = [System(), System()]
    fired = volley(everybody[1], 0.0, b"Bearer " + board.TOKEN)
    first, second = (Peer(one, everybody) for one in everybody)
    assert {"yes": 6} == dict(fired.answers)
    assert b'"calls":0,' in first.asked(b"/_bench")
    assert b'"calls":6,' in second.asked(b"/_bench")
    assert [0, 6] == [one["calls"] for one in msgspec.json.decode(first.asked(b"/_bench/all"))]
    assert 6 == len(msgspec.json.decode(second.asked(b"/_bench/arrivals")))
    first.asked(b"/_bench/delay/2.5")
    second.asked(b"/_bench/fresh")
    assert [2.5, 0.0] == [one.delay for one in everybody]
    assert b'"calls":0,' in second.asked(b"/_bench")


def test_the_peer_counts_repeats_and_what_comes_before_its_turn() -> None:
    book = Book()
    for step, key in ((0, b"a"), (1, b"b"), (1, b"b"), (3, b"c")):
        book.enter(b"one", step, key)
    book.enter(b"two", 0, b"d")
    assert (5, 1, 2, 2) == (
        book.counts.calls,
        book.counts.repeated,
        book.counts.out_of_order,
        book.counts.dossiers,
    )


def test_facts_tell_their_place() -> None:
    assert "4" == status_changed(7, 4)["note"]
    assert ("4", code(7)) == (tracked(7, 4)["state_raw"], tracked(7, 4)["dossier_code"])
