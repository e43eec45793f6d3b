"""What a schema registry promises its clients; ours and Apicurio's both run it.

Confluent's REST interface is described in prose only, so this suite is the hub's reading of it.
Where two registries legitimately differ, the subclass says so by overriding a test, with the reason
beside it.
"""

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import ClassVar, Protocol
from uuid import uuid4

import pytest

Answer = tuple[int, object]


class Door(Protocol):
    """One registry, reached somehow."""

    def call(self, method: str, path: str, body: object = None) -> Answer:
        """Status and decoded JSON."""
        ...


def record(name: str, *fields: Mapping[str, object], **extra: object) -> str:
    return json.dumps(
        {"type": "record", "name": name, "namespace": "t.v1", "fields": list(fields), **extra}
    )


CODE = {"name": "code", "type": "string"}
NOTE = {"name": "note", "type": ["null", "string"], "default": None}
NEEDED = {"name": "needed", "type": "string"}


class RegistryContract:
    """Subclasses give the fixture `door`; the attributes are where registries may differ."""

    TOO_EARLY: ClassVar[int] = 404  # HTTP status of 40405, 40406, 40407
    TELLS_WHY: ClassVar[bool] = True  # with ?verbose, what is not compatible

    @pytest.fixture
    def subject(self) -> str:
        return f"t.v1.S{uuid4().hex[:12]}"

    @pytest.fixture
    def names(self) -> Iterator[str]:
        """Record names that nobody has used: one registry serves many tests."""
        return (f"R{uuid4().hex[:8]}{number}" for number in count())

    # --- registering -----------------------------------------------------------------------------

    def test_a_schema_gets_an_id_and_is_found_by_it(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        text = record(next(names), CODE)
        number = registered(door, subject, text)
        status, found = door.call("GET", f"/schemas/ids/{number}")
        assert 200 == status
        assert isinstance(found, dict)
        assert json.loads(text) == json.loads(found["schema"])

    def test_the_same_schema_keeps_its_id(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        text = record(next(names), CODE)
        first = registered(door, subject, text)
        assert first == registered(door, subject, json.dumps(json.loads(text), indent=4))
        assert first == registered(door, f"{subject}.Other", text)
        assert (200, [1]) == door.call("GET", f"/subjects/{subject}/versions")

    def test_marks_of_personal_data_survive(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        marked = {**CODE, "pii": "p", "mask": "ends", "doc": "số định danh"}
        number = registered(door, subject, record(next(names), marked, doc="tiếng Việt"))
        _, found = door.call("GET", f"/schemas/ids/{number}")
        assert isinstance(found, dict)
        schema = json.loads(found["schema"])
        assert marked == schema["fields"][0]
        assert "tiếng Việt" == schema["doc"]

    def test_another_doc_is_another_version(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        name = next(names)
        first = registered(door, subject, record(name, {**CODE, "pii": "n"}))
        second = registered(door, subject, record(name, {**CODE, "pii": "p"}))
        assert first != second
        assert (200, [1, 2]) == door.call("GET", f"/subjects/{subject}/versions")

    def test_versions_are_numbered_from_one(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        name = next(names)
        first = registered(door, subject, record(name, CODE))
        second = registered(door, subject, record(name, CODE, NOTE))
        assert first < second
        for version, number in ((1, first), (2, second), ("latest", second)):
            status, found = door.call("GET", f"/subjects/{subject}/versions/{version}")
            assert 200 == status
            assert isinstance(found, dict)
            assert subject == found["subject"]
            assert number == found["id"]
            assert (2 if version == "latest" else version) == found["version"]

    def test_the_schema_alone_can_be_had(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        text = record(next(names), CODE)
        registered(door, subject, text)
        assert (200, json.loads(text)) == door.call("GET", f"/subjects/{subject}/versions/1/schema")

    def test_subjects_are_listed(self, door: Door, subject: str, names: Iterator[str]) -> None:
        registered(door, subject, record(next(names), CODE))
        status, found = door.call("GET", "/subjects")
        assert 200 == status
        assert isinstance(found, list)
        assert subject in found

    def test_where_an_id_is_used(self, door: Door, subject: str, names: Iterator[str]) -> None:
        number = registered(door, subject, record(next(names), CODE))
        status, found = door.call("GET", f"/schemas/ids/{number}/versions")
        assert (200, [{"subject": subject, "version": 1}]) == (status, found)

    def test_it_keeps_avro(self, door: Door) -> None:
        status, found = door.call("GET", "/schemas/types")
        assert 200 == status
        assert isinstance(found, list)
        assert "AVRO" in found

    # --- looking up ------------------------------------------------------------------------------

    def test_a_registered_schema_is_looked_up(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        text = record(next(names), CODE)
        number = registered(door, subject, text)
        status, found = door.call("POST", f"/subjects/{subject}", {"schema": text})
        assert 200 == status
        assert isinstance(found, dict)
        assert (subject, number, 1) == (found["subject"], found["id"], found["version"])

    def test_an_unknown_subject_is_40401(self, door: Door, subject: str) -> None:
        text = record("Nothing", CODE)
        for method, path, body in (
            ("GET", f"/subjects/{subject}/versions", None),
            ("GET", f"/subjects/{subject}/versions/1", None),
            ("GET", f"/subjects/{subject}/versions/latest", None),
            ("POST", f"/subjects/{subject}", {"schema": text}),
            ("DELETE", f"/subjects/{subject}", None),
        ):
            assert (404, 40401) == refused(door, method, path, body), path

    def test_an_unknown_version_is_40402(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        registered(door, subject, record(next(names), CODE))
        assert (404, 40402) == refused(door, "GET", f"/subjects/{subject}/versions/7")
        assert (404, 40402) == refused(door, "DELETE", f"/subjects/{subject}/versions/7")

    def test_an_unknown_schema_is_40403(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        registered(door, subject, record(next(names), CODE))
        other = {"schema": record(next(names), CODE)}
        assert (404, 40403) == refused(door, "GET", "/schemas/ids/2000000001")
        assert (404, 40403) == refused(door, "POST", f"/subjects/{subject}", other)

    @pytest.mark.parametrize("version", ["0", "newest", "-2"])
    def test_a_version_that_is_none_is_42202(
        self, door: Door, subject: str, names: Iterator[str], version: str
    ) -> None:
        registered(door, subject, record(next(names), CODE))
        assert (422, 42202) == refused(door, "GET", f"/subjects/{subject}/versions/{version}")

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "{",
            '{"type": "record"}',
            '{"type": "record", "name": "R", "fields": [{"name": "a", "type": "unheard.Of"}]}',
            '{"type": "enum", "name": "E", "symbols": ["A", "A"]}',
        ],
    )
    def test_an_invalid_schema_is_42201(self, door: Door, subject: str, text: str) -> None:
        path = f"/subjects/{subject}/versions"
        assert (422, 42201) == refused(door, "POST", path, {"schema": text})

    # --- compatibility ---------------------------------------------------------------------------

    def test_a_breaking_change_is_409(self, door: Door, subject: str, names: Iterator[str]) -> None:
        name = next(names)
        set_level(door, subject, "BACKWARD")
        registered(door, subject, record(name, CODE))
        broken = {"schema": record(name, CODE, NEEDED)}
        assert (409, 409) == refused(door, "POST", f"/subjects/{subject}/versions", broken)
        assert (200, [1]) == door.call("GET", f"/subjects/{subject}/versions")

    @pytest.mark.parametrize(
        ("level", "adds_needed", "adds_optional", "drops_needed"),
        [
            ("NONE", True, True, True),
            ("BACKWARD", False, True, True),
            ("FORWARD", True, True, False),
            ("FULL", False, True, False),
        ],
    )
    def test_each_level_lets_its_changes_pass(
        self,
        door: Door,
        subject: str,
        names: Iterator[str],
        level: str,
        adds_needed: bool,
        adds_optional: bool,
        drops_needed: bool,
    ) -> None:
        name = next(names)
        set_level(door, subject, level)
        registered(door, subject, record(name, CODE, {"name": "old", "type": "int"}))
        keep = {"name": "old", "type": "int"}
        assert adds_needed == compatible(door, subject, record(name, CODE, keep, NEEDED))
        assert adds_optional == compatible(door, subject, record(name, CODE, keep, NOTE))
        assert drops_needed == compatible(door, subject, record(name, CODE))

    @pytest.mark.parametrize("kind", ["BACKWARD", "FORWARD", "FULL"])
    def test_only_transitive_levels_look_further_back(
        self, door: Door, subject: str, names: Iterator[str], kind: str
    ) -> None:
        name = next(names)
        set_level(door, subject, "NONE")
        registered(door, subject, record(name, {"name": "code", "type": "int"}))
        registered(door, subject, record(name, CODE))
        third = record(name, CODE, NOTE)
        set_level(door, subject, f"{kind}_TRANSITIVE")
        body = {"schema": third}
        assert (409, 409) == refused(door, "POST", f"/subjects/{subject}/versions", body)
        set_level(door, subject, kind)
        registered(door, subject, third)

    def test_one_version_can_be_compared(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        name = next(names)
        set_level(door, subject, "BACKWARD")
        registered(door, subject, record(name, CODE))
        body = {"schema": record(name, CODE, NEEDED)}
        path = f"/compatibility/subjects/{subject}/versions/1"
        assert (200, {"is_compatible": False}) == judged(door, path, body)
        status, found = door.call("POST", f"{path}?verbose=true", body)
        assert 200 == status
        assert isinstance(found, dict)
        if self.TELLS_WHY:
            assert "needed" in str(found["messages"])
        fine = {"schema": record(name, CODE, NOTE)}
        assert (200, {"is_compatible": True}) == judged(door, path, fine)

    def test_comparing_registers_nothing(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        name = next(names)
        registered(door, subject, record(name, CODE))
        compatible(door, subject, record(name, CODE, NOTE))
        assert (200, [1]) == door.call("GET", f"/subjects/{subject}/versions")

    # --- configuration ---------------------------------------------------------------------------

    @pytest.mark.parametrize(
        "level",
        [
            "BACKWARD",
            "BACKWARD_TRANSITIVE",
            "FORWARD",
            "FORWARD_TRANSITIVE",
            "FULL",
            "FULL_TRANSITIVE",
            "NONE",
        ],
    )
    def test_a_subject_has_its_own_level(
        self, door: Door, subject: str, names: Iterator[str], level: str
    ) -> None:
        registered(door, subject, record(next(names), CODE))
        set_level(door, subject, level)
        assert (200, level) == level_of(door, f"/config/{subject}")

    def test_without_one_the_global_level_counts(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        registered(door, subject, record(next(names), CODE))
        _, general = level_of(door, "/config")
        assert (200, general) == level_of(door, f"/config/{subject}?defaultToGlobal=true")
        assert (404, 40408) == refused(door, "GET", f"/config/{subject}")

    def test_an_unknown_level_is_42203(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        registered(door, subject, record(next(names), CODE))
        body = {"compatibility": "SIDEWAYS"}
        assert (422, 42203) == refused(door, "PUT", f"/config/{subject}", body)

    def test_the_global_level_can_be_changed(self, door: Door) -> None:
        _, before = level_of(door, "/config")
        try:
            assert 200 == door.call("PUT", "/config", {"compatibility": "FULL"})[0]
            assert (200, "FULL") == level_of(door, "/config")
        finally:
            door.call("PUT", "/config", {"compatibility": before})

    def test_it_takes_writes(self, door: Door) -> None:
        assert (200, {"mode": "READWRITE"}) == door.call("GET", "/mode")

    # --- deleting --------------------------------------------------------------------------------

    def test_a_deleted_version_is_gone_but_its_id_still_reads(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        name = next(names)
        first = registered(door, subject, record(name, CODE))
        registered(door, subject, record(name, CODE, NOTE))
        assert (200, 1) == door.call("DELETE", f"/subjects/{subject}/versions/1")
        assert (200, [2]) == door.call("GET", f"/subjects/{subject}/versions")
        assert (404, 40402) == refused(door, "GET", f"/subjects/{subject}/versions/1")
        assert 200 == door.call("GET", f"/schemas/ids/{first}")[0]

    def test_a_deleted_subject_is_gone_but_its_ids_still_read(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        name = next(names)
        first = registered(door, subject, record(name, CODE))
        registered(door, subject, record(name, CODE, NOTE))
        assert (200, [1, 2]) == door.call("DELETE", f"/subjects/{subject}")
        assert (404, 40401) == refused(door, "GET", f"/subjects/{subject}/versions")
        _, listed = door.call("GET", "/subjects")
        assert isinstance(listed, list)
        assert subject not in listed
        assert 200 == door.call("GET", f"/schemas/ids/{first}")[0]

    def test_deleted_for_good_needs_deleted_first(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        registered(door, subject, record(next(names), CODE))
        permanently = f"/subjects/{subject}?permanent=true"
        assert (self.TOO_EARLY, 40405) == refused(door, "DELETE", permanently)
        assert (200, [1]) == door.call("DELETE", f"/subjects/{subject}")
        assert (404, 40404) == refused(door, "DELETE", f"/subjects/{subject}")
        assert (200, [1]) == door.call("DELETE", permanently)
        assert (404, 40401) == refused(door, "DELETE", permanently)

    def test_a_version_deleted_for_good_needs_deleted_first(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        name = next(names)
        registered(door, subject, record(name, CODE))
        registered(door, subject, record(name, CODE, NOTE))
        path = f"/subjects/{subject}/versions/1"
        assert (self.TOO_EARLY, 40407) == refused(door, "DELETE", f"{path}?permanent=true")
        assert (200, 1) == door.call("DELETE", path)
        assert (self.TOO_EARLY, 40406) == refused(door, "DELETE", path)
        assert (200, 1) == door.call("DELETE", f"{path}?permanent=true")
        assert (200, [2]) == door.call("GET", f"/subjects/{subject}/versions")

    def test_deleted_ones_are_listed_on_request(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        registered(door, subject, record(next(names), CODE))
        door.call("DELETE", f"/subjects/{subject}")
        path = f"/subjects/{subject}/versions?deleted=true"
        assert (200, [1]) == door.call("GET", path)
        _, listed = door.call("GET", "/subjects?deleted=true")
        assert isinstance(listed, list)
        assert subject in listed

    def test_a_schema_registered_again_keeps_its_id_in_a_new_version(
        self, door: Door, subject: str, names: Iterator[str]
    ) -> None:
        text = record(next(names), CODE)
        number = registered(door, subject, text)
        door.call("DELETE", f"/subjects/{subject}")
        assert number == registered(door, subject, text)
        assert (200, [2]) == door.call("GET", f"/subjects/{subject}/versions")


def registered(door: Door, subject: str, text: str) -> int:
    status, found = door.call("POST", f"/subjects/{subject}/versions", {"schema": text})
    assert 200 == status, found
    assert isinstance(found, dict)
    number = found["id"]
    assert isinstance(number, int)
    return number


def refused(door: Door, method: str, path: str, body: object = None) -> tuple[int, object]:
    status, found = door.call(method, path, body)
    assert isinstance(found, dict), (status, found)
    assert found["message"]
    return status, found["error_code"]


def set_level(door: Door, subject: str, level: str) -> None:
    status, found = door.call("PUT", f"/config/{subject}", {"compatibility": level})
    assert isinstance(found, dict)
    assert (200, level) == (status, found["compatibility"])


def level_of(door: Door, path: str) -> tuple[int, object]:
    status, found = door.call("GET", path)
    assert isinstance(found, dict)
    return status, found["compatibilityLevel"]


def judged(door: Door, path: str, body: object) -> tuple[int, object]:
    """Without the messages, which only some give unasked."""
    status, found = door.call("POST", path, body)
    assert isinstance(found, dict)
    return status, {"is_compatible": found["is_compatible"]}


def compatible(door: Door, subject: str, text: str) -> object:
    path = f"/compatibility/subjects/{subject}/versions/latest"
    status, found = door.call("POST", path, {"schema": text})
    assert 200 == status, found
    assert isinstance(found, dict)
    return found["is_compatible"]
