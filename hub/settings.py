"""The one place that reads the environment.

Every value is checked here, once, before anything is opened; a wrong one is refused with its name,
what is wrong and what to write. Secrets are never held here: they are references ("env:NAME" or
"file:PATH") that `resolve` follows at the moment of use.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from hub.errors import Halt
from hub.nearest import nearest

PARTITIONS = 12
AUDIT_GRACE = 300  # seconds
PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable that the hub reads. A default of "" means: not set."""

    name: str
    default: str
    doc: str


VARIABLES = (
    Variable("HUB_HOME", ".hub", "folder for everything local: broker, run files, state, logs"),
    Variable("HUB_CONNECTORS", "connectors", "folder of connectors"),
    Variable("HUB_REGISTRATIONS", "registrations.yaml", "file that says where each system stands"),
    Variable("HUB_SCHEMAS", "schemas/avro", "folder of event schemas"),
    Variable(
        "HUB_BOOTSTRAP", "", "HOST:PORT,… of an outside cluster; else the broker of `hub dev`"
    ),
    Variable("HUB_REGISTRY_URL", "", "an outside schema registry; else the one of `hub registry`"),
    Variable(
        "HUB_CONTROL_URL", "", "the control plane on another machine; else that of `hub registry`"
    ),
    Variable("HUB_LISTEN", "127.0.0.1:0", "where a process listens; port 0 is a free one"),
    Variable("HUB_TLS_CERTIFICATE", "", "PEM file: the gateway serves https with it"),
    Variable("HUB_TLS_KEY", "", "PEM file of its key"),
    Variable("HUB_TLS_CLIENT_CA", "", "PEM file: authorities of systems' certificates (mTLS)"),
    Variable("HUB_PARTITIONS", str(PARTITIONS), "partitions of every topic, when they are made"),
    Variable(
        "HUB_WORKERS", "1", "worker processes in all; each keeps to its part of a system's limits"
    ),
    Variable("HUB_DIGEST_KEY", "", "reference; key of bodies' digests, the same for all gateways"),
    Variable("HUB_ID", "hub", "this hub's name in certificates: one for another hub is refused"),
    Variable("HUB_CERTIFY_KEY", "", "reference; Ed25519 key (PEM) of `hub connector certify`"),
    Variable("HUB_CERTIFIERS", "", "file of the public keys whose certificates count; else ours"),
    Variable("HUB_AUDIT", "", "required: gateways accept only while evidence is written; off"),
    Variable(
        "HUB_AUDIT_GRACE",
        str(AUDIT_GRACE),
        "seconds without signed evidence after which gateways answer 503",
    ),
    Variable("HUB_AUDIT_SIGNER", "", "reference,… to the keys that sign checkpoints; else our own"),
    Variable("HUB_AUDIT_KEY", "", "reference; 64 hex digits that wrap the keys of the evidence"),
    Variable("HUB_AUDIT_COPIES", "", "copies of the evidence's keys, FILE,FILE: erased there too"),
    Variable("HUB_AUDIT_WITNESSES", "", "files of witnesses' public keys, FILE,FILE"),
    Variable(
        "HUB_AUDIT_WITNESSES_WANTED", "", "how many of them have to co-sign each day; else all"
    ),
    Variable("HUB_ARCHIVE", "", "folder or s3://BUCKET/PREFIX; else audit/archive under HUB_HOME"),
    Variable("HUB_ARCHIVE_ENDPOINT", "", "address of an S3-compatible storage; else the vendor's"),
    Variable("HUB_ARCHIVE_REGION", "us-east-1", "region of the bucket"),
    Variable("HUB_ARCHIVE_KEY_ID", "", "access key id for the bucket"),
    Variable("HUB_ARCHIVE_SECRET", "", "reference to the secret access key for the bucket"),
    Variable(
        "HUB_MAY_UNMASK",
        "no",
        "yes: people may see personal data here, with a reason; second: and if another permits it",
    ),
    Variable("HUB_ACCESS", "", "file that names who may what; else this machine's own token may"),
    Variable("HUB_TOKEN", "", "reference to the token by which the command line says who you are"),
    Variable("HUB_KAFKA_SECURITY", "PLAINTEXT", "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL"),
    Variable("HUB_KAFKA_SASL_MECHANISM", "", "PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512 (default)"),
    Variable("HUB_KAFKA_SASL_USERNAME", "", "user for SASL"),
    Variable("HUB_KAFKA_SASL_PASSWORD", "", "reference to the password for SASL"),
    Variable("HUB_KAFKA_CA", "", "PEM file of the authorities that the cluster is checked against"),
    Variable("HUB_KAFKA_CERTIFICATE", "", "PEM file of our own certificate"),
    Variable("HUB_KAFKA_KEY", "", "PEM file of its key"),
)


