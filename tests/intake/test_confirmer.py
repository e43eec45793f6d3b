"""How a system is asked: a few questions at once, in bounded time, and no more than is needed."""

import asyncio
from dataclasses import replace

import pytest

from adapters.http.messages import Answer
from hub.delivery.outcomes import ITEM, compile_when
from hub.errors import Retry
from hub.intake import confirming
from hub.intake.confirming import Confirmer, Question
from tests.intake.confirming_kit import CONFIRMATION, System
from tests.intake.intake_kit import row


def questions(count: int) -> list[Question]:
    return [Question((f"id-{n}", "digest"), row(6, str(n)), {"code": str(n)}) for n in range(count)]


def test_a_system_is_asked_a_few_questions_at_once() -> None:
    system = System({str(n): 6 for n in range(50)})
    assert asyncio.run(Confirmer(system).doubted(CONFIRMATION, questions(50))) == frozenset()
    assert (len(system.asked), system.most) == (50, confirming.AT_ONCE)


def test_after_a_time_out_only_the_rest_is_asked() -> None:
    async def main() -> tuple[list[str], list[str]]:
        loop = asyncio.get_running_loop()
        system = System({str(n): 6 for n in range(12)})
        system.pace = lambda code: loop.create_future() if int(code) >= 5 else None
        confirmer = Confirmer(system)
        hasty = replace(CONFIRMATION, timeout=0.05)
        with pytest.raises(Retry, match=r"no confirmation within 0\.05 s"):
            await confirmer.doubted(hasty, questions(12))
        first = list(system.asked)
        assert system.under_way == 0, "no call outlives its message"
        system.pace = lambda _: None
        assert await confirmer.doubted(hasty, questions(12)) == frozenset()
        return first, system.asked[len(first) :]

    first, second = asyncio.run(main())
    assert [str(n) for n in range(5)] == first[:5]
    assert [str(n) for n in range(5, 12)] == second


def test_only_so_much_is_remembered() -> None:
    system = System({str(n): 6 for n in range(confirming.SURE + 1)})

    async def main() -> None:
        confirmer = Confirmer(system)
        everything = questions(confirming.SURE + 1)
        await confirmer.doubted(CONFIRMATION, everything)
        system.asked.clear()
        await confirmer.doubted(CONFIRMATION, [everything[0], everything[-1]])

    asyncio.run(main())
    assert system.asked == ["0"]


def test_one_failure_ends_the_questions_of_its_message() -> None:
    async def main() -> System:
        loop = asyncio.get_running_loop()
        system = System(script=iter([Retry("down", system=True)]))
        system.pace = lambda code: None if code == "0" else loop.create_future()
        with pytest.raises(Retry, match="down"):
            await Confirmer(system).doubted(CONFIRMATION, questions(4))
        return system

    assert asyncio.run(main()).under_way == 0


def test_only_so_many_messages_wait_for_a_system() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        system = System({"0": 6})
        silent = loop.create_future()
        system.pace = lambda _: silent
        confirmer = Confirmer(system)
        async with asyncio.TaskGroup() as waiting:
            asked = [
                waiting.create_task(confirmer.doubted(CONFIRMATION, questions(1)))
                for _ in range(confirming.MESSAGES)
            ]
            await asyncio.sleep(0)
            with pytest.raises(Retry, match="too many"):
                await confirmer.doubted(CONFIRMATION, questions(1))
            silent.set_result(None)
        assert {task.result() for task in asked} == {frozenset()}
        assert await confirmer.doubted(CONFIRMATION, questions(1)) == frozenset()

    asyncio.run(main())


@pytest.mark.parametrize(
    ("wanted", "status", "same"),
    [
        ({"text": "$item.status"}, 14, True),
        ({"text": "$item.status"}, "14", True),
        ({"text": "$item.status"}, " 14 ", True),
        ({"text": "$item.status"}, 140, False),
        ({"text": "$item.status"}, None, False),
        ({"text": "$item.gone"}, "", False),
        ("$item.status", 14, True),
        ("$item.status", "14", False),
        ("$item.gone", None, False),
    ],
    ids=repr,
)
def test_an_answer_is_compared_with_the_item(
    wanted: str | dict[str, object], status: int | str | None, same: bool
) -> None:
    (test,) = compile_when({"results.status": wanted}, {}, "found", ITEM)  # type: ignore[dict-item]  # plain data
    answer = Answer(200, {"results": [{"status": 1}, {"status": status}]})
    assert test(answer, {"status": 14}) is same
