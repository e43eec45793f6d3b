"""What a change of a schema breaks, as the one who would change it asks: `hub schema check`."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.cli.main import app
from hub.registry.bundle_files import read_files
from hub.registry.event_types import events_of, read_events
from hub.registry.impact import broken_by

ROOT = Path(__file__).parents[2]
SCHEMAS = ROOT / "schemas" / "avro"
Change = Callable[[dict[str, Any]], None]


def changed(name: str, change: Change) -> str:
    """A schema's text after a change."""
    schema = json.loads((SCHEMAS / f"{name}.avsc").read_text(encoding="utf-8"))
    change(schema)
    return json.dumps(schema)


def check(*paths: Path) -> tuple[int, list[dict[str, str]], str]:
    result = CliRunner().invoke(app, ["schema", "check", *map(str, paths), "--json"])
    return (
        result.exit_code,
        [json.loads(line) for line in result.stdout.splitlines()],
        result.stderr,
    )


def one_more(schema: dict[str, Any]) -> None:
    schema["symbols"].append("SUSPENDED")


def renamed(schema: dict[str, Any]) -> None:
    (field,) = [field for field in schema["fields"] if field["name"] == "item_code"]
    field["name"] = "item_number"


def documented(schema: dict[str, Any]) -> None:
    schema["doc"] += " Or so."


def test_a_new_state_breaks_each_table_that_does_not_know_it(tmp_path: Path) -> None:
    file = tmp_path / "new.avsc"
    file.write_text(changed("common.v1.DossierStatus", one_more), encoding="utf-8")
    code, found, said = check(file)
    assert code == 1
    assert {row["connector"] for row in found} == {"ngsp", "portal"}
    assert {row["owner"] for row in found} == {"Văn phòng Chính phủ", "Ủy ban nhân dân tỉnh"}
    for row in found:
        name, line, _ = row["at"].split(":")
        source = (ROOT / "connectors" / row["connector"] / name).read_text(encoding="utf-8")
        assert "code(" in source.split("\n")[int(line) - 1]
        assert "the table lacks 'SUSPENDED'" in row["what"]
    assert f"breaks {len(found)} places of 2 owners" in said


def test_a_renamed_field_breaks_who_reads_it_and_who_fills_it(tmp_path: Path) -> None:
    file = tmp_path / "consignment.v1.ConsignmentTracked.avsc"
    file.write_text(changed("consignment.v1.ConsignmentTracked", renamed), encoding="utf-8")
    code, found, _ = check(file)
    assert code == 1
    assert {row["connector"] for row in found} == {"onestop", "portal", "postal", "postal_my"}
    assert all("item_code" in row["what"] for row in found)


def test_a_change_that_no_mapping_meets_breaks_nothing(tmp_path: Path) -> None:
    file = tmp_path / "new.avsc"
    file.write_text(changed("common.v1.DossierStatus", documented), encoding="utf-8")
    code, found, said = check(file)
    assert (code, found, "1 files, 0 problems\n" in said) == (0, [], True)


def test_a_change_in_place_is_seen_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "avro"
    shutil.copytree(SCHEMAS, home)
    name = "common.v1.DossierStatus"
    (home / f"{name}.avsc").write_text(changed(name, one_more), encoding="utf-8")
    monkeypatch.setenv("HUB_SCHEMAS", str(home))
    assert {row["connector"] for row in check(home)[1]} == {"ngsp", "portal"}


def test_what_was_wrong_before_is_not_the_changes_fault() -> None:
    files = read_files(ROOT / "connectors" / "portal")
    files["mapping.py"] = files["mapping.py"].replace(b"maHoSo=event.dossier_code", b"ma=1", 1)
    old = {path.name: path.read_bytes() for path in SCHEMAS.glob("*.avsc")}
    new = {
        **old,
        "common.v1.DossierStatus.avsc": changed("common.v1.DossierStatus", one_more).encode(),
    }
    found = broken_by([("portal", files)], read_events(SCHEMAS), events_of(new))
    assert [one.problem.what for one in found] == ["the table lacks 'SUSPENDED'"]
    assert str(found[0]).startswith(
        "portal/mapping.py:232:19: the table lacks 'SUSPENDED' (owner: "
    )
