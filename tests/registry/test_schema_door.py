"""What only our registry's door promises: bounds, refusals by name, and a broker that is away."""

import json
from collections.abc import Iterator, Sequence

import pytest
from starlette.testclient import TestClient

from hub.broker_memory import MemoryBroker, MemoryReader
from hub.records import Outgoing, Spot
from hub.registry.schemas.server import create_app, schema_routes
from hub.registry.schemas.store import open_store
from hub.topics import SCHEMAS
from tests.registry.contract import CODE, record

TEXT = record("R", CODE)


@pytest.fixture
def broker() -> MemoryBroker:
    return MemoryBroker()


@pytest.fixture
def http(broker: MemoryBroker) -> Iterator[TestClient]:
    with open_store(broker) as store:
        yield TestClient(create_app(schema_routes(store)))


@pytest.mark.parametrize(
    ("body", "code", "why"),
    [
        ({"schema": TEXT, "schemaType": "JSON"}, 42201, "JSON is not kept here"),
        (
            {"schema": TEXT, "references": [{"name": "a", "subject": "a", "version": 1}]},
            42201,
            "references are not kept here",
        ),
        ({"schema": 5}, 422, "schema"),
        ({}, 422, "schema"),
        ([], 422, "body"),
    ],
)
def test_what_is_not_kept_is_refused_by_name(
    http: TestClient, body: object, code: int, why: str
) -> None:
    for path in ("/subjects/s/versions", "/subjects/s", "/compatibility/subjects/s/versions/1"):
        answer = http.post(path, json=body)
        assert (422, code) == (answer.status_code, answer.json()["error_code"])
        assert why in answer.json()["message"]


def test_empty_references_are_none(http: TestClient) -> None:
    body = {"schema": TEXT, "schemaType": "AVRO", "references": []}
    assert 200 == http.post("/subjects/s/versions", json=body).status_code


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/schemas/ids/x", 404),
        ("GET", "/schemas/ids/٣", 404),
        ("PUT", "/mode", 405),
        ("PATCH", "/subjects", 405),
    ],
)
def test_a_path_that_is_none_is_told_in_the_same_form(
    http: TestClient, method: str, path: str, status: int
) -> None:
    answer = http.request(method, path)
    assert status == answer.status_code
    assert status == answer.json()["error_code"]
    assert "application/vnd.schemaregistry.v1+json" == answer.headers["content-type"]


def test_bodies_are_bounded(http: TestClient) -> None:
    answer = http.post("/subjects/s/versions", content=b" " * 1_100_000)
    assert (413, 413) == (answer.status_code, answer.json()["error_code"])
    deep = b'{"schema":' + b"[" * 100_000
    assert 422 == http.post("/subjects/s/versions", content=deep).status_code


@pytest.mark.parametrize("subject", ["x" * 256, "a%00b"])
def test_subjects_are_bounded(http: TestClient, subject: str) -> None:
    answer = http.get(f"/subjects/{subject}/versions")
    assert (422, 42208) == (answer.status_code, answer.json()["error_code"])


def test_when_the_broker_is_away_ids_are_still_answered(
    http: TestClient, broker: MemoryBroker
) -> None:
    http.post("/subjects/s/versions", json={"schema": TEXT})
    broker.down = True
    other = json.dumps({"schema": record("R", {"name": "b", "type": "int", "default": 0})})
    answer = http.post("/subjects/s/versions", content=other)
    assert (500, 50001) == (answer.status_code, answer.json()["error_code"])
    assert 200 == http.get("/schemas/ids/1").status_code


class BrokenReader(MemoryReader):
    """Fails in a way that nobody expects."""

    def end(self) -> dict[Spot, int]:
        if self._broker.down:
            raise ZeroDivisionError("secret")
        return super().end()


class BrokenBroker(MemoryBroker):
    def reader(self, spots: Sequence[Spot]) -> MemoryReader:
        return BrokenReader(self, spots)


def test_a_bug_is_told_in_the_same_form_and_without_its_text() -> None:
    broker = BrokenBroker()
    with open_store(broker) as store:
        broker.down = True
        answer = TestClient(create_app(schema_routes(store)), raise_server_exceptions=False).get(
            "/subjects"
        )
        assert (500, 500) == (answer.status_code, answer.json()["error_code"])
        assert "secret" not in answer.text


def test_lists_can_be_narrowed(http: TestClient) -> None:
    for subject in ("a.one", "a.two", "b.one"):
        http.post(f"/subjects/{subject}/versions", json={"schema": TEXT})
    http.delete("/subjects/a.two")
    assert ["a.one", "b.one"] == http.get("/subjects").json()
    assert ["a.one"] == http.get("/subjects?subjectPrefix=a.").json()
    assert ["a.two"] == http.get("/subjects?deletedOnly=true").json()
    assert ["a.one", "b.one"] == http.get("/schemas/ids/1/subjects").json()
    assert TEXT.replace(" ", "") == http.get("/schemas/ids/1/schema").text
    assert {} == http.get("/").json()
    assert [] == http.get("/subjects/a.one/versions/latest/referencedby").json()


def test_comparing_with_all_versions_uses_the_level(http: TestClient) -> None:
    path = "/compatibility/subjects/s/versions?verbose=true"
    body = {"schema": json.dumps("int")}
    assert {"is_compatible": True, "messages": []} == http.post(path, json=body).json()
    http.post("/subjects/s/versions", json={"schema": TEXT})
    found = http.post(path, json=body).json()
    assert not found["is_compatible"]
    assert "version 1" in found["messages"][0]
    http.put("/config/s", json={"compatibility": "none"})
    assert http.post(path, json=body).json()["is_compatible"]


def test_levels_can_be_taken_back(http: TestClient) -> None:
    assert 40408 == http.delete("/config/s").json()["error_code"]
    http.put("/config/s", json={"compatibility": "FULL"})
    assert {"compatibilityLevel": "FULL"} == http.delete("/config/s").json()
    http.put("/config", json={"compatibility": "NONE"})
    assert {"compatibilityLevel": "NONE"} == http.delete("/config").json()
    assert {"compatibilityLevel": "BACKWARD"} == http.get("/config").json()


def test_a_deleted_subject_loses_its_level(http: TestClient) -> None:
    http.post("/subjects/s/versions", json={"schema": TEXT})
    http.put("/config/s", json={"compatibility": "NONE"})
    http.delete("/subjects/s")
    assert 40408 == http.get("/config/s").json()["error_code"]


def test_modes_are_shown(http: TestClient, broker: MemoryBroker) -> None:
    assert 40409 == http.get("/mode/s").json()["error_code"]
    assert {"mode": "READWRITE"} == http.get("/mode/s?defaultToGlobal=true").json()
    key, value = b'{"keytype":"MODE","subject":"s","magic":0}', b'{"mode":"READONLY"}'
    broker.keep(Outgoing(SCHEMAS, key, value))
    assert {"mode": "READONLY"} == http.get("/mode/s").json()
