"""What the auditor records: every offset once, signed, the same again after whatever happened."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from hub.audit.checkpoint import Rounds, log_name
from hub.audit.keys import Keys
from hub.audit.leaf import hash_of, scope_of
from hub.audit.log import LeafLog
from hub.audit.note import Signer
from hub.audit.published import SILENT, Owner, Published
from hub.audit.recorder import Recorder
from hub.audit.verify import GAP_HASH, Trust
from hub.broker_memory import MemoryBroker
from hub.errors import Halt, Retry
from hub.records import Outgoing, Record, Spot
from hub.topics import ACT, CHECKPOINT, DOSSIER, EVIDENCE_TOPICS, RECEIPT, ensure_all
from tests.audit.evidence import NAME, SIGNER, public

WRAPPING = bytes(32)
NOW = 1_767_322_800_000
PARTITIONS = 2
SPOTS = [Spot(topic, number) for topic in EVIDENCE_TOPICS for number in range(PARTITIONS)]


class Home:
    """A hub's evidence on a twin of the broker; an auditor is opened as often as one likes."""

    def __init__(self, folder: Path, broker: MemoryBroker | None = None) -> None:
        self.folder = folder
        self.broker = broker or MemoryBroker()
        self.now = NOW
        self.broker.clock = lambda: self.now
        ensure_all(self.broker, PARTITIONS)

    def open(self, home: str = "h1", signers: Sequence[Signer] = (SIGNER,)) -> Recorder:
        published = Published(self.broker, self.broker.writer(), public(*signers))
        keys = Keys(self.folder / "keys" / "keys.db", WRAPPING)
        owner = Owner(signers[0].public.name, home, f"process of {home}")
        return Recorder(self.folder, keys, signers, published, owner, lambda: self.now)

    def fill(self, count: int, topic: str = DOSSIER) -> None:
        for number in range(count):
            code = f"000.00.00.H62-260102-{number % 7:04}".encode()
            key = b"postal" if topic == ACT else code
            self.broker.keep(Outgoing(topic, key, b"body %d" % number, (), number % PARTITIONS))

    def read(self, recorder: Recorder, *, at_once: int = 10) -> None:
        """What the follower does, once, to the end."""
        reader = self.broker.reader(SPOTS)
        for spot, offset in recorder.begin(reader.begin(), reader.end()).items():
            for at in range(offset, reader.end()[spot], at_once):
                recorder.take(self.broker.since(spot, at)[:at_once])

    def recorded(self, *, at_once: int = 10) -> Recorder:
        """An auditor that has read to the end, and signed."""
        recorder = self.open()
        self.read(recorder, at_once=at_once)
        recorder.sign()
        return recorder

    def leaves(self, spot: Spot) -> list[bytes]:
        log = LeafLog(self.folder / "logs" / log_name(spot).replace("/", "-"))
        try:
            return log.leaves(0, log.size)
        finally:
            log.close()

    def expected(self, spot: Spot) -> list[bytes]:
        keys = Keys(self.folder / "keys" / "keys.db", WRAPPING, make=False)
        records = self.broker.since(spot, 0)
        return [hash_of(r, keys.of([scope_of(r).text])[scope_of(r).text]) for r in records]

    def verified(self) -> None:
        """Everything on the topics is in the log, once, and signed."""
        latest = Rounds(self.folder / "checkpoints").latest()
        assert latest is not None
        heads = Trust(public(SIGNER)).heads(latest.heads).logs
        for spot in SPOTS:
            assert self.leaves(spot) == self.expected(spot)
            log = LeafLog(self.folder / "logs" / log_name(spot).replace("/", "-"))
            assert heads[log_name(spot)] == (log.size, log.root_at(log.size))
            log.close()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.fill(41)
    made.fill(20, RECEIPT)
    made.fill(5, ACT)
    return made


def test_every_offset_is_a_leaf_and_every_leaf_is_signed(home: Home) -> None:
    recorder = home.recorded()
    home.verified()
    home.fill(30)
    home.read(recorder)
    recorder.end()
    home.verified()


def test_it_is_published_for_others(home: Home) -> None:
    home.recorded()
    spot = Spot(CHECKPOINT, 0)
    said = {record.key: record.value or b"" for record in home.broker.since(spot, 0)}
    trust = Trust(public(SIGNER))
    assert trust.heads(said[b"heads"].decode()).seconds == NOW // 1000
    raw = said[f"{NAME}/hub.dossier/1".encode()].decode()
    assert trust.checkpoint(raw, "hub.dossier/1").size == 20


@pytest.mark.parametrize("damage", ["nothing", "tail", "half", "empty", "gone", "levels"])
def test_it_goes_on_after_a_crash(home: Home, damage: str) -> None:
    home.recorded()
    home.fill(30)
    crashed = home.open()
    home.read(crashed)  # written, not signed
    file = home.folder / "logs" / "hub.dossier-0" / "0"
    if damage == "tail":
        with file.open("ab") as out:
            out.write(b"\x00" * 100)
    elif damage == "half":
        os.truncate(file, 7 * 32 + 5)
    elif damage == "empty":
        os.truncate(file, 0)
    elif damage == "gone":
        shutil.rmtree(home.folder / "logs")
    elif damage == "levels":
        (file.parent / "1").write_bytes(b"x" * 64)
    home.recorded(at_once=7)
    home.verified()


def test_a_log_that_is_made_anew_must_be_what_was_signed(home: Home) -> None:
    home.recorded()
    shutil.rmtree(home.folder / "logs")
    one = home.broker._logs[Spot(DOSSIER, 0)][3]
    home.broker._logs[Spot(DOSSIER, 0)][3] = one._replace(value=b"another body")
    with pytest.raises(Halt, match="not those that were signed"):
        home.recorded()


