"""Archives from the network: a bundle comes out, or a refusal, in bounded memory."""

import stat
import tracemalloc
from collections.abc import Iterable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from zipfile import ZIP_BZIP2, ZIP_DEFLATED, ZipFile, ZipInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import Reject
from hub.registry.bundle_files import LARGEST, read_files
from hub.registry.upload import MOST_MEMBERS, packed, unpacked

POSTAL = Path(__file__).parents[2] / "connectors" / "postal"
FILES = {"connector.yaml": b"hub: 1\n", "cases/a/b.in.json": b"{}"}


def archive(members: Iterable[tuple[str | ZipInfo, bytes]], method: int = ZIP_DEFLATED) -> bytes:
    whole = BytesIO()
    with ZipFile(whole, "w") as zipped:
        for member, content in members:
            zipped.writestr(member, content, method)
    return whole.getvalue()


def one(name: str, content: bytes = b"x", mode: int = 0) -> bytes:
    member = ZipInfo(name)
    member.external_attr = mode << 16
    return archive([(member, content)])


def refusal(body: bytes) -> str:
    with pytest.raises(Reject) as found:
        unpacked(body)
    assert found.value.code == "upload"
    return str(found.value)


def test_a_connectors_folder_comes_out_as_it_went_in() -> None:
    files = read_files(POSTAL)
    assert unpacked(packed(files)) == ("", files)
    assert packed(files) == packed(dict(reversed(files.items())))


def test_a_folder_around_the_files_is_taken_off_and_named() -> None:
    around = {f"waterco/{name}": content for name, content in FILES.items()}
    assert unpacked(packed(around)) == ("waterco", FILES)


@pytest.mark.parametrize(
    "name", [".git/config", "__MACOSX/._a", "a/__pycache__/b.pyc", ".DS_Store"]
)
def test_what_a_computer_adds_by_itself_is_no_part_of_it(name: str) -> None:
    assert unpacked(packed({**FILES, name: b"junk"})) == ("", FILES)


def test_a_path_that_leads_out_is_kept_as_a_name_for_the_check_to_refuse() -> None:
    assert "../../etc/passwd" in unpacked(packed({**FILES, "../../etc/passwd": b"x"}))[1]


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFDIR])
def test_links_and_devices_are_refused(mode: int) -> None:
    assert "link or a device" in refusal(one("mapping.py", b"/etc/passwd", mode))


def test_a_bomb_is_refused_before_it_goes_off() -> None:
    bomb = one("contract/a.wsdl", bytes(64 * LARGEST))
    assert len(bomb) < LARGEST
    tracemalloc.start()
    assert "too large once unpacked" in refusal(bomb)
    assert tracemalloc.get_traced_memory()[1] < 8 * LARGEST
    tracemalloc.stop()


def test_a_bomb_that_lies_about_its_size_gives_no_more_than_it_says() -> None:
    honest = one("a", bytes(8 * LARGEST))
    lying = honest.replace((8 * LARGEST).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    assert lying != honest
    refusal(lying)  # the checksum does not fit ten bytes


def test_many_small_files_are_one_bundle_too_many() -> None:
    assert "too large" in refusal(packed({f"cases/{n}": b"" for n in range(501)}))
    folders = archive((f"{number}/", b"") for number in range(MOST_MEMBERS + 1))
    assert "members" in refusal(folders)


def test_one_name_stands_for_one_file() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = archive([("connector.yaml", b"a"), ("connector.yaml", b"b")])
    assert "twice" in refusal(twice)


def test_only_the_usual_ways_of_packing_are_opened() -> None:
    odd = archive([("a", b"x" * 99)], ZIP_BZIP2)
    assert "deflate" in refusal(odd)
    locked = bytearray(one("a"))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert "encrypted" in refusal(bytes(locked))


@given(st.data())
@settings(max_examples=200)
def test_what_was_cut_off_or_damaged_is_refused_or_whole(data: st.DataObject) -> None:
    whole = bytearray(packed(FILES))
    if data.draw(st.booleans()):
        del whole[data.draw(st.integers(0, len(whole) - 1)) :]
    else:
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] ^= data.draw(st.integers(1, 255))
    with suppress(Reject):
        unpacked(bytes(whole))


@given(st.binary(max_size=300))
def test_no_bytes_at_all_break_it(body: bytes) -> None:
    assert "zip" in refusal(body)
