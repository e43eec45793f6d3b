"""A joined call as it goes onto the wire, and its answer as it comes back: REST and SOAP."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from adapters.http.connection import RawAnswer
from adapters.http.messages import Client
from adapters.http.transport import Transport
from adapters.rest import client as rest_client
from adapters.soap import client as soap_client
from hub.contract.binding import Binding
from hub.delivery.batch_size import BatchSize
from hub.delivery.batching import Joining
from hub.delivery.exchange import Job
from hub.delivery.opening import prepare
from hub.delivery.outcomes import compile_rows
from hub.delivery.outflow import Outflow
from hub.delivery.together import attempt_together
from hub.registry.batch import pairs
from hub.registry.bundle import Bundle, read_bundle
from hub.registry.event_types import read_events
from tests.registry.batch_kit import rest, soap

SCHEMAS = Path(__file__).parents[2] / "schemas" / "avro"
BINDING = Binding("http://127.0.0.1:9")


class Wire(Transport):
    """A transport that answers what it was told to, and keeps the body that was sent."""

    def __init__(self, answer: str, media_type: str) -> None:
        self.answer = RawAnswer(200, ((b"Content-Type", media_type.encode()),), answer.encode())
        self.bodies: list[str] = []

    async def exchange(self, *request: Any, **_: Any) -> RawAnswer:
        """The origin, the head and the body come first."""
        self.bodies.append(request[2].decode())
        return self.answer


def told(bundle: Bundle, client: Client) -> list[str]:
    """What became of the steps of three dossiers, in one call."""
    flow, made = bundle.manifest.flows["told"], bundle.program.flow("told")
    assert flow.batch is not None
    joining = Joining("told", flow.batch, pairs(flow.batch))
    rows = compile_rows([*flow.outcomes, *bundle.manifest.outbound.outcomes], {})
    outflow = Outflow("lists", "told", "e", made.call, rows, {}, joining=joining)
    jobs = [
        Job(code, {"dossier_code": code, "status": "PROCESSING", "note": None}, outflow)
        for code in "ABC"
    ]
    for job in jobs:
        prepare(job)
    ends = asyncio.run(attempt_together(jobs, joining, client, lambda: 1, BatchSize(20)))
    return [type(end).__name__ if isinstance(end, Exception) else str(end) for end in ends]


def test_rest(tmp_path: Path) -> None:
    bundle = read_bundle(rest(tmp_path), read_events(SCHEMAS))
    answer = {"result": [{"ma_ho_so": "C", "error_code": 5}, {"ma_ho_so": "A", "error_code": 0}]}
    wire = Wire(json.dumps(answer), "application/json")
    client = rest_client.open_client(bundle.outbound, BINDING, wire, lambda: 0.0)
    assert told(bundle, client) == ["True", "Retry", "Reject"]
    (body,) = wire.bodies
    steps = [{"MaHoSo": code, "TrangThai": "PROCESSING"} for code in "ABC"]
    assert json.loads(body) == {"isUpdating": "False", "data": steps}


def test_soap(tmp_path: Path) -> None:
    bundle = read_bundle(soap(tmp_path), read_events(SCHEMAS))
    row = "<KetQua><MaHoSo>{}</MaHoSo><Ma>{}</Ma></KetQua>"
    content = row.format("A", "00") + row.format("B", "03")
    answer = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<DoResponse xmlns="urn:test">{content}</DoResponse></s:Body></s:Envelope>'
    )
    wire = Wire(answer, "text/xml")
    client = soap_client.open_client(bundle.outbound, BINDING, wire, lambda: 0)
    assert told(bundle, client) == ["True", "Retry", "Retry"]
    (body,) = wire.bodies
    assert re.findall(r"MaHoSo>([A-Z])<", body) == ["A", "B", "C"]