def test_a_copy_that_was_set_back_continues_what_was_published(home: Home) -> None:
    home.recorded()
    shutil.copytree(home.folder, home.folder.with_name("copy"))
    home.fill(10)
    home.now += 60_000
    home.recorded()
    back = Home(home.folder.with_name("copy"), home.broker)
    back.now = home.now
    recorder = back.open()
    back.read(recorder)
    recorder.sign()
    back.verified()


def test_a_topic_that_ends_before_the_log_is_told(home: Home) -> None:
    home.recorded()
    del home.broker._logs[Spot(DOSSIER, 1)][15:]
    with pytest.raises(Retry, match=r"hub\.dossier/1: ends at 15.*lost records"):
        home.recorded()


def test_offsets_without_a_record_are_leaves_that_say_so(home: Home) -> None:
    recorder = home.open()
    reader = home.broker.reader(SPOTS)
    recorder.begin(dict.fromkeys(SPOTS, 0), reader.end())
    spot = Spot(DOSSIER, 0)
    records = [r for r in home.broker.since(spot, 0) if r.offset not in (0, 4, 5)]
    recorder.take(records)
    expected = home.expected(spot)
    for at in (0, 4, 5):
        expected[at] = GAP_HASH
    assert home.leaves(spot) == expected
    recorder.take(records[-2:])
    assert home.leaves(spot) == expected, "what comes twice is recorded once"


def test_records_that_are_gone_before_they_were_read_are_gaps(home: Home) -> None:
    recorder = home.open()
    reader = home.broker.reader(SPOTS)
    spot = Spot(DOSSIER, 0)
    begins = recorder.begin({**dict.fromkeys(SPOTS, 0), spot: 6}, reader.end())
    assert begins[spot] == 6
    assert home.leaves(spot) == [GAP_HASH] * 6


def test_a_second_auditor_waits_and_the_first_one_notices_if_it_does_not(home: Home) -> None:
    first = home.recorded()
    home.now += 5_000
    second = home.open("h2")
    reader = home.broker.reader(SPOTS)
    with pytest.raises(Retry, match=r"another auditor is at work \(process of h1\), heard 5 s ago"):
        second.begin(reader.begin(), reader.end())
    home.now += int(SILENT * 1000)
    home.read(second)
    with pytest.raises(Halt, match="another auditor has taken over"):
        first.sign()
    second.sign()


def test_a_disk_that_is_full_loses_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    recorder = home.open()
    reader = home.broker.reader(SPOTS)
    recorder.begin(reader.begin(), reader.end())
    real, left = os.pwrite, [200]

    def full(file: int, raw: bytes, at: int) -> int:
        part = min(len(raw), left[0])
        left[0] -= part
        if part == 0:
            raise OSError(28, "No space left on device")
        return real(file, bytes(raw[:part]), at)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space"):
        home.read(recorder)
    monkeypatch.setattr(os, "pwrite", real)
    home.read(recorder)
    recorder.sign()
    home.verified()


def test_what_cannot_be_recorded_is_not_passed_over_in_silence(home: Home) -> None:
    """Gateways take the heads for a sign that evidence is written: then none may come."""
    recorder = home.open()
    reader = home.broker.reader(SPOTS)
    recorder.begin(reader.begin(), reader.end())
    recorder._keys._db.execute("PRAGMA max_page_count = 3")
    with pytest.raises(Retry, match="keys cannot be kept"):
        recorder.take(_new_dossiers(home, 500))
    recorder.tend()
    spot = Spot(CHECKPOINT, 0)
    assert b"heads" not in {record.key for record in home.broker.since(spot, 0)}
    recorder._keys._db.execute("PRAGMA max_page_count = 1000000")
    home.read(recorder)
    recorder.tend()
    assert b"heads" in {record.key for record in home.broker.since(spot, 0)}
    home.verified()


def _new_dossiers(home: Home, count: int) -> list[Record]:
    for number in range(count):
        home.broker.keep(Outgoing(DOSSIER, b"D%d" % number, b"body", (), 0))
    return home.broker.since(Spot(DOSSIER, 0), 0)


def test_a_broker_that_is_away_is_signed_for_later(home: Home) -> None:
    recorder = home.open()
    home.read(recorder)
    home.broker.down = True
    with pytest.raises(Retry):
        recorder.sign()
    recorder.trouble(Retry("the disk is full"))
    home.broker.down = False
    recorder.trouble(Retry("the disk is full"))
    recorder.sign()
    home.verified()
    keys = [record.key for record in home.broker.since(Spot(CHECKPOINT, 0), 0)]
    assert keys.count(b"trouble") == 1
    assert f"{NAME}/hub.act/0".encode() in keys


def test_rounds_come_when_something_is_recorded_and_now_and_then(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [100.0]
    monkeypatch.setattr("hub.audit.recorder.time.monotonic", lambda: clock[0])

    def heads() -> int:
        records: list[Record] = home.broker.since(Spot(CHECKPOINT, 0), 0)
        return sum(record.key == b"heads" for record in records)

    recorder = home.open()
    home.read(recorder)
    seen = []
    for seconds in (0, 1, 1, 9, 1, 1):
        clock[0] += seconds
        if seconds == 9:
            assert heads() == 1
        recorder.tend()
        seen.append(heads())
    assert seen == [1, 1, 1, 2, 2, 2]
    home.fill(1)
    home.read(recorder)
    recorder.tend()
    assert heads() == 3
