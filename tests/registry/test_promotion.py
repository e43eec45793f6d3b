"""Whose place a version takes, what must be known of it before, and what is asked twice."""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from hub.errors import Reject
from hub.registry.changes import Change, Offer, move, register, roll_back
from hub.registry.ledger import Entry, Registered
from hub.registry.promotion import EARLY, FRESH, body, check_promotion, replaced
from hub.registry.repeats import is_repeated
from hub.registry.seen import Backtest, Seen

ONE, TWO, THREE = "1" * 64, "2" * 64, "3" * 64
ENTRY: Entry = {"endpoint": "http://x", "start": "now", "settings": {"code": "A"}}
NOW = 2 * FRESH
CLEAN = Backtest(body(ONE, ENTRY), body(TWO, ENTRY), 100, 50, 3, 0, ("code table T",), NOW, "An")
GRAVE = replace(CLEAN, unexplained=2, causes=("unexplained",))


def asked(on: int, by: str = "An", reason: str = "as agreed") -> Change:
    return Change("water", on, by, reason, NOW)


def offer(bundle: str, entry: Entry = ENTRY, **more: object) -> Offer:
    return Offer("waterco", bundle, entry, **{"override": "a test", **more})  # type: ignore[arg-type]  # spread


def live() -> Registered:
    return register(None, asked(0), offer(ONE))


def second(seen: Seen = Seen(), entry: Entry = ENTRY) -> Registered:  # noqa: B008 - frozen
    return register(live(), asked(1), offer(TWO, entry, seen=seen))


def refused(made: Registered) -> str:
    """The refusal's code; "" where there is none."""
    try:
        check_promotion(made)
    except Reject as refusal:
        return refusal.code
    return ""


@pytest.mark.parametrize(
    ("seen", "code"),
    [
        (Seen(), "backtest"),
        (Seen(CLEAN), ""),
        (Seen(GRAVE), "confirm"),
        (Seen(GRAVE, confirm="agreed by telephone"), ""),
        (Seen(GRAVE, confirm="two\nlines"), "words"),
        (Seen(uncompared="their events are gone"), ""),
        (Seen(uncompared="\t"), "words"),
        (Seen(replace(CLEAN, old=THREE)), "backtest"),
        (Seen(replace(CLEAN, new=THREE)), "backtest"),
        (Seen(replace(CLEAN, at=NOW - FRESH - 1)), "backtest"),
        (Seen(replace(CLEAN, at=NOW + EARLY + 1)), "backtest"),
        (Seen(replace(CLEAN, compared=101)), "backtest"),
        (Seen(replace(CLEAN, differing=51)), "backtest"),
        (Seen(replace(GRAVE, differing=0), confirm="yes"), "backtest"),
    ],
)
def test_another_body_is_live_only_with_what_it_changes(seen: Seen, code: str) -> None:
    assert refused(second(seen)) == code


def test_a_refusal_names_the_version_and_both_bodies() -> None:
    with pytest.raises(Reject) as refusal:
        check_promotion(second())
    assert "version 1" in refusal.value.what
    assert CLEAN.old in refusal.value.fix
    assert CLEAN.new in refusal.value.fix


def test_the_first_takes_nobodys_place_and_another_address_makes_the_same_messages() -> None:
    assert refused(live()) == ""
    moved = register(live(), asked(1), offer(ONE, {**ENTRY, "endpoint": "http://y"}))
    assert (replaced(moved), refused(moved)) == (None, "")
    changed = register(live(), asked(1), offer(ONE, {**ENTRY, "settings": {"code": "B"}}))
    assert refused(changed) == "backtest"
    served = register(live(), asked(1), offer(ONE, {**ENTRY, "agencies": ["H1"]}))
    assert refused(served) == "backtest"


def test_the_way_back_and_what_was_live_before_need_none() -> None:
    back = roll_back(second(Seen(CLEAN)), asked(2))
    assert (back.bundle, refused(back)) == (ONE, "")
    again = register(back, asked(3), offer(TWO))
    assert refused(again) == ""


def test_a_retired_name_is_no_way_round_it() -> None:
    ended = move(live(), asked(1), "retire")
    assert refused(register(ended, asked(2), offer(TWO))) == "backtest"
    draft = register(ended, asked(2), offer(TWO, hold=True))
    assert refused(draft) == ""
    assert refused(move(draft, asked(3), "golive")) == "backtest"
    assert refused(move(draft, asked(3), "golive", seen=Seen(CLEAN))) == ""
    anothers = Offer("powerco", TWO, ENTRY, override="a test")
    assert refused(register(ended, asked(2), anothers)) == "", "another system's begins anew"


def test_what_is_resumed_is_compared_with_what_was_live_last() -> None:
    paused = move(live(), asked(1), "pause")
    assert refused(move(paused, asked(2), "resume")) == ""
    kept = register(paused, asked(2), offer(TWO, seen=Seen(CLEAN)))
    assert (kept.state, refused(kept)) == ("paused", "")
    assert refused(move(kept, asked(3), "resume")) == "", "its record stands with it"
    third = register(kept, asked(3), offer(THREE, seen=Seen(CLEAN)))
    assert refused(third) == "backtest"
    unseen = replace(kept, seen=Seen())
    assert refused(move(unseen, asked(3), "resume")) == "backtest"


DECISIONS: dict[str, Callable[[Registered | None, Change], Registered]] = {
    "register": lambda known, change: register(known, change, offer(TWO)),
    "pause": lambda known, change: move(known, change, "pause"),
    "retire": lambda known, change: move(known, change, "retire"),
    "rollback": roll_back,
}


@pytest.mark.parametrize("what", DECISIONS)
def test_who_asks_again_in_the_same_words_is_known_and_nobody_else(what: str) -> None:
    decide = DECISIONS[what]
    before = register(live(), asked(1), offer(THREE))
    made = decide(before, asked(2))
    again = replace(made, at=made.at + 5_000)

    def repeated(change: Change, kind: str = what, known: Registered = again) -> bool:
        return is_repeated(known, change, lambda was: DECISIONS[kind](was, change))

    assert repeated(asked(2))
    assert not repeated(asked(2, by="Bình"))
    assert not repeated(asked(2, reason="another"))
    assert not repeated(asked(1))
    others = [kind for kind in DECISIONS if kind != what]
    assert not any(repeated(asked(2), kind) for kind in others)


def test_the_first_registration_asked_for_again_is_known() -> None:
    assert is_repeated(live(), asked(0), lambda was: register(was, asked(0), offer(ONE)))
    assert not is_repeated(live(), asked(0), lambda was: register(was, asked(0), offer(TWO)))
    assert not is_repeated(None, asked(0), lambda was: register(was, asked(0), offer(ONE)))
