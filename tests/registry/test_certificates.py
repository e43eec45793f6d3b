"""A certificate holds for the bytes, the hub and the key that it names, and for nothing else."""

from base64 import b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import Halt, Reject
from hub.registry.certificates import (
    MINIMUM,
    Certificate,
    Certifier,
    Clause,
    certifier_line,
    draw_key,
    key_id,
    private_key,
    public_bytes,
    read_certifiers,
    sign,
    verify,
)

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CERTIFIER = Certifier("bench", public_bytes(KEY))
SAID = Certificate(
    certificate=2,
    hub="province-99",
    connector="bureau",
    bundle="ab" * 32,
    files={"connector.yaml": "cd" * 32},
    endpoint="https://sandbox.example.test",
    entry="0123456789abcdef",
    clauses=[Clause("told", "success-is-success", "passed")],
    version="0.1.0",
    at="2026-11-23T11:00:00+00:00",
    by="Người thử",
)


def checked(raw: bytes, **changed: object) -> Certificate:
    asked: dict[str, object] = {
        "bundle": SAID.bundle,
        "hub": SAID.hub,
        "certifiers": [CERTIFIER],
        "now": NOW,
        **changed,
    }
    return verify(raw, **asked)  # type: ignore[arg-type]  # by name, as the test says


def test_what_was_signed_is_read_again() -> None:
    assert checked(sign(SAID, KEY)) == SAID


def test_blanks_and_order_of_keys_do_not_matter() -> None:
    whole = orjson.loads(sign(SAID, KEY))
    turned = {key: whole[key] for key in reversed(whole)}
    turned["certificate"] = dict(reversed(whole["certificate"].items()))
    assert checked(orjson.dumps(turned)) == SAID


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"bundle": "ef" * 32}, "certificate.bundle"),
        ({"hub": "province-98"}, "certificate.hub"),
        ({"certifiers": []}, "certificate.key"),
        ({"certifiers": [replace(CERTIFIER, until=NOW)]}, "certificate.key"),
        ({"now": NOW - timedelta(days=1)}, "certificate.at"),
    ],
)
def test_it_holds_for_nothing_else(changed: dict[str, object], where: str) -> None:
    with pytest.raises(Reject) as refused:
        checked(sign(SAID, KEY), **changed)
    assert (refused.value.where, refused.value.code) == (where, "certificate")


def test_a_key_counts_until_its_last_moment() -> None:
    until = replace(CERTIFIER, until=NOW + timedelta(seconds=1))
    assert checked(sign(SAID, KEY), certifiers=[until]) == SAID


@pytest.mark.parametrize("field", Certificate.__struct_fields__)
def test_whatever_is_changed_after_signing_is_found(field: str) -> None:
    whole = orjson.loads(sign(SAID, KEY))
    whole["certificate"][field] = "another"
    with pytest.raises(Reject, match="something was changed"):
        checked(orjson.dumps(whole))


def test_a_signature_by_another_key_of_that_name_does_not_count() -> None:
    whole = orjson.loads(sign(SAID, Ed25519PrivateKey.from_private_bytes(bytes(32))))
    whole["key"] = key_id(CERTIFIER.key)
    with pytest.raises(Reject, match="something was changed"):
        checked(orjson.dumps(whole))


def test_failed_clauses_are_neither_signed_nor_taken() -> None:
    failed = msgspec.structs.replace(SAID, clauses=[Clause("told", "idempotency", "failed")])
    with pytest.raises(Reject, match="told: idempotency"):
        sign(failed, KEY)


def test_a_certificate_of_a_newer_hub_is_refused_with_what_is_new() -> None:
    said = {**msgspec.to_builtins(SAID), "certificate": 3}
    raw = _signed_by_hand(said)
    with pytest.raises(Reject, match="newer hub"):
        checked(raw)


def _signed_by_hand(said: object) -> bytes:
    """As the format says, without the code under test."""
    text = b"lgsp-hub certificate 1\n" + orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    signature = KEY.sign(text)
    whole = {
        "certificate": said,
        "key": key_id(CERTIFIER.key),
        "signature": b64encode(signature).decode(),
    }
    return orjson.dumps(whole)


@given(st.binary(max_size=200))
def test_strange_bytes_are_refused_as_such(raw: bytes) -> None:
    with pytest.raises(Reject):
        checked(raw)


@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=3))
def test_no_damage_to_the_file_passes_as_another_certificate(at: int, with_: bytes) -> None:
    raw = sign(SAID, KEY)
    at %= len(raw)
    try:
        found = checked(raw[:at] + with_ + raw[at + len(with_) :])
    except Reject:
        return
    assert found == SAID  # blanks alone


def test_a_drawn_key_signs_and_its_line_makes_it_known() -> None:
    key = private_key(draw_key().decode(), "here")
    (known,) = read_certifiers(f"# who\n\n{certifier_line('desk', public_bytes(key))}\n", "file")
    assert checked(sign(SAID, key), certifiers=[known]) == SAID


def test_a_certifier_may_have_an_end() -> None:
    line = f"{certifier_line('desk', CERTIFIER.key)} until 2027-01-31 # project ends"
    (known,) = read_certifiers(line, "file")
    assert known == Certifier("desk", CERTIFIER.key, datetime(2027, 1, 31, tzinfo=UTC))


@pytest.mark.parametrize(
    "line", ["desk", "desk abc=", "desk " + "A" * 43 + "= until soon", "a b c", "x " + "A" * 44]
)
def test_a_line_that_is_no_certifier_is_named(line: str) -> None:
    with pytest.raises(Halt, match="file:2"):
        read_certifiers(f"\n{line}", "file")


def test_a_day_that_there_is_not_is_named() -> None:
    with pytest.raises(Halt, match="2027-02-31"):
        read_certifiers(f"{certifier_line('desk', CERTIFIER.key)} until 2027-02-31", "file")


@pytest.mark.parametrize("pem", ["", "secret", draw_key().decode().replace("M", "N", 3)])
def test_a_text_that_is_no_key_is_not_repeated(pem: str) -> None:
    with pytest.raises(Halt, match="HUB_X: is no Ed25519 private key in PEM") as refused:
        private_key(pem, "HUB_X")
    assert not pem or pem not in str(refused.value)


@pytest.mark.parametrize("name", MINIMUM)
def test_nobody_vouches_for_a_flow_of_which_the_least_is_not_known(name: str) -> None:
    bare = msgspec.structs.replace(
        SAID, clauses=[*SAID.clauses, Clause("told", name, "not_judged")]
    )
    with pytest.raises(Reject, match=f"not judged: told: {name}"):
        sign(bare, KEY)
    with pytest.raises(Reject, match=f"{name} is not judged") as refusal:
        checked(_signed_by_hand(msgspec.to_builtins(bare)))
    assert refusal.value.fix == MINIMUM[name]


def test_what_does_not_apply_and_what_is_beside_the_least_may_be_unknown() -> None:
    more = [Clause("told", "idempotency", "not_applicable"), Clause("told", "x", "not_judged")]
    found = checked(sign(msgspec.structs.replace(SAID, clauses=[*SAID.clauses, *more]), KEY))
    assert [clause.name for clause in found.unjudged] == ["x"]
