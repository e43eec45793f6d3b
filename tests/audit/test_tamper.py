"""Whatever is changed is detected, and the first bad place is named."""

import pytest

from tests.audit import tamper


def test_every_change_is_detected(capsys: pytest.CaptureFixture[str]) -> None:
    assert tamper.main() == 0
    told = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert told.count("detected") == 34
    assert told.count("holds") == 3


def test_the_script_would_say_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A change that is none, and a place that is another, are told and end with 1."""
    monkeypatch.setattr(
        tamper,
        "OF_ENTRIES",
        [
            ("nothing", lambda _: None, "hub.dossier/0/60"),
            ("elsewhere", lambda entries: entries.pop(60), "hub.dossier/0/61"),
        ],
    )
    assert tamper.main() == 1
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()][:2] == ["WRONG"] * 2