@dataclass(frozen=True, slots=True)
class Security:
    """How to talk to the cluster. `sasl_password` is a reference, not a password."""

    protocol: str = "PLAINTEXT"
    sasl_mechanism: str | None = None
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Tls:
    """Files with which the gateway serves https; `client_ca` asks systems for a certificate."""

    certificate: str
    key: str
    client_ca: str | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """An S3-compatible bucket. `endpoint` None: the vendor's own. `secret` is a reference."""

    url: str  # s3://bucket/prefix
    endpoint: str | None
    region: str
    key_id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process of the hub needs to know of its surroundings."""

    home: Path  # everything local: broker data, run files, rebuildable state, logs
    connectors: Path
    registrations: Path
    schemas: Path
    bootstrap: str | None  # None: the broker on this machine (run files tell)
    registry_url: str | None
    listen: tuple[str, int]  # port 0: a free one
    partitions: int
    workers: int  # that share the systems' limits
    digest_key: str | None = field(repr=False)  # reference; key of the bodies' digests
    control_url: str | None = None  # None: of the `hub registry` here
    hub_id: str = "hub"
    certify_key: str | None = field(default=None, repr=False)  # reference; signs certificates
    certifiers: Path | None = None  # file of the keys that count; None: our own alone
    audit: str | None = None  # None: required by what `hub up` starts, off elsewhere
    audit_grace: int = AUDIT_GRACE  # seconds
    audit_signer: str | None = field(default=None, repr=False)  # references, joined by commas
    audit_key: str | None = field(default=None, repr=False)  # reference; wraps the evidence's keys
    audit_copies: tuple[Path, ...] = ()
    audit_witnesses: tuple[Path, ...] = ()
    audit_wanted: int | None = None  # of these witnesses; None: all
    archive: Path | Bucket | None = None  # None: under home
    may_unmask: bool = False  # whether people may see personal data here, with a reason
    unmask_second: bool = False  # and only where another person permits it
    access: Path | None = None  # None: whoever may read this machine's own token is its admin
    token: str | None = field(default=None, repr=False)  # reference; who uses the command line
    tls: Tls | None = None
    security: Security = Security()


def load(environ: Mapping[str, str] | None = None) -> Settings:
    """Read `HUB_*`. Raises Halt with the variable's name and what to write instead."""
    env = os.environ if environ is None else environ
    unmask = _one_of("HUB_MAY_UNMASK", env.get("HUB_MAY_UNMASK", "no"), ("no", "yes", "second"))
    return Settings(
        home=Path(env.get("HUB_HOME", ".hub")).absolute(),
        connectors=Path(env.get("HUB_CONNECTORS", "connectors")).absolute(),
        registrations=_registrations(env.get("HUB_REGISTRATIONS")),
        schemas=Path(env.get("HUB_SCHEMAS", "schemas/avro")).absolute(),
        bootstrap=env.get("HUB_BOOTSTRAP") or None,
        registry_url=env.get("HUB_REGISTRY_URL") or None,
        control_url=env.get("HUB_CONTROL_URL", "").rstrip("/") or None,
        listen=_address("HUB_LISTEN", env.get("HUB_LISTEN", "127.0.0.1:0")),
        partitions=_whole("HUB_PARTITIONS", env.get("HUB_PARTITIONS"), PARTITIONS, 1, 1000),
        workers=_whole("HUB_WORKERS", env.get("HUB_WORKERS"), 1, 1, 64),
        digest_key=env.get("HUB_DIGEST_KEY") or None,
        hub_id=env.get("HUB_ID") or "hub",
        certify_key=env.get("HUB_CERTIFY_KEY") or None,
        certifiers=_file(env.get("HUB_CERTIFIERS")),
        audit=_one_of("HUB_AUDIT", env.get("HUB_AUDIT", ""), ("", "off", "required")) or None,
        audit_grace=_whole("HUB_AUDIT_GRACE", env.get("HUB_AUDIT_GRACE"), AUDIT_GRACE, 30, 86_400),
        audit_signer=env.get("HUB_AUDIT_SIGNER") or None,
        audit_key=env.get("HUB_AUDIT_KEY") or None,
        audit_copies=_files(env.get("HUB_AUDIT_COPIES")),
        audit_witnesses=_files(env.get("HUB_AUDIT_WITNESSES")),
        audit_wanted=_wanted(env.get("HUB_AUDIT_WITNESSES_WANTED")),
        archive=_archive(env),
        may_unmask=unmask != "no",
        unmask_second=unmask == "second",
        access=_access(env.get("HUB_ACCESS")),
        token=_optional_reference("HUB_TOKEN", env.get("HUB_TOKEN")),
        tls=_tls(env),
        security=_security(env),
    )


