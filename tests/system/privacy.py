"""What must never be seen: every personal value of the cast, and every secret of the stage."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from ops.demo.cast import HOME, OFFICER, PERSONS

SHORTEST = 12  # characters of a secret that can be told from ordinary text


def personal() -> frozenset[str]:
    """Names, numbers, telephones, e-mails, addresses, files of the persons who take part."""
    found = {OFFICER, HOME, "tep.example.test"}
    for person in PERSONS:
        found |= {person.name, person.id_number, person.phone, person.email}
    return frozenset(found)


def secrets_of(home: Path) -> frozenset[str]:
    """The texts of every file below systems/secrets; of a key its lines, without the frame."""
    found: set[str] = set()
    for file in (home / "systems" / "secrets").rglob("*"):
        if file.is_file() and not file.name.startswith("webhook_key"):  # that one is public
            lines = file.read_text(encoding="utf-8").splitlines()
            found |= {text for text in lines if len(text) >= SHORTEST and "-----" not in text}
    assert found, "there are no secrets to look for"
    return frozenset(found)


def leaks(texts: Iterable[tuple[str, str]], needles: Iterable[str]) -> list[str]:
    """The places (named beside each text) that hold a needle; never the needle itself."""
    wanted = tuple(needles)
    return sorted({place for place, text in texts for needle in wanted if needle in text})


def logs(home: Path) -> Iterator[tuple[str, str]]:
    """Every log below a home, by name."""
    for file in (home / "log").iterdir():
        if file.is_file():
            yield file.name, file.read_text(encoding="utf-8", errors="replace")
