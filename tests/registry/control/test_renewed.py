"""A secret that was renewed where it lies is on record once, without what it is."""

from pathlib import Path

from hub.registry.control.acts import Book
from hub.registry.control.renewed import Renewed
from hub.registry.renewals import Renewals
from hub.settings import resolve
from tests.registry.control.desk_kit import ENTRY, Plane


def test_it_is_told_whose_and_which_but_never_what(plane: Plane, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("bí mật một", encoding="utf-8")
    secrets = {"consumer_key": f"file:{file}", "consumer_secret": "env:POSTAL_SECRET"}
    plane.register(entry={**ENTRY, "secrets": secrets})
    book = Book(plane.broker.writer(), plane.codec.encode)
    renewed = Renewed(plane.desk.shelf, Renewals(resolve), book, plane.broker.clock)
    before = plane.acts()
    for _ in range(3):
        renewed.look()
    assert plane.acts() == before
    file.write_text("bí mật hai", encoding="utf-8")
    for _ in range(4):
        renewed.look()
    (told,) = plane.acts()[len(before) :]
    assert told[:3] == ("SECRET_RENEWED", "north", "hub")
    assert "bí mật" not in str(told)
