"""Events of dossiers told whole, valid by the schemas, with marked persons where they may be."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from hub.broker import KafkaBroker
from hub.contract.types import Document, Value
from hub.delivery.receipts import SCHEMA, Settled, as_document, receipt
from hub.events import Codec, Envelope, read_headers, write_headers
from hub.events.catalogue import Catalogue
from hub.records import Outgoing, Record
from hub.topics import topic_of
from hub.views.calendar import EPOCH, LOCAL
from hub.views.timeline import Dossier, Fact, fold
from tests.events.records import CATALOGUE, example

# Personal values of the fictional persons and other marks
MARKED = (
    "Nguyễn Văn Mẫu",
    "026001000011",
    "0300000011",
    "mau@example.test",
    "Số 1 đường Thử Nghiệm",
    "https://tep.example.test/t/AAAA-0001",
    "Cán bộ Thử",
    "PERSONAL",
)
ONLINE: Document = {
    "procedure_code": "9.999901",
    "channel": "ONLINE",
    "agency_code": "H44.99.99",
    "result_delivery": "POST",
}


def ms(text: str) -> int:
    """Local time `2025-10-13 08:15` as epoch ms."""
    moment = datetime.fromisoformat(text).replace(tzinfo=LOCAL)
    return (moment - EPOCH) // timedelta(milliseconds=1)


def full(short: str) -> str:
    """The full name of an event."""
    return next(name for name in CATALOGUE.whole if name.endswith(f".{short}"))


def event(short: str, code: str, at: str, **fields: Value) -> tuple[str, Document]:
    """An event with every field; texts that may be personal hold a marked value.

    `dossier` gives fields of the header; times of the header are absent unless given.
    """
    name = full(short)
    record = marked(example(name))
    header = record.get("dossier")
    given = fields.pop("dossier", {})
    if isinstance(header, dict) and isinstance(given, dict):
        nothing: Document = {"submitted_at": None, "accepted_at": None, "due_at": None}
        record["dossier"] = {**header, **nothing, **ONLINE, **given}
    return name, {**record, "dossier_code": code, "at": ms(at), **fields}


def marked(record: Document) -> Document:
    """The record with marked values wherever its schema names a person's field."""
    names = iter(MARKED * 50)

    def change(field: str, value: Value) -> Value:
        if isinstance(value, dict):
            return {key: change(key, part) for key, part in value.items()}
        if isinstance(value, list):
            return [change(field, part) for part in value]
        return next(names) if isinstance(value, str) and field in PERSONAL else value

    return {key: change(key, value) for key, value in record.items()}


def _personal(catalogue: Catalogue) -> frozenset[str]:
    """Field names that are personal in every schema that has them, with texts."""
    found: dict[str, set[object]] = {}
    for definition in catalogue.files.values():
        fields = definition.get("fields", [])
        assert isinstance(fields, list)
        for field in fields:
            assert isinstance(field, dict)
            found.setdefault(str(field["name"]), set()).add(field.get("pii"))
    return frozenset(name for name, classes in found.items() if classes <= {"p", "s"})


PERSONAL = _personal(CATALOGUE)


def fact(
    short: str, at: str, offset: int, *, code: str = "H44.99.99-251013-0001", **fields: Value
) -> Fact:
    """An event as a fact, recorded when it happened."""
    _, record = event(short, code, at, **fields)
    return Fact(offset, ms(at), f"{code}/{offset}", short, source_of(short), record)


def source_of(short: str) -> str:
    """Who says such a thing in the scenarios."""
    if short in ("Received", "EvaluationGiven", "SupplementProvided", "WithdrawalRequested"):
        return "portal"
    tracked = short in ("ConsignmentTracked", "ConsignmentDelivered", "DeliveryFailed")
    return "postal_my" if tracked or short == "ConsignmentReturned" else "onestop"


def story(facts: Iterable[Fact], code: str = "H44.99.99-251013-0001") -> Dossier:
    """The dossier after these facts."""
    dossier = Dossier(code)
    for one in facts:
        dossier = fold(dossier, one)
    return dossier


