"""Every text is brought to one form at the door, once.

The same name typed on two machines may differ in its bytes: composed or decomposed accents, the
Icelandic Ð of old fonts in place of the Vietnamese Đ. Comparing, counting and hashing need one form
(decision 0001; domain: codes, section 6). Signatures are checked over the bytes as they came,
before this.
"""

import re
import unicodedata

from hub.errors import Reject

# Control characters but TAB, LF, CR; and halves of surrogate pairs, which no encoding can carry.
_REFUSED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LOOKALIKES = str.maketrans({"Ð": "Đ", "ð": "đ"})


def normalise(text: str) -> str:
    """The text in NFC, with U+00D0 and U+00F0 as Đ and đ (U+0110, U+0111).

    Raises Reject, without the text, for a control character other than TAB, LF and CR.
    """
    if text.isprintable():  # no control characters: most texts, for a tenth of the search's cost
        if text.isascii():
            return text
    elif (refused := _REFUSED.search(text)) is not None:
        raise Reject(
            f"character U+{ord(refused.group()):04X} is not allowed",
            fix="send text without control characters other than TAB, LF and CR",
            code="control_character",
        )
    if not unicodedata.is_normalized("NFC", text):
        text = unicodedata.normalize("NFC", text)
    return text.translate(_LOOKALIKES) if "Ð" in text or "ð" in text else text
