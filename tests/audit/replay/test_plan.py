"""A plan is what was selected, in order, and its digest is what is approved."""

from dataclasses import replace

import msgspec
import pytest

from hub.audit.replay.approval import Approval, approved_by, as_document, read, refusal
from hub.audit.replay.choose import Events, items
from hub.audit.replay.ends import Ends
from hub.audit.replay.live import commands, left
from hub.audit.replay.plan import FORMAT, Item, Plan, Selection, read_plan, summary, written
from hub.contract.types import Document, Value
from hub.errors import Reject
from hub.events.headers import Envelope, write_headers
from hub.records import Position, Record

PROGRESS = "dossier.v1.StatusChanged"


def event(offset: int, dossier: str = "H1", *, partition: int = 0, at: int = 1_000) -> Record:
    headers = write_headers(Envelope(f"e{offset}", "onestop", PROGRESS, 1, "f", "d"))
    return Record("hub.dossier", partition, offset, at, dossier.encode(), b"v", tuple(headers))


def told(offset: int, outcome: str = "DELIVERED", **more: Value) -> Document:
    found: Document = {
        "kind": "OUTCOME",
        "connector": "portal",
        "source_topic": "hub.dossier",
        "source_partition": 0,
        "source_offset": offset,
        "outcome": outcome,
        "series": 0,
        "bundle": "b1",
        "settings": "s1",
        "epoch": 0,
        "request": "r",
    }
    return {**found, **more}


def chosen(selection: Selection, *receipts: Document, events: int = 4) -> list[Item]:
    found, ends = Events(selection), Ends()
    for offset in range(events):
        found.take(event(offset, f"H{offset % 2}", at=1_000 + offset))
    for position, receipt in enumerate(receipts):
        ends.take(position, receipt)
    letters = {("portal", Position("hub.dossier", 0, 2)): Position("hub.dead", 0, 9)}
    return items(found, ends.found, letters)


ALL = [told(0), told(1, "PARKED"), told(2, "DEAD_LETTERED"), told(3, "PARKED")]


def made(*found: Item, by: str = "Trần Thị Thử") -> Plan:
    return Plan(FORMAT, by, "kiểm tra", 5, Selection(), found)


@pytest.mark.parametrize(
    ("selection", "offsets"),
    [
        (Selection(), [0, 1, 2, 3]),
        (Selection(dossiers=("H1",)), [1, 3]),
        (Selection(outcomes=("PARKED",)), [1, 3]),
        (Selection(registrations=("postal",)), []),
        (Selection(types=("dossier.v1.Accepted",)), []),
        (Selection(since=1_002), [2, 3]),
        (Selection(until=1_002), [0, 1]),
        (Selection(partition="hub.dossier/0", offsets=(1, 2)), [1, 2]),
        (Selection(partition="hub.dossier/1"), []),
    ],
)
def test_what_is_selected_is_in_the_plan(selection: Selection, offsets: list[int]) -> None:
    assert [item.offset for item in chosen(selection, *ALL)] == offsets


def test_what_has_no_end_is_not_replayed_and_foreign_bytes_are_nobodys() -> None:
    assert [item.offset for item in chosen(Selection(), told(1))] == [1]
    events = Events(Selection())
    events.take(Record("hub.dossier", 0, 0, 1, b"H", b"x", ()))
    assert events.found == {}


@pytest.mark.parametrize(
    ("receipts", "outcome", "series"),
    [
        ([told(0, "DEAD_LETTERED"), told(0, "DELIVERED", series=3)], "DELIVERED", 3),
        ([told(0, "DELIVERED"), told(0, "DEAD_LETTERED")], "DELIVERED", 0),
        ([told(0, "PARKED"), told(0, "DELIVERED")], "DELIVERED", 0),
        ([told(0, "DELIVERED", series=2), told(0, "PARKED", series=1)], "DELIVERED", 2),
        ([told(0, "UNKNOWN"), told(0, "DELIVERED")], "DELIVERED", 0),
    ],
)
def test_of_several_ends_one_counts(receipts: list[Document], outcome: str, series: int) -> None:
    (item,) = chosen(Selection(), *receipts)
    assert (item.outcome, item.series) == (outcome, series)


def test_what_a_former_owner_wrote_late_is_void() -> None:
    owner = told(-1, "UNKNOWN", kind="OWNER")
    found = chosen(Selection(), told(1), owner, told(0, epoch=0), told(0, "PARKED", epoch=1))
    assert [(one.offset, one.outcome) for one in found] == [(0, "PARKED"), (1, "DELIVERED")]
    found = chosen(Selection(), owner, told(0, "DEAD_LETTERED", epoch=-1), told(0, epoch=0))
    assert [one.outcome for one in found] == ["DELIVERED"]


def test_the_file_gives_the_plan_back_and_another_plan_has_another_digest() -> None:
    plan = made(*chosen(Selection(), *ALL))
    assert read_plan(written(plan), "plan.json") == plan
    other = msgspec.structs.replace(plan, items=plan.items[1:])
    assert len({plan.digest, other.digest, made(*plan.items, by="Lê Văn Thử").digest}) == 3
    for text in (b"{}", b"\xff", written(msgspec.structs.replace(plan, format="x/2"))):
        with pytest.raises(Reject, match=r"plan\.json"):
            read_plan(text, "plan.json")


def test_the_summary_tells_who_gets_what_and_what_will_be_a_duplicate() -> None:
    lines = summary(chosen(Selection(), *ALL))
    assert [(x.outcome, x.act, x.events, x.dossiers, x.known) for x in lines] == [
        ("PARKED", "RESUMED", 2, 1, False),
        ("DELIVERED", "REPLAYED", 1, 1, True),
        ("DEAD_LETTERED", "REQUEUED", 1, 1, False),
    ]


def test_each_item_has_its_act_and_a_parked_dossier_one() -> None:
    plan = made(*chosen(Selection(), *ALL))
    acts = list(commands(plan, "Lê Văn Thử"))
    assert [(one.kind, one.offset, one.letter and one.letter.text) for one in acts] == [
        ("REPLAYED", 0, "hub.dossier/0/0"),
        ("RESUMED", -1, None),
        ("REQUEUED", 2, "hub.dead/0/9"),
    ]
    assert {one.plan for one in acts} == {plan.digest}
    written_before = [replace(acts[0], act=7, at=3), replace(acts[1], plan=None)]
    assert left(acts, written_before) == acts[1:]
    lost = [msgspec.structs.replace(item, letter="") for item in plan.items]
    assert [one.kind for one in commands(made(*lost), "x")] == ["REPLAYED", "RESUMED"]


def test_only_a_second_person_approves_and_only_this_plan() -> None:
    plan = made(*chosen(Selection(), *ALL))
    for same in ("Trần Thị Thử", "trần  thị thử ", "Trần Thị Thử"):
        assert refusal(plan, same) is not None
    second = Approval("REPLAY_APPROVED", plan.digest, "Lê Văn Thử", "đúng")
    assert approved_by(plan, [second]) == "Lê Văn Thử"
    for no in (
        msgspec.structs.replace(second, digest="0" * 64),
        msgspec.structs.replace(second, kind="REPLAY_REFUSED"),
        msgspec.structs.replace(second, by=plan.by),
    ):
        assert approved_by(plan, [no]) is None
    assert read(as_document(second)) == second
    assert read({**as_document(second), "kind": "RESUMED"}) is None
