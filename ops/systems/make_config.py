"""Fresh test-only credentials for all six systems, and the matching half for the hub.

DIR/<system>.yaml              what the simulated system is started with
DIR/secrets/<system>/<name>    one secret of the hub's registration a file, by the manifest's name
DIR/hub.json                   per system the settings and secret references of its registration
"""

import secrets
import shutil
from pathlib import Path
from typing import Any

import msgspec
import yaml
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ops.systems.model import Json

WSDL = Path(__file__).parents[2] / "connectors" / "onestop" / "contract" / "motcua.wsdl"
ITEMS = {  # order number -> item number that its envelope gets
    "H44.99.99-251013-0001": "EB990001015VN",
    "H44.99.99-251014-0002": "EB990001029VN",
    "H62.99.99-250626-0007": "EB990001077VN",
    "H62.99.99-250627-0008.R2": "EB990001085VN",
}


def make_config(folder: Path, wsdl: Path = WSDL) -> Json:
    """Write all files; returns the content of hub.json. Existing files are replaced."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "onestop").mkdir(exist_ok=True)
    for source in (wsdl, *wsdl.parent.glob("*.xsd")):
        shutil.copy(source, folder / "onestop" / source.name)
    hub = {
        "onestop": _onestop(folder, wsdl.name),
        "portal": _portal(folder),
        "ngsp": _ngsp(folder),
        "postal": _postal(folder),
        "postal_my": _postal_my(folder),
        "ioc": _ioc(folder),
    }
    (folder / "hub.json").write_bytes(msgspec.json.format(msgspec.json.encode(hub)))
    return hub


def _secret() -> str:
    return secrets.token_urlsafe(18)


def _own(folder: Path, name: str, values: dict[str, Any]) -> None:
    path = folder / f"{name}.yaml"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(values, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _hub(folder: Path, name: str, settings: Json, values: dict[str, str]) -> Json:
    """Write the hub's secrets; returns settings and references."""
    place = folder / "secrets" / name
    place.mkdir(parents=True, exist_ok=True)
    for key, value in values.items():
        path = place / key
        path.touch(mode=0o600)
        path.write_text(value, encoding="utf-8")
    return {
        "settings": settings,
        "secrets": {key: f"file:{(place / key).resolve()}" for key in values},
    }


def _onestop(folder: Path, wsdl: str) -> Json:
    inbound, outbound = _secret(), _secret()
    own = {
        "username": "truc-tich-hop",
        "password": outbound,
        "hub_username": "mot-cua",
        "hub_password": inbound,
        "wsdl": f"onestop/{wsdl}",
    }
    _own(folder, "onestop", own)
    settings = {"inbound_username": "mot-cua", "outbound_username": "truc-tich-hop"}
    return _hub(
        folder, "onestop", settings, {"inbound_password": inbound, "outbound_password": outbound}
    )


def _portal(folder: Path) -> Json:
    token, secret = _secret(), _secret()
    _own(folder, "portal", {"client_id": "truc", "client_secret": secret, "hub_token": token})
    return _hub(
        folder, "portal", {"client_id": "truc"}, {"inbound_token": token, "client_secret": secret}
    )


def _ngsp(folder: Path) -> Json:
    password, token, key, secret = _secret(), _secret(), _secret(), _secret()
    shared = {"username": "tinh-thu", "madonvi": "H44", "dstcode": "VN:GOV:TEST:DVCQG"}
    own = {"password": password, "client_id": key, "client_secret": secret, "hub_token": token}
    _own(folder, "ngsp", shared | own)
    agency = {"agency_code": "H44.99.99", "agency_name": "Sở Thử nghiệm tỉnh Phú Thọ"}
    values = {"password": password, "inbound_token": token}
    gateway = {"consumer_key": key, "consumer_secret": secret}
    return _hub(folder, "ngsp", shared | agency, values | gateway)


def _postal(folder: Path) -> Json:
    key, secret = _secret(), _secret()
    own = {"client_id": key, "client_secret": secret, "customer_code": "T-TEST"}
    _own(folder, "postal", own)
    values = {"consumer_key": key, "consumer_secret": secret}
    return _hub(folder, "postal", {"customer_code": "T-TEST"}, values)


def _postal_my(folder: Path) -> Json:
    password = _secret()
    signing, encryption = _rsa(), _rsa()
    (folder / "postal_my").mkdir(exist_ok=True)
    _pem(folder / "postal_my" / "signing.pem", _private(signing))
    _pem(folder / "postal_my" / "encryption.pub.pem", _public(encryption))
    own = {
        "username": "tinh-thu",
        "password": password,
        "customer_code": "T-TEST",
        "signing_key": "postal_my/signing.pem",
        "encryption_key": "postal_my/encryption.pub.pem",
        "items": ITEMS,
    }
    _own(folder, "postal_my", own)
    settings = {"username": "tinh-thu", "customer_code": "T-TEST", "allow_list": ["127.0.0.0/8"]}
    values = {
        "password": password,
        "webhook_key": _public(signing),
        "webhook_private_key": _private(encryption),  # for signature_mode rsa-encrypted instead
    }
    return _hub(folder, "postal_my", settings, values)


def _ioc(folder: Path) -> Json:
    key = _secret()
    _own(folder, "ioc", {"key": key})
    return _hub(folder, "ioc", {}, {"api_key": key})


def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _pem(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")


def _private(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _public(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
