"""Serving over https, and what a client's certificate says, with a certificate made on the spot."""

import asyncio
import ssl
import threading
import time
from collections.abc import MutableMapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from adapters.http.addresses import compile_addresses
from hub import serving as serve
from hub.cli.up import STOP
from hub.delivery.station import DRAIN, LEAVE
from hub.intake.opening import TAIL, WRITER
from hub.serving import CERTIFICATE, GRACE, ended, serving
from hub.settings import Tls, load
from tests.loopback import PLAIN

pytestmark = pytest.mark.process

Event = MutableMapping[str, Any]
DAY = datetime(2026, 1, 1, tzinfo=UTC)


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """A certificate authority of this test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(name("Test CA"), self.key, authority=True)
        self.file = self._write("ca.pem", self.certificate)

    def issue(self, common: str) -> tuple[str, str]:
        """Files of a certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        file = self._write(f"{common}.pem", self._sign(name(common), key))
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        (self.folder / f"{common}.key").write_bytes(pem)
        return file, str(self.folder / f"{common}.key")

    def _sign(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, authority: bool = False
    ) -> x509.Certificate:
        address = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(name("Test CA"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(DAY - timedelta(days=365))
            .not_valid_after(DAY + timedelta(days=3650))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(address, critical=False)
            .sign(self.key, hashes.SHA256())
        )

    def _write(self, file: str, certificate: x509.Certificate) -> str:
        path = self.folder / file
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return str(path)


async def tells_who(scope: Event, receive: object, send: Any) -> None:
    found = scope["state"].get(CERTIFICATE, {})
    body = found.get("commonName", "nobody").encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def test_a_client_certificate_tells_the_application_who_calls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("gateway")
    settings = load({"HUB_HOME": str(tmp_path)})
    tls = Tls(certificate, key, authority.file)

    def ask(url: str, client: tuple[str, str] | None) -> str:
        context = ssl.create_default_context(cafile=authority.file)
        if client:
            context.load_cert_chain(*client)
        with httpx.Client(verify=context, trust_env=False) as session:
            return session.get(url).text

    async def serve() -> tuple[str, str]:
        async with serving(tells_who, "gateway", settings, tls) as url:
            assert url.startswith("https://")
            here = url.replace("127.0.0.1", "localhost")
            with_one = await asyncio.to_thread(ask, here, authority.issue("portal"))
            return with_one, await asyncio.to_thread(ask, here, None)

    assert asyncio.run(serve()) == ("portal", "nobody")


async def tells_address(scope: Event, receive: object, send: Any) -> None:
    """Lets in who is on a list of addresses; tells over what."""
    inside = compile_addresses(["203.0.113.0/24"])(scope["client"][0])
    headers = [(b"content-length", b"4")]
    await send(
        {"type": "http.response.start", "status": 200 if inside else 403, "headers": headers}
    )
    await send({"type": "http.response.body", "body": scope["scheme"].encode()})


def test_nobody_gets_onto_a_list_of_addresses_by_a_header(tmp_path: Path) -> None:
    forged = {"x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "ftps"}

    def ask(url: str) -> tuple[int, str]:
        with httpx.Client(verify=PLAIN, trust_env=False) as session:
            answer = session.get(url, headers=forged)
        return answer.status_code, answer.text

    async def serve() -> tuple[int, str]:
        async with serving(tells_address, "gateway", load({"HUB_HOME": str(tmp_path)})) as url:
            return await asyncio.to_thread(ask, url)

    assert asyncio.run(serve()) == (403, "http")


async def _said(url: str) -> tuple[bytes, asyncio.StreamWriter]:
    """The head of the answer on a connection of its own, which stays open."""
    host, _, port = url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET / HTTP/1.1\r\nhost: hub\r\n\r\n")
    return await reader.readuntil(b"\r\n\r\n"), writer


def test_a_connection_too_many_is_told_to_come_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serve, "MOST_CONNECTIONS", 2)

    async def go() -> list[bytes]:
        async with serving(tells_who, "gateway", load({"HUB_HOME": str(tmp_path)})) as url:
            first, one = await _said(url)
            second, two = await _said(url)
            third, three = await _said(url)
            one.close()
            await one.wait_closed()
            again = third
            async with asyncio.timeout(10):
                while again.startswith(b"HTTP/1.1 503"):
                    again, writer = await _said(url)
                    writer.close()
            two.close()
            three.close()
        return [first, second, third, again]

    first, second, third, again = asyncio.run(go())
    assert all(head.startswith(b"HTTP/1.1 200") for head in (first, second, again))
    assert third.startswith(b"HTTP/1.1 503")
    assert b"retry-after: 5" in third


def test_what_does_not_end_is_not_waited_for_longer_than_it_may_take() -> None:
    hangs, ran = threading.Event(), []

    async def go() -> float:
        started = time.monotonic()
        await ended(lambda: ran.append("ended"), 10, "one")
        await ended(hangs.wait, 0.2, "two")  # type: ignore[arg-type]  # what it gives is nobody's
        await ended(lambda: ran[9], 10, "three")  # type: ignore[arg-type]  # raises
        return time.monotonic() - started

    started = time.monotonic()
    assert 0.2 <= asyncio.run(go()) < 5
    assert time.monotonic() - started < 5, "nor at the end of the loop"
    assert ran == ["ended"]
    hangs.set()


def test_a_stop_takes_less_than_it_is_waited_for() -> None:
    worker = max(DRAIN + LEAVE, LEAVE + TAIL) + WRITER
    gateway = GRACE + TAIL + WRITER
    assert max(worker, gateway) + 1 < STOP
