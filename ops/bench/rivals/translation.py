"""What the two Python rivals translate: an event into the board's words and back.

The same as the mappings in ops/bench/rivals/connectors, written as people write it by hand.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from struct import pack

import fastavro
import orjson

HERE = timezone(timedelta(hours=7))
ORIGIN = {"PROVINCE": "TINH", "DVCQG": "DVCQG"}
STATUS = {
    "REGISTERED": "MOI_DANG_KY",
    "ACCEPTED": "DA_TIEP_NHAN",
    "REFUSED": "KHONG_TIEP_NHAN",
    "PROCESSING": "DANG_XU_LY",
    "SUPPLEMENT_REQUIRED": "CHO_BO_SUNG",
    "PAYMENT_REQUIRED": "CHO_THANH_TOAN",
    "WITHDRAWN": "DA_RUT",
    "STOPPED": "DUNG_XU_LY",
    "COMPLETED": "DA_CO_KET_QUA",
    "RESULT_RETURNED": "DA_TRA_KET_QUA",
    "UNKNOWN": "KHONG_RO",
}
ORIGIN_BACK = {word: ours for ours, word in ORIGIN.items()}
STATUS_BACK = {word: ours for ours, word in STATUS.items()}


class Schema:
    """The event's Avro schema, in Confluent's wire format: 0, the id in four bytes, the record."""

    def __init__(self, file: str, number: int) -> None:
        self._parsed = fastavro.parse_schema(orjson.loads(Path(file).read_bytes()))
        self._prefix = pack(">bI", 0, number)

    def decode(self, raw: bytes) -> dict[str, object]:
        """The record."""
        record: object = fastavro.schemaless_reader(BytesIO(raw[5:]), self._parsed, None)
        if not isinstance(record, dict):
            raise TypeError("the schema is no record")
        return record

    def encode(self, record: Mapping[str, object]) -> bytes:
        """The bytes."""
        out = BytesIO(self._prefix)
        out.seek(len(self._prefix))
        fastavro.schemaless_writer(out, self._parsed, record)
        return out.getvalue()


def told(event: Mapping[str, object], event_id: str) -> dict[str, str]:
    """An event in the board's words, in the order of its contract."""
    at = event["at"]
    if not isinstance(at, datetime):
        raise TypeError("at is no time")
    return {
        "id": event_id,
        "dossier": str(event["dossier_code"]),
        "step": str(event["local_code"] or ""),
        "at": at.astimezone(HERE).isoformat(timespec="seconds"),
        "origin": ORIGIN[str(event["origin"])],
        "status": STATUS[str(event["status"])],
        "status_raw": str(event["status_raw"]),
        "officer": str(event["officer_name"] or ""),
        "title": str(event["officer_title"] or ""),
        "department": str(event["department"] or ""),
        "note": str(event["note"] or ""),
    }


def reported(told: Mapping[str, str]) -> dict[str, object]:
    """What the board reports, as an event. Raises KeyError, ValueError for what is none."""
    return {
        "dossier_code": told["dossier"],
        "at": datetime.fromisoformat(told["at"]),
        "origin": ORIGIN_BACK[told["origin"]],
        "local_code": told["step"],
        "status": STATUS_BACK[told["status"]],
        "status_raw": told["status_raw"],
        "officer_name": told["officer"],
        "officer_title": told["title"],
        "department": told["department"],
        "note": told["note"],
    }


def headers(told: Mapping[str, str]) -> list[tuple[str, bytes]]:
    """CloudEvents attributes: the same message gives the same event id when it is sent again."""
    event_id = sha256(f"board/{told['id']}".encode()).hexdigest()[:32]
    return [
        ("ce_specversion", b"1.0"),
        ("ce_id", event_id.encode()),
        ("ce_source", b"/connectors/board"),
        ("ce_type", b"dossier.v1.StatusChanged"),
        ("content-type", b"application/vnd.confluent.avro"),
    ]
