"""`hub audit guard`: what cannot be, of one dossier or of those that moved lately."""

from pathlib import Path

import pytest

from tests.cli.auditor import archive_all
from tests.cli.desk import CODE, OTHER, Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return open_desk(tmp_path, monkeypatch)


@pytest.mark.parametrize("archived", [0, 2, 3])
def test_a_transition_is_told_with_its_records(desk: Desk, archived: int) -> None:
    """The state that came before may be archived, and the new one still on the topic."""
    places = []
    for count, status in enumerate(("ACCEPTED", "COMPLETED", "PROCESSING"), 1):
        places.append(desk.event(status=status).place.text)
        if count == archived:
            archive_all(desk)
    desk.event(OTHER, status="ACCEPTED")
    (row,) = desk.rows("audit", "guard")
    assert (row["dossier"], row["kind"], row["says"]) == (
        CODE,
        "illegal",
        "from COMPLETED to PROCESSING",
    )
    assert (row["after"], row["event"]) == (places[1], places[2])


def test_one_dossier_may_be_asked_about(desk: Desk) -> None:
    desk.event(status="COMPLETED")
    desk.event(OTHER, status="STOPPED")
    rows = desk.rows("audit", "guard", "--dossier", OTHER)
    assert [row["dossier"] for row in rows] == [OTHER]
    assert desk.rows("audit", "guard", "--dossier", "H44.99.99-000000-0000") == []


def test_what_did_not_move_lately_is_not_looked_at(desk: Desk) -> None:
    desk.event(status="COMPLETED")
    assert len(desk.rows("audit", "guard", "--since", "1d")) == 1
    assert desk.rows("audit", "guard", "--since", "0min") == []