def on_time() -> list[tuple[str, Document]]:
    """Scenario 1: filed online, processed, result by post."""
    code = "H44.99.99-251013-0001"
    due = ms("2025-10-16 17:00")
    filed: Document = {"submitted_at": ms("2025-10-13 08:15")}
    taken: Document = {
        **filed,
        "accepted_at": ms("2025-10-13 09:05"),
        "due_at": due,
        "receipt_number": "BN-0001",
    }
    order: Document = {"order_number": code}
    item: Document = {**order, "item_code": "EB990001015VN"}
    scans = (
        ("CREATED", "1", "2025-10-15 15:10"),
        ("COLLECTED", "6", "2025-10-15 16:40"),
        ("AT_DELIVERY_OFFICE", "11", "2025-10-16 08:05"),
        ("OUT_FOR_DELIVERY", "12", "2025-10-16 09:30"),
        ("DELIVERED", "14", "2025-10-16 10:15"),
    )
    finished = ms("2025-10-15 14:20")
    return [
        event("Received", code, "2025-10-13 08:15", dossier=filed),
        event("Accepted", code, "2025-10-13 09:05", dossier=taken),
        event(
            "StatusChanged", code, "2025-10-13 10:30", status="PROCESSING", status_raw="processing"
        ),
        event("ResultReady", code, "2025-10-15 14:20", dossier=taken, finished_at=finished),
        event(
            "ConsignmentOrdered",
            code,
            "2025-10-15 14:30",
            direction="RETURN",
            weight_grams=50,
            item_code=None,
            **order,
        ),
        *(
            event("ConsignmentTracked", code, at, state=state, state_raw=raw, **item)
            for state, raw, at in scans
        ),
        event("ConsignmentDelivered", code, "2025-10-16 10:15", direction="RETURN", **item),
        event(
            "ResultReturned",
            code,
            "2025-10-16 10:20",
            dossier=taken,
            finished_at=finished,
            returned_at=ms("2025-10-16 10:20"),
            returned_by="POST",
        ),
        event("EvaluationGiven", code, "2025-10-16 20:00", score=5),
    ]


def supplemented() -> list[tuple[str, Document]]:
    """Scenario 3: filed on DVCQG, one paper more, an extension with reason SUPPLEMENT."""
    code = "G22.99.99-251015-000003"
    ref: Document = {"origin": "DVCQG", "local_code": "H44.99.99-251015-0003"}
    first, second = ms("2025-10-22 17:00"), ms("2025-10-27 17:00")
    header: Document = {"procedure_code": "9.999904", "result_delivery": "COUNTER"}
    taken: Document = {**header, "accepted_at": ms("2025-10-15 08:40"), "due_at": first}
    later: Document = {**taken, "due_at": second}
    finished = ms("2025-10-24 15:00")
    return [
        event("Received", code, "2025-10-15 07:50", dossier=header, **ref),
        event("Accepted", code, "2025-10-15 08:40", dossier=taken, **ref),
        event(
            "SupplementRequested", code, "2025-10-16 09:00", request_id=1, papers=["GT-02"], **ref
        ),
        event("SupplementProvided", code, "2025-10-20 21:10", request_id=1, **ref),
        event("StatusChanged", code, "2025-10-21 08:30", status="PROCESSING", **ref),
        event(
            "DeadlineExtended",
            code,
            "2025-10-21 08:31",
            status="PROCESSING",
            dossier=later,
            previous_due_at=first,
            new_due_at=second,
            reason="SUPPLEMENT",
            **ref,
        ),
        event("ResultReady", code, "2025-10-24 15:00", dossier=later, finished_at=finished, **ref),
        event(
            "ResultReturned",
            code,
            "2025-10-27 09:00",
            dossier=later,
            finished_at=finished,
            returned_at=ms("2025-10-27 09:00"),
            returned_by="COUNTER",
            **ref,
        ),
    ]


