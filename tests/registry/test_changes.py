"""Decisions about registrations: who may go where, who was first, and the way back."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.errors import Reject
from hub.registry.changes import (
    STEPS,
    Change,
    Offer,
    Stale,
    Step,
    move,
    register,
    roll_back,
)
from hub.registry.ledger import MOST_BEFORE, Entry, Registered, State

ONE, TWO = "1" * 64, "2" * 64
ENTRY: Entry = {"endpoint": "http://x", "start": "now"}
OFFER = Offer("waterco", ONE, ENTRY, override="a test")


def asked(on: int, by: str = "An", reason: str = "as agreed", name: str = "water") -> Change:
    return Change(name, on, by, reason, 1_000 + on)


def live(offer: Offer = OFFER) -> Registered:
    return register(None, asked(0), offer)


def offered(bundle: str) -> Offer:
    return Offer("waterco", bundle, OFFER.entry, override="a test")


def code(work: object) -> str:
    """The refusal's code."""
    assert callable(work)
    with pytest.raises(Reject) as refusal:
        work()
    return refusal.value.code


def test_a_new_one_is_live_with_who_and_why() -> None:
    found = live()
    assert (found.state, found.version, found.before) == ("live", 1, ())
    assert (found.by, found.reason, found.override) == ("An", "as agreed", "a test")


def test_nothing_goes_live_without_certificate_or_override() -> None:
    bare = Offer("waterco", ONE, ENTRY)
    assert code(lambda: register(None, asked(0), bare)) == "certificate"
    draft = register(None, asked(0), Offer("waterco", ONE, ENTRY, hold=True))
    assert draft.state == "draft"
    assert code(lambda: move(draft, asked(1), "golive")) == "certificate"
    assert code(lambda: move(draft, asked(1), "certify")) == "certificate"
    certified = move(draft, asked(1), "certify", certificate="c")
    assert move(certified, asked(2), "golive").state == "live"
    assert move(draft, asked(1), "golive", override="tried by hand").override == "tried by hand"


def test_who_is_new_says_where_it_starts_and_who_is_served_goes_on() -> None:
    silent = Offer("waterco", TWO, {"endpoint": "http://x"}, override="a test")
    assert code(lambda: register(None, asked(0), silent)) == "start"
    assert register(live(), asked(1), silent).state == "live"
    assert code(lambda: register(move(live(), asked(1), "retire"), asked(2), silent)) == "start"


def test_of_two_at_once_one_wins_and_the_other_hears_what_changed() -> None:
    won = move(live(), asked(1, "An", "water was cut off"), "pause")
    with pytest.raises(Stale, match="water was cut off") as refusal:
        register(won, asked(1, "Bình"), offered(TWO))
    assert [one.by for one in refusal.value.since] == ["An"]


@pytest.mark.parametrize(
    ("step", "state"), [(step, state) for step in STEPS for state in get_args(State)]
)
def test_a_step_leads_only_from_where_it_may(step: Step, state: State) -> None:
    known = replace(live(), state=state)
    sources, to = STEPS[step]
    if state in sources:
        assert move(known, asked(1), step, certificate="c").state == to
    else:
        assert code(lambda: move(known, asked(1), step, certificate="c")) == "state"


def test_a_new_version_of_a_paused_one_stays_paused() -> None:
    paused = move(live(), asked(1), "pause")
    assert register(paused, asked(2), offered(TWO)).state == "paused"


def test_a_served_one_takes_no_version_that_would_end_its_service() -> None:
    held = Offer("waterco", TWO, ENTRY, hold=True)
    assert code(lambda: register(live(), asked(1), held)) == "state"
    retired = move(live(), asked(1), "retire")
    assert register(retired, asked(2), held).state == "draft"


def test_another_connector_takes_a_name_only_when_it_is_retired() -> None:
    other = Offer("powerco", TWO, ENTRY, override="a test")
    assert code(lambda: register(live(), asked(1), other)) == "state"
    assert register(move(live(), asked(1), "retire"), asked(2), other).connector == "powerco"


