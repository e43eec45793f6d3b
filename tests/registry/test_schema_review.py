"""`hub schema check` and `list`: everything that is wrong is told, with its place, at once."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hub.broker_memory import MemoryBroker
from hub.cli.schema import app
from hub.registry.schemas.client import RegistryClient, register_all
from hub.registry.schemas.review import changes, classes, review
from tests.events.records import CATALOGUE, SCHEMAS
from tests.registry.serving import serving

SOURCES = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.avsc")}
PARTY = "common.v1.Party.avsc"
TRACKED = "consignment.v1.ConsignmentTracked.avsc"


def told(file: str, old: str, new: str) -> list[str]:
    assert old in SOURCES[file]
    sources = {**SOURCES, file: SOURCES[file].replace(old, new, 1)}
    return [str(problem) for problem in review(sources, frozenset(sources))]


def test_the_hubs_own_schemas_are_fit() -> None:
    assert [] == review(SOURCES, frozenset(SOURCES))


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"pii": "p", "mask": "initials", ', "", "name does not say which class"),
        ('"pii": "p", "mask": "initials"', '"pii": "x"', "name has the unknown class 'x'"),
        ('"mask": "ends"', '"mask": "middle"', "phone has a mask 'middle' that does not fit"),
        ('"pii": "p", "mask": "ends"', '"pii": "n", "mask": "ends"', "phone has a mask 'ends'"),
        ('"doc": "Telephone number."', '"doc": ""', "phone has no doc"),
        ('"doc": "Who sends', '"dok": "Who sends', "common.v1.Party.avsc: has no doc"),
        ('"pii": "p"', '"ppi": "p"', "name has the unknown attribute 'ppi'"),
        ('["null", "string"]', '["string", "null"]', "email is a union"),
        ('["null", "string"], "default": null', '["null", "string"]', "email is a union"),
        ('["null", "string"]', '["null", "string", "int"]', "email is a union"),
        ('"common.v1.Address"', '"Address"', "mentions 'Address', which no file defines"),
        (
            '"type": "string", "pii": "p", "mask": "ends"',
            '"type": {"type": "long", "logicalType": "timestamp-micros"}, "pii": "p"',
            "phone has the logical type 'timestamp-micros'",
        ),
        ('"name": "phone"', '"name": "tele phone"', "Invalid schema"),
        ('"name": "Party"', '"name": "Person"', "defines 'common.v1.Person'"),
        ('"type": "record"', '"type": "map"', "is neither a record nor an enum"),
        ('{"name": "phone"', '{"name" "phone"', "common.v1.Party.avsc:8:"),
    ],
)
def test_each_mistake_is_told_with_its_place(old: str, new: str, problem: str) -> None:
    found = told(PARTY, old, new)
    assert any(problem in line for line in found), found
    assert found[0].startswith(PARTY)


def test_a_field_is_told_with_its_line() -> None:
    (line,) = told(PARTY, '"doc": "Telephone number."', '"doc": ""')
    number = 1 + SOURCES[PARTY].split("\n").index(
        next(text for text in SOURCES[PARTY].split("\n") if '"phone"' in text)
    )
    assert line.startswith(f"{PARTY}:{number}: phone has no doc\n    fix: ")


def test_a_mistake_in_a_file_that_was_not_asked_for_is_not_told() -> None:
    broken = {**SOURCES, PARTY: "{"}
    assert [] == review(broken, frozenset({TRACKED}))


def test_all_mistakes_are_told_at_once() -> None:
    sources = {**SOURCES, TRACKED: "[]", PARTY: SOURCES[PARTY].replace('"doc"', '"dok"')}
    found = review(sources, frozenset({TRACKED, PARTY}))
    assert 1 + 1 + 4 * 2 == len(found)


def test_a_change_that_breaks_readers_is_told() -> None:
    name = "consignment.v1.ConsignmentTracked"
    old = CATALOGUE.texts
    needed = '"fields":[{"name":"added","type":"string","pii":"n","doc":"x"},'
    new = {name: old[name].replace('"fields":[', needed, 1), "x.v1.New": '"string"'}
    (problem,) = changes(new, old)
    assert f"{name}.avsc" == problem.at
    assert "added" in problem.what
    assert [] == changes(old, old)


def test_the_classes_of_nested_values_are_found_by_path() -> None:
    found = classes(CATALOGUE, "dossier.v1.Accepted")
    assert "p" == found["dossier.applicant.address.detail"]
    assert "s" == found["dossier.attachments.url"]
    assert "n" == found["dossier_code"]
    assert {"n", "p", "s"} == set(found.values())


# --- the commands --------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_home: Path) -> Path:
    return Path(shutil.copytree(SCHEMAS, tmp_home / "avro"))


def run(home: Path, *arguments: str, registry: str = "") -> Result:
    env = {"HUB_HOME": str(home), "HUB_SCHEMAS": str(SCHEMAS), "HUB_REGISTRY_URL": registry}
    return CliRunner().invoke(app, list(arguments), env=env)


@pytest.fixture(scope="module")
def registry() -> Iterator[str]:
    with serving(MemoryBroker()) as url:
        register_all(RegistryClient(url), SCHEMAS)
        yield url


def test_check_passes_the_hubs_own(tmp_home: Path, registry: str) -> None:
    result = run(tmp_home, "check", str(SCHEMAS), registry=registry)
    assert (0, "") == (result.exit_code, result.stdout)
    assert "44 files, 0 problems\n" == result.stderr


def test_show_tells_each_field_of_an_event_with_its_class(tmp_home: Path) -> None:
    result = run(tmp_home, "show", "StatusChanged", "--json")
    rows = {row["field"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert result.exit_code == 0
    assert (rows["dossier_code"]["must"], rows["dossier_code"]["personal"]) == (True, "n")
    assert rows["officer_name"]["personal"] == "p"
    assert "SUPPLEMENT_REQUIRED" in rows["status"]["type"]
    assert rows["at"]["doc"]
    whole = run(tmp_home, "show", "dossier.v1.Accepted")
    assert (whole.exit_code, "applicant." in whole.stdout) == (0, True)


@pytest.mark.parametrize("name", ["StatusChnged", "consignment.v1.StatusChanged"])
def test_show_names_what_could_be_meant(tmp_home: Path, name: str) -> None:
    result = run(tmp_home, "show", name)
    assert (result.exit_code, "did you mean StatusChanged?" in result.stderr) == (2, True)


def test_check_tells_problems_as_lines_of_json(tmp_home: Path, folder: Path) -> None:
    (folder / PARTY).write_text(SOURCES[PARTY].replace('"doc": "Telephone number."', '"doc": ""'))
    result = run(tmp_home, "check", str(folder), "--json")
    assert 1 == result.exit_code
    (line,) = result.stdout.splitlines()
    found = json.loads(line)
    assert ("phone", "phone has no doc") == (found["field"], found["what"])


def test_check_compares_with_the_registry_or_a_folder(
    tmp_home: Path, folder: Path, registry: str
) -> None:
    """A change of a shared record is one of every event that holds it."""
    added = '"fields": [\n    {"name": "added", "type": "string", "pii": "n", "doc": "new"},'
    (folder / PARTY).write_text(SOURCES[PARTY].replace('"fields": [', added))
    for result in (
        run(tmp_home, "check", str(folder / PARTY), registry=registry),
        run(tmp_home, "check", str(folder / PARTY), "--against", str(SCHEMAS)),
    ):
        assert 1 == result.exit_code
        assert result.stdout.startswith("consignment.v1.ConsignmentOrdered.avsc: ")
        assert "added" in result.stdout
        assert "1 files, 1 problems\n" == result.stderr


def test_check_says_when_it_could_not_compare(tmp_home: Path) -> None:
    result = run(tmp_home, "check", str(SCHEMAS / TRACKED))
    assert 0 == result.exit_code
    assert "no registry runs here" in result.stderr


def test_check_of_nothing_is_no_success(tmp_home: Path) -> None:
    assert 1 == run(tmp_home, "check", str(tmp_home)).exit_code
    assert 2 == run(tmp_home, "check", str(tmp_home / "nowhere")).exit_code


def test_a_registry_that_does_not_answer_is_for_later(tmp_home: Path) -> None:
    result = run(tmp_home, "check", str(SCHEMAS), registry="http://127.0.0.1:1")
    assert 3 == result.exit_code
    assert 3 == run(tmp_home, "list", registry="http://127.0.0.1:1").exit_code
    assert "error: 127.0.0.1:1" in result.stderr or "error: http://127.0.0.1:1" in result.stderr


def test_list_shows_what_is_personal_and_registered(tmp_home: Path, registry: str) -> None:
    result = run(tmp_home, "list", "--json", registry=registry)
    assert 0 == result.exit_code
    rows = {row["name"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert set(CATALOGUE.whole) == set(rows)
    tracked = rows["consignment.v1.ConsignmentTracked"]
    assert {"values": 8, "personal": 1, "sensitive": 0, "version": 1} == {
        key: tracked[key] for key in ("values", "personal", "sensitive", "version")
    }
    table = run(tmp_home, "list").stdout.splitlines()
    assert 1 + len(CATALOGUE.whole) == len(table)
    assert ["NAME", "VALUES", "PERSONAL", "SENSITIVE", "VERSION"] == table[0].split()
    assert ["catalogue.v1.ProcedurePublished", "8", "0", "0"] == table[1].split()
