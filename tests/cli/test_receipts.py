"""`hub receipt list`: how deliveries ended."""

from pathlib import Path

import pytest

from hub.records import Outgoing
from hub.topics import RECEIPT
from tests.cli.desk import CODE, OTHER, Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return open_desk(tmp_path, monkeypatch)


def test_ends_are_listed_and_no_steps(desk: Desk) -> None:
    event = desk.event()
    desk.keep(Outgoing(RECEIPT, None, b"a mark", (("hub_kind", b"MARK"),), event.partition))
    desk.receipt(event, "DELIVERED")
    (row,) = desk.rows("receipt", "list")
    assert (row["key"], row["registration"], row["outcome"]) == (CODE, "portal", "DELIVERED")


def test_what_cannot_be_read_is_told(desk: Desk) -> None:
    desk.keep(Outgoing(RECEIPT, b"H44", b"junk", (), 0))
    (row,) = desk.rows("receipt", "list")
    assert row["outcome"] == "(unreadable)"


@pytest.mark.parametrize(
    ("words", "dossiers"),
    [
        ((), [CODE, OTHER, OTHER]),
        (("--in-doubt",), [OTHER]),
        (("--in-doubt", "--registration", "postal"), []),
        (("--registration", "postal"), [OTHER]),
        (("--outcome", "DEAD_LETTERED"), [OTHER]),
        (("--dossier", CODE), [CODE]),
        (("-n", "1"), [OTHER]),
    ],
)
def test_the_list_is_narrowed(desk: Desk, words: tuple[str, ...], dossiers: list[str]) -> None:
    desk.receipt(desk.event(), "DELIVERED")
    desk.receipt(desk.event(OTHER), "DELIVERED", note="was in doubt, found at the system")
    desk.receipt(desk.event(OTHER), "DEAD_LETTERED", registration="postal")
    assert [row["key"] for row in desk.rows("receipt", "list", *words)] == dossiers
