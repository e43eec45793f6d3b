"""Webhook rows that no signature proves, from a simulated MyVNPost to the topics and back to it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from hub.contract.types import Value
from tests.gateway.confirmation_kit import Json, Scene, scene

pytestmark = pytest.mark.process

ONE, TWO, STRANGE = "H44.99.99-251013-0001", "H44.99.99-251013-0002", "H44.99.99-251013-0099"
ON: dict[str, Value] = {"confirm_milestones": True}
ENCRYPTED: dict[str, Value] = {**ON, "signature_mode": "rsa-encrypted"}
LATER = "17/10/2025 09:00:00"
DELIVERED = ["ConsignmentTracked", "ConsignmentDelivered"]


def row(order: str, status: int, **more: str) -> Json:
    return {"saleOrderCode": order, "status": status, **more}


def play(
    folder: Path, settings: dict[str, Value], story: Callable[[Scene], Awaitable[None]]
) -> None:
    """Two orders stand at the simulated system; then the story."""

    async def main() -> None:
        async with asyncio.timeout(30), scene(folder, **settings) as stage:
            await stage.order(ONE)
            await stage.order(TWO)
            if settings.get("signature_mode"):
                stage.peer.script({"switches": {"signature_mode": "rsa-encrypted"}})
            await story(stage)

    asyncio.run(main())


def kinds(stage: Scene) -> list[str]:
    return [kind.rpartition(".")[2] for kind, _ in stage.kept]


def test_a_further_row_counts_when_the_system_says_the_same(tmp_path: Path) -> None:
    async def story(stage: Scene) -> None:
        answer = await stage.webhook(row(ONE, 12), row(TWO, 14))
        assert (answer["status"], answer["body"]["updated"]) == (200, 3)
        assert kinds(stage) == ["ConsignmentTracked", *DELIVERED]
        assert len(stage.asked()) == 1
        assert stage.acts == []
        again = await stage.peer.act({"operation": "again"})
        assert again["accepted"]
        assert (len(stage.kept), len(stage.asked())) == (3, 1), "a repeat is neither kept nor asked"

    play(tmp_path, ON, story)


@pytest.mark.parametrize(
    "forged",
    [
        row(STRANGE, 14, itemCode="EB990001046VN"),
        row(ONE, 14, itemCode="EB990001046VN"),
    ],
    ids=["no such order", "no such item"],
)
def test_a_forged_row_is_set_aside_and_the_others_count(tmp_path: Path, forged: Json) -> None:
    async def story(stage: Scene) -> None:
        answer = await stage.webhook(row(TWO, 12), forged | {"updatedDate": LATER})
        assert (answer["status"], answer["body"]["updated"]) == (200, 1)
        assert kinds(stage) == ["ConsignmentTracked"]
        assert stage.acts == [("UNCONFIRMED", f"EB990001046VN 14 {LATER}")]

    play(tmp_path, ON, story)


def test_a_row_that_names_the_order_of_another_item_is_set_aside(tmp_path: Path) -> None:
    async def story(stage: Scene) -> None:
        await stage.webhook(row(TWO, 14))
        item = (stage.peer.system.dossier(TWO) or {})["orders"][TWO]["item_code"]
        before = len(stage.kept)
        await stage.webhook(row(ONE, 12), row(ONE, 14, itemCode=item, updatedDate=LATER))
        assert len(stage.kept) == before + 1
        assert [kind for kind, _ in stage.acts] == ["UNCONFIRMED"]

    play(tmp_path, ON, story)


def test_a_scan_that_its_order_has_passed_cannot_be_confirmed_and_is_listed(
    tmp_path: Path,
) -> None:
    """The one order that is asked for has one state, the last."""

    async def story(stage: Scene) -> None:
        await stage.webhook(row(ONE, 12), row(TWO, 11), row(TWO, 12))
        states = [record["state"] for _, record in stage.kept]
        assert states == ["OUT_FOR_DELIVERY", "OUT_FOR_DELIVERY"]
        ((kind, subject),) = stage.acts
        assert (kind, str(subject).split()[1]) == ("UNCONFIRMED", "11")

    play(tmp_path, ON, story)


def test_while_the_system_does_not_answer_nothing_is_kept_and_it_sends_again(
    tmp_path: Path,
) -> None:
    async def story(stage: Scene) -> None:
        down = {"name": "r", "match": {"operation": "getOrder"}, "times": 1}
        stage.peer.script({"rules": [down | {"action": {"kind": "status", "code": 503}}]})
        answer = await stage.webhook(row(ONE, 12), row(TWO, 14))
        assert (answer["status"], answer["body"]["success"]) == (503, False)
        assert (stage.kept, stage.acts) == ([], [])
        again = await stage.peer.act({"operation": "again"})
        assert again["answer"]["status"] == 200
        assert kinds(stage) == ["ConsignmentTracked", *DELIVERED]

    play(tmp_path, ON, story)


def test_an_old_token_is_renewed_on_the_way(tmp_path: Path) -> None:
    async def story(stage: Scene) -> None:
        await stage.webhook(row(ONE, 6), row(TWO, 6))
        old = {"name": "r", "match": {"operation": "getOrder"}, "times": 1}
        stage.peer.script({"rules": [old | {"action": {"kind": "expired"}}]})
        answer = await stage.webhook(row(ONE, 12), row(TWO, 12))
        assert (answer["status"], len(stage.kept), stage.acts) == (200, 4, [])

    play(tmp_path, ON, story)


def test_in_the_mode_that_proves_nothing_a_milestone_is_asked_about(tmp_path: Path) -> None:
    async def story(stage: Scene) -> None:
        await stage.webhook(row(ONE, 12))
        assert (kinds(stage), stage.asked()) == (["ConsignmentTracked"], [])
        await stage.webhook(row(ONE, 14))
        assert kinds(stage) == ["ConsignmentTracked", *DELIVERED]
        assert len(stage.asked()) == 1
        await stage.webhook(row(STRANGE, 14, itemCode="EB990001046VN"))
        assert len(stage.kept) == 3
        assert [kind for kind, _ in stage.acts] == ["UNCONFIRMED"]

    play(tmp_path, ENCRYPTED, story)


def test_without_the_setting_nothing_is_asked(tmp_path: Path) -> None:
    async def story(stage: Scene) -> None:
        await stage.webhook(row(ONE, 12), row(STRANGE, 14, itemCode="EB990001046VN"))
        assert (kinds(stage), stage.asked(), stage.acts) == (
            ["ConsignmentTracked", *DELIVERED],
            [],
            [],
        )

    play(tmp_path, {}, story)
