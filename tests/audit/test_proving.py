"""This hub's own evidence is verified before anything is proved from it, and shows what changed."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from hub.audit.keys import Keys
from hub.audit.package import proof
from hub.audit.proving import Compared, inspect, log_folder, prove
from hub.audit.verify import Failed, Trust, verify_proof
from hub.errors import Halt, Reject, Retry
from hub.records import Position, Record, Spot
from hub.topics import DOSSIER
from tests.audit.evidence import SIGNER, public
from tests.audit.test_recorder import WRAPPING, Home

TRUST = Trust(public(SIGNER))
SPOT = Spot(DOSSIER, 0)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path)
    made.fill(600)
    made.recorded().end()
    made.now += 700_000
    made.fill(600)
    made.recorded().end()
    return made


def keys_of(home: Home) -> Keys:
    return Keys(home.folder / "keys" / "keys.db", WRAPPING, make=False)


def test_a_record_is_proved_with_and_without_its_content(home: Home) -> None:
    record = home.broker.since(SPOT, 300)[0]
    keys = keys_of(home)
    whole = prove(home.folder, record.place, record, keys)
    assert verify_proof(proof([whole]), TRUST).records == 1
    withheld = prove(home.folder, record.place, None, None)
    assert verify_proof(proof([withheld]), TRUST).withheld == 1
    keys.destroy("dossier/000.00.00.H62-260102-0005", "QĐ-1", 0)
    erased = home.broker.since(SPOT, 20)[0]
    assert erased.key == b"000.00.00.H62-260102-0005"
    item = prove(home.folder, erased.place, erased, keys)
    assert verify_proof(proof([item]), TRUST).withheld == 1, "its proof stays"


def test_what_cannot_be_proved(home: Home) -> None:
    record = home.broker.since(SPOT, 300)[0]
    changed = record._replace(value=b"another body")
    with pytest.raises(Halt, match="is not what was recorded"):
        prove(home.folder, record.place, changed, keys_of(home))
    with pytest.raises(Retry, match="is not signed yet: the last checkpoint covers 600"):
        prove(home.folder, Position(*SPOT, 600), None, None)
    with pytest.raises(Reject, match="no such log"):
        prove(home.folder, Position("hub.parked", 0, 1), None, None)
    with pytest.raises(Retry, match="nothing has been signed"):
        prove(home.folder / "elsewhere", record.place, None, None)


def test_the_own_logs_are_inspected_whole(home: Home) -> None:
    found = {one.log: (one.size, one.rounds) for one in inspect(home.folder, TRUST)}
    assert found["hub.dossier/0"] == (600, 3)
    assert found["hub.act/1"] == (0, 3)
    assert len(found) == 10


def overwrite(level: int, place: int) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        with (log_folder(folder, SPOT) / str(level)).open("r+b") as file:
            file.seek(place * 32)
            file.write(b"z" * 32)

    return act


def cut(folder: Path) -> None:
    with (log_folder(folder, SPOT) / "0").open("r+b") as file:
        file.truncate(450 * 32)


def rebuilt(folder: Path) -> None:
    """With full access to the storage: the levels are made to fit the changed leaf."""
    from hub.audit.log import LeafLog

    overwrite(0, 400)(folder)
    log = LeafLog(log_folder(folder, SPOT), write=True)
    log._build()
    log.close()


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (overwrite(0, 299), "hub.dossier/0/256"),
        (overwrite(1, 0), "hub.dossier/0/0"),
        (overwrite(0, 599), "hub.dossier/0/300"),
        (rebuilt, "hub.dossier/0/300"),
        (cut, "hub.dossier/0/450"),
    ],
)
def test_a_changed_log_is_named_where_it_was_changed(
    home: Home, change: Callable[[Path], None], where: str
) -> None:
    change(home.folder)
    with pytest.raises(Failed) as failed:
        list(inspect(home.folder, TRUST))
    assert failed.value.where == where


def test_a_changed_topic_is_named_where_it_was_changed(home: Home) -> None:
    def compared(records: Sequence[Record]) -> Compared:
        done = Compared(home.folder, keys_of(home))
        for record in records:
            done.take(record)
        done.end(dict.fromkeys(done._logs, 600))
        return done

    records = home.broker.since(SPOT, 0)
    assert compared(records).records == 600
    late = records[77]._replace(timestamp=1)
    for changed, where in (
        ([*records[:77], late, *records[78:]], "hub.dossier/0/77"),
        ([*records[:88], *records[89:]], "hub.dossier/0/88"),
    ):
        with pytest.raises(Failed) as failed:
            compared(changed)
        assert failed.value.where == where
    short = Compared(home.folder, keys_of(home))
    with pytest.raises(Failed, match="the topic ends here, and 600 records were signed"):
        short.end({SPOT: 590})
