"""Names as people write them."""

import unicodedata


def same_name(one: str, other: str) -> bool:
    """Whether both name one person: case, spaces and forms of accents do not make another."""
    return _plain(one) == _plain(other)


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
