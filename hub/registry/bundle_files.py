"""The files of a bundle, before anything in them is read: which there may be, and how much.

A bundle comes from a folder or from the network; both end here as `path -> bytes`, under the same
rules. Nothing outside of the bundle is ever opened by a name that stands in one.
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from hub.errors import Reject
from hub.registry.problem import Problem

LARGEST = 1_048_576  # bytes of a bundle
MOST_FILES = 500
MANIFEST = "connector.yaml"

_LONGEST = 200  # characters of a path
_STEP = re.compile(
    r"[\w][\w .@+,=()-]*"
)  # of a path: no "..", nothing hidden, no control character
_FOLDERS = ("contract/", "cases/", "schemas/")
_TOO_MUCH = f"a bundle holds at most {LARGEST:,} bytes in {MOST_FILES} files"
_LESS = "leave out what the contract does not need, and cases that say the same"


def read_files(folder: Path) -> dict[str, bytes]:
    """The files of a bundle by relative path. Raises Reject for links and too much.

    What is hidden (`.git`, `.DS_Store`) and `__pycache__` are no part of it.
    """
    files: dict[str, bytes] = {}
    total = 0
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        name = "/".join(parts)
        if any(part.startswith(".") or part == "__pycache__" for part in parts):
            continue
        if path.is_symlink():
            raise Reject("a bundle holds no links", where=name, fix="put the file itself there")
        if not path.is_file():
            continue
        total += path.stat().st_size
        if total > LARGEST or len(files) >= MOST_FILES:
            raise Reject(_TOO_MUCH, where=name, fix=_LESS)
        files[name] = path.read_bytes()
    return files


def file_problems(name: str, files: Mapping[str, bytes]) -> Iterator[Problem]:
    """What is wrong with the set of files of the bundle `name`, without reading them."""
    if len(files) > MOST_FILES or sum(map(len, files.values())) > LARGEST:
        yield Problem(name, _TOO_MUCH, _LESS, code="too-big")
    if MANIFEST not in files:
        what, fix = f"has no {MANIFEST}", f"every connector has a {MANIFEST} at its top"
        yield Problem(name, what, fix, code="no-manifest")
    folded: dict[str, str] = {}
    for path in sorted(files):
        if len(path) > _LONGEST or not all(map(_STEP.fullmatch, path.split("/"))):
            shown = ascii(path[:_LONGEST])
            fix = "name it by letters, digits, '_', '-' and '.', relative to the bundle"
            yield Problem(name, f"{shown} is no path of a bundle's file", fix, code="path")
        elif (other := folded.setdefault(path.casefold(), path)) != path:
            what = f"differs from {other} only in capitals"
            yield Problem(path, what, "some systems keep only one: rename it", code="path")


def stray_problems(files: Mapping[str, bytes], mapping: str) -> Iterator[Problem]:
    """Files that nothing reads: most are misplaced, so that what they say would be ignored."""
    for path in sorted(files):
        known = path in (MANIFEST, mapping) or path.startswith(_FOLDERS)
        if not known and not path.endswith(".md"):
            fix = f"move it to {', '.join(_FOLDERS)} or take it out"
            yield Problem(path, "is read by nothing", fix, code="stray-file")


def digest_of(files: Mapping[str, bytes]) -> str:
    """Names a bundle: SHA-256 over every path and content, 64 hex digits."""
    whole = hashlib.sha256()
    for name in sorted(files):
        whole.update(f"{name}\0{len(files[name])}\0".encode())
        whole.update(files[name])
    return whole.hexdigest()
