"""Values as one line of YAML, quoted where they need it."""

import re
from json import dumps
from typing import Final

from hub.registry.yaml_file import Plain

_BARE: Final = re.compile(r"[A-Za-z$/_][\w$./{}_-]*(?: [\w$./{}_-]+)*")
_NESTED: Final = re.compile(r"[A-Za-z$/_][\w$./_-]*(?: [\w$./_-]+)*")  # inside braces
_WORDS: Final = frozenset({"null", "true", "false", "yes", "no", "off", "y", "n"})


def inline(value: Plain, *, nested: bool = False) -> str:
    """`{kind: bearer, token: $secret.token}`."""
    if isinstance(value, dict):
        inner = (f"{inline(k, nested=True)}: {inline(v, nested=True)}" for k, v in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inline(each, nested=True) for each in value) + "]"
    if not isinstance(value, str):
        return dumps(value)
    plain = (_NESTED if nested else _BARE).fullmatch(value)
    return value if plain and value.lower() not in _WORDS else dumps(value, ensure_ascii=False)
