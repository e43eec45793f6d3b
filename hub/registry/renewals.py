"""Which secrets hold something else than before, under the same reference.

A credential is renewed where it lies: the file is written anew. Nobody can tell that from the
registration, so every process looks each second. What it saw it knows only by a digest under a key
of its own; no content is kept. A variable of the environment cannot change while a process runs.
"""

import hashlib
from collections.abc import Callable, Iterable
from secrets import token_bytes

from hub.errors import HubError

EVERY = 1.0  # seconds between two looks; a change counts at the second of them, within the 5 s
FILE = "file:"


class Renewals:
    """What stands behind references, as far as it was looked at. Belongs to one thread at a time.

    `follow` gives a secret's value and raises Halt where there is none.
    """

    def __init__(self, follow: Callable[[str], str]) -> None:
        self._follow = follow
        self._key = token_bytes(32)
        self._known: dict[str, bytes | None] = {}  # what counts
        self._seen: dict[str, bytes | None] = {}  # at the last look

    def know(self, references: Iterable[str]) -> None:
        """What they hold now counts, where nothing was known of them; before anybody follows them.

        One that cannot be followed yet is changed once it can be.
        """
        for reference in _files(references) - self._known.keys():
            self._known[reference] = self._digest(reference)

    def look(self) -> frozenset[str]:
        """Those whose content is another than the one that counts; from now on it counts.

        A file that is just being written is not taken for whole: a content counts that two looks in
        a row have seen. What cannot be read, or is empty, changes nothing: what runs goes on.
        """
        before, self._seen = self._seen, {one: self._digest(one) for one in self._known}
        changed = {
            one: found
            for one, found in self._seen.items()
            if found is not None and found == before.get(one) and found != self._known[one]
        }
        self._known |= changed
        return frozenset(changed)

    def _digest(self, reference: str) -> bytes | None:
        try:
            content = self._follow(reference)
        except HubError:
            return None
        if not content:
            return None
        return hashlib.blake2b(content.encode(), key=self._key, digest_size=32).digest()


def _files(references: Iterable[str]) -> set[str]:
    return {one for one in references if one.startswith(FILE)}