def paid() -> list[tuple[str, Document]]:
    """Scenario 4: a fee is paid online."""
    code = "H44.99.99-251020-0004"
    taken: Document = {
        "procedure_code": "9.999902",
        "accepted_at": ms("2025-10-20 09:00"),
        "due_at": ms("2025-10-27 17:00"),
    }
    finished = ms("2025-10-24 10:00")
    return [
        event("Received", code, "2025-10-20 08:00"),
        event("Accepted", code, "2025-10-20 09:00", dossier=taken),
        event(
            "FeeRequested",
            code,
            "2025-10-20 09:30",
            request_id=1,
            total_vnd=150_000,
            pay_by=ms("2025-10-22 17:00"),
        ),
        event(
            "FeePaid", code, "2025-10-20 19:45", request_id=1, total_vnd=150_000, method="ONLINE"
        ),
        event("StatusChanged", code, "2025-10-21 08:05", status="PROCESSING"),
        event("ResultReady", code, "2025-10-24 10:00", dossier=taken, finished_at=finished),
        event(
            "ResultReturned",
            code,
            "2025-10-24 16:10",
            dossier=taken,
            finished_at=finished,
            returned_at=ms("2025-10-24 16:10"),
            returned_by="COUNTER",
        ),
    ]


def late_over_tet() -> list[tuple[str, Document]]:
    """Scenario 5: five working days over Tết, extended with reason LATE, late by two."""
    code = "H44.99.99-260211-0005"
    first, second = ms("2026-02-25 17:00"), ms("2026-02-27 17:00")
    taken: Document = {
        "procedure_code": "9.999904",
        "channel": "COUNTER",
        "accepted_at": ms("2026-02-11 08:30"),
        "due_at": first,
    }
    later: Document = {**taken, "due_at": second}
    finished = ms("2026-02-27 10:00")
    return [
        event("Accepted", code, "2026-02-11 08:30", dossier=taken),
        event("StatusChanged", code, "2026-02-12 09:00", status="PROCESSING"),
        event(
            "DeadlineExtended",
            code,
            "2026-02-25 16:30",
            status="PROCESSING",
            dossier=later,
            previous_due_at=first,
            new_due_at=second,
            reason="LATE",
            apology_number="01/PXL",
        ),
        event("StatusChanged", code, "2026-02-25 16:45", status="PROCESSING"),
        event("ResultReady", code, "2026-02-27 10:00", dossier=later, finished_at=finished),
        event(
            "ResultReturned",
            code,
            "2026-02-27 15:30",
            dossier=later,
            finished_at=finished,
            returned_at=ms("2026-02-27 15:30"),
            returned_by="COUNTER",
        ),
    ]


def facts_of(events: Iterable[tuple[str, Document]]) -> list[Fact]:
    """Events as facts at the offsets 0, 1, 2, …"""
    made = []
    for offset, (name, record) in enumerate(events):
        at, short = record["at"], name.rpartition(".")[2]
        assert isinstance(at, int)
        made.append(
            Fact(offset, at, event_id(name, record, offset), short, source_of(short), record)
        )
    return made


def event_id(name: str, record: Document, place: int) -> str:
    """A stable id for the `place`-th event of a story."""
    return str(uuid5(NAMESPACE_URL, f"{name}/{record.get('dossier_code')}/{place}"))


def outgoing(events: Iterable[tuple[str, Document]], codec: Codec) -> list[Outgoing]:
    """Events as the gateway puts them on their topic."""
    made = []
    for place, (name, record) in enumerate(events):
        at, short = record["at"], name.rpartition(".")[2]
        assert isinstance(at, int)
        envelope = Envelope(event_id(name, record, place), source_of(short), name, at, "test")
        key = str(record.get("dossier_code") or record.get("procedure_code")).encode()
        made.append(
            Outgoing(
                topic_of(name), key, codec.encode(name, record), tuple(write_headers(envelope))
            )
        )
    return made


def receipts(
    broker: KafkaBroker, events: list[Outgoing], codec: Codec, partitions: int
) -> list[Outgoing]:
    """A receipt per event for the portal as a worker writes them; the first is a dead letter.

    The events are those of one dossier, alone and first in their partition.
    """
    made = []
    for offset, one in enumerate(events):
        assert one.key is not None
        partition = broker.partition_of(one.key, partitions)
        envelope = read_headers(one.headers)
        settled = Settled(
            outcome="DELIVERED" if offset else "DEAD_LETTERED",
            event_id=envelope.id,
            event_type=envelope.type,
            registration="portal",
            record=Record(one.topic, partition, offset, 0, one.key, one.value, one.headers),
            bundle="b",
            settings="s",
            at=ms("2025-10-20 08:00"),
            reason="PERSONAL",
        )
        made.append(receipt(settled, codec.encode(SCHEMA, as_document(settled))))
    return made
