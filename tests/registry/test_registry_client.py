"""The client: what it asks, what it remembers, and what each answer means for the hub."""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import pytest

from hub.broker_memory import MemoryBroker
from hub.errors import Halt, HubError, Reject, Retry
from hub.events import Codec
from hub.registry.schemas.client import RegistryClient, register_all
from tests.events.records import CATALOGUE, SCHEMAS, STATUS_CHANGED
from tests.registry.contract import CODE, NEEDED, NOTE, record
from tests.registry.serving import serving

TEXT = record("R", CODE)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with serving(MemoryBroker()) as url:
        yield url


@pytest.fixture
def client(url: str) -> RegistryClient:
    return RegistryClient(url)


def test_all_schemas_are_registered_once_and_for_all(client: RegistryClient, url: str) -> None:
    numbers = register_all(client, SCHEMAS)
    assert set(CATALOGUE.whole) == set(numbers)
    assert len(numbers) == len(set(numbers.values()))
    assert numbers == register_all(RegistryClient(url), SCHEMAS)


def test_what_one_hub_wrote_another_reads(client: RegistryClient, url: str) -> None:
    raw = Codec(CATALOGUE, client).encode("dossier.v1.StatusChanged", STATUS_CHANGED)
    name, found = Codec(CATALOGUE, RegistryClient(url)).decode(raw)
    assert "dossier.v1.StatusChanged" == name
    assert STATUS_CHANGED == {key: value for key, value in found.items() if value is not None}


def test_versions_are_found(client: RegistryClient) -> None:
    assert client.look_up("found", TEXT) is None
    number = client.register("found", TEXT)
    found = client.look_up("found", TEXT)
    assert found is not None
    assert (number, 1) == (found.id, found.version)
    assert client.look_up("found", record("R", NOTE)) is None


def test_a_misfit_is_told_before_it_is_registered(client: RegistryClient) -> None:
    assert () == client.misfits("misfit", TEXT)
    client.register("misfit", TEXT)
    assert () == client.misfits("misfit", record("R", CODE, NOTE))
    (why,) = client.misfits("misfit", record("R", CODE, NEEDED))
    assert "needed" in why
    with pytest.raises(Reject) as refused:
        client.register("misfit", record("R", CODE, NEEDED))
    assert "incompatible" == refused.value.code


def test_an_invalid_schema_is_rejected(client: RegistryClient) -> None:
    with pytest.raises(Reject) as refused:
        client.register("invalid", "{}")
    assert "invalid-schema" == refused.value.code


