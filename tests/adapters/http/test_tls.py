"""TLS of the transport: whom it trusts, what it shows, and that nothing is sent before that."""

import asyncio
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters.http.connection import Origin
from adapters.http.endpoint import parse_endpoint
from adapters.http.tls import client_context
from adapters.http.transport import Transport
from hub.errors import Halt, Retry
from tests.adapters.http.peers import HERE, answering, ok, peer, run

GET = b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"


class Authority:
    """A CA for tests, whose certificates are valid around now."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        basic = x509.BasicConstraints(ca=True, path_length=None)
        self._certificate = self._signed(self._name, self._key, (basic, True))
        self.pem = self._certificate.public_bytes(Encoding.PEM).decode()

    def issue(self, name: str, *hosts: str) -> tuple[str, str]:
        """Certificate and key as PEM texts."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(h)) for h in hosts])
        certificate = self._signed(subject, key, *([(names, False)] if hosts else []))
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return certificate.public_bytes(Encoding.PEM).decode(), private.decode()

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *extensions: tuple[x509.ExtensionType, bool],
    ) -> x509.Certificate:
        now = datetime.fromtimestamp(1_795_000_000, UTC)  # any day: no test reads the clock
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=3_650))
            .not_valid_after(now + timedelta(days=36_500))
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, SHA256())


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("test CA")


def served(
    authority: Authority, folder: Path, *, host: str = "127.0.0.1", clients: str | None = None
) -> ssl.SSLContext:
    """TLS of a peer; with `clients` it asks for a certificate of that CA."""
    certificate, key = authority.issue("peer", host)
    file = folder / "peer.pem"
    file.write_text(certificate + key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(file)
    if clients is not None:
        context.load_verify_locations(cadata=clients)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def call(peer_tls: ssl.SSLContext, our_tls: ssl.SSLContext) -> list[bytes]:
    """Two calls over TLS, the second on the same connection."""

    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answering(ok(b"1"), ok(b"2"))(reader, writer)  # each connection begins with 1

    async def work() -> list[bytes]:
        async with peer(script, peer_tls) as port, Transport(connections=1) as transport:
            origin = Origin("127.0.0.1", port, our_tls, HERE)
            return [(await transport.exchange(origin, GET, b"", 10)).body for _ in range(2)]

    return run(work)


def test_a_peer_whose_ca_is_trusted_is_called(authority: Authority, tmp_path: Path) -> None:
    assert [b"1", b"2"] == call(served(authority, tmp_path), client_context(authority.pem))


@pytest.mark.parametrize("case", ["unknown CA", "other host"])
def test_a_peer_that_cannot_prove_who_it_is_gets_nothing(
    authority: Authority, tmp_path: Path, case: str
) -> None:
    trusted = Authority("another CA").pem if case == "unknown CA" else authority.pem
    host = "127.0.0.2" if case == "other host" else "127.0.0.1"
    with pytest.raises(Retry) as caught:
        call(served(authority, tmp_path, host=host), client_context(trusted))
    assert (True, False) == (caught.value.system, caught.value.sent)
    assert "TLS" in caught.value.what


def test_our_certificate_is_shown_to_a_peer_that_asks(authority: Authority, tmp_path: Path) -> None:
    tls = served(authority, tmp_path, clients=authority.pem)
    certificate, key = authority.issue("hub")
    assert [b"1", b"2"] == call(tls, client_context(authority.pem, certificate, key))
    assert [b"1", b"2"] == call(tls, client_context(authority.pem, certificate + key))


def test_without_our_certificate_such_a_peer_refuses(authority: Authority, tmp_path: Path) -> None:
    with pytest.raises(Retry):
        call(served(authority, tmp_path, clients=authority.pem), client_context(authority.pem))


def test_certificates_that_cannot_be_used_need_a_person(authority: Authority) -> None:
    certificate, key = authority.issue("hub")
    _, other_key = authority.issue("other")
    for wrong in (("no pem", None, None), (None, "no pem", key), (None, certificate, other_key)):
        with pytest.raises(Halt) as caught:
            client_context(*wrong)
        assert "PRIVATE" not in str(caught.value)


LOADS = """
import sys, tempfile
from pathlib import Path
from adapters.http.tls import client_context
client_context(None, sys.stdin.read())
print(tempfile.gettempdir(), [file.name for file in Path(tempfile.gettempdir()).iterdir()])
"""


def test_no_key_stays_on_disk(authority: Authority, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADS],
        input="".join(authority.issue("hub")),
        env={"TMPDIR": str(tmp_path)},
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{tmp_path} []" == done.stdout.strip()


# -- endpoints


@pytest.mark.parametrize(
    ("url", "host", "port", "base", "authority"),
    [
        ("http://127.0.0.1:8801", "127.0.0.1", 8801, "", "127.0.0.1:8801"),
        ("http://peer.test/a/b/", "peer.test", 80, "/a/b", "peer.test"),
        ("http://peer.test./", "peer.test.", 80, "", "peer.test."),
        ("http://[::1]:8080/x", "::1", 8080, "/x", "[::1]:8080"),
        ("https://Peer.Test:443/", "peer.test", 443, "", "peer.test"),
        ("http://vĩnhphúc.test", "xn--vnhphc-tya58a.test", 80, "", "xn--vnhphc-tya58a.test"),
    ],
)
def test_an_endpoint_is_taken_apart(
    url: str, host: str, port: int, base: str, authority: str
) -> None:
    found = parse_endpoint(url)
    assert (host, port) == (found.origin.host, found.origin.port)
    assert (base, authority) == (found.base, found.authority)
    assert (found.origin.tls is not None) == url.startswith("https")


@pytest.mark.parametrize(
    "url",
    ["", "peer.test", "ftp://peer.test", "http://", "http://u:p-secret@peer.test", "http://a/?k=1",
     "http://a/#x", "http://[::1", "http://a:99999", "http://a..b", "http://.a", "http://a..",
     f"http://{'x' * 64}.test", "http://" + ".".join(["x" * 60] * 5)],
)  # fmt: skip
def test_an_endpoint_that_cannot_be_used_needs_a_person(url: str) -> None:
    with pytest.raises(Halt) as caught:
        parse_endpoint(url)
    assert "p-secret" not in str(caught.value)
