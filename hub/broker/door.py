"""What is wrong at a cluster's door, found out in one short visit.

The client library only says that it could not get in. So before it is asked for the first time, we
knock ourselves: TLS handshake, SaslHandshake, the credential. What a person must change is a Halt
that names the variable; a broker that does not answer is no finding: it may be about to start.
"""

import socket
import ssl
import struct
from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TypeVar

from kafka.net.sasl import get_sasl_mechanism

from hub.errors import Halt
from hub.settings import Security, resolve

T = TypeVar("T")

WAIT = 3.0  # seconds for one answer
ADDRESSES = 3  # that are visited at most; one that answers is enough
LARGEST = 64 * 1024  # bytes of an answer; a SCRAM message has some hundred
ROUNDS = 4  # of a credential's exchange; SCRAM takes two
HANDSHAKE, AUTHENTICATE = 17, 36  # request keys of the protocol guide
UNSUPPORTED_MECHANISM, ILLEGAL_STATE, AUTHENTICATION_FAILED = 33, 34, 58  # its error codes
TLS_ALERT = b"\x15\x03"  # how a TLS server answers what is no TLS (RFC 8446, section 5.1)


class _Closed(OSError):
    """The other side ended the connection, or answered what is no Kafka's."""


def addresses(bootstrap: str) -> list[tuple[str, int]]:
    """Host and port of each. Raises Halt for what is none."""
    found = []
    for text in bootstrap.split(","):
        host, _, port = text.strip().rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:  # noqa: PLR2004 - ports
            raise Halt(
                f"'{text.strip()}' is not HOST:PORT",
                where="HUB_BOOTSTRAP",
                fix="for example kafka-1.example.test:9093,kafka-2.example.test:9093",
            )
        found.append((host.strip("[]"), int(port)))
    return found


def tls_context(security: Security) -> ssl.SSLContext | None:
    """How to check the cluster's certificate and show ours; None without TLS.

    Raises Halt naming the variable whose file cannot be used.
    """
    if not security.protocol.endswith("SSL"):
        return None
    context = _loaded(
        "HUB_KAFKA_CA",
        security.ca,
        "a PEM file of certificates",
        lambda: ssl.create_default_context(cafile=security.ca),
    )
    if security.certificate:
        certificate, key = security.certificate, security.key
        _loaded("HUB_KAFKA_CERTIFICATE", certificate, "a PEM file", Path(certificate).read_bytes)
        _loaded(
            "HUB_KAFKA_KEY" if key else "HUB_KAFKA_CERTIFICATE",
            key or certificate,
            "the PEM file of the certificate's own key, without a passphrase",
            # an empty passphrase, or the library would ask for one on the terminal
            lambda: context.load_cert_chain(certificate, key, password=""),
        )
    return context


def _loaded(where: str, path: str | None, wanted: str, load: Callable[[], T]) -> T:
    try:
        return load()
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = getattr(error, "reason", None) or error.strerror or type(error).__name__  # type: ignore[union-attr]  # of OSError
        raise Halt(
            f"{path} cannot be used ({reason})", where=where, fix=f"name {wanted}"
        ) from error


def look(bootstrap: str, security: Security) -> None:
    """Knock at the addresses until one tells whether we may come in.

    Raises Halt with what is wrong there. Returns when one lets us in, or when none answers.
    """
    context = tls_context(security)
    finding: Halt | None = None
    for host, port in addresses(bootstrap)[:ADDRESSES]:
        try:
            _visit(host, port, security, context)
        except Halt as halt:
            finding = finding or halt
        except OSError:
            continue
        else:
            return
    if finding:
        raise finding


def _visit(host: str, port: int, security: Security, context: ssl.SSLContext | None) -> None:
    """Raises Halt for a finding, OSError where nothing can be said."""
    with socket.create_connection((host, port), WAIT) as plain:
        if context is None:
            _introduce(plain, f"{host}:{port}", security)
            return
        try:
            with context.wrap_socket(plain, server_hostname=host) as secret:
                _introduce(secret, f"{host}:{port}", security)
        except ssl.SSLCertVerificationError as error:
            raise _untrusted(f"{host}:{port}", security, error) from error
        except ssl.SSLEOFError:
            _without_tls(host, port)
            raise
        except ssl.SSLError as error:
            raise _no_handshake(f"{host}:{port}", security, error) from error


def _untrusted(place: str, security: Security, error: ssl.SSLCertVerificationError) -> Halt:
    if error.verify_code in (62, 64):  # X509_V_ERR_HOSTNAME_MISMATCH, _IP_ADDRESS_MISMATCH
        return Halt(
            f"the certificate of {place} is for another name ({error.verify_message})",
            where="HUB_BOOTSTRAP",
            fix="write the name that stands in the certificate",
        )
    return Halt(
        f"the certificate of {place} cannot be trusted ({error.verify_message})",
        where="HUB_KAFKA_CA",
        fix=f"name the PEM file of the authority that signed it; now {security.ca or 'the system'}"
        " decides",
    )