def test_rollback_gives_the_version_before_with_what_vouched_for_it() -> None:
    second = register(live(), asked(1), Offer("waterco", TWO, ENTRY, certificate="c"))
    back = roll_back(second, asked(2))
    assert (back.bundle, back.entry, back.version) == (ONE, OFFER.entry, 3)
    assert (back.certificate, back.override, back.state) == ("", "a test", "live")
    assert roll_back(back, asked(3), to=2).certificate == "c"


def test_rollback_passes_over_versions_that_only_paused() -> None:
    second = register(live(), asked(1), offered(TWO))
    paused = move(second, asked(2), "pause")
    resumed = move(paused, asked(3), "resume")
    assert roll_back(resumed, asked(4)).bundle == ONE
    assert roll_back(paused, asked(3)).state == "paused"


def test_there_is_no_way_back_to_what_never_was() -> None:
    assert code(lambda: roll_back(live(), asked(1))) == "version"
    second = register(live(), asked(1), offered(TWO))
    for to, says in ((7, "no version 7"), (2, "no version 2 any more")):
        with pytest.raises(Reject, match=says):
            roll_back(second, asked(2), to=to)
    with pytest.raises(Reject, match="version 1 is what stands"):
        roll_back(roll_back(second, asked(2)), asked(3), to=1)
    drafted = register(None, asked(0), Offer("waterco", TWO, ENTRY, hold=True))
    served = register(move(drafted, asked(1), "retire"), asked(2), OFFER)
    with pytest.raises(Reject, match="version 1 was never served"):
        roll_back(served, asked(3), to=1)
    assert code(lambda: roll_back(move(live(), asked(1), "retire"), asked(2))) == "state"


@pytest.mark.parametrize("name", ["", "a|b", "../x", "-a", "x" * 64, "nước", "a b"])
def test_a_name_can_stand_in_a_path(name: str) -> None:
    assert code(lambda: register(None, asked(0, name=name), OFFER)) == "name"


@pytest.mark.parametrize(
    ("by", "reason"), [("", "x"), ("An", " "), ("An", "a\nb"), ("A" * 501, "x")]
)
def test_who_and_why_are_said(by: str, reason: str) -> None:
    assert code(lambda: register(None, asked(0, by, reason), OFFER)) == "words"


def test_what_is_kept_for_good_has_its_size() -> None:
    wordy = Offer("waterco", ONE, ENTRY, override="x" * 501)
    assert code(lambda: register(None, asked(0), wordy)) == "words"
    large: Entry = {**ENTRY, "agencies": ["H44.99.99"] * 2_000}
    assert code(lambda: register(None, asked(0), Offer("waterco", ONE, large, "c"))) == "entry"
    draft = register(None, asked(0), Offer("waterco", ONE, ENTRY, hold=True))
    assert code(lambda: move(draft, asked(1), "golive", override="a\nb")) == "words"


def test_what_nobody_registered_cannot_be_moved() -> None:
    assert code(lambda: move(None, asked(0), "pause")) == "unknown"
    assert code(lambda: roll_back(None, asked(0))) == "unknown"


@given(st.lists(st.sampled_from(["one", "two", "pause", "resume", "retire", "back"]), max_size=120))
def test_versions_rise_by_one_and_the_last_fifty_are_named(wishes: list[str]) -> None:
    known: Registered | None = None
    for wish in wishes:
        change = asked(known.version if known else 0)
        before = known
        try:
            if wish in ("one", "two"):
                known = register(known, change, offered(ONE if wish == "one" else TWO))
            elif wish == "back":
                known = roll_back(known, change)
            else:
                known = move(known, change, wish)  # type: ignore[arg-type]  # a step's name
        except Reject:
            assert known is before
            continue
        assert known.version == change.on + 1
        named = [one.version for one in known.before]
        assert named == list(range(max(1, known.version - MOST_BEFORE), known.version))
