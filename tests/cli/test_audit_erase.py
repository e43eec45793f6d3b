"""`hub audit erase`: on an order alone, for good, and nothing that was proved falls."""

import json
import shutil
from pathlib import Path

import pytest

from hub.audit.opening import open_keys
from hub.contract.types import Document
from hub.delivery.acts import Command
from hub.records import Record, Spot
from hub.settings import load
from hub.topics import ACT
from tests.cli.auditor import archive_all
from tests.cli.desk import CODE, OTHER, Desk, open_desk

ORDER = ("--order", "12/QĐ-STN", "--by", "Trần Thị Thử", "--wait", "0")
ERASE = ("audit", "erase", "--dossier", CODE, *ORDER)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return open_desk(tmp_path, monkeypatch)


def erased(desk: Desk) -> list[Command]:
    return [act for act in desk.acts() if act.kind == "ERASED"]


def acts(desk: Desk) -> list[Document]:
    found = [r for p in range(3) for r in desk.broker.since(Spot(ACT, p), 0)]
    return [desk.codec.decode(record.value or b"")[1] for record in found]


def keys(desk: Desk) -> list[bytes]:
    found = open_keys(load(desk.environment))
    try:
        return found.known(f"dossier/{CODE}")
    finally:
        found.close()


def story(desk: Desk) -> list[Record]:
    """Two dossiers, archived, and the order to erase one on record."""
    events = [desk.event(), desk.event(OTHER), desk.event()]
    desk.receipt(events[0], "DELIVERED")
    archive_all(desk)
    return events


def carried_out(desk: Desk) -> None:
    """The order, the auditor's next seal, and the same command again."""
    assert desk.hub(*ERASE, "--yes").exit_code == 3
    archive_all(desk)
    assert desk.hub(*ERASE, "--yes").exit_code == 0


def test_its_content_is_gone_and_the_others_stays(desk: Desk) -> None:
    story(desk)
    carried_out(desk)
    assert keys(desk) == []
    rows = desk.rows("audit", "search", "--dossier", CODE)
    assert [row["content"] for row in rows if row["archived"] and row["kind"] != "act"] == [
        None
    ] * 3
    (other,) = desk.rows("audit", "search", "--dossier", OTHER)
    assert other["content"] is not None


def test_no_key_goes_before_all_of_it_is_archived(desk: Desk) -> None:
    """What is archived later would be under another key, and readable."""
    story(desk)
    desk.event()
    done = desk.hub(*ERASE, "--yes")
    assert (done.exit_code, len(keys(desk))) == (3, 1)
    assert "not all of it is archived yet: hub.dossier/" in done.stderr
    assert len(erased(desk)) == 1, "nobody is told of it from now on"


def test_the_order_is_on_record_once_with_where_it_ends(desk: Desk) -> None:
    events = story(desk)
    carried_out(desk)
    (act,) = erased(desk)
    assert (act.dossier, act.because, act.by) == (CODE, "12/QĐ-STN", "Trần Thị Thử")
    assert (act.partition, act.offset) == (events[0].partition, events[2].offset + 1)
    assert act.registration == ""


def test_who_asks_again_and_finds_it_behind_hastens_the_auditor_anew(desk: Desk) -> None:
    """Without a new order what came after the first would be sealed when it is old, not now."""
    story(desk)
    assert [desk.hub(*ERASE, "--yes").exit_code for _ in range(2)] == [3, 3]
    first, second = erased(desk)
    assert (second.offset, second.by, second.because) == (first.offset, first.by, first.because)
    archive_all(desk)
    assert desk.hub(*ERASE, "--yes").exit_code == 0
    assert len(erased(desk)) == 2, "where nothing is behind it needs no haste"


def test_without_an_order_it_is_refused_and_that_is_on_record(desk: Desk) -> None:
    story(desk)
    words = ("audit", "erase", "--dossier", CODE, "--by", "Trần Thị Thử", "--yes")
    for order in ((), ("--order", " ")):
        assert desk.hub(*words, *order).exit_code == 1
    assert [(act["kind"], act["subject"]) for act in acts(desk)] == [("ERASURE_REFUSED", CODE)] * 2
    assert len(keys(desk)) == 1


def test_it_is_not_done_by_mistake(desk: Desk) -> None:
    story(desk)
    assert desk.hub(*ERASE).exit_code == 2
    assert desk.hub("audit", "erase", "--dossier", "H44.99.99-0", *ORDER, "--yes").exit_code == 1
    assert acts(desk) == []
    assert len(keys(desk)) == 1


def test_known_copies_of_the_keys_are_reached(desk: Desk) -> None:
    story(desk)
    own, copy = desk.home / "audit-keys" / "keys.db", desk.home / "copy" / "keys.db"
    copy.parent.mkdir()
    shutil.copy(own, copy)
    desk.more["HUB_AUDIT_COPIES"] = str(copy)
    carried_out(desk)
    copy.replace(own)
    assert keys(desk) == []


def test_a_copy_that_is_not_there_is_told(desk: Desk) -> None:
    story(desk)
    desk.more["HUB_AUDIT_COPIES"] = str(desk.home / "lost.db")
    desk.hub(*ERASE, "--yes")
    archive_all(desk)
    done = desk.hub(*ERASE, "--yes")
    assert (done.exit_code, "lost.db" in done.stderr) == (4, True)


def test_it_answers_as_json(desk: Desk) -> None:
    story(desk)
    desk.hub(*ERASE, "--yes")
    archive_all(desk)
    done = desk.hub(*ERASE, "--yes", "--json")
    assert json.loads(done.stdout) == {"dossier": CODE, "order": "12/QĐ-STN", "keys": 1}
