"""How much two fields of two interfaces look like the same thing, by their names alone.

Systems name one thing in many ways: `maHoSo`, `ma_ho_so`, `MaHoSo`, `dossier_code`. Accents, case
and the way in which words are joined do not count; which words mean the same is data: the pairs
that mappings have joined before (`synonyms_of`). A likeness is a suggestion to a person, so it may
be wrong; it must be quick, and it must be the same each time.
"""

import ast
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, TypeAlias

Path: TypeAlias = tuple[str, ...]
Synonyms: TypeAlias = Mapping[str, frozenset[str]]  # folded name -> folded names

NO_SYNONYMS: Final[Synonyms] = {}
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_SHORTEST: Final = 3  # letters by which one word may begin another: tel, telephone
_OWN, _WHOLE = 0.6, 0.4  # how much the field's own name counts, how much the way to it
_SYNONYM: Final = 0.95
_WORDS: Final = 0.9  # the same words in another order, or joined otherwise


@lru_cache(maxsize=20_000)
def words(name: str) -> tuple[str, ...]:
    """The words of a name, without accents and case: `SốĐiệnThoại2` is so, dien, thoai, 2."""
    return tuple(word.lower() for word in _WORD.findall(_plain(name)))


@lru_cache(maxsize=20_000)
def folded(name: str) -> str:
    """A name without accents, case and joints: `Ma_Ho_So` is mahoso."""
    return "".join(words(name))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def likeness(wanted: Path, given: Path, synonyms: Synonyms = NO_SYNONYMS) -> float:
    """How alike two fields are, from 0 to 1, by the names that lead to them."""
    own, other = wanted[-1], given[-1]
    same = _synonymous(own, other, synonyms)
    near = 1.0 if folded(own) == folded(other) else _SYNONYM if same else 0.0
    whole = _shared(_all(wanted), _all(_translated(name, wanted, synonyms) for name in given))
    if not near:  # receiverPhone and receiver.phone: the words may be shared out otherwise
        split = _shared(set(words(own)), _all(given)), _shared(_all(wanted), set(words(other)))
        near = _WORDS * max(_shared(set(words(own)), set(words(other))), *split)
    return _OWN * near + _WHOLE * whole


def _translated(name: str, wanted: Path, synonyms: Synonyms) -> str:
    """A name, or the one of the wanted path that means the same."""
    if folded(name) not in synonyms:
        return name
    return next((other for other in wanted if _synonymous(other, name, synonyms)), name)


def _all(path: Iterable[str]) -> set[str]:
    return {word for name in path for word in words(name)}


def _synonymous(one: str, other: str, synonyms: Synonyms) -> bool:
    return folded(other) in synonyms.get(folded(one), ())


def _shared(left: set[str], right: set[str]) -> float:
    """Dice's coefficient of two sets of words; a word that begins another counts as it."""
    if not left or not right:
        return 0.0
    common = len(left & right)
    rest = right - left
    common += sum(any(_begins(word, other) for other in rest) for word in left - right)
    return 2 * min(common, len(left), len(right)) / (len(left) + len(right))


def _begins(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return len(short) >= _SHORTEST and long.startswith(short)


def synonyms_of(mappings: Iterable[str]) -> Synonyms:
    """Which names mean the same, learnt from the sources of mappings: `phone=doc.SoDienThoai`.

    A field of a constructor and the last name of the one path in its value are a pair. A source
    that does not parse teaches nothing.
    """
    found: dict[str, set[str]] = {}
    for source in mappings:
        for one, other in _pairs(source):
            found.setdefault(one, set()).add(other)
            found.setdefault(other, set()).add(one)
    return {name: frozenset(others) for name, others in found.items()}


def _pairs(source: str) -> Iterator[tuple[str, str]]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    for node in ast.walk(tree):
        for keyword in node.keywords if isinstance(node, ast.Call) else ():
            ends = {n.attr for n in _paths(keyword.value)}
            if keyword.arg and len(ends) == 1:
                one, other = folded(keyword.arg), folded(ends.pop())
                if one and other and one != other:
                    yield one, other


def _paths(value: ast.expr) -> Iterator[ast.Attribute]:
    """The outermost attribute paths of an expression; those of settings mean no field."""
    if isinstance(value, ast.Attribute):
        if not (isinstance(value.value, ast.Name) and value.value.id == "setting"):
            yield value
        return
    for child in ast.iter_child_nodes(value):
        if isinstance(child, ast.expr):
            yield from _paths(child)