def _no_handshake(place: str, security: Security, error: ssl.SSLError) -> Halt:
    reason = str(error.reason or "no TLS").lower().replace("_", " ")
    if "alert" in reason and "protocol version" not in reason:
        shown = security.certificate or "none is set"
        return Halt(
            f"{place} does not accept our certificate ({reason})",
            where="HUB_KAFKA_CERTIFICATE",
            fix=f"name one that the cluster's administrator accepts, and its key; now: {shown}",
        )
    return _other_protocol(place, f"does not speak TLS as we do ({reason})", "the listener's")


def _without_tls(host: str, port: int) -> None:
    """Raises Halt if a Kafka answers there without TLS."""
    with socket.create_connection((host, port), WAIT) as plain:
        _ask(plain, HANDSHAKE, 1, _text("PLAIN"))
    raise _other_protocol(f"{host}:{port}", "speaks no TLS", "PLAINTEXT or SASL_PLAINTEXT")


def _introduce(connection: socket.socket, place: str, security: Security) -> None:
    """Ask which mechanisms the listener has, and sign in where it has some."""
    wanted = security.sasl_mechanism or "PLAIN"
    answer = _ask(connection, HANDSHAKE, 1, _text(wanted), place)
    (code, count), at = struct.unpack_from(">hi", answer), 6
    asks, signs_in = code != ILLEGAL_STATE, security.protocol.startswith("SASL")
    tls = "SSL" if security.protocol.endswith("SSL") else "PLAINTEXT"
    if asks != signs_in:
        what = "wants a user and a password" if asks else "wants no user"
        raise _other_protocol(place, what, f"SASL_{tls}" if asks else tls)
    if not signs_in:
        return
    if code == UNSUPPORTED_MECHANISM:
        raise Halt(
            f"{place} does not offer {wanted}",
            where="HUB_KAFKA_SASL_MECHANISM",
            fix=f"it offers {', '.join(_texts(answer, at, count)) or 'none'}",
        )
    _sign_in(connection, place, security)


def _sign_in(connection: socket.socket, place: str, security: Security) -> None:
    mechanism = get_sasl_mechanism(security.sasl_mechanism)(
        host=place.rpartition(":")[0],
        sasl_mechanism=security.sasl_mechanism,
        sasl_plain_username=security.sasl_username,
        sasl_plain_password=resolve(security.sasl_password or ""),
    )
    for _ in range(ROUNDS):
        if mechanism.is_done():
            return
        token = mechanism.auth_bytes()
        answer = _ask(connection, AUTHENTICATE, 0, struct.pack(">i", len(token)) + token)
        (code,) = struct.unpack_from(">h", answer)
        if code == AUTHENTICATION_FAILED:
            raise _refused(place, security)
        if code:
            raise _Closed(f"error {code}")
        try:
            mechanism.receive(_token(answer))
        except (ValueError, KeyError) as error:  # the cluster does not know the password either
            raise _refused(place, security) from error


def _refused(place: str, security: Security) -> Halt:
    return Halt(
        f"{place} refuses user {security.sasl_username} or its password",
        where="HUB_KAFKA_SASL_PASSWORD",
        fix=f"check HUB_KAFKA_SASL_USERNAME and what {security.sasl_password} holds",
    )


def _other_protocol(place: str, what: str, better: str) -> Halt:
    return Halt(f"{place} {what}", where="HUB_KAFKA_SECURITY", fix=f"set it to {better}")


def _ask(connection: socket.socket, key: int, version: int, body: bytes, place: str = "") -> bytes:
    """The body of the answer (request header version 1). Raises Halt for a TLS alert, OSError."""
    client = _text("lgsp-hub")
    request = struct.pack(">hhi", key, version, 1) + client + body
    connection.sendall(struct.pack(">i", len(request)) + request)
    deadline = monotonic() + WAIT
    head = _receive(connection, 4, deadline)
    if head.startswith(TLS_ALERT):
        raise _other_protocol(place, "speaks TLS alone", "SSL or SASL_SSL")
    (size,) = struct.unpack(">i", head)
    if not 10 <= size <= LARGEST:  # noqa: PLR2004 - correlation id, error code, an empty list
        raise _Closed(f"an answer of {size} bytes is not from a Kafka")
    return _receive(connection, size, deadline)[4:]


def _receive(connection: socket.socket, size: int, deadline: float) -> bytes:
    got = b""
    while len(got) < size:
        connection.settimeout(max(0.001, deadline - monotonic()))
        part = connection.recv(size - len(got))
        if not part:
            raise _Closed("the connection was closed")
        got += part
    return got


def _text(text: str) -> bytes:
    raw = text.encode()
    return struct.pack(">h", len(raw)) + raw


def _texts(answer: bytes, at: int, count: int) -> list[str]:
    found: list[str] = []
    for _ in range(max(0, count)):
        if at + 2 > len(answer):
            break
        (size,) = struct.unpack_from(">h", answer, at)
        found.append(answer[at + 2 : at + 2 + size].decode(errors="replace"))
        at += 2 + max(0, size)
    return found


def _token(answer: bytes) -> bytes:
    """The mechanism's bytes of a SaslAuthenticate answer: error code, nullable text, bytes."""
    try:
        (told,) = struct.unpack_from(">h", answer, 2)
        at = 4 + max(0, told)
        (size,) = struct.unpack_from(">i", answer, at)
    except struct.error as error:
        raise _Closed("the answer is cut short") from error
    return answer[at + 4 : at + 4 + max(0, size)]
