"""A bundle on its way over the network: a zip archive of its files, opened in bounded memory.

Of zip's features only what a bundle needs is taken: files, stored or deflated. Nothing is ever
written to a disk, so a path is but a name here, and `hub.registry.bundle_files` judges names.
"""

import stat
import struct
import zlib
from collections.abc import Iterator, Mapping
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from hub.errors import Reject
from hub.registry.bundle_files import LARGEST, MANIFEST, MOST_FILES

MEDIA_TYPE = "application/zip"
ARCHIVE_BYTES = LARGEST + 262_144  # zip's own words about 500 files come on top
MOST_MEMBERS = 4 * MOST_FILES  # of an archive: folders and what is passed over count too
ENCRYPTED = 0x1  # general purpose bit flag: APPNOTE.TXT, 4.4.4
BIRTH = (1980, 1, 1, 0, 0, 0)  # zip knows no earlier time; the same files are the same archive

# What zipfile raises for bytes that are no archive; tests/registry/test_upload.py tries many.
BROKEN = (
    BadZipFile,
    struct.error,
    zlib.error,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    OverflowError,
)


def packed(files: Mapping[str, bytes]) -> bytes:
    """The files as an archive; the same files give the same bytes."""
    whole = BytesIO()
    with ZipFile(whole, "w", ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(ZipInfo(name, BIRTH), files[name], ZIP_DEFLATED)
    return whole.getvalue()


def unpacked(body: bytes) -> tuple[str, dict[str, bytes]]:
    """The name of the folder that holds all files ("" where they stand at the top), and the files.

    What is hidden, `__pycache__` and `__MACOSX` are passed over, as in a folder. Raises Reject
    (code "upload") for what is no whole archive, holds links, secrets of its own, a name twice, or
    more than a bundle may.
    """
    try:
        with ZipFile(BytesIO(body)) as archive:
            files = dict(_files(archive))
    except BROKEN as error:
        what = "is no whole zip archive"
        fix = "was it cut off? make one: python3 -m zipfile -c bundle.zip connectors/NAME/"
        raise Reject(what, where="the upload", fix=fix, code="upload") from error
    return _out_of_folder(files)


def _files(archive: ZipFile) -> Iterator[tuple[str, bytes]]:
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise _refused(f"has {len(members)} members", f"a bundle has at most {MOST_FILES} files")
    seen: set[str] = set()
    left = LARGEST
    for member in members:
        name = member.filename
        if member.is_dir() or any(map(_unseen, name.split("/"))):
            continue
        _check(member)
        if name in seen:
            raise _refused(f"holds {name[:200]!a} twice", "which one is meant?")
        seen.add(name)
        if len(seen) > MOST_FILES or member.file_size > left:
            raise _refused(
                "is too large once unpacked", f"at most {LARGEST:,} bytes in {MOST_FILES} files"
            )
        with archive.open(member) as file:
            content = file.read(left + 1)  # never more than it says: zipfile stops there
        left -= len(content)
        yield name, content


def _unseen(part: str) -> bool:
    hidden = part.startswith(".") and part not in (".", "..")
    return hidden or part in ("__pycache__", "__MACOSX")


def _check(member: ZipInfo) -> None:
    """Refuse what is no plain file."""
    mode = member.external_attr >> 16
    shown = ascii(member.filename[:200])
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise _refused(f"{shown} is a link or a device", "put the file itself there")
    if member.flag_bits & ENCRYPTED:
        raise _refused(f"{shown} is encrypted", "pack it without a password")
    if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise _refused(f"{shown} is packed in a way of its own", "use zip's usual way, deflate")


def _out_of_folder(files: dict[str, bytes]) -> tuple[str, dict[str, bytes]]:
    folders = {name.partition("/")[0] for name in files}
    if MANIFEST in files or len(folders) != 1 or not all("/" in name for name in files):
        return "", files
    (folder,) = folders
    return folder, {name.partition("/")[2]: content for name, content in files.items()}


def _refused(what: str, fix: str) -> Reject:
    return Reject(what, where="the upload", fix=fix, code="upload")
