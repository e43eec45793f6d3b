"""What a call ends as, whatever the peer does: an answer, or a Retry that knows what was sent."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import httpx
import pytest
import uvloop

from adapters.http.connection import HEAD_BYTES, HEADERS, INTERIM
from adapters.http.reach import reach
from adapters.http.transport import Origin, RawAnswer, Transport
from hub.errors import Halt, Retry
from tests.adapters.http import peers
from tests.adapters.http.peers import (
    HERE,
    LoopFactory,
    Script,
    answering,
    ok,
    origin,
    peer,
    read_request,
)

pytestmark = pytest.mark.process

GET = b"GET /x HTTP/1.1\r\nhost: peer.test\r\n\r\n"
HEAD = b"HEAD /x HTTP/1.1\r\nhost: peer.test\r\n\r\n"
T = TypeVar("T")
loops: list[LoopFactory] = []


@pytest.fixture(
    autouse=True, params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)
def loop_factory(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every test runs on both event loops: their transports are different classes."""
    loops.append(request.param)
    yield
    loops.pop()


def run(work: Callable[[], Awaitable[T]]) -> T:
    return peers.run(work, loops[-1])


def ask(script: Script, head: bytes = GET, body: bytes = b"", **bounds: float) -> RawAnswer:
    """One call to a peer that runs `script`."""

    async def work() -> RawAnswer:
        async with peer(script) as port, Transport() as transport:
            return await transport.exchange(
                origin(port),
                head,
                body,
                bounds.get("timeout", 10.0),
                int(bounds.get("answer_bytes", 1_000_000)),
            )

    return run(work)


def asked_in_vain(script: Script, head: bytes = GET, body: bytes = b"", **bounds: float) -> Retry:
    with pytest.raises(Retry) as caught:
        ask(script, head, body, **bounds)
    return caught.value


def saying(data: bytes) -> Script:
    """A peer that reads one request, says this, and closes."""
    return answering(data)


# -- answers


def test_status_headers_and_body_come_back() -> None:
    answer = ask(saying(ok(b"hello", b"X-One: a", b"X-One: b", b"Empty:")))
    assert (200, b"hello") == (answer.status, answer.body)
    assert {"x-one": "a, b", "empty": "", "content-length": "5"} == answer.fields()


