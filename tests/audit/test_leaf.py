"""A leaf commits to everything that a record is, under the key of whom it concerns."""

import hmac
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit.leaf import decode, encode, hash_of, salt_of, scope_of
from hub.audit.verify import GAP_HASH, leaf_hash, record_hash
from hub.records import Record

CODE = "000.00.00.H62-260102-0001"
KEY = bytes(range(32))
RECORD = Record(
    "hub.dossier", 3, 17, 1_767_322_800_000, CODE.encode(), b"body", (("ce_id", b"x"), ("a", b""))
)

some_bytes = st.one_of(st.none(), st.binary(max_size=40))
records = st.builds(
    Record,
    st.text(min_size=1, max_size=20),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**63 - 1),
    st.integers(-1, 2**62),
    some_bytes,
    some_bytes,
    st.lists(st.tuples(st.text(max_size=8), st.binary(max_size=8)), max_size=4).map(tuple),
)


@given(records)
def test_canonical_bytes_hold_the_whole_record(record: Record) -> None:
    assert decode(encode(record)) == record


@given(records, st.integers(0, 10_000))
def test_bytes_that_are_cut_or_longer_are_no_record(record: Record, cut: int) -> None:
    whole = encode(record)
    with pytest.raises(ValueError, match=r"record|header"):
        decode(whole[: cut % len(whole)])
    with pytest.raises(ValueError, match="left behind"):
        decode(whole + b"\x00")


def test_the_bytes_are_those_of_the_format_page() -> None:
    parts = [
        b"\x00\x0bhub.dossier",
        b"\x00\x00\x00\x03",
        b"\x00\x00\x00\x00\x00\x00\x00\x11",
        (1_767_322_800_000).to_bytes(8, "big"),
        b"\x00\x00\x00\x19" + CODE.encode(),
        b"\x00\x00\x00\x04body",
        b"\x00\x00\x00\x02",
        b"\x00\x00\x00\x05ce_id\x00\x00\x00\x01x",
        b"\x00\x00\x00\x01a\x00\x00\x00\x00",
    ]
    assert encode(RECORD) == b"".join(parts)
    assert encode(RECORD._replace(key=None))[33 - 8 :].startswith(
        (1_767_322_800_000).to_bytes(8, "big") + b"\xff\xff\xff\xff"
    )
    salt = hmac.new(KEY, b"".join(parts[:3]), "sha256").digest()
    assert salt_of(KEY, *RECORD[:3]) == salt
    committed = hmac.new(salt, b"".join(parts), "sha256").digest()
    assert (
        hash_of(RECORD, KEY)
        == record_hash(salt, encode(RECORD))
        == sha256(b"\x00\x01" + committed).digest()
    )
    assert sha256(b"\x00\x00").digest() == GAP_HASH


@pytest.mark.parametrize(
    "changed",
    [
        {"topic": "hub.receipt"},
        {"partition": 4},
        {"offset": 18},
        {"timestamp": 0},
        {"key": b"other"},
        {"key": None},
        {"value": b"bodz"},
        {"value": None},
        {"headers": ()},
        {"headers": (("ce_id", b"y"), ("a", b""))},
        {"headers": (("a", b""), ("ce_id", b"x"))},
    ],
)
def test_whatever_changes_changes_the_leaf(changed: dict[str, object]) -> None:
    assert hash_of(RECORD._replace(**changed), KEY) != hash_of(RECORD, KEY)  # type: ignore[arg-type]  # one field each


def test_another_key_gives_another_leaf() -> None:
    assert hash_of(RECORD, bytes(32)) != hash_of(RECORD, KEY)
    assert leaf_hash(b"") == sha256(b"\x00").digest()


@pytest.mark.parametrize(
    ("topic", "key", "headers", "scope"),
    [
        ("hub.dossier", CODE.encode(), (), f"dossier/{CODE}"),
        ("hub.receipt", CODE.encode(), (), f"dossier/{CODE}"),
        ("hub.dead", CODE.encode(), (), f"dossier/{CODE}"),
        ("hub.catalogue", b"1.000123", (), "topic/hub.catalogue"),
        ("hub.receipt", None, (), "topic/hub.receipt"),
        ("hub.act", b"postal", (), "topic/hub.act"),
        ("hub.act", b"postal", (("hub_dossier", CODE.encode()),), f"dossier/{CODE}"),
        ("hub.dossier", None, (), "record/hub.dossier/3/17"),
        ("hub.dossier", b"", (), "record/hub.dossier/3/17"),
        ("hub.dead", b"\xff", (), "record/hub.dead/3/17"),
    ],
)
def test_whose_key_it_is(
    topic: str, key: bytes | None, headers: tuple[tuple[str, bytes], ...], scope: str
) -> None:
    record = RECORD._replace(topic=topic, key=key, headers=headers)
    assert scope_of(record).text == scope
