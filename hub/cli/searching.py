"""`hub audit search` and `guard`: what is on record, and what of it cannot be."""

from typing import Annotated

import typer

from hub.audit.archive.query import Query
from hub.cli.browse import open_browser
from hub.cli.narrowing import known_registration, known_symbol
from hub.cli.options import SINCE, From, Json, Since, To, Unmask, milliseconds, point
from hub.cli.output import Usage, answering, say, show_rows
from hub.cli.unmasking import access, accessed
from hub.contract.types import Document
from hub.settings import load
from hub.surroundings import now_ms

app = typer.Typer()
COLUMNS = ("at", "kind", "dossier", "type", "system", "outcome", "says", "place")


@app.command(
    "search", epilog="Example: hub audit search --dossier H44.99.99-251013-0001 --from 2025-10-13"
)
def search(  # noqa: PLR0913 - options
    dossier: Annotated[str | None, typer.Option(help="only this dossier code")] = None,
    system: Annotated[str | None, typer.Option(help="who said it, or whom it was for")] = None,
    procedure: Annotated[
        str | None, typer.Option(help="dossiers of this procedure, with all of theirs")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="DELIVERED, DEAD_LETTERED, …")] = None,
    since: From = None,
    until: To = None,
    *,
    refused: Annotated[
        bool, typer.Option("--refused", help="only messages that gave no event, whoever sent them")
    ] = False,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000, help="last N")] = 100,
    unmask: Unmask = None,
    as_json: Json = False,
) -> None:
    """Search events, attempts, answers and acts, in the order of recording, masked.

    From the archive, and from the topics as far as it has not come. --json shows what each said.

    With --dossier also refused messages that mention it; of those that say perhaps, nothing is
    proved.
    """
    from hub.cli.evidence import finding_row, with_mentions  # brings DuckDB, which takes 0.15 s

    begin, end = point(since, "--from"), point(until, "--to")
    if unmask is not None and not as_json:
        raise typer.BadParameter("shows nothing without --json", param_hint="--unmask")
    with answering():
        settings = load()
        if refused and outcome is not None:
            raise Usage("is about receipts", where="--outcome", fix="leave out --refused, or this")
        if outcome is not None:
            known_symbol("--outcome", outcome, "hub.v1.Outcome", settings)
        codes = None if dossier is None else (dossier,)
        query = Query(
            dossiers=codes,
            kind="act" if refused else None,
            system=system,
            procedure=procedure,
            outcome="REFUSED" if refused else outcome,
            since=begin,
            until=end,
            most=limit,
        )
        what = f"evidence: {query.text}"
        with access(settings, what, unmask) as unmasked:
            if not unmasked:
                accessed(settings, what, None)
            browser = open_browser(settings)
            with browser.broker.together():
                found = with_mentions(browser, query, whole=as_json)
            rows = [finding_row(browser, one, unmasked=unmasked) for one in found]
        told: list[Document] = [{"registration": row["system"]} for row in rows]
        known_registration(system, told, settings)
        show_rows(rows, COLUMNS, as_json=as_json)


@app.command("guard", epilog="Example: hub audit guard --since 7d")
def guard(
    dossier: Annotated[str | None, typer.Option(help="only this dossier code")] = None,
    since: Since = SINCE,
    *,
    as_json: Json = False,
) -> None:
    """Report states in an order that there is not and times that cannot be, with their records.

    Of dossiers of which something was said lately. Nothing is ever held back for it.
    """
    from hub.cli.evidence import judged  # brings DuckDB, which takes 0.15 s

    begin = now_ms() - milliseconds(since)
    with answering():
        browser = open_browser(load())
        codes, found = judged(browser, dossier, begin)
        rows: list[Document] = [
            {
                "dossier": one.dossier,
                "kind": one.kind,
                "rule": one.rule,
                "says": one.says,
                "event": one.event.place.text,
                "after": one.after.place.text if one.after else None,
                "event_id": one.event.event_id,
                "source": one.event.source,
            }
            for one in found
        ]
        show_rows(rows, ("dossier", "kind", "says", "event", "after", "source"), as_json=as_json)
        say(f"{len(rows)} findings in {codes} dossiers")
