"""Each comparison blames a forged record in which just that is broken, and a sound one nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.evidence import (
    Answer,
    Call,
    Evidence,
    Fact,
    Kept,
    Limits,
    Login,
    Part,
    Source,
    Stretch,
    Told,
)
from tests.faults.oracle import judge

EVENTS = 400
RATE = 10.0  # facts a second
FACTS = [Fact(f"D{number // 4}", number % 4) for number in range(EVENTS)]
DEAD, LAST = FACTS[4], FACTS[-1]
WOKE = 100.0
LIMITS = Limits(
    repeats=1,
    doubles=0,
    late=1,
    tries=1.0,
    keeps=0.95,
    drains=0.8,
    minute=99,
    logins=1,
    asides=1,
    turned_away=2,
)


def source(fact: Fact) -> Source:
    return Source("hub.dossier", 0, FACTS.index(fact))


def call(fact: Fact, *, taken: bool = True, says: str = "ok") -> Call:
    number = FACTS.index(fact)
    return Call(number / RATE, f"id-{number}", fact, f"body-{number}", taken=taken, says=says)


def told(fact: Fact, outcome: str = "DELIVERED", series: int = 0) -> Told:
    at = FACTS.index(fact)
    return Told(at, "OUTCOME", source(fact), outcome, series=series, tries=1)


def parts(kind: str, *begins: float, seconds: float = 10.0) -> list[Stretch]:
    return [Stretch(kind, begin, begin + seconds) for begin in begins]


OTHERS = [fact for fact in FACTS if fact != DEAD]
PARKED = FACTS[8]
BESIDE = Evidence(
    sent=frozenset(FACTS),
    kept=tuple(Kept(source(f), f"id-{n}", f) for n, f in enumerate(FACTS)),
    calls=tuple(replace(call(fact), at=n / RATE + 0.1) for n, fact in enumerate(FACTS)),
    told=tuple(told(fact) for fact in FACTS),
    dead=frozenset(),
)
SOUND = Evidence(
    sent=BESIDE.sent,
    kept=BESIDE.kept,
    calls=(
        call(PARKED, taken=False, says="unknown"),
        call(DEAD, taken=False, says="refused"),
        *(call(fact) for fact in OTHERS),
    ),
    told=(
        told(PARKED, "PARKED"),
        told(DEAD, "DEAD_LETTERED"),
        *(told(fact, series=1) if fact == PARKED else told(fact) for fact in OTHERS),
    ),
    dead=frozenset({source(DEAD)}),
    struck=1,
    stretches=(
        *parts("well", 0.0, 20.0),
        *parts("ill", 10.0, 30.0),
        *parts("minute", 0.0, 10.0, 20.0, 30.0),
    ),
    logins=(Login(0.0, 0.0, 10.0), Login(5.0, 5.4, 10.0), Login(6.0, 9.0, 10.0)),
    answers=(Answer(503, after=True, seconds=11.9), Answer(503, after=True, seconds=0.1)),
    parts=tuple(Part(40, 0.1) for _ in range(10)),
    appended={fact: number / RATE for number, fact in enumerate(FACTS)},
    woke=WOKE,
    beside=BESIDE,
)
QUIET = replace(SOUND, woke=None)


def found(evidence: Evidence, limits: Limits = LIMITS) -> set[str]:
    return {finding.invariant for finding in judge(evidence, limits)}


def test_a_sound_run_has_no_findings() -> None:
    assert judge(SOUND, LIMITS) == []
    assert judge(QUIET, LIMITS) == []


def test_one_send_of_a_worker_that_woke_up_is_allowed_and_need_not_be_listed() -> None:
    late = replace(call(LAST), at=WOKE + 0.1)
    assert judge(replace(SOUND, calls=(*SOUND.calls, late)), LIMITS) == []


def test_a_repeat_that_is_listed_as_in_doubt_is_sound() -> None:
    again = replace(QUIET, calls=(*QUIET.calls, call(LAST)))
    assert found(again) == {"doubt"}
    listed = (*QUIET.told[:-1], replace(QUIET.told[-1], doubt=True))
    assert judge(replace(again, told=listed), LIMITS) == []


def test_probes_are_no_tries_of_an_event() -> None:
    tries = (replace(SOUND.told[-1], tries=39), *SOUND.told[:-1])
    assert judge(replace(SOUND, told=tries), LIMITS) == [], "twenty ill seconds: forty probes"
    well = tuple(one for one in SOUND.stretches if one.kind != "ill")
    less = replace(LIMITS, keeps=None)
    assert "tries" in found(replace(SOUND, told=tries, stretches=well), less)


def waiting(evidence: Evidence, seconds: float) -> Evidence:
    """What comes to the second registration in the ill stretches waits so long."""
    ill = [one for one in evidence.stretches if one.kind == "ill"]
    calls = [
        replace(one, at=one.at + seconds) if any(part.has(one.at - 0.1) for part in ill) else one
        for one in BESIDE.calls
    ]
    return replace(evidence, beside=replace(BESIDE, calls=tuple(calls)))


def beside(evidence: Evidence, change: Callable[[Evidence], Evidence]) -> Evidence:
    return replace(evidence, beside=change(BESIDE))


Forge = Callable[[Evidence], Evidence]
FORGED: dict[str, tuple[str, Forge]] = {
    "a fact is dead that the peer never refused": (
        "dead",
        lambda e: replace(e, calls=tuple(c for c in e.calls if c.says != "refused")),
    ),
    "a dead letter says no reason": ("dead", lambda e: replace(e, causeless=e.dead)),
    "a dossier parked of which the peer took all": (
        "aside",
        lambda e: replace(e, told=(replace(told(LAST, "PARKED"), series=-1), *e.told)),
    ),
    "nothing parked": (
        "aside",
        lambda e: replace(e, told=tuple(t for t in e.told if t.outcome != "PARKED")),
    ),
    "a repeat is not listed as in doubt": (
        "doubt",
        lambda e: replace(e, calls=(*e.calls, call(LAST))),
    ),
    "a worker that woke up sent more than it had in its hands": (
        "asleep",
        lambda e: replace(
            e,
            woke=WOKE,
            calls=(*e.calls, *(replace(call(DEAD, taken=False), at=WOKE) for _ in range(2))),
        ),
    ),
    "an end was told twice": (
        "I4",
        lambda e: replace(e, told=(*e.told, replace(told(LAST), offset=999))),
    ),
    "the receipts name too many calls": (
        "tries",
        lambda e: replace(e, told=(*e.told[:-1], replace(e.told[-1], tries=60))),
    ),
    "the peer noted too many calls": (
        "tries",
        lambda e: replace(
            e, calls=e.calls + (replace(call(DEAD, taken=False, says="busy"), at=39.0),) * 60
        ),
    ),
    "the others' rate fell while some failed": (
        "rate",
        lambda e: replace(e, stretches=(*e.stretches, *parts("ill", 80.0, seconds=2.0)), woke=None),
    ),
    "what came late cost more": (
        "drain",
        lambda e: replace(e, parts=(*e.parts[:5], *(Part(40, 0.2) for _ in range(5)))),
    ),
    "nobody looked at the cost": ("drain", lambda e: replace(e, parts=e.parts[:5])),
    "a backlog stood still": (
        "drain",
        lambda e: replace(e, calls=(*e.calls[:-1], replace(e.calls[-1], at=60.0))),
    ),
    "a minute brought little": (
        "minutes",
        lambda e: replace(e, stretches=(*e.stretches, *parts("minute", 35.0))),
    ),
    "nobody looked at a minute": (
        "minutes",
        lambda e: replace(e, stretches=tuple(s for s in e.stretches if s.kind != "minute")),
    ),
    "a sender was told yes while nothing could be kept": (
        "door",
        lambda e: replace(e, answers=(*e.answers, Answer(200, after=True, seconds=0.1))),
    ),
    "a sender was not told when to come again": (
        "door",
        lambda e: replace(e, answers=(*e.answers, Answer(503, after=False, seconds=0.1))),
    ),
    "a sender waited long for its no": (
        "door",
        lambda e: replace(e, answers=(*e.answers, Answer(503, after=True, seconds=12.1))),
    ),
    "nobody came to the door": ("door", lambda e: replace(e, answers=e.answers[:1])),
    "two calls fetched a token each": (
        "logins",
        lambda e: replace(e, logins=(*e.logins, Login(6.1, 9.9, 10.0))),
    ),
    "the second registration's facts waited": ("others", lambda e: waiting(e, 0.5)),
    "the second registration told nothing meanwhile": (
        "others",
        lambda e: replace(e, appended={f: at for f, at in e.appended.items() if at < 10.0}),
    ),
    "the second registration lost a fact": (
        "beside: I1 ended",
        lambda e: beside(e, lambda b: replace(b, told=b.told[:-1])),
    ),
    "the second registration told a fact twice": (
        "beside: I3",
        lambda e: beside(e, lambda b: replace(b, calls=(*b.calls, b.calls[-1]))),
    ),
    "the second registration told facts in another order": (
        "beside: I2",
        lambda e: beside(e, lambda b: replace(b, calls=(b.calls[1], b.calls[0], *b.calls[2:]))),
    ),
}


@pytest.mark.parametrize("name", FORGED)
def test_what_is_broken_is_found_and_nothing_else_is_blamed(name: str) -> None:
    invariant, forge = FORGED[name]
    assert found(forge(QUIET)) == {invariant}


def test_a_rate_that_falls_in_the_ill_stretches_is_found() -> None:
    ill = [c for c in SOUND.calls if not 10.0 <= c.at < 11.5]
    alone = Limits(keeps=0.95)
    assert "rate" not in found(SOUND, alone)
    assert "rate" in found(replace(SOUND, calls=tuple(ill)), alone)
    assert "rate" in found(replace(SOUND, stretches=()), alone)
