"""`hub access`: who may do what here, and tokens for people."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, get_args

import typer

from hub.access import tokens
from hub.access.roster import NAME, RESERVED, is_day, open_roster
from hub.access.rules import RULES, Role
from hub.cli.options import Json
from hub.cli.output import Usage, answering, say, show_json, show_rows
from hub.cli.person import person
from hub.cli.unmasking import permit
from hub.contract.types import Document, Value
from hub.errors import Reject
from hub.settings import load

app = typer.Typer(no_args_is_help=True, help="Access: who may do what, and tokens for people.")
ROLES: tuple[Role, ...] = get_args(Role)

app.command(
    epilog="Example: hub access permit 'event 3c94a8ed' --to lan --by minh --because 'case 12/2025'"
)(permit)


@app.callback()
def group() -> None:
    """Access: who may do what, and tokens for people."""


@app.command(
    epilog="Example: hub access token waterco-team --role integrator --connector waterco"
    " --to waterco.token >> people.yaml"
)
def token(
    name: Annotated[str, typer.Argument(help="who it is for: one word, as records will show it")],
    role: Annotated[str, typer.Option(help=", ".join(ROLES))],
    to: Annotated[Path, typer.Option(help="file for the token; must not be there yet")],
    connector: Annotated[
        list[str] | None, typer.Option(help="an integrator's own; repeatable")
    ] = None,
    until: Annotated[str, typer.Option(metavar="DAY", help="last day on which it counts")] = "",
    *,
    as_json: Json = False,
) -> None:
    """Make a token: into a file for who it is for; its entry for the file of HUB_ACCESS to stdout.

    The hub keeps the token's SHA-256 alone: a token that is lost is made anew.
    """
    with answering():
        if not NAME.fullmatch(name) or name in RESERVED:
            raise Usage(
                f"'{name}' is no name", fix="one word of a-z, 0-9, . _ -, and not a reserved one"
            )
        if role not in ROLES:
            raise Usage(f"'{role}' is no role", where="--role", fix=f"one of {', '.join(ROLES)}")
        if (role == "integrator") != bool(connector):
            raise Usage(
                "connectors are what an integrator has, and nobody else", where="--connector"
            )
        if until and not is_day(until):
            raise Usage(f"'{until}' is no day", where="--until", fix="2027-06-30")
        made = tokens.new_token()
        _keep(to, made)
        entry: Document = {"name": name, "role": role, "token_sha256": tokens.digest(made)}
        if connector:
            entry["connectors"] = list(connector)
        if until:
            entry["until"] = until
        if as_json:
            show_json(entry)
        else:
            typer.echo(_line(entry))
        say(f"the token is in {to}; give it to {name} and delete it here")
        say("the entry belongs under `principals:` of the file that HUB_ACCESS names")


def _keep(file: Path, text: str) -> None:
    try:
        file.touch(mode=0o600, exist_ok=False)
        file.write_text(f"{text}\n", encoding="ascii")
    except OSError as error:
        what = error.strerror or type(error).__name__
        raise Reject(what, where=str(file), fix="choose another file") from error


def _line(entry: Document) -> str:
    parts = (f"{key}: {_plain(value)}" for key, value in entry.items())
    return f"  - {{{', '.join(parts)}}}"


def _plain(value: object) -> str:
    return f"[{', '.join(value)}]" if isinstance(value, list) else str(value)


@app.command("list", epilog="Example: hub access list --json")
def list_(*, as_json: Json = False) -> None:
    """List who is known here by a token, and the identity provider; 1 if the file is wrong."""
    with answering():
        file = load().access
        if file is None:
            say("HUB_ACCESS is not set: this machine's own token is an admin's")
            return
        roster = open_roster(file)
        rows: list[Document] = [
            {
                "name": one.name,
                "role": role,
                "connectors": _texts(one.connectors),
                "until": roster.until.get(digest),
            }
            for digest, one in roster.by_digest.items()
            for role in one.roles
        ]
        show_rows(rows, ("name", "role", "connectors", "until"), as_json=as_json)
        if roster.oidc is not None:
            say(f"and whoever {roster.oidc.issuer} gives a role in {roster.oidc.roles}")


@app.command(epilog="Example: HUB_TOKEN=file:lan.token hub access who")
def who(*, as_json: Json = False) -> None:
    """Tell who you are here, by HUB_TOKEN."""
    with answering():
        found = person(load())
        row: Document = {
            "name": found.name if found else "local",
            "roles": _texts(found.roles if found else ("admin",)),
            "connectors": _texts(found.connectors if found else ()),
        }
        show_rows([row], ("name", "roles", "connectors"), as_json=as_json)


@app.command(epilog="Example: hub access rules")
def rules(*, as_json: Json = False) -> None:
    """List every route and who may use it; `own`: for connectors of their own."""
    with answering():
        rows: list[Document] = [
            {
                "process": rule.process,
                "what": f"{rule.method} {rule.path}",
                "who": _texts(("everybody",) if rule.open else rule.roles),
                "own": _texts(rule.own),
            }
            for rule in RULES
        ]
        show_rows(rows, ("process", "what", "who", "own"), as_json=as_json)


def _texts(words: Iterable[str]) -> list[Value]:
    return [*sorted(words)]
