"""What a list may be narrowed to. An unknown word is refused: the empty list would look true."""

from collections.abc import Collection, Sequence

from hub.cli.output import Usage
from hub.contract.types import Document
from hub.events.catalogue import load
from hub.nearest import nearest
from hub.settings import Settings

UNSAID = "UNKNOWN"  # what a reader takes for a symbol that it does not know; no record says it


def known_type(part: str | None, settings: Settings) -> None:
    """Raises Usage where no event's full name contains `part`."""
    if part is None:
        return
    names = [name for name in load(settings.schemas).whole if not name.startswith("hub.")]
    if not any(part in name for name in names):
        _refuse("--type", part, [name.rpartition(".")[2] for name in names])


def known_symbol(option: str, word: str | None, enumeration: str, settings: Settings) -> None:
    """Raises Usage for a word that is no symbol of the schemas' enumeration (a full name)."""
    if word is None:
        return
    symbols = load(settings.schemas).files[enumeration].get("symbols")
    known = [str(symbol) for symbol in symbols] if isinstance(symbols, list) else []
    known = [symbol for symbol in known if symbol != UNSAID]
    if word not in known:
        _refuse(option, word, known)


def known_registration(word: str | None, rows: Sequence[Document], settings: Settings) -> None:
    """Raises Usage for a registration that stands neither in the file nor in any row."""
    if word is None:
        return
    from hub.registry.entries import registered  # needed where somebody names one

    told = {str(row["registration"]) for row in rows if row.get("registration")}
    known = told | registered(settings.registrations)
    if word not in known:
        _refuse("--registration", word, known)


def _refuse(option: str, word: str, known: Collection[str]) -> None:
    near = nearest(word, known)
    fix = f"did you mean {near}?" if near else f"known: {', '.join(sorted(known)) or 'none'}"
    raise Usage(f"'{word}' is not known", where=option, fix=fix)
