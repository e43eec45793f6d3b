"""MyVNPost's webhooks: rows, the signature over the first of them, and what goes wrong with it.

The signed text is MYVNP + sendDate + data[0].itemCode + data[0].status, UTF-8, without separators
(customer interface of MyVNPost). Rows after the first are covered by nothing.
"""

# ruff: noqa: N815 - fields are named as on the wire

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ops.systems.config import PostalMyConfig
from ops.systems.formats import fit, s10
from ops.systems.model import Act, ActError, Effect, Json, Outgoing
from ops.systems.postal_my_forms import SignatureMode, Switches
from ops.systems.rules import Subject


class Row(msgspec.Struct, frozen=True):
    """A row as an act gives it; other fields pass through as they are."""

    status: Annotated[int, msgspec.Meta(ge=0)] | str
    itemCode: str = ""
    saleOrderCode: str = ""
    updatedDate: str = ""


def signed_text(send_date: str, first: Json) -> bytes:
    """The bytes that the signature of a webhook covers."""
    return f"MYVNP{send_date}{first['itemCode']}{first['status']}".encode()


@dataclass(frozen=True, slots=True)
class Keys:
    """MyVNPost's own signing key, and the public key it was given for mode rsa-encrypted."""

    signing: rsa.RSAPrivateKey = field(repr=False)
    encryption: rsa.RSAPublicKey = field(repr=False)

    def sign(self, mode: SignatureMode, text: bytes) -> str:
        """The `signature` field, base64. Mode rsa-encrypted encrypts instead of signing."""
        if mode == "rsa-encrypted":
            return base64.b64encode(self.encryption.encrypt(text, padding.PKCS1v15())).decode()
        signature = self.signing.sign(text, padding.PKCS1v15(), hashes.SHA256())
        return base64.b64encode(signature).decode()


def read_keys(config: PostalMyConfig) -> Keys:
    """The keys that the configuration names. Raises ValueError if one is not an RSA key."""
    signing = serialization.load_pem_private_key(Path(config.signing_key).read_bytes(), None)
    public = serialization.load_pem_public_key(Path(config.encryption_key).read_bytes())
    if not isinstance(signing, rsa.RSAPrivateKey) or not isinstance(public, rsa.RSAPublicKey):
        raise ValueError("signing_key, encryption_key: not RSA keys")  # noqa: TRY004 - configuration
    return Keys(signing, public)


@dataclass(slots=True)
class Webhooks:
    """Makes webhooks and remembers the last one, so that it can be repeated byte for byte."""

    config: PostalMyConfig
    _last: Outgoing | None = None
    _keys: Keys = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._keys = read_keys(self.config)

    def act(
        self,
        order: Json,
        now: float,
        local: datetime,
        orders: Mapping[str, Json],
        switches: Switches,
    ) -> Act:
        """`webhook`: body.rows; `advance`: body is one row; `again`: the last one once more."""
        operation, body = str(order.get("operation", "")), order.get("body") or {}
        if operation == "again":
            if self._last is None:
                raise ActError("again: nothing was sent yet")
            return Act(self._last)
        if operation not in ("webhook", "advance") or not isinstance(body, dict):
            raise ActError(f"operation: {operation!r} is none of webhook, advance, again")
        raw = [body] if operation == "advance" else body.get("rows")
        misfit = fit(raw, list[Row])
        if misfit or not raw:
            raise ActError(f"body.rows: {misfit or 'at least one row'}")
        rows = self._rows(list(raw), local, orders, switches)
        send_date = str(body.get("sendDate") or local.strftime("%d/%m/%Y %H:%M:%S"))
        outgoing = self._send(rows, send_date, switches.signature_mode)
        self._last = outgoing
        # The envelope moved, whether or not the hub listens.
        return Act(outgoing, before=(Effect("webhook", now, {"rows": rows}),))

    def _rows(
        self, given: list[Json], local: datetime, orders: Mapping[str, Json], switches: Switches
    ) -> list[Json]:
        rows = [self._row(row, local, orders, switches) for row in given]
        for number in range(switches.foreign_rows):
            item = s10("EB", 88_000_000 + number)
            foreign = {"itemCode": item, "saleOrderCode": f"SHOP-{number:05d}", "status": 12}
            rows.append(self._row(foreign, local, orders, switches))
        return rows[::-1] if switches.reverse_rows else rows

    def _row(
        self, given: Json, local: datetime, orders: Mapping[str, Json], switches: Switches
    ) -> Json:
        order = orders.get(str(given.get("saleOrderCode", ""))) or _by_item(given, orders) or {}
        item = given.get("itemCode") or order.get("item_code")
        if not item:
            raise ActError("body.rows: a row needs itemCode, or saleOrderCode of a known order")
        sale = given.get("saleOrderCode") or order.get("saleOrderCode")
        status = given["status"]
        row = {
            "itemCode": item,
            "originalItemCode": item,
            "senderCode": self.config.customer_code,
            "saleOrderCode": sale,
            "status": str(status) if switches.status_as == "string" else status,
            "updatedDate": local.strftime("%d/%m/%Y %H:%M:%S"),
        }
        skip = ("status", "sendDate", "rows")
        return row | {name: v for name, v in given.items() if name not in skip and v != ""}

    def _send(self, rows: list[Json], send_date: str, mode: SignatureMode) -> Outgoing:
        text = signed_text(send_date, rows[0])
        signature = self._keys.sign(mode, text)
        document = {"data": rows, "sendDate": send_date, "signature": signature}
        code = str(rows[0].get("saleOrderCode") or "")
        subject = Subject("webhook", "", code, rows[0]["itemCode"], self.config.hub_path, "out")
        headers = {"content-type": "application/json"}
        body = msgspec.json.encode(document)
        return Outgoing("POST", self.config.hub_path, body, headers, subject, document)

    def spoil(self, outgoing: Outgoing) -> Outgoing:
        """The same rows under the signature of a key that nobody knows."""
        document = msgspec.json.decode(outgoing.body)
        stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        text = signed_text(document["sendDate"], document["data"][0])
        document["signature"] = base64.b64encode(
            stranger.sign(text, padding.PKCS1v15(), hashes.SHA256())
        ).decode()
        return replace(outgoing, body=msgspec.json.encode(document), shown=document)


def _by_item(given: Json, orders: Mapping[str, Json]) -> Json | None:
    item = given.get("itemCode")
    return next((o for o in orders.values() if item and o["item_code"] == item), None)
