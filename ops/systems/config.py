"""What a simulated system is told when it starts: its own credentials, and those it shows the hub.

The files are made by `make-config`; the values are test-only and differ in every folder.
"""

from pathlib import Path
from typing import Any, Literal

import msgspec
import yaml


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A configuration."""


class OnestopConfig(_Strict, frozen=True):
    """`username`, `password`: what the hub must show; `hub_*`: what this system shows the hub.

    `wsdl`: the published WSDL, the folder's copy included in `make-config`.
    """

    username: str
    password: str
    hub_username: str
    hub_password: str
    wsdl: str
    path: str = "/MotCuaTiepNhan"
    hub_path: str = "/onestop/MotCuaBaoCao"


class PortalConfig(_Strict, frozen=True):
    """An OAuth2 client for the hub, a Bearer for this system."""

    client_id: str
    client_secret: str
    hub_token: str
    hub_path: str = "/portal"


class NgspConfig(_Strict, frozen=True):
    """The DVCQG adapter. With `route: gateway` an OAuth2 gateway stands in front of it."""

    username: str
    password: str
    dstcode: str
    madonvi: str
    client_id: str
    client_secret: str
    hub_token: str
    route: Literal["adapter", "gateway"] = "adapter"
    hub_path: str = "/ngsp"
    dossier_path: str = "/ho-so"
    amendment_path: str = "/ho-so/bo-sung"


class PostalConfig(_Strict, frozen=True):
    """VNPost behind the NGSP gateway."""

    client_id: str
    client_secret: str
    customer_code: str = "T-TEST"
    path: str = "/apiVNPostNGSP/p1.0/order/post"


class PostalMyConfig(_Strict, frozen=True):
    """MyVNPost's account, keys and numbers.

    `signing_key`: its private RSA key (PEM); `encryption_key`: the public key it was given for mode
    rsa-encrypted. `items`: item number set aside for an order number; others are counted up.
    """

    username: str
    password: str
    signing_key: str
    encryption_key: str
    customer_code: str = "T-TEST"
    items: dict[str, str] = {}
    item_prefix: str = "EB"
    first_serial: int = 10_000_000
    hub_path: str = "/postal_my/webhook"


class IocConfig(_Strict, frozen=True):
    """The operations centre: the key that the hub must show."""

    key: str


CONFIGS: dict[str, Any] = {
    "onestop": OnestopConfig,
    "portal": PortalConfig,
    "ngsp": NgspConfig,
    "postal": PostalConfig,
    "postal_my": PostalMyConfig,
    "ioc": IocConfig,
}
PATHS = ("wsdl", "signing_key", "encryption_key")  # relative to the configuration file


def read_config(name: str, path: Path) -> Any:
    """The configuration of a system. Raises ValueError naming file and field."""
    try:
        raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(raw, dict):
            raw |= {
                key: str((path.parent / str(raw[key])).resolve()) for key in PATHS if key in raw
            }
        return msgspec.convert(raw, CONFIGS[name])
    except (OSError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise ValueError(f"{path}: {error}") from error
