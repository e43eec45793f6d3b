"""`hub connector certify`: a connector against its system's own sandbox (decision 0016)."""

import asyncio
import getpass
import secrets
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import Annotated
from uuid import uuid4

import typer
from msgspec import structs, to_builtins

from hub.certify.clauses import CLAUSES
from hub.certify.doors import at_home
from hub.certify.opening import open_ways
from hub.certify.samples import Run
from hub.certify.trials import Sandbox
from hub.certify.writing import certificate_of
from hub.cli.connector_check import entry_at
from hub.cli.known import events_here
from hub.cli.options import Folder
from hub.cli.output import Usage, answering, say, show_json
from hub.dev.progress import to_stderr
from hub.errors import Reject
from hub.registry.bundle import Bundle, read_bundle
from hub.registry.certificates import MINIMUM, Clause, lacking, sign
from hub.registry.certifiers import own_key
from hub.registry.event_types import Events
from hub.registry.live import Live
from hub.registry.problem import BundleErrors
from hub.registry.registration import RegistrationEntry, complete
from hub.settings import Settings, load, resolve
from hub.surroundings import now_ms, server_of

app = typer.Typer(add_completion=False)

NAMES = "\n\n".join(f"{name}: {what}." for name, what in CLAUSES.items())
EPILOG = f"""Example: hub connector certify connectors/postal --endpoint https://sandbox.example

The clauses. {NAMES}

At least these must be judged, where they apply: {", ".join(MINIMUM)}.
A case says in CASE.with.json which declared error it provokes: {{"provokes": "422"}}.

Exit 0: all that could be judged holds; 1: a clause failed, or the least was not judged, and no
certificate is written."""
SHOWN = {
    "failed": "FAILED",
    "not_judged": "not judged:",
    "not_applicable": "does not apply:",
}


@app.command(epilog=EPILOG)
def certify(
    folder: Folder,
    endpoint: Annotated[
        str, typer.Option(metavar="URL", help="the sandbox; nothing else is called")
    ],
    registration: Annotated[
        str | None,
        typer.Option(
            metavar="FILE[/NAME]", help="whose settings and secrets are used; default: none"
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(dir_okay=False, help="default: NAME.certificate.json")
    ] = None,
    by: Annotated[
        str, typer.Option(metavar="NAME", help="who vouches; default: the account here")
    ] = "",
    *,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON document")] = False,
) -> None:
    """Try every outgoing call against the system's sandbox, and vouch for what holds.

    It CHANGES DATA there: cases of the connector are sent, under a dossier code of this run, again
    with the same key, with a wrong credential. Only the endpoint is called. When no clause fails,
    and the least that must be known was judged, a signed certificate is written.
    """
    with answering():
        here = load()
        events = events_here(here)
        bundle = _bundle(folder.resolve(), events)
        entry = _entry(bundle.name, registration, endpoint)
        live = Live(bundle, complete(entry, bundle.manifest))
        _agreed(live, yes=yes)
        found = asyncio.run(_tried(live, quiet=as_json))
        file = out or Path(f"{bundle.name}.certificate.json")
        written = _written(here, live, found, file, by or getpass.getuser())
        if as_json:
            show_json(_document(live, found, written))
        if written is None:
            raise typer.Exit(1)


async def _tried(live: Live, *, quiet: bool) -> list[Clause]:
    """Every clause; each flow is told when it is through.

    Nothing is called where the connector's own cases do not hold.
    """
    found = list(at_home(live, server_of))
    tell = _silent if quiet else _tell
    tell("at home", found)
    if any(clause.outcome == "failed" for clause in found):
        say("nothing was called: hub connector test shows what differs")
        return found
    progress = to_stderr()
    of_flow: list[Clause] = []
    async with open_ways(live, resolve) as (client, stranger):
        run = Run(secrets.randbelow(1_000_000_000), now_ms())
        sandbox = Sandbox(live, client, stranger, _drawn, run, monotonic)
        async for clause in sandbox.clauses():
            progress.now("")
            if of_flow and of_flow[0].flow != clause.flow:
                tell(of_flow[0].flow, of_flow)
                of_flow = []
            of_flow.append(clause)
            found.append(clause)
            progress.now(f"calling {live.registration.endpoint}: {clause.flow}")
    progress.now("")
    tell(of_flow[0].flow, of_flow)
    return found


def _drawn() -> str:
    """A key that was never used."""
    return str(uuid4())


def _tell(head: str, clauses: list[Clause]) -> None:
    """What holds in a line, what does not with its reason."""
    held = dict.fromkeys(clause.name for clause in clauses if clause.outcome == "passed")
    typer.echo(f"{head}: {', '.join(held) or 'nothing could be judged'}")
    for clause in clauses:
        if clause.outcome != "passed":
            flow = "" if clause.flow == head else f"{clause.flow} "
            typer.echo(f"    {SHOWN[clause.outcome]} {flow}{clause.name}: {clause.why}")


def _silent(head: str, clauses: list[Clause]) -> None:
    """For programs: they get everything at the end."""


def _written(here: Settings, live: Live, found: list[Clause], out: Path, by: str) -> Path | None:
    """The certificate's file; None where a clause failed or the minimum was not judged."""
    failed = [clause for clause in found if clause.outcome == "failed"]
    judged = sum(clause.outcome in ("passed", "failed") for clause in found)
    missing = lacking(found)
    if failed:
        say(f"{live.bundle.name}: {len(failed)} of {judged} clauses failed; nothing is certified")
        return None
    if missing:
        for clause in missing:
            say(f"{clause.flow}: {clause.name} must be judged: {MINIMUM[clause.name]}")
        say(f"{live.bundle.name}: {judged} clauses hold, too few are judged; nothing is certified")
        return None
    at = datetime.fromtimestamp(now_ms() / 1000, UTC)
    whole = certificate_of(live, found, hub=here.hub_id, by=by, at=at)
    out.write_bytes(sign(whole, own_key(here)))
    say(f"{live.bundle.name}: {judged} clauses hold; {out} vouches for {live.bundle.digest}")
    return out


def _document(live: Live, found: list[Clause], written: Path | None) -> dict[str, object]:
    return {
        "connector": live.bundle.name,
        "bundle": live.bundle.sha256,
        "endpoint": live.registration.endpoint,
        "certificate": str(written) if written else None,
        "clauses": [to_builtins(clause) for clause in found],
    }


def _agreed(live: Live, *, yes: bool) -> None:
    """Ask before anything is called. Raises Usage without a terminal, Abort for a no."""
    what = f"{live.bundle.name}'s cases are sent to {live.registration.endpoint}, which keeps them"
    if yes:
        return
    if not sys.stdin.isatty():
        raise Usage(f"{what}: it must be a sandbox", "certify", "say --yes")
    typer.confirm(f"{what}. Is that a sandbox?", abort=True, err=True)


def _entry(connector: str, registration: str | None, endpoint: str) -> RegistrationEntry:
    """The named entry, or none at all, at the sandbox."""
    if registration is None:
        return RegistrationEntry(connector=connector, endpoint=endpoint)
    entry, _ = entry_at(registration, connector)
    return structs.replace(entry, endpoint=endpoint)


def _bundle(folder: Path, events: Events) -> Bundle:
    try:
        return read_bundle(folder, events)
    except BundleErrors as error:
        raise Reject(f"{error}", fix=f"hub connector check {folder}") from error
