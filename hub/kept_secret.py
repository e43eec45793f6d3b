"""A secret of this machine's own: drawn once, kept under HUB_HOME, readable by its owner alone."""

import contextlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path


def kept_secret(file: Path, draw: Callable[[], str]) -> str:
    """The text in `file`, blanks at its ends aside; what `draw` gives if there is no file.

    The file appears whole, with mode 0600. Where two processes draw at once, the first one counts
    for both. A text that is not UTF-8 comes with replacement characters: who asked refuses it.
    """
    if not file.exists():
        _keep(file, draw())
    return file.read_bytes().decode("utf-8", "replace").strip()


def _keep(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, drawn = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(drawn, file)
    finally:
        Path(drawn).unlink()
