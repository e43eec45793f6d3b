"""`hub audit why`: one answer to why something has not arrived."""

from typing import Annotated

import typer

from hub.audit.why import Answer, Link
from hub.audit.why import why as decided
from hub.cli.browse import moment, open_browser
from hub.cli.narrowing import known_registration
from hub.cli.options import Json
from hub.cli.output import answering, show_json, show_rows
from hub.cli.unmasking import accessed
from hub.contract.types import Document
from hub.settings import load
from hub.surroundings import now_ms

app = typer.Typer()


@app.command("why", epilog="Example: hub audit why H44.99.99-251013-0001 --connector ngsp")
def why(
    code: Annotated[str, typer.Argument(help="the dossier code")],
    connector: Annotated[str | None, typer.Option(help="at this registration")] = None,
    *,
    as_json: Json = False,
) -> None:
    """Say why something of a dossier has not arrived: one answer, and the records that show it.

    Without --connector: wherever its first event that has not come to its end should have gone.
    """
    from hub.cli.gathering import gather  # brings DuckDB, which takes 0.15 s

    now = now_ms()
    with answering():
        settings = load()
        accessed(settings, f"evidence: why {code}", None)
        facts = gather(open_browser(settings), code, now)
        told: list[Document] = [{"registration": one.name} for one in facts.standings]
        told += [{"registration": name} for _, name in facts.courses]
        known_registration(connector, told, settings)
        answer = decided(facts, now, connector)
    if as_json:
        show_json(_document(code, answer))
        return
    where = f" at {answer.registration}" if answer.registration else ""
    typer.echo(f"{code}{where}: {answer.says}  [{answer.cause}]")
    show_rows([_row(link) for link in answer.chain], ("at", "what", "place"), as_json=False)
    if answer.fix:
        typer.echo(f"→ {answer.fix}")


def _row(link: Link) -> Document:
    return {
        "at": None if link.at is None else moment(link.at),
        "what": link.says,
        "place": None if link.place is None else link.place.text,
    }


def _document(code: str, answer: Answer) -> Document:
    event = answer.event
    return {
        "dossier": code,
        "cause": answer.cause,
        "says": answer.says,
        "registration": answer.registration or None,
        "event": None if event is None else event.place.text,
        "type": None if event is None else event.type,
        "chain": [_row(link) for link in answer.chain],
        "fix": answer.fix or None,
    }
