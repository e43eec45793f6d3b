"""Bad bundles: each is refused by what registration asks, in time, in words that help."""

import ast
import time
from pathlib import Path

import pytest

from hub.errors import Reject
from hub.registry.bundle_files import read_files
from hub.registry.check import Checked, Place, check
from hub.registry.event_types import Events, read_events
from hub.registry.findings import KINDS, markdown
from hub.registry.problem import Problem
from hub.registry.registration import RegistrationEntry, RegistrationFile
from hub.registry.shape import decode
from hub.registry.upload import unpacked
from hub.registry.yaml_file import Plain, read_yaml
from tests.registry.corpus import attacks

HERE = Path(__file__).parent
SECONDS = 2.0  # of processor time for one bundle
REGISTRATIONS = """registrations:
  -
    connector: desk
    endpoint: https://desk.example
    settings: {unit: H44.99}
    secrets: {token: env:HUB_TOKEN, desk_token: env:DESK_TOKEN}
    delivery: {}
"""
Row = dict[str, Plain]
Files = dict[str, bytes]


def rows() -> list[Row]:
    found = read_yaml((HERE / "bad.yaml").read_bytes(), "bad.yaml").value
    assert isinstance(found, list)
    return [row for row in found if isinstance(row, dict)]


@pytest.fixture(scope="module")
def events() -> Events:
    return read_events(HERE.parents[2] / "schemas" / "avro")


def entry(text: str) -> tuple[RegistrationEntry, Place]:
    file = read_yaml(text.encode(), "registrations.yaml")
    part = decode(file, RegistrationFile).registrations[0]
    under = ("registrations", 0)
    found = decode(file, RegistrationEntry, part=part, under=under)
    return found, lambda path: file.place((*under, *path))


def changed(row: Row, files: Files) -> Files:
    """The good bundle's files with the row's one change; each text that is replaced stands once."""
    name = str(row["in"])
    if row.get("remove"):
        kept = {path: body for path, body in files.items() if not path.startswith(name)}
        assert len(kept) < len(files)
        return kept
    if "write" in row:
        assert name not in files
        return {**files, name: str(row["write"]).encode()}
    old = files.get(name, b"")
    if "make" in row:
        new = getattr(attacks, str(row["make"]))(old)
    elif "add" in row:
        new = old + str(row["add"]).encode()
    else:
        new = replaced(old.decode(), row).encode()
    assert new != old
    return {**files, name: new}


def replaced(text: str, row: Row) -> str:
    before = str(row["replace"])
    assert before in text
    return text.replace(before, str(row["with"]), 1)


def outcome(row: Row, events: Events) -> Checked:
    """What registration would find."""
    folder = HERE / "connectors" / str(row.get("of", "desk"))
    files: Files = read_files(folder)
    text = REGISTRATIONS
    if row.get("in") == "registration":
        text = replaced(text, row)
    elif "archive" in row:
        body = getattr(attacks, str(row["archive"]))(files)
        try:
            files = unpacked(body)[1]
        except Reject as error:
            problem = Problem(error.where, error.what, error.fix, code=error.code)
            return Checked(folder.name, None, (problem,))
    else:
        files = changed(row, files)
    if folder.name != "desk":
        return check(folder.name, files, events)
    return check(folder.name, files, events, *entry(text))


@pytest.mark.parametrize("name", ["desk", "counter"])
def test_the_good_bundles_have_no_problems(name: str, events: Events) -> None:
    found = check(name, read_files(HERE / "connectors" / name), events)
    assert found.problems == ()
    assert found.bundle is not None
    assert found.cases > 1


@pytest.mark.parametrize("row", rows(), ids=lambda row: str(row["name"]))
def test_a_bad_bundle_is_refused_with_what_where_and_what_to_write(
    row: Row, events: Events
) -> None:
    before = time.process_time()
    found = outcome(row, events)
    took = time.process_time() - before
    told = "\n".join(map(str, found.problems))
    assert found.bundle is None, "it would go live"
    assert any(
        problem.at.startswith(str(row["at"]))
        and str(row["says"]) in problem.what
        and str(row["fix"]) in problem.fix
        for problem in found.problems
    ), told
    assert all(problem.fix and problem.code for problem in found.problems), told
    assert all(problem.code in KINDS for problem in found.problems), told
    assert len(found.problems) == row.get("more", 1), told
    assert took < SECONDS


def test_every_finding_of_the_checker_has_a_kind() -> None:
    """The second argument of `error`, and what `_Wrong` and `refuse` are given."""
    named: set[str] = set()
    for file in (HERE.parents[2] / "hub" / "mapping").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            place = {"error": 1, "_Wrong": 0, "refuse": 3}.get(name)
            if place is not None and len(node.args) > place:
                code = node.args[place]
                if isinstance(code, ast.Constant) and isinstance(code.value, str):
                    named.add(code.value)
    assert len(named) > 20
    assert named <= KINDS.keys()


def test_the_page_of_findings_is_current() -> None:
    page = HERE.parents[2] / "ops" / "reference" / "connector-check.md"
    assert page.read_text(encoding="utf-8") == markdown()


def test_the_corpus_is_large_and_each_row_is_another_mistake() -> None:
    names = [str(row["name"]) for row in rows()]
    assert len(set(names)) == len(names) >= 60
