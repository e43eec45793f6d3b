"""No state secret on a connected system: what bears a secrecy mark is refused, and not kept.

Law 117/2025/QH15, QĐ 37/2021/QĐ-TTg; marks A, B, C are Tuyệt mật, Tối mật, Mật. Urgency marks (Hoả
tốc) are not secrecy marks. In free text only a whole line counts, in capitals, bare or in brackets:
"MẬT ONG" is honey.
"""

import re
from collections.abc import Sequence

from hub.contract.paths import get_all
from hub.contract.types import Value

_LINE = re.compile(r"[\[(]?\s*(?:TUYỆT MẬT|TỐI MẬT|MẬT)\s*[\])]?")
_HARMLESS = ("", "0")


def violation(document: Value, marks: Sequence[str], texts: Sequence[str]) -> str | None:
    """Which rule the document breaks ("mark HoSo.DoMat", "text NoiDung"), or None.

    Names the place, never the content.
    """
    for path in marks:
        if any(_marked(value) for value in get_all(document, path)):
            return f"mark {path}"
    for path in texts:
        if any(isinstance(value, str) and _says_secret(value) for value in get_all(document, path)):
            return f"text {path}"
    return None


def _marked(value: Value) -> bool:
    return str(value).strip() not in _HARMLESS


def _says_secret(text: str) -> bool:
    return "MẬT" in text and any(_LINE.fullmatch(line.strip()) for line in text.splitlines())
