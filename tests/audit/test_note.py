"""Notes and checkpoints as C2SP writes them; keys that are replaced; witnesses."""

import pytest

from hub.audit.note import make_signer, read_signer, signed, with_signature
from hub.audit.verify import Checkpoint, Failed, Heads, Note, PublicKey, Trust, read_keys
from hub.errors import Halt, Reject
from tests.audit.evidence import NAME, SIGNER, WITNESS, evidence, public

# The example of c2sp.org/tlog-checkpoint: only its form, the key is not published there.
EXAMPLE = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

\u2014 example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
\u2014 witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
"""  # noqa: E501 - as it stands there
# Of Go's golang.org/x/mod/sumdb/note: a published pair, and a note that its own tests sign.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)


def test_keys_and_signatures_are_those_of_others() -> None:
    signer = read_signer(SKEY, "env:KEY")
    assert signer.public == PublicKey.read(VKEY)
    assert (signer.public.text, signer.secret) == (VKEY, SKEY)
    note = signed(TEXT, [signer])
    assert note.raw.endswith(
        "\n\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvq"
        "fqdngotpRZb6KE6RyyBwJnAM=\n"
    )
    assert Note.read(note.raw).signers(public(signer)) == public(signer)


def test_checkpoints_are_read_and_written_as_c2sp_says() -> None:
    note = Note.read(EXAMPLE)
    assert note.raw == EXAMPLE
    assert [name for name, _ in note.signatures][1] == "witness.example.com/w1"
    found = Checkpoint.read(note.text)
    assert (found.origin, found.size, found.seconds) == (
        "example.com/behind-the-sofa",
        20_852_163,
        None,
    )
    assert found.text == note.text
    timed = Checkpoint("hub/hub.act/0", 0, b"r" * 32, 17)
    assert Checkpoint.read(timed.text) == timed
    assert timed.text.splitlines()[3] == "time 17"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n",
        "a\n1\n",
        "a\n01\nAAAA\n",
        f"a\n-1\n{'A' * 43}=\n",
        f"\n1\n{'A' * 43}=\n",
        "a\n1\nAA==\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no checkpoint"):
        Checkpoint.read(text)


@pytest.mark.parametrize(
    "raw",
    [
        "",
        TEXT,
        TEXT + "\n",
        f"{TEXT}\n\u2014 name\n",
        f"{TEXT}\n\u2014 name AAAA\n",
        f"{TEXT}\n- name AAAAAAAA\n",
        f"{TEXT}\n\u2014 na+me AAAAAAAA\n",
        f"{TEXT}\t\n\u2014 name AAAAAAAA\n",
        f"{TEXT}\n\u2014 name AAAAAAAA",
        f"{TEXT}\n" + "\u2014 name AAAAAAAA\n" * 65,
    ],
)
def test_what_is_no_note_is_refused(raw: str) -> None:
    with pytest.raises(ValueError, match=r"note|signature|control"):
        Note.read(raw)


@pytest.mark.parametrize(
    "text", ["", VKEY[:-1], VKEY.replace("c74f", "c74e"), VKEY.replace("Peter", "Pet er"), "a+b+c"]
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        PublicKey.read(text)
    assert read_keys(f"# remark\n\n{VKEY}\n") == [PublicKey.read(VKEY)]
    with pytest.raises(ValueError, match="no public key"):
        read_keys("# nothing\n")


@pytest.mark.parametrize("text", ["", "hunter2", SKEY[:-4], SKEY.replace("c74f", "c74e"), VKEY])
def test_a_secret_that_is_none_is_not_repeated(text: str) -> None:
    with pytest.raises(Halt, match="env:KEY: holds no private key") as refused:
        read_signer(text, "env:KEY")
    assert not text or text not in str(refused.value)


def test_names_that_no_note_can_hold() -> None:
    for name in ("", "a b", "a+b", "a\nb"):
        with pytest.raises(Reject, match="no key's name"):
            make_signer(name, b"s" * 32)


def test_while_a_key_is_replaced_both_verify() -> None:
    new = make_signer(NAME, b"n" * 32)
    assert new.public.id != SIGNER.public.id
    note = signed(TEXT, [SIGNER, new])
    for trusted in ([SIGNER], [new], [SIGNER, new]):
        text, _ = Trust(public(*trusted)).opened(note.raw, "note")
        assert text == TEXT
    with pytest.raises(Failed, match="signed by nobody"):
        Trust(public(new)).opened(signed(TEXT, [SIGNER]).raw, "note")


def test_a_known_signature_that_does_not_hold_spoils_the_note() -> None:
    new = make_signer(NAME, b"n" * 32)
    forged = (NAME, SIGNER.public.id + signed(TEXT, [new]).signatures[0][1][4:])
    note = with_signature(signed(TEXT, [new]), forged)
    with pytest.raises(Failed, match="does not hold"):
        Trust(public(SIGNER, new)).opened(note.raw, "note")
    assert Trust(public(new)).opened(note.raw, "note")[0] == TEXT, "others are left aside"


def test_a_witness_that_is_asked_for_must_have_signed() -> None:
    raw = evidence().round().logs["hub.dossier/0"]
    trust = Trust(public(SIGNER), public(WITNESS))
    with pytest.raises(Failed, match="not co-signed by the witness"):
        trust.checkpoint(raw, "hub.dossier/0")
    note = Note.read(raw)
    cosigned = with_signature(note, WITNESS.cosign(note.text, 1_767_322_900))
    assert trust.checkpoint(cosigned.raw, "hub.dossier/0").size == 40
    again = with_signature(cosigned, WITNESS.cosign(note.text, 1_767_322_901))
    assert len(again.signatures) == 2, "a later line of the same key takes the place"
    late = WITNESS.cosign(note.text, 5)[1]
    moved = late[:4] + (6).to_bytes(8, "big") + late[12:]
    with pytest.raises(Failed, match="does not hold"):
        trust.checkpoint(with_signature(note, (WITNESS.public.name, moved)).raw, "hub.dossier/0")


def test_a_checkpoint_of_another_log_or_another_time_is_refused() -> None:
    raw = evidence().round().logs["hub.dossier/0"]
    with pytest.raises(Failed, match="is of another log"):
        Trust(public(SIGNER)).checkpoint(raw, "hub.dossier/1")
    with pytest.raises(
        Failed, match=r"is stale: of 2026-01-02T03:00:00Z, and 2026-01-02T03:00:01Z"
    ):
        Trust(public(SIGNER), not_before=1_767_322_801).checkpoint(raw, "hub.dossier/0")
    with pytest.raises(Failed, match=r"lists? the heads"):
        Trust(public(SIGNER)).heads(raw)


def test_heads_are_read_as_they_are_written() -> None:
    raw = evidence().round().heads
    found = Trust(public(SIGNER)).heads(raw)
    assert Heads.read(found.text) == found
    assert {log: size for log, (size, _) in found.logs.items()} == {
        "hub.dossier/0": 40,
        "hub.dossier/1": 43,
        "hub.receipt/0": 46,
    }
    line = next(line for line in found.text.splitlines() if line.startswith("hub.dossier/0"))
    for text in (found.text + line + "\n", found.text + "a b\n", "x" + found.text):
        with pytest.raises(ValueError, match="head"):
            Heads.read(text)
