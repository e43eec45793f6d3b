"""`hub audit export`: complete for its interval, verified offline, and no more told than may be."""

import json
import shutil
from functools import partial
from pathlib import Path

import pytest

from hub.audit.archive.opening import open_archive
from hub.audit.opening import audit_folder, open_keys, open_signers
from hub.audit.verify import Failed, Report, Trust, verify
from hub.settings import load
from tests.cli.auditor import archive_all, sign_all
from tests.cli.desk import CODE, OTHER, Desk, open_desk

DAY = 86_400
FIRST = 4_000_000_000  # POSIX seconds; behind the twin's clock, which does not go back


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    desk = open_desk(tmp_path, monkeypatch)
    desk.unmask = "yes"
    for day in range(3):
        desk.broker.clock = partial(int, (FIRST + day * DAY) * 1000)
        desk.receipt(desk.event(), "DELIVERED")
        desk.event(OTHER)
        sign_all(desk, FIRST + day * DAY + 60)
        if day < 2:
            archive_all(desk)
    return desk


def at(day: int) -> str:
    """The evening of that day, as people write it; 2096-10-02 is the first."""
    return ("2096-10-02T20:00", "2096-10-03T20:00", "2096-10-04T20:00")[day]


def export(desk: Desk, *words: str) -> Path:
    folder = desk.home / "package"
    done = desk.hub("audit", "export", str(folder), *words)
    assert done.exit_code == 0, done.output
    return folder


def verified(desk: Desk, folder: Path) -> Report:
    keys = [signer.public for signer in open_signers(load(desk.environment))]
    return verify(folder, Trust(keys))


def test_everything_is_in_it_and_holds(desk: Desk) -> None:
    report = verified(desk, export(desk, "--unmask", "thanh tra 12/2025"))
    assert (report.records, report.withheld) == (9, 0)


def test_without_the_right_nothing_is_told_and_it_holds(desk: Desk) -> None:
    folder = export(desk)
    report = verified(desk, folder)
    assert (report.records, report.withheld) == (0, 9)
    whole = b"".join(path.read_bytes() for path in folder.iterdir())
    assert "Trần Thị Thử".encode() not in whole
    assert CODE.encode() not in whole


@pytest.mark.parametrize(
    ("words", "records"),
    [
        (("--from", at(0)), 6),
        (("--to", at(0)), 6),
        (("--from", at(0), "--to", at(1)), 6),
        (("--from", at(1)), 3),
    ],
)
def test_it_begins_and_ends_around_the_interval(
    desk: Desk, words: tuple[str, ...], records: int
) -> None:
    """What is asked for is in it; more, up to the next checkpoint, may be."""
    report = verified(desk, export(desk, *words, "--unmask", "thanh tra"))
    assert report.records == records


def test_what_is_left_out_of_it_is_noticed(desk: Desk) -> None:
    folder = export(desk, "--unmask", "thanh tra")
    (entries,) = [
        p for p in folder.glob("hub.dossier-*.entries") if OTHER.encode() in p.read_bytes()
    ]
    entries.write_bytes(entries.read_bytes()[:-1])
    with pytest.raises(Failed, match=r"hub.dossier/\d"):
        verified(desk, folder)


def test_an_erased_dossier_is_withheld_and_everything_holds(desk: Desk) -> None:
    archive_all(desk)
    keys = open_keys(load(desk.environment))
    keys.destroy(f"dossier/{CODE}", "QĐ 1/2025", 0)
    keys.close()
    report = verified(desk, export(desk, "--unmask", "thanh tra"))
    assert (report.records, report.withheld) == (3, 6)


def test_a_time_that_is_not_signed_to_its_end_is_refused(desk: Desk) -> None:
    done = desk.hub("audit", "export", str(desk.home / "p"), "--to", "2096-12-31")
    assert (done.exit_code, "nothing was signed yet" in done.stderr) == (3, True)
    assert not (desk.home / "p").exists()


def test_an_interval_that_is_kept_no_more_is_refused(desk: Desk) -> None:
    settings = load(desk.environment)
    keys = open_keys(settings)
    open_archive(settings, keys, desk.codec).drop(["2096-10-02"])
    keys.close()
    done = desk.hub("audit", "export", str(desk.home / "p"), "--from", "2096-10-01")
    assert (done.exit_code, "2096-10-02 and before" in done.stderr) == (1, True)
    export(desk, "--from", at(1))


def test_logs_that_are_not_what_was_signed_are_not_handed_out(desk: Desk) -> None:
    """Somebody put the leaves of one log in another's place."""
    logs = audit_folder(load(desk.environment)) / "logs"
    first, second = (p for p in sorted(logs.iterdir()) if (p / "0").stat().st_size)
    shutil.copy(first / "0", second / "0")
    done = desk.hub("audit", "export", str(desk.home / "p"), "--unmask", "thanh tra")
    assert (done.exit_code, "not what was signed" in done.stderr) == (4, True)
    assert not list(desk.home.glob("p*"))


def test_who_exports_is_on_record(desk: Desk) -> None:
    export(desk, "--from", at(0), "--unmask", "thanh tra 12/2025")
    (line,) = (desk.home / "log" / "access.jsonl").read_text(encoding="utf-8").splitlines()
    told = json.loads(line)
    assert told["what"] == f"evidence: export of {at(0)} to now"
    assert told["reason"] == "thanh tra 12/2025"


def test_nothing_is_written_over(desk: Desk) -> None:
    folder = export(desk)
    assert desk.hub("audit", "export", str(folder)).exit_code == 1
    assert desk.hub("audit", "export", "p", "--from", at(1), "--to", at(0)).exit_code == 2