def test_all_refusals_are_told_at_once(url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("changed")
    client = RegistryClient(url)
    for name in ("A", "B"):
        path = folder / f"t.v1.{name}.avsc"
        path.write_text(record(name, CODE))
    register_all(client, folder)
    for name in ("A", "B"):
        (folder / f"t.v1.{name}.avsc").write_text(record(name, CODE, NEEDED))
    with pytest.raises(Reject, match=r"t\.v1\.A: .*t\.v1\.B: "):
        register_all(client, folder)


def test_an_unknown_id_is_for_later(client: RegistryClient) -> None:
    with pytest.raises(Retry) as later:
        client.schema(123_456)
    assert not later.value.system


def test_nobody_listening_is_for_later_for_all() -> None:
    with pytest.raises(Retry) as down:
        RegistryClient("http://127.0.0.1:1").schema(1)
    assert down.value.system


class Canned:
    """Answers the same to everything, and remembers what was asked."""

    def __init__(self, status: int, body: object) -> None:
        self.status = status
        self.body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.asked: list[tuple[str, str, Mapping[str, str]]] = []

    def __call__(
        self,
        method: str,
        url: str,
        *,
        content: bytes | None,
        headers: Mapping[str, str],
        timeout: float,
    ) -> tuple[int, dict[str, str], bytes]:
        del content
        assert timeout > 0
        self.asked.append((method, url, headers))
        return self.status, {}, self.body


@pytest.mark.parametrize(
    ("status", "body", "kind", "system"),
    [
        (500, {"error_code": 50001, "message": "store"}, Retry, True),
        (503, b"<html>busy</html>", Retry, True),
        (429, b"", Retry, True),
        (408, b"", Retry, True),
        (401, {"error_code": 40101, "message": "who are you"}, Halt, None),
        (403, b"", Halt, None),
        (404, b"<html>no such page</html>", Halt, None),
        (404, {"error_code": 404, "message": "HTTP 404 Not Found"}, Halt, None),
        (302, b"", Halt, None),
        (200, b"<html>welcome</html>", Halt, None),
        (200, {"unexpected": 1}, Halt, None),
        (409, {"error_code": 409, "message": "incompatible"}, Reject, None),
        (422, {"error_code": 42201, "message": "invalid"}, Reject, None),
    ],
)
def test_each_answer_is_one_of_the_three(
    status: int, body: object, kind: type[HubError], system: bool | None
) -> None:
    client = RegistryClient("http://u:secret@registry.test/api", Canned(status, body))
    for ask in (lambda: client.register("s", TEXT), lambda: client.schema(1)):
        with pytest.raises(kind) as found:
            ask()
        assert system == getattr(found.value, "system", None)
        assert "secret" not in str(found.value)


def test_a_registry_that_cannot_find_what_it_is_given_is_none() -> None:
    canned = Canned(404, {"error_code": 40401, "message": "Subject not found"})
    with pytest.raises(Halt, match="as no schema registry does"):
        RegistryClient("http://registry.test", canned).register("s", TEXT)


def test_the_credential_goes_into_a_header_only() -> None:
    canned = Canned(200, {"id": 7})
    client = RegistryClient("https://hub:p%40ss%3Aword@registry.test/api/", canned)
    assert 7 == client.register("a/b", TEXT)
    ((method, url, headers),) = canned.asked
    assert ("POST", "https://registry.test/api/subjects/a%2Fb") == (method, url)
    kind, _, value = headers["authorization"].partition(" ")
    assert ("Basic", b"hub:p@ss:word") == (kind, base64.b64decode(value))


def test_a_password_may_be_a_secrets_reference(tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("secret") / "password"
    secret.write_text("p:1\n")
    canned = Canned(200, {"id": 7})
    reference = quote(f"file:{secret}", safe="")
    RegistryClient(f"https://hub:{reference}@registry.test", canned).register("s", TEXT)
    value = canned.asked[0][2]["authorization"].removeprefix("Basic ")
    assert b"hub:p:1" == base64.b64decode(value)
    secret.unlink()
    with pytest.raises(Halt):
        RegistryClient(f"https://hub:{reference}@registry.test", canned)


def test_without_a_credential_there_is_no_such_header() -> None:
    canned = Canned(200, {"id": 7})
    RegistryClient("http://registry.test", canned).register("s", TEXT)
    assert "authorization" not in canned.asked[0][2]


class NotYet(Canned):
    """A registry that does not know the schema before it is registered."""

    def __call__(self, method: str, url: str, **more: Any) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = super().__call__(method, url, **more)
        if url.endswith("/versions"):
            return status, headers, body
        return 404, {}, b'{"error_code": 40403, "message": "Schema not found"}'


def test_only_a_new_schema_needs_a_token() -> None:
    canned, tokens = NotYet(200, {"id": 7}), iter(["first"])
    client = RegistryClient("http://registry.test", canned, lambda: next(tokens))
    assert 7 == client.register("s", TEXT)
    said = [headers.get("authorization") for _, _, headers in canned.asked]
    assert [None, "Bearer first"] == said
    known = Canned(200, {"id": 7})
    assert 7 == RegistryClient("http://registry.test", known, lambda: next(tokens)).register(
        "s", TEXT
    )
    assert [None] == [headers.get("authorization") for _, _, headers in known.asked]


def test_what_never_changes_is_asked_once() -> None:
    canned = Canned(200, {"id": 7, "schema": TEXT})
    client = RegistryClient("http://registry.test", canned)
    for _ in range(3):
        assert 7 == client.register("s", TEXT)
        assert TEXT == client.schema(7)
    assert 2 == len(canned.asked)


def test_what_may_change_is_asked_again() -> None:
    canned = Canned(404, {"error_code": 40403, "message": "Schema not found"})
    client = RegistryClient("http://registry.test", canned)
    for _ in range(2):
        with suppress(Retry):
            client.schema(7)
        assert client.look_up("s", TEXT) is None
    assert 4 == len(canned.asked)
