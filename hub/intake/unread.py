"""Messages that were refused before anything of them was understood, and whom they may concern.

A wrong signature, broken XML, an unknown sender: nothing in such a message is proved, and nobody
has read it. Who looks for a dossier wants to know of it all the same. So where something in it has
the form of a dossier's code, the refusal says that it is perhaps about this one; nothing else of
the message is kept. Who shows no credential may send many: few a minute are recorded.
"""

import re
from collections.abc import Collection

from hub.intake.acts import Act

LOOKED_AT = 65_536  # bytes of a message
MOST = 5  # codes of one message
A_MINUTE = 60  # records, of one process; beyond them refusals are counted alone
MINUTE_MS = 60_000
TEXT = 300  # characters of what is kept
PERHAPS = "perhaps"
UNREAD = "unread, unproved"
# national, section 2.14; the strict form, for a looser one would find anything
_CODE = re.compile(
    rb"(?<![0-9A-Za-z.\-])(?:\d{3}\.\d{2}\.\d{2}\.)?[A-Z]\d{2}(?:\.[0-9A-Z]{2,5}){0,4}"
    rb"-\d{6}-\d{4,6}(?![0-9A-Za-z\-])"
)
_SECRET = "MẬT".encode()


def codes_in(raw: bytes, marks: Collection[str] = ()) -> list[str]:
    """What in the beginning of a message has the form of a dossier's code, each once.

    None of a message that names a field of `marks`, or says MẬT: it may bear a secrecy mark, and
    of what bears one not even the identity is kept.
    """
    begin = raw[:LOOKED_AT]
    if _SECRET in raw or any(name.encode() in raw for name in marks):
        return []
    return list(dict.fromkeys(code.decode() for code in _CODE.findall(begin)))[:MOST]


class Unread:
    """One gateway's. Decides, does not act."""

    def __init__(self) -> None:
        self._minute = self._count = 0

    def act(
        self, registration: str, raw: bytes, marks: Collection[str], reason: str, now: int
    ) -> Act | None:
        """What is to be recorded; None where there were too many this minute. `now`: epoch ms."""
        if now // MINUTE_MS != self._minute:
            self._minute, self._count = now // MINUTE_MS, 0
        self._count += 1
        if self._count > A_MINUTE:
            return None
        codes = codes_in(raw, marks)
        subject = " ".join([PERHAPS, *codes]) if codes else None
        return Act("REFUSED", registration, "", subject, f"{UNREAD}: {reason}"[:TEXT], None)
