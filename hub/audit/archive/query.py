"""What is searched for, in the archive and behind it."""

from dataclasses import dataclass

from hub.audit.archive.rows import Row


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for; None does not narrow. Times are epoch ms, `until` is not part.

    `mentions`: what its short line holds.

    `procedure` means the dossiers of which an event names it, with all that became of them.
    """

    dossiers: tuple[str, ...] | None = None
    kind: str | None = None
    system: str | None = None
    procedure: str | None = None
    outcome: str | None = None
    since: int | None = None
    until: int | None = None
    mentions: str | None = None
    most: int = 1_000

    @property
    def text(self) -> str:
        """What narrows it, on one line."""
        words = ("dossiers", "kind", "system", "procedure", "outcome", "since", "until", "mentions")
        given = [(word, getattr(self, word)) for word in words]
        told = [f"{word} {_shown(value)}" for word, value in given if value is not None]
        return ", ".join(told) or "all"

    def fits(self, row: Row) -> bool:
        """Whether a row is one of these, as far as it alone tells: not by its procedure."""
        return (
            (self.dossiers is None or row.dossier in self.dossiers)
            and self.kind in (None, row.kind)
            and self.system in (None, row.system)
            and self.outcome in (None, row.outcome)
            and (self.since is None or row.ms >= self.since)
            and (self.until is None or row.ms < self.until)
            and (self.mentions is None or self.mentions in row.says)
        )


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, tuple) else str(value)