def test_chunks_are_put_together_and_a_trailer_is_no_header() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = ask(saying(head + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nA: b\r\n\r\n"))
    assert b"abcde" == answer.body
    assert "a" not in answer.fields()


def test_an_answer_without_length_ends_with_the_connection() -> None:
    assert b"to the end" == ask(saying(b"HTTP/1.1 200 OK\r\n\r\nto the end")).body


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_some_statuses_never_have_a_body(status: bytes) -> None:
    answer = ask(answering(b"HTTP/1.1 " + status + b"\r\ncontent-length: 10\r\n\r\n"))
    assert b"" == answer.body


def test_the_answer_to_head_has_no_body_whatever_its_length_says() -> None:
    answer = ask(saying(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n"), head=HEAD)
    assert (200, b"") == (answer.status, answer.body)


def test_interim_answers_are_passed_over() -> None:
    interim = b"HTTP/1.1 100 Continue\r\nX-Interim: 1\r\n\r\n"
    answer = ask(saying(interim * INTERIM + ok(b"real")))
    assert (b"real", False) == (answer.body, "x-interim" in answer.fields())


def test_a_redirect_is_an_answer() -> None:
    answer = ask(saying(ok(b"", b"Location: http://127.0.0.1:1/", status=b"302 Found")))
    assert 302 == answer.status


def test_a_large_body_arrives_whole() -> None:
    received: list[bytes] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append((await read_request(reader))[1])
        writer.write(ok(b"thanks"))

    body = bytes(range(256)) * 12_000
    head = b"POST /x HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body)
    assert b"thanks" == ask(script, head, body).body
    assert [body] == received


# -- connections


def test_a_connection_serves_one_call_after_another() -> None:
    seen: list[int] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(len(seen))
        await answering(ok(b"1"), ok(b"2"), ok(b"3"))(reader, writer)

    async def work() -> list[bytes]:
        async with peer(script) as port, Transport() as transport:
            return [(await transport.exchange(origin(port), GET, b"", 10)).body for _ in range(3)]

    assert [b"1", b"2", b"3"] == run(work)
    assert [0] == seen


def test_no_more_connections_are_opened_than_allowed() -> None:
    open_now = peak = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, peak
        open_now += 1
        peak = max(peak, open_now)
        while True:
            await read_request(reader)
            writer.write(ok(b"x"))

    async def work() -> None:
        async with peer(script) as port, Transport(connections=3) as transport:
            calls = [transport.exchange(origin(port), GET, b"", 10) for _ in range(60)]
            answers = await asyncio.gather(*calls)
            assert {b"x"} == {answer.body for answer in answers}

    run(work)
    assert 3 == peak


@pytest.mark.parametrize(
    "first",
    [
        ok(b"1", b"connection: close"),
        ok(b"1").replace(b"HTTP/1.1", b"HTTP/1.0"),
        ok(b"1") + ok(b"not asked for"),
        ok(b"1") + b"\x00garbage",
    ],
)
def test_a_connection_that_cannot_go_on_is_replaced(first: bytes) -> None:
    answers = [first, ok(b"2")]

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answers.pop(0))
        await writer.drain()
        await reader.read()  # the client is the one that closes

    async def work() -> list[bytes]:
        async with peer(script) as port, Transport() as transport:
            return [(await transport.exchange(origin(port), GET, b"", 10)).body for _ in range(2)]

    assert [b"1", b"2"] == run(work)


def test_a_connection_that_the_peer_closed_meanwhile_is_replaced_silently() -> None:
    closed = asyncio.Event()
    answers = [ok(b"1"), ok(b"2")]

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(answers.pop(0))
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        closed.set()

    async def work() -> list[bytes]:
        async with peer(script) as port, Transport() as transport:
            first = await transport.exchange(origin(port), GET, b"", 10)
            await closed.wait()
            second = await transport.exchange(origin(port), GET, b"", 10)
            return [first.body, second.body]

    assert [b"1", b"2"] == run(work)


# -- failures


def test_nobody_listening_means_nothing_was_sent() -> None:
    async def work() -> None:
        async with Transport() as transport:
            await transport.exchange(origin(1), GET, b"", 10)

    with pytest.raises(Retry) as caught:
        run(work)
    assert (True, False) == (caught.value.system, caught.value.sent)


@pytest.mark.parametrize(
    ("said", "what"),
    [
        (b"", "before it answered"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", "within the answer"),
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab", "within the answer"),
        (b"HTTP/1.1 200 OK\r\nX: ", "within the answer"),
        (b"SSH-2.0-OpenSSH\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx", "not HTTP"),
        (
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            "not HTTP",
        ),
        (b"HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "protocol"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * (INTERIM + 1), "interim"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * (HEADERS + 1) + b"\r\n", "headers"),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * 2 * HEAD_BYTES + b"\r\n\r\n", "header"),
        (b"HTTP/1.1 200 OK\r\na: " + b"b" * 8 * HEAD_BYTES, "neither"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\na: "
            + b"b" * 9 * HEAD_BYTES,
            "neither",
        ),
        (ok(b"x" * 1_000_001), "larger than 1000000 bytes"),
    ],
)
def test_a_bad_answer_may_have_had_its_effect(said: bytes, what: str) -> None:
    error = asked_in_vain(saying(said))
    assert (True, True) == (error.system, error.sent)
    assert what in error.what


def test_a_flood_of_framing_is_cut_off() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1;" + b"x" * 8_000 + b"\r\na\r\n")
            await writer.drain()

    assert "framing" in asked_in_vain(script, answer_bytes=1_000).what


def test_a_reset_after_the_request_may_have_had_its_effect() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.transport.abort()

    error = asked_in_vain(script)
    assert (True, True) == (error.system, error.sent)


def test_a_peer_that_never_answers_is_left_after_the_time_limit() -> None:
    async def script(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    error = asked_in_vain(script, timeout=0.5)
    assert (True, True) == (error.system, error.sent)
    assert "time limit" in error.what


def test_a_peer_that_drips_is_left_after_the_time_limit() -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n")
        while True:
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0)

    assert "time limit" in asked_in_vain(script, timeout=0.5).what


def test_who_finds_no_free_connection_in_time_has_sent_nothing() -> None:
    async def script(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def work() -> list[RawAnswer | BaseException]:
        async with peer(script) as port, Transport(connections=1) as transport:
            limits = (0.9, 0.01)
            calls = [transport.exchange(origin(port), GET, b"", limit) for limit in limits]
            return await asyncio.gather(*calls, return_exceptions=True)

    errors = run(work)
    assert [True, False] == [isinstance(e, Retry) and e.sent for e in errors]


def test_a_cancelled_call_takes_its_connection_along() -> None:
    asked = asyncio.Event()
    served = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        await read_request(reader)
        asked.set()
        if served == 1:
            await reader.read()
        else:
            writer.write(ok(b"mine"))

    async def work() -> bytes:
        async with peer(script) as port, Transport(connections=1) as transport:
            lost = asyncio.create_task(transport.exchange(origin(port), GET, b"", 10))
            await asked.wait()
            lost.cancel()
            await asyncio.gather(lost, return_exceptions=True)
            return (await transport.exchange(origin(port), GET, b"", 10)).body

    assert b"mine" == run(work)


def test_a_call_that_is_cancelled_in_the_queue_takes_no_place() -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await read_request(reader)
            asked.set()
            await go_on.wait()
            writer.write(ok(b"x"))

    async def work() -> list[RawAnswer | BaseException]:
        async with peer(script) as port, Transport(connections=1) as transport:
            calls = [transport.exchange(origin(port), GET, b"", 10) for _ in range(4)]
            tasks = [asyncio.create_task(call) for call in calls]
            await asked.wait()
            tasks[1].cancel()  # waits in line
            go_on.set()
            await asyncio.wait({tasks[0]})
            tasks[2].cancel()  # was just given the place of the first
            return await asyncio.gather(*tasks, return_exceptions=True)

    first, second, third, fourth = run(work)
    assert isinstance(first, RawAnswer)
    assert isinstance(second, asyncio.CancelledError)
    assert isinstance(third, asyncio.CancelledError)
    assert isinstance(fourth, RawAnswer)


def test_what_a_peer_says_unasked_never_answers_the_next_request() -> None:
    said = asyncio.Event()
    served = 0

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        served += 1
        await read_request(reader)
        writer.write(ok(b"asked"))
        if served == 1:
            await writer.drain()
            writer.write(ok(b"unasked", status=b"408 Request Timeout"))
            await writer.drain()
            await reader.read()  # until the client hangs up
            said.set()

    async def work() -> list[bytes]:
        async with peer(script) as port, Transport() as transport:
            first = await transport.exchange(origin(port), GET, b"", 10)
            await said.wait()
            second = await transport.exchange(origin(port), GET, b"", 10)
            return [first.body, second.body]

    assert [b"asked", b"asked"] == run(work)


def test_closing_the_transport_ends_calls_in_flight() -> None:
    asked = asyncio.Event()

    async def script(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await read_request(reader)
        asked.set()
        await reader.read()

    async def work() -> list[RawAnswer | BaseException]:
        async with peer(script) as port:
            transport = Transport(connections=1)
            calls = [transport.exchange(origin(port), GET, b"", 10) for _ in range(2)]
            tasks = [asyncio.create_task(call) for call in calls]
            await asked.wait()
            await transport.aclose()
            return await asyncio.gather(*tasks, return_exceptions=True)

    errors = run(work)
    assert [True, False] == [isinstance(e, Retry) and e.sent for e in errors]


# -- addresses


def test_an_address_is_checked_after_its_name_was_resolved() -> None:
    async def work() -> None:
        async with Transport() as transport:
            await transport.exchange(Origin("localhost", 1), GET, b"", 10)

    with pytest.raises(Halt, match=r"may not be called: .*127\.0\.0\.1 is loopback"):
        run(work)


def test_only_allowed_addresses_of_a_name_are_called() -> None:
    async def work() -> bytes:
        async with (
            peer(answering(ok(b"here"))) as port,
            Transport() as transport,
        ):
            there = Origin("localhost", port, reach=reach(("127.0.0.1",)))
            return (await transport.exchange(there, GET, b"", 10)).body

    assert b"here" == run(work)


def test_a_name_that_does_not_exist_means_nothing_was_sent() -> None:
    async def work() -> None:
        async with Transport() as transport:
            name = Origin("no-such-name.invalid", 80)
            await transport.exchange(name, GET, b"", 10, connect_timeout=2.0)

    with pytest.raises(Retry) as caught:
        run(work)
    assert (True, False) == (caught.value.system, caught.value.sent)


@pytest.mark.parametrize("host", ["a..b", f"{'x' * 64}.test"])
def test_a_name_that_cannot_be_asked_for_needs_a_person(host: str) -> None:
    async def work() -> None:
        async with Transport() as transport:
            await transport.exchange(Origin(host, 80), GET, b"", 10)

    with pytest.raises(Halt, match="cannot exist"):
        run(work)


# -- httpx


def on_this_machine() -> Transport:
    return Transport(reach=HERE)


def test_an_httpx_client_works_over_it() -> None:
    received: list[tuple[bytes, bytes]] = []

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.append(await read_request(reader))
        writer.write(ok(b'{"a":1}', b"content-type: application/json"))

    async def work() -> httpx.Response:
        async with (
            peer(script) as port,
            httpx.AsyncClient(transport=on_this_machine()) as client,
        ):
            return await client.post(f"http://127.0.0.1:{port}/a%20b?c=d", json={"q": 1})

    answer = run(work)
    assert (200, {"a": 1}) == (answer.status_code, answer.json())
    assert received[0][0].startswith(b"POST /a%20b?c=d HTTP/1.1\r\n")
    assert b'{"q":1}' == received[0][1]
    assert b"accept-encoding" not in received[0][0].lower()


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        (b"", httpx.ReadError),
        (ok(b"\x1f\x8b", b"content-encoding: gzip"), httpx.RemoteProtocolError),
    ],
)
def test_failures_become_errors_of_httpx(said: bytes, kind: type[Exception]) -> None:
    async def work() -> None:
        async with (
            peer(saying(said)) as port,
            httpx.AsyncClient(transport=on_this_machine()) as client,
        ):
            await client.get(f"http://127.0.0.1:{port}/")

    with pytest.raises(kind):
        run(work)


def test_time_outs_and_refused_connections_become_errors_of_httpx() -> None:
    async def never(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async def work() -> None:
        async with (
            peer(never) as port,
            httpx.AsyncClient(transport=on_this_machine()) as client,
        ):
            with pytest.raises(httpx.ReadTimeout):
                await client.get(f"http://127.0.0.1:{port}/", timeout=0.5)
            with pytest.raises(httpx.ConnectError):
                await client.get("http://127.0.0.1:1/")

    run(work)


def test_connecting_has_a_time_limit_of_its_own() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()  # no TLS comes back

    async def work() -> None:
        async with peer(silent) as port, Transport() as transport:
            tls = origin(port, ssl.create_default_context())
            await transport.exchange(tls, GET, b"", 60, connect_timeout=0.2)

    with pytest.raises(Retry) as caught:
        run(work)
    assert (True, False) == (caught.value.system, caught.value.sent)
    assert "time limit" in caught.value.what


def test_plain_text_to_a_tls_client_means_nothing_was_sent() -> None:
    async def hello(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 plain\r\n\r\n")

    async def work() -> None:
        async with peer(hello) as port, Transport() as transport:
            await transport.exchange(origin(port, ssl.create_default_context()), GET, b"", 10)

    with pytest.raises(Retry) as caught:
        run(work)
    assert (True, False) == (caught.value.system, caught.value.sent)
