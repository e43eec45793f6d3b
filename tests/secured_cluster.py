"""Somebody else's cluster: a real Kafka that wants TLS and a user, and gives rights one by one.

Clients come through SASL_SSL (SCRAM or PLAIN) or through SSL with a certificate of their own.
Whoever is not granted a right has none. The PLAINTEXT door is the administrator's and Kafka's own.
"""

import ipaddress
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
)

from hub.dev.config import More
from hub.dev.kafka import DevBroker
from hub.dev.node import free_port
from tests.brokers import CACHE

USER, LIMITED, CLIENT = "hub", "hub-without-rights", "hub-mtls"
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority made on the spot."""

    key: ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: x509.Certificate
    pem: Path  # its certificate


@dataclass(frozen=True, slots=True)
class Secured:
    """The cluster as its administrator describes it to us."""

    sasl: str  # host:port of SASL_SSL
    tls: str  # host:port of SSL, which wants a client's certificate
    plain: str  # host:port of PLAINTEXT: the administrator's
    ca: Path
    certificate: Path  # of the client, and its key
    key: Path
    password: Path  # file with the password of USER and of LIMITED
    folder: Path

    @property
    def secret(self) -> str:
        """The password itself, to look for it where it must not be."""
        return self.password.read_text(encoding="ascii").strip()

    def variables(self, mechanism: str = "SCRAM-SHA-512", user: str = USER) -> dict[str, str]:
        """The hub's settings for the door SASL_SSL."""
        return {
            "HUB_BOOTSTRAP": self.sasl,
            "HUB_KAFKA_SECURITY": "SASL_SSL",
            "HUB_KAFKA_SASL_MECHANISM": mechanism,
            "HUB_KAFKA_SASL_USERNAME": user,
            "HUB_KAFKA_SASL_PASSWORD": f"file:{self.password}",
            "HUB_KAFKA_CA": str(self.ca),
        }

    def mutual(self) -> dict[str, str]:
        """The hub's settings for the door SSL."""
        return {
            "HUB_BOOTSTRAP": self.tls,
            "HUB_KAFKA_SECURITY": "SSL",
            "HUB_KAFKA_CA": str(self.ca),
            "HUB_KAFKA_CERTIFICATE": str(self.certificate),
            "HUB_KAFKA_KEY": str(self.key),
        }


@contextmanager
def secured_cluster(folder: Path) -> Iterator[Secured]:
    """One node, ended with the block or with this process. `folder` must be there."""
    authority = make_authority(folder, "authority")
    server = _issue(authority, folder, "kafka", ExtendedKeyUsageOID.SERVER_AUTH)
    client = _issue(authority, folder, CLIENT, ExtendedKeyUsageOID.CLIENT_AUTH)
    password = folder / "password"
    password.write_text(secrets.token_urlsafe(24) + "\n", encoding="ascii")
    doors = {"SASL_SSL": free_port(), "SSL": free_port()}
    more = More(
        listeners=doors,
        properties={**_tls(server, authority.pem), **_sasl(password), **RIGHTS},
        scram=tuple(
            f"SCRAM-SHA-512=[name={user},password={password.read_text('ascii').strip()}]"
            for user in (USER, LIMITED)
        ),
    )
    with DevBroker(folder / "cluster", cache=CACHE, more=more) as broker:
        yield Secured(
            sasl=f"127.0.0.1:{doors['SASL_SSL']}",
            tls=f"127.0.0.1:{doors['SSL']}",
            plain=broker.bootstrap,
            ca=authority.pem,
            certificate=client.with_suffix(".crt"),
            key=client.with_suffix(".key"),
            password=password,
            folder=folder,
        )


# Nobody has a right that was not given; the PLAINTEXT door (Kafka's own, and ours as administrator)
# has them all.
RIGHTS = {
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    "allow.everyone.if.no.acl.found": "false",
}


def _tls(server: Path, ca: Path) -> dict[str, str]:
    return {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(server.with_suffix(".pem")),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(ca),
        "listener.name.ssl.ssl.client.auth": "required",
        "ssl.principal.mapping.rules": "RULE:^CN=([^,]+)$/$1/,DEFAULT",
    }


def _sasl(password: Path) -> dict[str, str]:
    modules = "org.apache.kafka.common.security"
    text = password.read_text("ascii").strip()
    users = " ".join(f'user_{user}="{text}"' for user in (USER, LIMITED))
    return {
        "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": (
            f"{modules}.scram.ScramLoginModule required;"
        ),
        "listener.name.sasl_ssl.plain.sasl.jaas.config": (
            f"{modules}.plain.PlainLoginModule required {users};"
        ),
    }


def grant(
    cluster: Secured, user: str, rights: Sequence[tuple[ResourceType, str, Sequence[ACLOperation]]]
) -> None:
    """Give `user` operations on things; a name that ends in * means all that begin so."""
    rows = [
        ACL(
            f"User:{user}",
            "*",
            operation,
            ACLPermissionType.ALLOW,
            ResourcePattern(kind, name.removesuffix("*") or "*", _pattern(name)),
        )
        for kind, name, operations in rights
        for operation in operations
    ]
    admin = KafkaAdminClient(bootstrap_servers=cluster.plain)
    try:
        done = admin.create_acls(rows)
    finally:
        admin.close()
    assert not done["failed"], done["failed"]


def _pattern(name: str) -> ACLResourcePatternType:
    prefixed = name.endswith("*") and name != "*"
    return ACLResourcePatternType.PREFIXED if prefixed else ACLResourcePatternType.LITERAL


def make_authority(folder: Path, name: str) -> Authority:
    """A new authority; its certificate stands in `<folder>/<name>.crt`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _named(name)
    basic = x509.BasicConstraints(ca=True, path_length=0)
    builder = _builder(subject, subject, key).add_extension(basic, critical=True)
    builder = builder.add_extension(_may_sign(), critical=True)
    certificate = builder.sign(key, hashes.SHA256())
    pem = folder / f"{name}.crt"
    pem.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    return Authority(key, certificate, pem)


def _issue(authority: Authority, folder: Path, name: str, use: x509.ObjectIdentifier) -> Path:
    """`<name>.crt`, `<name>.key` and both in `<name>.pem`; returns the path without an ending."""
    key = ec.generate_private_key(ec.SECP256R1())
    loopback = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))])
    certificate = (
        _builder(_named(name), authority.certificate.subject, key)
        .add_extension(loopback, critical=False)
        .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
        .sign(authority.key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    place = folder / name
    place.with_suffix(".crt").write_bytes(certificate)
    place.with_suffix(".key").write_bytes(private)
    place.with_suffix(".pem").write_bytes(private + certificate)
    return place


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.fromtimestamp(time.time(), UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
    )


def _may_sign() -> x509.KeyUsage:
    usages = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment")
    others = dict.fromkeys((*usages, "key_agreement", "encipher_only", "decipher_only"), False)
    return x509.KeyUsage(key_cert_sign=True, crl_sign=True, **others)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
