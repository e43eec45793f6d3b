"""What the counter is told, and what it refused."""


def told(event):
    """One step."""
    return Tell(
        Number=event.dossier_code,
        State="CLOSED" if event.status == "REFUSED" else "OPEN",
        At=instant_text(event.at),
        Note=event.note,
    )


def refused(doc):
    """The counter gave a dossier back."""
    return Withdrawn(
        dossier_code=dossier_code(doc.Number),
        at=instant(doc.At),
        origin="PROVINCE",
        reason=doc.Reason,
    )