def misspelt(environ: Mapping[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Each `HUB_*` variable that is no setting, and the setting that it comes near to.

    One that comes near to none may be a secret's own, as in `password: env:HUB_POSTAL_PASSWORD`.
    """
    env = os.environ if environ is None else environ
    known = [variable.name for variable in VARIABLES]
    followed = set(env.values())
    for name in sorted(env):
        near = nearest(name, known) if name.startswith("HUB_") and name not in known else None
        if near is not None and f"env:{name}" not in followed:
            yield name, near


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """The environment of this process with changes, for a child or for `load`."""
    return {**os.environ, **changes}


def resolve(reference: str) -> str:
    """The secret behind "env:NAME" or "file:PATH" (trailing newline dropped).

    Raises Halt naming the reference, never the value.
    """
    kind, _, name = reference.partition(":")
    if kind == "env" and name:
        if name not in os.environ:
            raise Halt(f"the environment has no {name}", where=reference, fix=f"export {name}")
        return os.environ[name]
    if kind == "file" and name:
        try:
            return Path(name).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise Halt(
                f"cannot be read ({type(error).__name__})",
                where=reference,
                fix="check the path and its permissions",
            ) from error
    # what stands there is not repeated: it may be the secret itself
    raise Halt("is not a secret's reference", where="secret", fix="write env:NAME or file:PATH")


def _registrations(named: str | None) -> Path:
    """The file of registrations. One that was named must be there; there may be none by default."""
    file = Path(named or "registrations.yaml").absolute()
    if named and not file.is_file():
        raise Halt(
            f"there is no file {file}",
            where="HUB_REGISTRATIONS",
            fix="correct the path, or unset it for registrations.yaml in the working folder",
        )
    return file


def _file(named: str | None) -> Path | None:
    return Path(named).absolute() if named else None


def _access(named: str | None) -> Path | None:
    """The file that names people. One that was named must be there: nobody is let in by mistake."""
    if not named:
        return None
    file = Path(named).absolute()
    if not file.is_file():
        raise Halt(
            f"there is no file {file}",
            where="HUB_ACCESS",
            fix="correct the path, or unset it for this machine's own token",
        )
    return file


def _optional_reference(name: str, value: str | None) -> str | None:
    if value:
        _reference(name, value)
    return value or None


def _tls(env: Mapping[str, str]) -> Tls | None:
    certificate = env.get("HUB_TLS_CERTIFICATE")
    key = env.get("HUB_TLS_KEY")
    client_ca = env.get("HUB_TLS_CLIENT_CA") or None
    if not certificate and not key and not client_ca:
        return None
    if not certificate or not key:
        missing = "HUB_TLS_KEY" if certificate else "HUB_TLS_CERTIFICATE"
        raise Halt("is not set, but another HUB_TLS variable is", where=missing)
    return Tls(certificate, key, client_ca)


def _files(named: str | None) -> tuple[Path, ...]:
    parts = (part.strip() for part in (named or "").split(","))
    return tuple(Path(part).absolute() for part in parts if part)


def _wanted(said: str | None) -> int | None:
    return _whole("HUB_AUDIT_WITNESSES_WANTED", said, 0, 0, 20) if said else None


def _archive(env: Mapping[str, str]) -> Path | Bucket | None:
    url = env.get("HUB_ARCHIVE")
    if not url or not url.startswith("s3://"):
        return _file(url)
    key_id, secret = env.get("HUB_ARCHIVE_KEY_ID"), env.get("HUB_ARCHIVE_SECRET")
    if not key_id or not secret:
        missing = "HUB_ARCHIVE_SECRET" if key_id else "HUB_ARCHIVE_KEY_ID"
        raise Halt("is not set, but HUB_ARCHIVE is a bucket", where=missing)
    _reference("HUB_ARCHIVE_SECRET", secret)
    region = env.get("HUB_ARCHIVE_REGION") or "us-east-1"
    return Bucket(url, env.get("HUB_ARCHIVE_ENDPOINT") or None, region, key_id, secret)


def _security(env: Mapping[str, str]) -> Security:
    protocol = _one_of("HUB_KAFKA_SECURITY", env.get("HUB_KAFKA_SECURITY", "PLAINTEXT"), PROTOCOLS)
    mechanism = env.get("HUB_KAFKA_SASL_MECHANISM") or None
    if protocol.startswith("SASL"):
        mechanism = _one_of("HUB_KAFKA_SASL_MECHANISM", mechanism or "SCRAM-SHA-512", MECHANISMS)
        for name in ("HUB_KAFKA_SASL_USERNAME", "HUB_KAFKA_SASL_PASSWORD"):
            if not env.get(name):
                raise Halt(f"is not set, but HUB_KAFKA_SECURITY is {protocol}", where=name)
        _reference("HUB_KAFKA_SASL_PASSWORD", env["HUB_KAFKA_SASL_PASSWORD"])
    return Security(
        protocol=protocol,
        sasl_mechanism=mechanism,
        sasl_username=env.get("HUB_KAFKA_SASL_USERNAME") or None,
        sasl_password=env.get("HUB_KAFKA_SASL_PASSWORD") or None,
        ca=env.get("HUB_KAFKA_CA") or None,
        certificate=env.get("HUB_KAFKA_CERTIFICATE") or None,
        key=env.get("HUB_KAFKA_KEY") or None,
    )


def _reference(name: str, value: str) -> None:
    """Refuse what is no secret's reference; it may be the secret itself, so it is not repeated."""
    kind, _, rest = value.partition(":")
    if kind not in ("env", "file") or not rest:
        raise Halt("is not a secret's reference", where=name, fix="write env:NAME or file:PATH")


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise Halt(f"'{value}' is not one of {', '.join(allowed)}", where=name)
    return value


def _whole(name: str, value: str | None, default: int, lowest: int, highest: int) -> int:
    if not value:
        return default
    if not value.isascii() or not value.isdigit() or not lowest <= int(value) <= highest:
        raise Halt(
            f"'{value}' is not between {lowest} and {highest}",
            where=name,
            fix=f"unset it for the default, {default}",
        )
    return int(value)


def _address(name: str, value: str) -> tuple[str, int]:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:  # noqa: PLR2004 - the highest port
        raise Halt(f"'{value}' is not HOST:PORT", where=name, fix="for example 127.0.0.1:8080")
    return host.strip("[]"), int(port)
