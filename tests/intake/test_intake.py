"""The intake on the broker's twin: what is kept, what is known, what is refused."""

import asyncio
from pathlib import Path

import pytest

from hub.contract.types import Document, Value
from hub.errors import Reject, Retry
from hub.events.catalogue import load
from hub.events.headers import read_headers
from hub.intake.intake import Taken
from hub.intake.served import Served, Want
from tests.intake.intake_kit import CODE, TRACKED, World, row


def test_every_event_of_every_row_is_kept_in_order(world: World) -> None:
    assert world.take(row(6), row(14)) == Taken("accepted", 3, 0)
    assert [r.key for r in world.kept] == [CODE.encode()] * 3
    assert len({read_headers(r.headers).id for r in world.kept}) == 3


def test_a_repeat_is_a_duplicate_in_whatever_batch_it_comes(world: World) -> None:
    world.take(row(6), row(12))
    assert world.take(row(12, sent="later")) == Taken("duplicate", 0, 0)
    assert world.take(row(14), row(6)) == Taken("accepted", 2, 0)
    assert len(world.kept) == 4


def test_a_row_that_stands_twice_in_a_batch_is_kept_once(world: World) -> None:
    assert world.take(row(6), row(6)) == Taken("accepted", 1, 0)


def test_the_same_identity_with_another_body_is_a_conflict(world: World) -> None:
    world.take(row(6))
    assert world.take(row(6, note="other"), row(12)) == Taken("conflict", 1, 1)
    assert world.take(row(16), row(16, note="other")) == Taken("conflict", 1, 1)
    assert len(world.kept) == 3


def test_what_a_crash_left_half_kept_is_completed(world: World) -> None:
    world.take(row(14))
    first = read_headers(world.kept[0].headers)
    fresh = World(load(Path("schemas/avro")), world.folder / "fresh")
    fresh.index.follow([(first.id, bytes.fromhex(first.digest or ""))], {})
    assert fresh.take(row(14)) == Taken("accepted", 1, 0)
    fresh.index.close()


def test_a_row_that_means_nothing_gives_no_event_but_is_listed(world: World) -> None:
    assert world.take(row(99)) == Taken("nothing", 0, 0)
    assert world.kept == []
    (act,) = world.acts
    assert (act["kind"], act["subject"], act["reason"]) == (
        "SET_ASIDE",
        "EB1 99",
        "order of another customer",
    )


def test_a_conflict_and_a_secrecy_mark_are_on_record_without_their_content(world: World) -> None:
    world.take(row(6))
    world.take(row(6, note="other"))
    with pytest.raises(Reject):
        world.take(row(12, doMat="C", note="Nguyễn Văn Mẫu"))
    conflict, secret = world.acts
    assert (conflict["kind"], conflict["subject"]) == ("CONFLICT", "EB1 6")
    assert conflict["event_ids"] == [read_headers(world.kept[0].headers).id]
    assert (secret["kind"], secret["subject"], secret["reason"]) == (
        "SECRECY_REFUSED",
        None,
        "mark data.doMat",
    )
    assert all("Mẫu" not in str(act) for act in world.acts)


def test_flags_and_trace_travel_in_the_headers(world: World) -> None:
    trace = f"00-{'a' * 32}-{'b' * 16}-01"
    rows: list[Value] = [row(7)]
    asyncio.run(world.intake.take(world.inflow, {"data": rows}, {"traceparent": trace}))
    envelope = read_headers(world.kept[0].headers)
    assert envelope.flags == ("odd",)
    assert envelope.source == "postal_my"
    assert envelope.traceparent is not None
    assert envelope.traceparent.split("-")[1] == "a" * 32
    assert envelope.unserved == ()


def test_an_event_that_nobody_serves_says_so(world: World) -> None:
    world.intake.served = Served([Want(TRACKED, "portal", None)])
    world.take(row(6))
    assert read_headers(world.kept[0].headers).unserved == ("portal",)


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([row(6), row(-1)], "rejected"),
        ([row(6), {"status": 6}], "identity"),
        ([row(6), row(12, doMat="C")], "secrecy"),
        ([row(6), row(12, long=2_000_000)], "too-large"),
    ],
)
def test_a_refused_message_leaves_no_half_effect(
    world: World, rows: list[Document], code: str
) -> None:
    with pytest.raises(Reject) as refused:
        world.take(*rows)
    assert refused.value.code == code
    assert world.kept == []


def test_without_acknowledgement_nothing_is_accepted_and_a_repeat_may_succeed(world: World) -> None:
    world.broker.down = True
    with pytest.raises(Retry):
        world.take(row(6))
    world.broker.down = False
    assert world.take(row(6)) == Taken("accepted", 1, 0)


def test_two_gateways_loops_never_share_but_one_loop_may_overlap(world: World) -> None:
    async def both() -> list[Taken]:
        rows: list[Value] = [row(6)]
        document: Document = {"data": rows}
        return list(
            await asyncio.gather(
                world.intake.take(world.inflow, document, {}),
                world.intake.take(world.inflow, document, {}),
            )
        )

    verdicts = {taken.verdict for taken in asyncio.run(both())}
    assert verdicts == {"accepted", "duplicate"}
    assert len(world.kept) == 1


@pytest.mark.parametrize(
    ("wants", "agency", "missing"),
    [
        ([], "H44", ()),
        ([Want("T", "a", "a")], "H44", ()),
        ([Want("T", "a", None)], "H44", ("a",)),
        ([Want("T", "src", "src")], "H44", ()),
        ([Want("T", "a", "a", "agency_code", frozenset({"H44"}))], "H44", ()),
        ([Want("T", "a", "a", "agency_code", frozenset({"H44"}))], "H62", ("a",)),
        (
            [Want("T", "a", "a", "agency_code", frozenset({"H44"})), Want("T", "b", "b")],
            "H62",
            ("a",),
        ),
    ],
)
def test_who_should_have_been_told(
    wants: list[Want], agency: str, missing: tuple[str, ...]
) -> None:
    assert Served(wants).missing("T", {"agency_code": agency}, "src") == missing
