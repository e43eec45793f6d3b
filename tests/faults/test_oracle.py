"""The oracle finds each broken promise in a forged record of a run, and nothing in a sound one."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.faults.evidence import Call, Evidence, Fact, Kept, Limits, Source, Told, Use
from tests.faults.oracle import Finding, judge, repeats

LIMITS = Limits(repeats=1, recovery=15.0, memory=250.0, descriptors=100, threads=50, disk=10.0)
DOSSIERS = ("A", "B")
STEPS = 3
FACTS = [Fact(dossier, step) for step in range(STEPS) for dossier in DOSSIERS]
LAST = FACTS[-1]


def source(fact: Fact) -> Source:
    return Source("hub.dossier", DOSSIERS.index(fact.dossier), fact.step)


def key(fact: Fact) -> str:
    return f"id-{fact.dossier}-{fact.step}"


def call(fact: Fact, at: float = 0.0) -> Call:
    return Call(at, key(fact), fact, f"body-{fact.step}", taken=True)


def told(fact: Fact, outcome: str = "DELIVERED") -> Told:
    return Told(offset=fact.step, kind="OUTCOME", source=source(fact), outcome=outcome)


SOUND = Evidence(
    sent=frozenset(FACTS),
    kept=tuple(Kept(source(fact), key(fact), fact) for fact in FACTS),
    calls=tuple(call(fact, at) for at, fact in enumerate(FACTS)),
    told=tuple(told(fact) for fact in FACTS),
    dead=frozenset(),
    recoveries=(14.9,),
    used={"worker": Use(memory=249.0, descriptors=100, threads=50)},
    disk=10.0,
    struck=1,
)


def without_last(evidence: Evidence) -> Evidence:
    return replace(evidence, calls=evidence.calls[:-1], told=evidence.told[:-1])


def found(evidence: Evidence) -> set[str]:
    return {finding.invariant for finding in judge(evidence, LIMITS)}


def test_a_sound_run_has_no_findings() -> None:
    assert judge(SOUND, LIMITS) == []


def test_as_many_repeats_as_were_in_flight_are_sound() -> None:
    again = replace(
        SOUND,
        calls=(*SOUND.calls, call(LAST)),
        told=(*SOUND.told, replace(told(LAST), offset=99, doubt=True)),
    )
    assert repeats(again) == 1
    assert judge(again, LIMITS) == []


def declined(fact: Fact, says: str = "refused") -> Call:
    return replace(call(fact), taken=False, says=says)


def test_a_dead_letter_that_stands_on_its_topic_is_an_end() -> None:
    dead = without_last(SOUND)
    dead = replace(
        dead,
        calls=(*dead.calls, declined(LAST)),
        told=(*dead.told, told(LAST, "DEAD_LETTERED")),
        dead=frozenset({source(LAST)}),
    )
    assert judge(dead, LIMITS) == []


def test_parked_is_accounted_for() -> None:
    parked = without_last(SOUND)
    parked = replace(
        parked,
        calls=(*parked.calls, declined(LAST, "unknown")),
        told=(*parked.told, told(LAST, "PARKED")),
    )
    assert judge(parked, replace(LIMITS, parked=1)) == []
    assert found(parked) == {"parked"}
    assert [f.invariant for f in judge(SOUND, replace(LIMITS, parked=1))] == ["parked"]


def test_foreign_bytes_that_are_dead_are_accounted_for() -> None:
    strange = Source("hub.dossier", 0, 70)
    dead = Told(70, "OUTCOME", strange, "DEAD_LETTERED")
    foreign = replace(SOUND, foreign=frozenset({strange}), told=(*SOUND.told, dead))
    assert judge(replace(foreign, dead=frozenset({strange})), LIMITS) == []
    assert found(foreign) == {"I1 ended"}


def test_each_event_is_told_by_the_version_that_its_receipt_names() -> None:
    versions = {"v1": "b1", "v2": "b2"}

    def told_by(*markers: str) -> Evidence:
        calls = [replace(c, version=m) for c, m in zip(SOUND.calls, markers, strict=False)]
        bundles = [versions[marker] for marker in markers]
        ends = [replace(t, bundle=b) for t, b in zip(SOUND.told, bundles, strict=False)]
        return replace(SOUND, calls=tuple(calls), told=tuple(ends), versions=versions)

    markers = ["v1" if number % 2 else "v2" for number in range(len(FACTS))]
    sound = told_by(*markers)
    assert judge(sound, LIMITS) == []
    again = replace(sound.calls[0], version=markers[1])
    assert "version" in found(replace(sound, calls=(*sound.calls, again)))
    other = replace(sound.told[0], bundle="b9")
    assert found(replace(sound, told=(other, *sound.told[1:]))) == {"version"}
    unused = told_by(*["v1"] * len(FACTS))
    assert found(unused) == {"version"}, "v2 was never taken up"
    assert judge(unused, replace(LIMITS, skipped=1)) == [], "another came before it"


def test_a_system_that_cannot_is_spared() -> None:
    vain = replace(SOUND, calls=(replace(call(LAST), taken=False), *SOUND.calls))
    assert judge(vain, replace(LIMITS, vain=1)) == []
    assert [f.invariant for f in judge(vain, replace(LIMITS, vain=0))] == ["spared"]


def test_a_parked_event_that_was_resumed_ends_in_its_second_series() -> None:
    parked = replace(told(LAST, "PARKED"), offset=LAST.step)
    resumed = replace(told(LAST), offset=50, series=1)
    calls = (declined(LAST, "unknown"), *SOUND.calls)
    ends = (*SOUND.told[:-1], parked, resumed)
    assert judge(replace(SOUND, calls=calls, told=ends), LIMITS) == []


def test_a_refused_call_is_no_delivery_and_no_repeat() -> None:
    refused = replace(call(LAST), taken=False)
    assert judge(replace(SOUND, calls=(*SOUND.calls[:-1], refused, SOUND.calls[-1])), LIMITS) == []


def test_a_slow_machine_gets_more_time_to_come_back() -> None:
    late = replace(SOUND, recoveries=(20.0,))
    assert found(replace(late, start=3.0)) == {"I6"}
    assert found(replace(late, start=6.0)) == set()


def doubted(evidence: Evidence) -> Evidence:
    """Every receipt says that it was in doubt."""
    return replace(evidence, told=tuple(replace(one, doubt=True) for one in evidence.told))


Forge = Callable[[Evidence], Evidence]
STRANGER = Fact("C", 0)
SECOND = Source("hub.dossier", 1, 50)
FORGED: dict[str, tuple[str, Forge]] = {
    "an acknowledged fact is not on the topic": (
        "I1 kept",
        lambda e: replace(e, sent=e.sent | {STRANGER}),
    ),
    "a fact that nobody sent is on the topic": (
        "I1 kept",
        lambda e: replace(e, sent=e.sent - {LAST}),
    ),
    "a retry of the sender became a second event": (
        "I1 kept",
        lambda e: replace(
            e,
            kept=(*e.kept, replace(e.kept[-1], source=SECOND)),
            told=(*e.told, replace(e.told[-1], source=SECOND)),
        ),
    ),
    "an event has no end": ("I1 ended", without_last),
    "delivered is claimed of what the peer never took": (
        "I1 ended",
        lambda e: replace(e, calls=e.calls[:-1]),
    ),
    "delivered is claimed of what the peer refused": (
        "I1 ended",
        lambda e: replace(e, calls=(*e.calls[:-1], replace(e.calls[-1], taken=False))),
    ),
    "a dead letter is nowhere to be found": (
        "I1 ended",
        lambda e: replace(
            e,
            calls=(*e.calls[:-1], declined(LAST)),
            told=(*e.told[:-1], told(LAST, "DEAD_LETTERED")),
        ),
    ),
    "an event that should be sent has nothing to send": (
        "I1 ended",
        lambda e: replace(e, told=(*e.told[:-1], told(LAST, "NOTHING_TO_SEND"))),
    ),
    "a receipt stands for no event": (
        "I1 ended",
        lambda e: replace(
            e, told=(*e.told, Told(90, "OUTCOME", Source("hub.dossier", 2, 0), "DELIVERED"))
        ),
    ),
    "the peer was told what nobody said": (
        "I1 invented",
        lambda e: replace(e, calls=(*e.calls, call(STRANGER))),
    ),
    "two facts of a dossier came in the wrong order": (
        "I2",
        lambda e: replace(e, calls=(*e.calls[2:], *e.calls[:2])),
    ),
    "a fact was taken before the refused one ahead of it": (
        "I2",
        lambda e: replace(e, calls=(replace(e.calls[0], taken=False), *e.calls[1:], e.calls[0])),
    ),
    "a repeat has another key": (
        "I3",
        lambda e: doubted(replace(e, calls=(*e.calls, replace(e.calls[-1], key="other")))),
    ),
    "a repeat has another body": (
        "I3",
        lambda e: doubted(replace(e, calls=(*e.calls, replace(e.calls[-1], digest="other")))),
    ),
    "there are more repeats than calls in flight": (
        "I3",
        lambda e: doubted(replace(e, calls=e.calls + e.calls[-2:])),
    ),
    "an event has two ends that differ": (
        "I4",
        lambda e: replace(
            e,
            told=(*e.told, replace(told(LAST, "DEAD_LETTERED"), offset=99)),
            dead=frozenset({source(LAST)}),
        ),
    ),
    "there are more receipts than calls in flight": (
        "I4",
        lambda e: replace(e, told=(*e.told, *(replace(t, offset=99) for t in e.told[-2:]))),
    ),
    "memory grew": ("I5", lambda e: replace(e, used={"worker": Use(251.0, 1, 1)})),
    "descriptors leaked": ("I5", lambda e: replace(e, used={"worker": Use(1.0, 101, 1)})),
    "threads leaked": ("I5", lambda e: replace(e, used={"worker": Use(1.0, 1, 51)})),
    "the disk filled": ("I5", lambda e: replace(e, disk=11.0)),
    "the fault did not strike": ("struck", lambda e: replace(e, struck=0)),
    "delivery came back late": ("I6", lambda e: replace(e, recoveries=(1.0, 15.1))),
}


@pytest.mark.parametrize("name", FORGED)
def test_a_broken_promise_is_found_and_no_other_is_blamed(name: str) -> None:
    invariant, forge = FORGED[name]
    assert found(forge(SOUND)) == {invariant}


def test_a_finding_counts_and_names_the_first_examples() -> None:
    lost = replace(SOUND, sent=SOUND.sent | {Fact("C", step) for step in range(5)})
    (finding,) = judge(lost, LIMITS)
    assert isinstance(finding, Finding)
    assert finding.what.startswith("5 acknowledged, but not on the topic: (")
    assert finding.what.count("'C'") == 3
