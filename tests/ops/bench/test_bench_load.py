"""The load generator and the fast system, against each other: what they count is what was sent."""

import asyncio
import re

import msgspec

from ops.bench.load import Job, fire, requests_of
from ops.bench.messages import MOST, code, status_changed, tracked
from ops.bench.peer import Book, Peer
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
        peers.append(Peer(Book, lambda: None))
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
