"""`hub connector explain`, as a data protection officer and a program use it."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from hub.cli.main import app


def hub(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["connector", "explain", *arguments])
    return result.exit_code, result.stdout, result.stderr


def rows(*arguments: str) -> list[dict[str, Any]]:
    code, out, _ = hub(*arguments, "--json")
    assert code == 0
    return [json.loads(line) for line in out.splitlines()]


def test_which_systems_receive_the_citizens_number() -> None:
    found = rows("--personal", "--field", "id_number")
    assert {row["connector"] for row in found if row["direction"] == "out"} == {
        "ngsp",
        "onestop",
        "portal",
    }
    assert ("portal", "registered", "soGiayTo", "p") in {
        (row["connector"], row["flow"], row["field"], row["pii"]) for row in found
    }
    assert all(row["owner"] and row["title"] for row in found)


def test_a_word_of_the_schemas_finds_the_field_too() -> None:
    by_word, by_name = (
        rows("--field", word) for word in ("identity paper, or tax code", "id_number")
    )
    assert by_word
    assert {row["at"] for row in by_word} <= {row["at"] for row in by_name}


def test_a_connector_is_named_or_is_a_folder() -> None:
    assert rows("postal") == rows("connectors/postal")
    fields = {(row["flow"], row["field"]): row for row in rows("postal")}
    order = fields["order", "SenderName"]
    assert (order["sources"], order["pii"]) == ([{"field": "event.sender.name", "pii": "p"}], "p")
    assert order["at"].startswith("mapping.py:")


def test_people_see_a_table_for_each_flow() -> None:
    code, out, _ = hub("postal")
    assert code == 0
    assert "order: ConsignmentOrdered → POST" in out
    assert "event.sender.name" in out


@pytest.mark.parametrize("name", ["postall", "nowhere/at/all"])
def test_what_is_no_connector_is_told_with_those_that_are(name: str) -> None:
    code, _, said = hub(name)
    assert (code, "there is: " in said, "postal" in said) == (1, True, True)
